/** What staff do with a case only after saying why: a link, and a sheet that asks. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { caseQuery } from '../../console/queries.ts'
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { TextButton } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useToast } from '../../portal/toast.tsx'

type Act = 'hold' | 'take-back' | 'withdraw'
type Props = { seen: StaffCase; act: Act }

export function NotedAct({ seen, act }: Props) {
  const { t } = useConsoleWords()
  const [open, setOpen] = useState(false)
  return (
    <p className="mt-3">
      <TextButton onClick={() => setOpen(true)}>{t(`${act}.button`)}</TextButton>
      {open && <ActSheet seen={seen} act={act} onClose={() => setOpen(false)} />}
    </p>
  )
}

function ActSheet({ seen, act, onClose }: Props & { onClose: () => void }) {
  const { t } = useConsoleWords()
  const client = useQueryClient()
  const toast = useToast()
  const [note, setNote] = useState('')
  const [missing, setMissing] = useState(false)
  const { caseId, reference } = seen.closure
  const acting = useMutation({
    mutationFn: () => send<StaffCase>('POST', `/v1/staff/closures/${caseId}/${act}`, { note }),
    onSuccess: (next) => {
      client.setQueryData(caseQuery(caseId).queryKey, next)
      void client.invalidateQueries({ queryKey: ['staff', 'closures'] })
      toast(t(`${act}.done`, { reference }))
      onClose()
    },
  })
  return (
    <Sheet open onClose={onClose} title={t(`${act}.button`)}>
      <div className="grid gap-5">
        <p className="c2">{t(`${act}.what`)}</p>
        <TextField
          label={t(`${act}.note`)}
          value={note}
          onChange={setNote}
          rows={3}
          maxLength={500}
          error={missing && !note.trim() ? t('noted.missing') : undefined}
        />
        <Refused error={acting.error} />
        <SheetButtons
          busy={acting.isPending}
          word={t(`${act}.button`)}
          onClose={onClose}
          act={() => (note.trim() ? acting.mutate() : setMissing(true))}
        />
      </div>
    </Sheet>
  )
}
