/** Holding a case back while something has to be settled first, and what its owner says to a rejection. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { caseQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { TextButton } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useFormat } from '../../portal/use-format.ts'

export function Appeal({ appeal }: { appeal: NonNullable<StaffCase['appeal']> }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  return (
    <Notice live={false}>
      <b>{t('appeal.title', { when: format.moment(appeal.at) })}</b>{' '}
      <span className="break-words">{appeal.text}</span>
    </Notice>
  )
}

const holdable: readonly StaffCase['closure']['state'][] = [
  'cooling_off',
  'in_review',
  'approved',
  'scheduled',
  'needs_customer',
]

export function HoldButton({ seen }: { seen: StaffCase }) {
  const { t } = useConsoleWords()
  const { role } = useStaff()
  const [open, setOpen] = useState(false)
  if (!['reviewer', 'admin'].includes(role) || !holdable.includes(seen.closure.state)) return null
  return (
    <p className="mt-3">
      <TextButton onClick={() => setOpen(true)}>{t('hold.button')}</TextButton>
      {open && <HoldSheet seen={seen} onClose={() => setOpen(false)} />}
    </p>
  )
}

function HoldSheet({ seen, onClose }: { seen: StaffCase; onClose: () => void }) {
  const { t } = useConsoleWords()
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const [missing, setMissing] = useState(false)
  const { caseId } = seen.closure
  const hold = useMutation({
    mutationFn: () => send<StaffCase>('POST', `/v1/staff/closures/${caseId}/hold`, { note }),
    onSuccess: (next) => {
      client.setQueryData(caseQuery(caseId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'closures'] })
      onClose()
    },
  })
  return (
    <Sheet open onClose={onClose} title={t('hold.button')}>
      <div className="grid gap-5">
        <p className="c2">{t('hold.what')}</p>
        <TextField
          label={t('hold.note')}
          value={note}
          onChange={setNote}
          rows={3}
          maxLength={500}
          error={missing && !note.trim() ? t('attention.thaw-missing') : undefined}
        />
        <Refused error={hold.error} />
        <SheetButtons
          busy={hold.isPending}
          word={t('hold.button')}
          onClose={onClose}
          act={() => (note.trim() ? hold.mutate() : setMissing(true))}
        />
      </div>
    </Sheet>
  )
}
