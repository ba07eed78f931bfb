/** Approving or rejecting, asked once more with what follows from it; both answers look the
 * same. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { caseQuery } from '../../console/queries.ts'
import type { Decision, ReasonCode, StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { problemCode, send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'

export type DecisionKind = Decision['decision']

const reasons: readonly ReasonCode[] = [
  'identity-doubt',
  'fraud-suspected',
  'open-dispute',
  'not-entitled',
]

type Props = {
  seen: StaffCase
  kind: DecisionKind
  version: number
  note: string
  setNote: (note: string) => void
  onClose: () => void
  onReload: () => void
  onDone: () => void
}

function useDecide({ seen, kind, version, note, onDone }: Props) {
  const { t } = useConsoleWords()
  const toast = useToast()
  const client = useQueryClient()
  const { caseId, reference } = seen.closure
  return useMutation({
    mutationFn: (reasonCode: ReasonCode | undefined) => {
      const decision: Decision = {
        decision: kind,
        version,
        note,
        ...(reasonCode && { reasonCode }),
      }
      return send<StaffCase>('POST', `/v1/staff/closures/${caseId}/decision`, decision)
    },
    onSuccess: (next) => {
      client.setQueryData(caseQuery(caseId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'closures'] })
      const half = kind === 'approve' && next.closure.state === 'in_review'
      const approved = half ? 'decide.half-approved' : 'decide.approved'
      toast(t(kind === 'approve' ? approved : 'decide.rejected', { reference }))
      onDone()
    },
  })
}

/** Somebody else was first, or the case moved on: only looking again helps. */
const outrun = new Set(['already-decided', 'changed-meanwhile', 'claimed-by-other'])

export function DecisionSheet(props: Props) {
  const { seen, kind, note, setNote, onClose, onReload } = props
  const { t, code } = useConsoleWords()
  const [reason, setReason] = useState<ReasonCode>()
  const [missing, setMissing] = useState(false)
  const decide = useDecide(props)
  const lost = outrun.has(problemCode(decide.error) ?? '')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (decide.isPending) return
    const unsaid = kind === 'reject' && reason === undefined
    setMissing(unsaid)
    if (!unsaid) decide.mutate(kind === 'reject' ? reason : undefined)
  }
  return (
    <Sheet open onClose={onClose} title={t(kind === 'approve' ? 'sheet.approve' : 'sheet.reject')}>
      <form className="grid gap-5" onSubmit={submit}>
        <Consequence seen={seen} kind={kind} />
        {kind === 'reject' && (
          <Choices
            legend={t('sheet.reason')}
            choices={reasons.map((key) => ({
              key,
              label: code('reject', key),
              detail: code('reject-remedy', key),
            }))}
            value={reason}
            onChange={(key) => {
              setReason(key)
              setMissing(false)
            }}
            error={missing ? t('sheet.reason-missing') : undefined}
          />
        )}
        <TextField
          label={t(kind === 'reject' ? 'sheet.note-told' : 'sheet.note')}
          value={note}
          onChange={setNote}
          rows={3}
          maxLength={1000}
        />
        <Refused error={decide.error} />
        {lost ? (
          <Button kind="even" onClick={onReload}>
            {t('decide.reload')}
          </Button>
        ) : (
          <SheetButtons
            busy={decide.isPending}
            word={t(kind === 'approve' ? 'decide.approve' : 'decide.reject')}
            onClose={onClose}
          />
        )}
      </form>
    </Sheet>
  )
}

function Consequence({ seen, kind }: { seen: StaffCase; kind: DecisionKind }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const { quote } = seen.closure
  const name = seen.subscriber.name || t('case.nameless')
  if (kind === 'reject') return <p className="c2">{t('sheet.reject-follows', { name })}</p>
  const isFirst = seen.approvals.whyTwo.length > 0 && !seen.approvals.first
  const refunds = (quote?.currencies ?? []).map(({ refund }) => format.money(refund))
  return (
    <div className="c2 grid gap-1">
      {isFirst && <p>{t('sheet.first')}</p>}
      <p>
        {quote && !quote.immediate
          ? t('sheet.ends', { when: format.full(quote.endsAt) })
          : t('sheet.ends-now')}
      </p>
      {refunds.length > 0 && <p>{t('sheet.refund', { name, amount: format.list(refunds) })}</p>}
    </div>
  )
}

type NoteProps = { note: string; setNote: (note: string) => void; onClose: () => void }

export function NoteSheet({ note, setNote, onClose }: NoteProps) {
  const { t } = useConsoleWords()
  return (
    <Sheet open onClose={onClose} title={t('decide.note')}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          onClose()
        }}
      >
        <TextField
          label={t('sheet.note')}
          hint={t('sheet.note-hint')}
          value={note}
          onChange={setNote}
          rows={5}
          maxLength={1000}
          autoFocus
        />
        <Button kind="primary" submit>
          {t('sheet.keep')}
        </Button>
      </form>
    </Sheet>
  )
}
