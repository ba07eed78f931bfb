/** Usage that was turned away: by reason, each with its original, taken in again after a fix. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { Kbd } from '../../console/components/kbd.tsx'
import { itemsOf, Listing } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { useKeys } from '../../console/keys.ts'
import { rejectsQuery } from '../../console/queries.ts'
import type { RejectPage, UsageReject } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { linkProps } from '../../portal/components/button.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import { RejectPane } from './reject-pane.tsx'
import { ReplayAll } from './replay-all.tsx'

const states = ['open', 'replayed', 'discarded'] as const
type Search = { state?: string; reason?: string }

export function RejectsPage() {
  const { t, code } = useConsoleWords()
  const go = useGo()
  const { rejectId } = useParams({ strict: false }) as { rejectId?: string }
  const search = useSearch({ strict: false }) as Search
  const state = states.find((known) => known === search.state) ?? 'open'
  const reason = search.reason ?? ''
  const query = useInfiniteQuery(rejectsQuery(state, reason))
  const rows = itemsOf(query.data)
  const at = rows.findIndex((row) => row.rejectId === rejectId)
  const open = (row: UsageReject | undefined) => {
    if (row) void go(`/rejects/${encodeURIComponent(row.rejectId)}`, { search })
  }
  useKeys({
    j: () => open(rows[Math.min(at + 1, rows.length - 1)]),
    k: () => open(rows[Math.max(at - 1, 0)]),
  })
  const counts = query.data?.pages[0]?.counts ?? []
  return (
    <Split
      title={t('rejects.title')}
      tools={<Filters state={state} reason={reason} counts={counts} />}
      list={
        <>
          {state === 'open' && reason !== '' && rows.length > 0 && (
            <ReplayAll reason={reason} count={countOf(counts, state, reason)} key={reason} />
          )}
          <Listing query={query} empty={t('rejects.empty', { state: code('reject-state', state) })}>
            {(items) => <Rows items={items} rejectId={rejectId} search={search} />}
          </Listing>
        </>
      }
      foot={
        <p className="keyline" aria-hidden="true">
          <Kbd>J</Kbd>
          <Kbd>K</Kbd>
          <span>{t('keys.both')}</span>
        </p>
      }
      item={rejectId && <RejectPane key={rejectId} rejectId={rejectId} known={rows[at]} />}
      itemKey={rejectId}
      back="/rejects"
      choose={t('rejects.choose')}
    />
  )
}

type Counts = RejectPage['counts']

function countOf(counts: Counts, state: string, reason?: string): number {
  return counts
    .filter((one) => one.state === state && (reason === undefined || one.reason === reason))
    .reduce((sum, { count }) => sum + count, 0)
}

function Filters({ state, reason, counts }: { state: string; reason: string; counts: Counts }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const go = useGo()
  const reasons = [
    ...new Set(counts.filter((one) => one.state === state).map((one) => one.reason as string)),
  ]
  if (reason !== '' && !reasons.includes(reason)) reasons.push(reason)
  const numbered = (words: string, count: number) => `${words} (${format.number(count)})`
  const choose = (search: Search) => void go('/rejects', { search: { ...search } })
  return (
    <>
      <select
        className="pick"
        aria-label={t('rejects.state')}
        value={state}
        onChange={(event) => choose({ state: event.target.value })}
      >
        {states.map((each) => (
          <option key={each} value={each}>
            {numbered(code('reject-state', each), countOf(counts, each))}
          </option>
        ))}
      </select>
      <select
        className="pick"
        aria-label={t('rejects.reason')}
        value={reason}
        onChange={(event) => choose({ state, reason: event.target.value })}
      >
        <option value="">{t('rejects.any-reason')}</option>
        {reasons.map((each) => (
          <option key={each} value={each}>
            {numbered(code('reject-reason', each), countOf(counts, state, each))}
          </option>
        ))}
      </select>
    </>
  )
}

type RowsProps = { items: UsageReject[]; rejectId: string | undefined; search: Search }

function Rows({ items, rejectId, search }: RowsProps) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <ul>
      {items.map((reject) => (
        <li key={reject.rejectId}>
          <Link
            {...linkProps({ to: `/rejects/${encodeURIComponent(reject.rejectId)}`, search })}
            className="qrow plainrow"
            aria-current={reject.rejectId === rejectId || undefined}
          >
            <span className="min-w-0">
              <span className="mid block truncate">{code('reject-reason', reject.reason)}</span>
              <span className="caption c3 block truncate">
                <bdi className="mono">{reject.usageId || t('rejects.no-id')}</bdi>
              </span>
            </span>
            <span className="figures">
              <span className="caption c2 block">{code('reject-source', reject.source)}</span>
              <span className="caption c3 num block">{format.moment(reject.lastAt)}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
