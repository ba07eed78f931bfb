/** One record that was turned away: why, whose, as it came, and what can be done with it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type Fact, Facts } from '../../console/components/facts.tsx'
import { Loaded, Refused } from '../../console/components/listing.tsx'
import { rejectQuery } from '../../console/queries.ts'
import { useStaff } from '../../console/session.tsx'
import type { ReplayAnswer, UsageReject } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Notice, Tag } from '../../portal/components/notice.tsx'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'

const tones = { open: 'warn', replayed: 'ok', discarded: 'neutral' } as const

type PaneProps = { rejectId: string; known: UsageReject | undefined }

export function RejectPane({ rejectId, known }: PaneProps) {
  const query = useQuery({ ...rejectQuery(rejectId), ...(known && { placeholderData: known }) })
  return <Loaded query={query}>{(reject) => <One reject={reject} />}</Loaded>
}

function One({ reject }: { reject: UsageReject }) {
  const { t, code } = useConsoleWords()
  const rows = useFacts(reject)
  const { reason, state, source } = reject
  return (
    <article className="case">
      <header className="casehead">
        <div className="min-w-0 grow">
          <p className="caption c3">{code('reject-source', source)}</p>
          <h2 className="head">{code('reject-reason', reason)}</h2>
        </div>
        <div className="deadline">
          <Tag tone={tones[state]}>{code('reject-state', state)}</Tag>
        </div>
      </header>
      <div className="casebody">
        <div className="casemain">
          <p className="c2">{code('reject-advice', reason)}</p>
          <h3 className="strong small mt-4">{t('rejects.original')}</h3>
          <pre className="mono caption mt-1 whitespace-pre-wrap break-all">
            {pretty(reject.original)}
          </pre>
          {state === 'open' && <Actions reject={reject} />}
        </div>
        <aside className="caseside" aria-label={t('rejects.facts')}>
          <Facts title={t('rejects.facts')} rows={rows} />
        </aside>
      </div>
    </article>
  )
}

function useFacts(reject: UsageReject): Fact[] {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const { importId, lineNumber, usageId, imsi, endedAt } = reject
  const mono = (text: string) => (
    <bdi key={text} className="mono break-all">
      {text || '–'}
    </bdi>
  )
  const inFile: Fact[] = importId
    ? [
        [t('rejects.import'), mono(importId)],
        [t('rejects.line'), lineNumber],
      ]
    : []
  return [
    [t('rejects.source'), code('reject-source', reject.source)],
    ...inFile,
    [t('rejects.usage-id'), mono(usageId)],
    [t('rejects.imsi'), mono(imsi)],
    [t('rejects.first'), format.full(reject.firstAt)],
    [t('rejects.last'), format.full(reject.lastAt)],
    [t('rejects.times'), format.number(reject.times)],
    ...(endedAt ? [[t('rejects.ended'), format.full(endedAt)] as Fact] : []),
  ]
}

/** JSON is spread over lines; anything else is shown as it came. */
function pretty(original: string): string {
  try {
    return JSON.stringify(JSON.parse(original), null, 2)
  } catch {
    return original
  }
}

const mayDecide: readonly string[] = ['finance', 'admin']

function Actions({ reject }: { reject: UsageReject }) {
  const { t, code } = useConsoleWords()
  const { role } = useStaff()
  const toast = useToast()
  const client = useQueryClient()
  const at = `/v1/staff/usage/rejects/${encodeURIComponent(reject.rejectId)}`
  const refresh = () => client.invalidateQueries({ queryKey: ['staff', 'rejects'] })
  const replay = useMutation({
    mutationFn: () => send<ReplayAnswer>('POST', `${at}/replay`),
    onSuccess: async (answer) => {
      await refresh()
      if (answer.outcome === 'replayed') toast(t('rejects.taken-in'))
    },
  })
  const discard = useMutation({
    mutationFn: () => send('POST', `${at}/discard`),
    onSuccess: async () => {
      await refresh()
      toast(t('rejects.put-aside'))
    },
  })
  const role403 = mayDecide.includes(role) ? undefined : 'reject-role'
  const unreadable = reject.canReplay ? undefined : 'reject-unreadable'
  const refusedAgain = replay.data?.outcome === 'rejected' ? replay.data.reason : undefined
  return (
    <div className="mt-4 grid justify-items-start gap-2">
      {refusedAgain && (
        <Notice tone="warn">
          {t('rejects.still', { reason: code('reject-reason', refusedAgain) })}
        </Notice>
      )}
      <Refused error={replay.error ?? discard.error} />
      <div className="flex flex-wrap gap-2">
        <Button
          kind="primary"
          busy={replay.isPending}
          disabledBy={role403 ?? unreadable}
          onClick={() => replay.mutate()}
        >
          {t('rejects.replay')}
        </Button>
        <Button busy={discard.isPending} disabledBy={role403} onClick={() => discard.mutate()}>
          {t('rejects.discard')}
        </Button>
      </div>
      {role403 && (
        <span id={role403} className="caption c2">
          {t('rejects.role')}
        </span>
      )}
      {!role403 && unreadable && (
        <span id={unreadable} className="caption c2">
          {t('rejects.unreadable')}
        </span>
      )}
    </div>
  )
}
