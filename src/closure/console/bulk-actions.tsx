/** What the signed-in member may do with a bulk closure: agree, pause, go on, call it off; each asked once more. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { SheetButtons } from '../../console/components/sheet-buttons.tsx'
import { bulkQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import type { BulkView } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Sheet } from '../../portal/components/sheet.tsx'
import { useToast } from '../../portal/toast.tsx'

type Act = 'approve' | 'pause' | 'resume' | 'call-off'

function actsOf({ state, mayApprove }: BulkView): Act[] {
  const acts: Act[] = mayApprove ? ['approve'] : []
  if (state === 'running') acts.push('pause')
  if (state === 'paused') acts.push('resume')
  if (state !== 'done' && state !== 'cancelled') acts.push('call-off')
  return acts
}

export function BulkActions({ bulk }: { bulk: BulkView }) {
  const { t, code } = useConsoleWords()
  const { role } = useStaff()
  const [act, setAct] = useState<Act>()
  const acts = actsOf(bulk)
  if (acts.length === 0) return null
  if (!['reviewer', 'finance', 'admin'].includes(role))
    return <p className="caption c3">{t('bulk.role', { role: code('role', role) })}</p>
  return (
    <footer className="bulkacts">
      {bulk.state === 'proposed' && !bulk.mayApprove && (
        <p className="caption c3">{t('bulk.approved-by-you')}</p>
      )}
      <div className="flex flex-wrap gap-2">
        {acts.map((one) => (
          <Button key={one} kind="even" onClick={() => setAct(one)}>
            {t(`bulk.${one}`)}
          </Button>
        ))}
      </div>
      {act && <ActSheet bulk={bulk} act={act} onClose={() => setAct(undefined)} />}
    </footer>
  )
}

function ActSheet({ bulk, act, onClose }: { bulk: BulkView; act: Act; onClose: () => void }) {
  const { t, code } = useConsoleWords()
  const client = useQueryClient()
  const toast = useToast()
  const change = useMutation({
    mutationFn: () => send<BulkView>('POST', `/v1/staff/bulk-closures/${bulk.bulkId}/${act}`),
    onSuccess: async (next) => {
      client.setQueryData(bulkQuery(bulk.bulkId).queryKey, next)
      await client.invalidateQueries({ queryKey: ['staff', 'bulk'] })
      toast(code('bulk-state', next.state))
      onClose()
    },
  })
  return (
    <Sheet open onClose={onClose} title={t(`bulk.${act}`)}>
      <div className="grid gap-5">
        <p className="c2">{t(`bulk.${act}-follows`, { count: bulk.totals.lines })}</p>
        <Refused error={change.error} />
        <SheetButtons
          busy={change.isPending}
          word={t(`bulk.${act}`)}
          onClose={onClose}
          act={() => change.mutate()}
        />
      </div>
    </Sheet>
  )
}
