/** Requests to close of people who can't sign in: those a person has to judge first, the request beside. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { Clock } from '../../console/components/clock.tsx'
import { itemsOf, Listing } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { useKeys } from '../../console/keys.ts'
import { intakesQuery } from '../../console/queries.ts'
import type { IntakeRow } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { linkProps } from '../../portal/components/button.tsx'
import { Tag } from '../../portal/components/notice.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import { IntakePane } from './intake-pane.tsx'
import { intakeTones } from './state.ts'

type State = IntakeRow['state']
const states: readonly State[] = [
  'in-review',
  'waiting',
  'opened',
  'refused',
  'expired',
  'stopped',
  'withdrawn',
]

export function IntakesPage() {
  const { t, code } = useConsoleWords()
  const go = useGo()
  const { caseId } = useParams({ strict: false }) as { caseId?: string }
  const search = useSearch({ strict: false }) as { state?: string }
  const state = states.find((known) => known === search.state) ?? 'in-review'
  const query = useInfiniteQuery(intakesQuery(state))
  const rows = itemsOf(query.data)
  const at = rows.findIndex((row) => row.caseId === caseId)
  const open = (row: IntakeRow | undefined) => {
    if (row) void go(`/intakes/${row.caseId}`, { search: { state: search.state } })
  }
  useKeys({
    j: () => open(rows[Math.min(at + 1, rows.length - 1)]),
    k: () => open(rows[Math.max(at - 1, 0)]),
  })
  const filter = (
    <select
      className="pick"
      aria-label={t('intakes.state')}
      value={state}
      onChange={(event) => void go('/intakes', { search: { state: event.target.value } })}
    >
      {states.map((each) => (
        <option key={each} value={each}>
          {code('intake-state', each)}
        </option>
      ))}
    </select>
  )
  return (
    <Split
      title={t('intakes.title')}
      count={state === 'in-review' ? query.data?.pages[0]?.waiting : undefined}
      tools={filter}
      list={
        <Listing query={query} empty={t('intakes.empty', { state: code('intake-state', state) })}>
          {(items) => <Rows items={items} caseId={caseId} state={search.state} />}
        </Listing>
      }
      item={caseId && <IntakePane key={caseId} caseId={caseId} />}
      itemKey={caseId}
      back="/intakes"
      choose={t('intakes.choose')}
    />
  )
}

type RowsProps = { items: IntakeRow[]; caseId: string | undefined; state: string | undefined }

function Rows({ items, caseId, state }: RowsProps) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <ul>
      {items.map((row) => (
        <li key={row.caseId}>
          <Link
            {...linkProps({ to: `/intakes/${row.caseId}`, search: { state } })}
            className="qrow plainrow"
            aria-current={row.caseId === caseId || undefined}
          >
            <span className="min-w-0">
              <bdi className="mid num block truncate">{row.reference}</bdi>
              <span className="caption c3 block truncate">
                {code('scope', row.scope)} · {format.country(row.residence)} ·{' '}
                {t(row.matched ? 'intakes.matched' : 'intakes.unmatched')}
              </span>
            </span>
            <span className="figures">
              <span className="block">
                <Tag tone={intakeTones[row.state] ?? 'neutral'}>
                  {code('intake-state', row.state)}
                </Tag>
              </span>
              <span className="caption c3 num block">
                {row.reviewBy ? <Clock due={row.reviewBy} /> : format.moment(row.receivedAt)}
              </span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
