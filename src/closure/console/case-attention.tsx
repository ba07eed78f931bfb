/** A case that is stuck: where it stopped, what to do, and the button that sends it on. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { caseQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { NotedAct } from './noted-act.tsx'

type Attention = NonNullable<StaffCase['attention']>

export function CaseAttention({ seen, attention }: { seen: StaffCase; attention: Attention }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const step = attention.step.split(':')[0] ?? attention.step
  const known = code('advice', step)
  const advice = known === step ? attention.advice : known
  const isStopped = seen.closure.state === 'frozen' || seen.closure.state === 'on_hold'
  return (
    <Notice tone="warn" live={false}>
      <p>
        <b>
          {isStopped
            ? t(seen.closure.state === 'frozen' ? 'attention.frozen' : 'attention.held')
            : t('attention.stopped', { step: code('step', step) })}
        </b>{' '}
        {t('attention.since', { when: format.moment(attention.since) })}
      </p>
      <p className="c2 break-words">{attention.what}</p>
      <p className="mt-1">
        {t('attention.advice')} {advice}
      </p>
      {isStopped ? <Thaw seen={seen} /> : <Retry seen={seen} />}
      {seen.mayWithdraw && <NotedAct seen={seen} act="withdraw" />}
    </Notice>
  )
}

const mayThaw: readonly string[] = ['reviewer', 'admin']

/** Only after somebody has made sure, and said how. */
function Thaw({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const { role } = useStaff()
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const [missing, setMissing] = useState(false)
  const { caseId } = seen.closure
  const thaw = useMutation({
    mutationFn: () => send<StaffCase>('POST', `/v1/staff/closures/${caseId}/thaw`, { note }),
    onSuccess: (next) => {
      client.setQueryData(caseQuery(caseId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'closures'] })
    },
  })
  const held = mayThaw.includes(role) ? undefined : 'thaw-why'
  return (
    <div className="mt-3 grid gap-2">
      <TextField
        label={t('attention.thaw-note')}
        value={note}
        onChange={setNote}
        maxLength={500}
        error={missing && !note.trim() ? t('attention.thaw-missing') : undefined}
      />
      <Refused error={thaw.error} />
      <Button
        kind="primary"
        busy={thaw.isPending}
        disabledBy={held}
        onClick={() => (note.trim() ? thaw.mutate() : setMissing(true))}
      >
        {t('attention.thaw')}
      </Button>
      {held && (
        <span id={held} className="caption c2">
          {t('decide.role', { role: code('role', role) })}
        </span>
      )}
    </div>
  )
}

const mayRetry: readonly string[] = ['reviewer', 'admin', 'support']

function Retry({ seen }: { seen: StaffCase }) {
  const { t, code } = useConsoleWords()
  const { role } = useStaff()
  const toast = useToast()
  const client = useQueryClient()
  const { caseId, reference } = seen.closure
  const retry = useMutation({
    mutationFn: () => send<StaffCase>('POST', `/v1/staff/closures/${caseId}/retry`),
    onSuccess: (next) => {
      client.setQueryData(caseQuery(caseId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'closures'] })
      toast(t('attention.sent-on', { reference }))
    },
  })
  const held = mayRetry.includes(role) ? undefined : 'retry-why'
  return (
    <div className="mt-3 grid justify-items-start gap-2">
      <Refused error={retry.error} />
      <Button
        kind="primary"
        busy={retry.isPending}
        disabledBy={held}
        onClick={() => retry.mutate()}
      >
        {t('attention.retry')}
      </Button>
      {held && (
        <span id={held} className="caption c2">
          {t('decide.role', { role: code('role', role) })}
        </span>
      )}
    </div>
  )
}
