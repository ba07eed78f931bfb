/** Revokes a code that is out, or stops a number that is on its way. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '../../portal/components/button.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useWords } from '../../portal/words.tsx'

type Props<Answer> = {
  pending: boolean
  stop: () => Promise<Answer>
  onDone: (next: Answer) => void
}

export function Stop<Answer>({ pending, stop, onDone }: Props<Answer>) {
  const { t } = useWords()
  const toast = useToast()
  const [open, setOpen] = useState(false)
  const asked = useMutation({
    mutationFn: stop,
    onSuccess: (next) => {
      onDone(next)
      setOpen(false)
      toast(t(pending ? 'number.stopped' : 'number.revoked'))
    },
  })
  const word = t(pending ? 'number.stop' : 'number.revoke')
  return (
    <div className="mt-4 grid">
      <Button kind="even" onClick={() => setOpen(true)}>
        {word}
      </Button>
      <Sheet open={open} onClose={() => setOpen(false)} title={word}>
        <p className="c2">{t(pending ? 'number.stop-what' : 'number.revoke-what')}</p>
        <Refusal error={asked.error} />
        <div className="mt-4 grid">
          <Button kind="even" busy={asked.isPending} onClick={() => asked.mutate()}>
            {word}
          </Button>
        </div>
      </Sheet>
    </div>
  )
}
