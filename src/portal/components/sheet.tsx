/** A sheet on the phone, a dialog on a desk: the platform's own <dialog>, which traps focus and
 * needs no script. */
import { type ReactNode, useEffect, useId, useRef } from 'react'

type SheetProps = { open: boolean; onClose: () => void; title: ReactNode; children: ReactNode }

export function Sheet({ open, onClose, title, children }: SheetProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    if (open && !dialog?.open) dialog?.showModal()
    if (!open && dialog?.open) dialog.close()
  }, [open])
  useEffect(() => {
    const dialog = ref.current
    // A click on the backdrop hits the dialog itself; Escape is the keyboard's way.
    const onClick = (event: MouseEvent) => event.target === dialog && dialog?.close()
    dialog?.addEventListener('click', onClick)
    return () => dialog?.removeEventListener('click', onClick)
  }, [])
  return (
    <dialog ref={ref} className="sheet" aria-labelledby={id} onClose={onClose}>
      <h2 className="title mb-3" id={id}>
        {title}
      </h2>
      {open && children}
    </dialog>
  )
}
