/** Staff suspend a line for the operator or against fraud, or lift that, and say why for the audit trail. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { useStaff } from '../../console/session.tsx'
import type { StaffLine, StaffSubscriber } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { TextButton } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useToast } from '../../portal/toast.tsx'

type Line = StaffSubscriber['lines'][number]
type Cause = 'operator' | 'fraud'
type Props = { subscriberId: string; line: Line }

const causes: readonly Cause[] = ['operator', 'fraud']

/** The buttons of one line: what the signed-in member may do with it now. */
export function SuspensionActions({ subscriberId, line }: Props) {
  const { t } = useConsoleWords()
  const { role } = useStaff()
  const [wish, setWish] = useState<'suspend' | 'resume'>()
  if (!['support', 'reviewer', 'admin'].includes(role)) return null
  if (line.state !== 'active' && line.state !== 'suspended') return null
  const lifts = role === 'support' ? (['operator'] as const) : causes
  const canSuspend = causes.filter((cause) => !line.suspensions.includes(cause))
  const canLift = lifts.filter((cause) => line.suspensions.includes(cause))
  return (
    <>
      {canSuspend.length > 0 && (
        <TextButton onClick={() => setWish('suspend')}>{t('suspension.suspend')}</TextButton>
      )}
      {canLift.length > 0 && (
        <TextButton onClick={() => setWish('resume')}>{t('suspension.resume')}</TextButton>
      )}
      {wish && (
        <SuspensionSheet
          subscriberId={subscriberId}
          line={line}
          wish={wish}
          choices={wish === 'suspend' ? canSuspend : canLift}
          onClose={() => setWish(undefined)}
        />
      )}
    </>
  )
}

type SheetProps = Props & {
  wish: 'suspend' | 'resume'
  choices: readonly Cause[]
  onClose: () => void
}

function SuspensionSheet({ subscriberId, line, wish, choices, onClose }: SheetProps) {
  const { t, code } = useConsoleWords()
  const toast = useToast()
  const client = useQueryClient()
  const [cause, setCause] = useState<Cause>()
  const [reason, setReason] = useState('')
  const [asked, setAsked] = useState(false)
  const change = useMutation({
    mutationFn: () =>
      send<StaffLine>(
        'POST',
        `/v1/staff/subscribers/${subscriberId}/lines/${line.lineId}/${wish}`,
        { cause, reason: reason.trim() },
      ),
    onSuccess: async ({ state }) => {
      await client.invalidateQueries({ queryKey: ['staff', 'subscribers'] })
      toast(code('line-state', state))
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (cause && reason.trim() && !change.isPending) change.mutate()
  }
  return (
    <Sheet open onClose={onClose} title={t(`suspension.${wish}`)}>
      <form className="grid gap-5" noValidate onSubmit={submit}>
        <p className="c2">{t(`suspension.${wish}-follows`, { name: line.nickname })}</p>
        <Choices
          legend={t('suspension.cause')}
          choices={choices.map((key) => ({ key, label: code('suspension-cause', key) }))}
          value={cause}
          onChange={setCause}
          error={asked && !cause ? t('suspension.cause-missing') : undefined}
        />
        <TextField
          label={t('suspension.reason')}
          value={reason}
          onChange={setReason}
          rows={3}
          maxLength={500}
          error={asked && !reason.trim() ? t('suspension.reason-missing') : undefined}
        />
        <Refused error={change.error} />
        <SheetButtons busy={change.isPending} word={t(`suspension.${wish}`)} onClose={onClose} />
      </form>
    </Sheet>
  )
}
