/** A list and the thing chosen from it: side by side, list in a drawer from 1200 px down, one
 * pane below 900. */
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button, TextLink } from '../../portal/components/button.tsx'
import { useMedia } from '../use-media.ts'
import { useTitle } from '../use-title.ts'
import { useConsoleWords } from '../words.tsx'

type SplitProps = {
  title: string
  count?: number | undefined
  tools?: ReactNode
  list: ReactNode
  foot?: ReactNode
  /** Undefined when nothing is chosen. */
  item: ReactNode | undefined
  /** Which item is chosen: a change closes the drawer. */
  itemKey: string | undefined
  back: string
  choose: string
}

export function Split(props: SplitProps) {
  const { title, item, itemKey, back, choose } = props
  const { t } = useConsoleWords()
  const wide = useMedia('(min-width: 1201px)')
  const one = useMedia('(max-width: 899px)')
  useTitle(title)
  const inline = wide || item === undefined
  return (
    <main className={wide ? 'split' : 'split one'} id="main" tabIndex={-1}>
      {inline ? <ListPane {...props} /> : <h1 className="sr-only">{title}</h1>}
      {(wide || item !== undefined) && (
        <section className="pane" aria-label={t('split.chosen')}>
          {!wide && (
            <div className="panebar">
              {one ? (
                <TextLink to={back} icon="back">
                  {title}
                </TextLink>
              ) : (
                <Drawer {...props} key={itemKey} />
              )}
            </div>
          )}
          {item ?? <p className="choose">{choose}</p>}
        </section>
      )}
    </main>
  )
}

function ListPane({ title, count, tools, list, foot }: SplitProps) {
  return (
    <section className="q" aria-label={title}>
      <header className="qhead">
        <h1 className="title">{title}</h1>
        {count !== undefined && <span className="c3 num">{count}</span>}
        {tools && <div className="qtools">{tools}</div>}
      </header>
      <div className="qbody">{list}</div>
      {foot && <footer className="qfoot">{foot}</footer>}
    </section>
  )
}

function Drawer(props: SplitProps) {
  const { t } = useConsoleWords()
  const [open, setOpen] = useState(false)
  const ref = useRef<HTMLDialogElement>(null)
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
    <>
      <Button small onClick={() => setOpen(true)}>
        {props.count === undefined
          ? props.title
          : t('split.open', { title: props.title, count: props.count })}
      </Button>
      <dialog ref={ref} className="drawer" aria-label={props.title} onClose={() => setOpen(false)}>
        {open && <ListPane {...props} />}
      </dialog>
    </>
  )
}
