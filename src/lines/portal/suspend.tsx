/** Suspending a line and resuming it: what that means stands beside the button, and who alone can lift it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, Pair, TextLink } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { Refusal } from '../../portal/failure.tsx'
import { lineQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

function useSuspension(line: Line, wish: 'suspend' | 'resume', onDone = () => {}) {
  const { t } = useWords()
  const client = useQueryClient()
  const toast = useToast()
  return useMutation({
    mutationFn: () => send<Line>('POST', `/v1/lines/${line.lineId}/${wish}`),
    onSuccess: (next) => {
      client.setQueryData(lineQuery(line.lineId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['lines'] })
      toast(t(next.state === 'active' ? 'line.resumed' : 'line.suspended'))
      onDone()
    },
  })
}

/** Why there is no service, and the way back where it is the subscriber's to take. */
export function SuspendedNotice({ line }: { line: Line }) {
  const { t } = useWords()
  const resume = useSuspension(line, 'resume')
  if (line.state !== 'suspended') return null
  const own = line.suspendedBy.includes('subscriber')
  const theirs = line.suspendedBy.includes('operator')
  return (
    <div className="mt-4">
      <Notice tone="warn" live={false}>
        <p>{t(own ? 'line.suspended-own' : 'line.suspended-operator')}</p>
        {own && theirs && <p>{t('line.suspended-both')}</p>}
        {theirs && (
          <TextLink to="/help/new" search={{ about: 'line', page: `/lines/${line.lineId}` }}>
            {t('line.ask')}
          </TextLink>
        )}
      </Notice>
      {own && (
        <div className="mt-3 grid">
          <Button kind="even" busy={resume.isPending} onClick={() => resume.mutate()}>
            {t(theirs ? 'line.resume-own' : 'line.resume')}
          </Button>
        </div>
      )}
      <Refusal error={resume.error} />
    </div>
  )
}

/** A row of the page's More. */
export function SuspendRow({ line }: { line: Line }) {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  const suspend = useSuspension(line, 'suspend', close)
  if (line.state !== 'active') return null
  return (
    <li>
      <button type="button" className="row" onClick={() => setOpen(true)}>
        <span className="grow mid">{t('line.suspend')}</span>
      </button>
      <Sheet open={open} onClose={close} title={t('line.suspend')}>
        <p className="c2">{t('line.suspend-follows', { name: line.nickname })}</p>
        <Refusal error={suspend.error} />
        <div className="mt-4">
          <Pair>
            <Button kind="even" onClick={close}>
              {t('button.cancel')}
            </Button>
            <Button kind="even" busy={suspend.isPending} onClick={() => suspend.mutate()}>
              {t('line.suspend')}
            </Button>
          </Pair>
        </div>
      </Sheet>
    </li>
  )
}
