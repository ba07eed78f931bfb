/** Erasures: what is kept of each closed case until which day, what is on hold, and the proof that nothing else is left. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { itemsOf, Listing, Loaded } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import { erasureQuery, erasuresQuery } from '../../console/queries.ts'
import type { Erasure, ErasureRow } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { linkProps } from '../../portal/components/button.tsx'
import { Tag, type Tone } from '../../portal/components/notice.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import { useKeptNames } from '../portal/kept-names.ts'
import { ErasureHolds } from './erasure-holds.tsx'
import { ErasureScanSection } from './erasure-scan.tsx'

type Search = { state?: string }
const states = ['waiting', 'telling', 'held', 'erased'] as const
const tones: Record<ErasureRow['state'], Tone> = {
  waiting: 'info',
  telling: 'info',
  held: 'warn',
  erased: 'ok',
}

export function ErasuresPage() {
  const { t } = useConsoleWords()
  const { caseId } = useParams({ strict: false }) as { caseId?: string }
  const search = useSearch({ strict: false }) as Search
  const state = states.find((known) => known === search.state) ?? ''
  const query = useInfiniteQuery(erasuresQuery(state))
  return (
    <Split
      title={t('erasures.title')}
      tools={<Filter state={state} />}
      list={
        <Listing query={query} empty={t('erasures.empty')}>
          {(items) => <Rows items={items} caseId={caseId} state={state} />}
        </Listing>
      }
      count={itemsOf(query.data).length}
      item={caseId && <Item caseId={caseId} key={caseId} />}
      itemKey={caseId}
      back="/erasures"
      choose={t('erasures.choose')}
    />
  )
}

function Filter({ state }: { state: string }) {
  const { t, code } = useConsoleWords()
  const go = useGo()
  const choose = (search: Search) => void go('/erasures', { search: { ...search } })
  return (
    <select
      className="pick"
      aria-label={t('erasures.state')}
      value={state}
      onChange={({ target: { value } }) => choose(value ? { state: value } : {})}
    >
      <option value="">{t('erasures.all')}</option>
      {states.map((one) => (
        <option key={one} value={one}>
          {code('erasure-state', one)}
        </option>
      ))}
    </select>
  )
}

type RowsProps = { items: readonly ErasureRow[]; caseId: string | undefined; state: string }

function Rows({ items, caseId, state }: RowsProps) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <ul>
      {items.map((row) => (
        <li key={row.caseId}>
          <Link
            {...linkProps({ to: `/erasures/${row.caseId}`, ...(state && { search: { state } }) })}
            className="qrow plainrow"
            aria-current={row.caseId === caseId || undefined}
          >
            <span className="min-w-0">
              <span className="mid block">
                <bdi className="mono">{row.reference}</bdi>
              </span>
              <span className="caption c3 block">
                {row.nextDay
                  ? t('erasures.next', { day: format.day(row.nextDay, { year: true }) })
                  : t('erasures.all-gone')}
                {row.holds > 0 && ` · ${t('erasures.holds', { count: row.holds })}`}
              </span>
            </span>
            <Tag tone={tones[row.state]}>{code('erasure-state', row.state)}</Tag>
          </Link>
        </li>
      ))}
    </ul>
  )
}

function Item({ caseId }: { caseId: string }) {
  const query = useQuery(erasureQuery(caseId))
  return <Loaded query={query}>{(erasure) => <Shown caseId={caseId} erasure={erasure} />}</Loaded>
}

function Shown({ caseId, erasure }: { caseId: string; erasure: Erasure }) {
  const { t, code } = useConsoleWords()
  return (
    <article className="case">
      <header className="casehead">
        <div className="min-w-0">
          {erasure.state && (
            <Tag tone={tones[erasure.state]}>{code('erasure-state', erasure.state)}</Tag>
          )}
          <h2 className="head">
            <bdi className="mono">{erasure.reference}</bdi>
          </h2>
          <p className="c2">
            {t(erasure.account === 'closed' ? 'erasures.account-closed' : 'erasures.account-open')}
          </p>
        </div>
      </header>
      <Kept erasure={erasure} />
      <ErasureHolds caseId={caseId} holds={erasure.holds} />
      <ErasureScanSection caseId={caseId} erasure={erasure} />
    </article>
  )
}

type Kept = Erasure['retention'][number]

/** One row a category and case: until when, by which rule, or since when it is gone. */
function Kept({ erasure: { retention } }: { erasure: Erasure }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const named = useKeptNames()
  if (retention.length === 0) return <p className="c2">{t('erasures.nothing-yet')}</p>
  const day = (at: string) => format.day(at, { year: true })
  const columns: Column<Kept>[] = [
    {
      key: 'category',
      head: t('erasures.category'),
      cell: ({ category }) => code('category', category),
    },
    { key: 'basis', head: t('erasures.basis'), cell: ({ basis }) => named('basis', basis) },
    {
      key: 'day',
      head: t('erasures.day'),
      cell: ({ until, erasedAt, held }) => (
        <>
          {erasedAt ? t('erasures.erased', { day: day(erasedAt) }) : until && day(until)}
          {held && <Tag tone="warn">{code('erasure-state', 'held')}</Tag>}
        </>
      ),
    },
  ]
  return (
    <section className="casesect" aria-label={t('erasures.kept')}>
      <h3 className="strong">{t('erasures.kept')}</h3>
      <Table
        caption={t('erasures.kept')}
        columns={columns}
        rows={retention}
        rowKey={({ caseId, category }) => `${caseId} ${category}`}
      />
    </section>
  )
}
