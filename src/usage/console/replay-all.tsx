/** Everything one reason turned away, taken in again in steps, so that a person sees how far it is. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Refused } from '../../console/components/listing.tsx'
import { useStaff } from '../../console/session.tsx'
import type { ReplayAllAnswer } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { useFormat } from '../../portal/use-format.ts'

type Run = { running: boolean; replayed: number; rejected: number; error?: unknown }

export function ReplayAll({ reason, count }: { reason: string; count: number }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const { role } = useStaff()
  const client = useQueryClient()
  const [run, setRun] = useState<Run>()
  if (role !== 'finance' && role !== 'admin') return null

  const start = async () => {
    let done: Run = { running: true, replayed: 0, rejected: 0 }
    setRun(done)
    try {
      for (let cursor: string | null = ''; cursor !== null;) {
        const answer: ReplayAllAnswer = await send('POST', '/v1/staff/usage/rejects/replay', {
          reason,
          ...(cursor && { cursor }),
        })
        done = {
          running: answer.nextCursor !== null,
          replayed: done.replayed + answer.replayed,
          rejected: done.rejected + answer.rejected,
        }
        setRun(done)
        cursor = answer.nextCursor
      }
    } catch (error) {
      setRun({ ...done, running: false, error })
    }
    await client.invalidateQueries({ queryKey: ['staff', 'rejects'] })
  }
  const figures = {
    replayed: format.number(run?.replayed ?? 0),
    rejected: format.number(run?.rejected ?? 0),
  }
  return (
    <div className="grid justify-items-start gap-2 px-5 pt-1 pb-3">
      <Button small busy={run?.running ?? false} onClick={() => void start()}>
        {t('rejects.replay-all', { count: format.number(count) })}
      </Button>
      {run && (
        <p className="caption c2" role="status">
          {t('rejects.replayed-all', figures)}
        </p>
      )}
      <Refused error={run?.error} />
    </div>
  )
}
