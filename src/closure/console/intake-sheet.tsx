/** Accepting who asks, asking for more, or refusing: asked once more, with what follows. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { intakeQuery } from '../../console/queries.ts'
import type { IntakeDecision, StaffIntake } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Choices, Tick } from '../../portal/components/choices.tsx'
import { FieldError, TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useToast } from '../../portal/toast.tsx'

export type IntakeAct = IntakeDecision['decision']
type Asked = NonNullable<IntakeDecision['ask']>[number]
type Refusal = NonNullable<IntakeDecision['reasonCode']>
const refusals: readonly Refusal[] = ['no-match', 'not-shown', 'fraud-suspected']

type Props = { seen: StaffIntake; act: IntakeAct; onClose: () => void }

function useDecide({ seen, act, onClose }: Props) {
  const { t } = useConsoleWords()
  const client = useQueryClient()
  const toast = useToast()
  return useMutation({
    mutationFn: (given: Omit<IntakeDecision, 'decision' | 'version'>) => {
      const body: IntakeDecision = { decision: act, version: seen.version, ...given }
      return send<StaffIntake>('POST', `/v1/staff/closure-intakes/${seen.caseId}/decision`, body)
    },
    onSuccess: (next) => {
      client.setQueryData(intakeQuery(seen.caseId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'intakes'] })
      toast(t(`intakes.${act}-done`, { reference: seen.reference }))
      onClose()
    },
  })
}

export function IntakeSheet({ seen, act, onClose }: Props) {
  const { t, code } = useConsoleWords()
  const [reason, setReason] = useState<Refusal>()
  const [ask, setAsk] = useState<readonly Asked[]>([])
  const [note, setNote] = useState('')
  const [missing, setMissing] = useState(false)
  const decide = useDecide({ seen, act, onClose })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (decide.isPending) return
    const unsaid = (act === 'refuse' && !reason) || (act === 'ask' && ask.length === 0)
    setMissing(unsaid)
    if (unsaid) return
    const reasonCode = act === 'refuse' ? reason : undefined
    decide.mutate({
      note,
      ...(reasonCode && { reasonCode }),
      ...(act === 'ask' && { ask: [...ask] }),
    })
  }
  return (
    <Sheet open onClose={onClose} title={t(`intakes.${act}`)}>
      <form className="grid gap-5" onSubmit={submit}>
        <p className="c2">{t(`intakes.${act}-follows`)}</p>
        {act === 'refuse' && (
          <Choices
            legend={t('sheet.reason')}
            choices={refusals.map((key) => ({ key, label: code('intake-refusal', key) }))}
            value={reason}
            onChange={setReason}
            error={missing && !reason ? t('sheet.reason-missing') : undefined}
          />
        )}
        {act === 'ask' && <AskFor seen={seen} ask={ask} setAsk={setAsk} missing={missing} />}
        <TextField
          label={t(act === 'ask' ? 'intakes.note-told' : 'sheet.note')}
          value={note}
          onChange={setNote}
          rows={3}
          maxLength={500}
        />
        <Refused error={decide.error} />
        <SheetButtons busy={decide.isPending} word={t(`intakes.${act}`)} onClose={onClose} />
      </form>
    </Sheet>
  )
}

type AskProps = {
  seen: StaffIntake
  ask: readonly Asked[]
  setAsk: (ask: readonly Asked[]) => void
  missing: boolean
}

function AskFor({ seen, ask, setAsk, missing }: AskProps) {
  const { t, code } = useConsoleWords()
  const copy = seen.idCopyAllowed ? (['id_copy'] as const) : []
  const may: readonly Asked[] = [...seen.evidence, ...copy]
  return (
    <fieldset className="grid gap-2">
      <legend className="strong mb-2">{t('intakes.ask-what')}</legend>
      {may.map((kind) => (
        <Tick
          key={kind}
          checked={ask.includes(kind)}
          onChange={(on) => setAsk(on ? [...ask, kind] : ask.filter((one) => one !== kind))}
        >
          {code('value-identityEvidence', kind)}
        </Tick>
      ))}
      {may.length === 0 && <p className="small c2">{t('intakes.ask-nothing')}</p>}
      {!seen.idCopyAllowed && <p className="small c2">{t('intakes.no-copy')}</p>}
      {missing && ask.length === 0 && <FieldError>{t('intakes.ask-missing')}</FieldError>}
    </fieldset>
  )
}
