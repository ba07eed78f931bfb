/** Bulk closures: the list, and the chosen one with what was approved and how far it is. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Facts } from '../../console/components/facts.tsx'
import { itemsOf, Listing, Loaded } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { bulkQuery, bulksQuery } from '../../console/queries.ts'
import type { BulkClosure, BulkView, Money } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { ButtonAnchor, linkProps } from '../../portal/components/button.tsx'
import { Tag, type Tone } from '../../portal/components/notice.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { BulkActions } from './bulk-actions.tsx'
import { BulkProgress } from './bulk-progress.tsx'

export const bulkTones: Record<BulkClosure['state'], Tone> = {
  proposed: 'warn',
  running: 'info',
  paused: 'warn',
  done: 'ok',
  cancelled: 'neutral',
}

export function BulkPage() {
  const { t } = useConsoleWords()
  const { bulkId } = useParams({ strict: false }) as { bulkId?: string }
  const query = useInfiniteQuery(bulksQuery)
  return (
    <Split
      title={t('bulk.title')}
      count={itemsOf(query.data).length}
      list={
        <Listing query={query} empty={<Empty />}>
          {(items) => <Rows items={items} bulkId={bulkId} />}
        </Listing>
      }
      item={bulkId && <Item bulkId={bulkId} key={bulkId} />}
      itemKey={bulkId}
      back="/bulk"
      choose={t('bulk.choose')}
    />
  )
}

function Empty() {
  const { t } = useConsoleWords()
  return (
    <>
      {t('bulk.empty')} <code className="mono">npx violet closure bulk FILE</code>
    </>
  )
}

function Rows({ items, bulkId }: { items: readonly BulkClosure[]; bulkId: string | undefined }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <ul>
      {items.map((bulk) => (
        <li key={bulk.bulkId}>
          <Link
            {...linkProps({ to: `/bulk/${bulk.bulkId}` })}
            className="qrow plainrow"
            aria-current={bulk.bulkId === bulkId || undefined}
          >
            <span className="min-w-0">
              <span className="mid block">
                <bdi>{bulk.source}</bdi>
              </span>
              <span className="caption c3 block">
                {t('bulk.lines', { count: bulk.totals.lines })} · {format.day(bulk.endsAt)}
              </span>
            </span>
            <Tag tone={bulkTones[bulk.state]}>{code('bulk-state', bulk.state)}</Tag>
          </Link>
        </li>
      ))}
    </ul>
  )
}

function Item({ bulkId }: { bulkId: string }) {
  const query = useQuery(bulkQuery(bulkId))
  return <Loaded query={query}>{(bulk) => <BulkCase bulk={bulk} />}</Loaded>
}

function BulkCase({ bulk }: { bulk: BulkView }) {
  const { t, code } = useConsoleWords()
  return (
    <article className="case">
      <header className="casehead">
        <div className="min-w-0">
          <Tag tone={bulkTones[bulk.state]}>{code('bulk-state', bulk.state)}</Tag>
          <h2 className="head">
            <bdi>{bulk.source}</bdi>
          </h2>
          <p className="c2">{bulk.reason}</p>
        </div>
        <ButtonAnchor
          href={`/v1/staff/bulk-closures/${bulk.bulkId}/outcomes.csv`}
          download={`${bulk.bulkId}.csv`}
          icon="download"
          small
        >
          {t('bulk.outcomes')}
        </ButtonAnchor>
      </header>
      {bulk.state !== 'proposed' && <BulkProgress bulk={bulk} />}
      <div className="bulkfacts">
        <Totals bulk={bulk} />
        <Approval bulk={bulk} />
      </div>
      <BulkActions bulk={bulk} />
    </article>
  )
}

function Totals({ bulk: { totals, rejects } }: { bulk: BulkView }) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const sums = (amounts: readonly Money[]) =>
    amounts.map((amount) => format.money(amount)).join(', ') || t('bulk.nothing')
  return (
    <Facts
      title={t('bulk.dry-run')}
      rows={[
        [t('bulk.closes'), t('bulk.lines', { count: totals.lines })],
        [t('bulk.refund'), sums(totals.refund)],
        ...(totals.kept?.length ? [[t('bulk.kept'), sums(totals.kept)] as const] : []),
        ...(totals.spending
          ? [[t('bulk.spending'), t('bulk.lines', { count: totals.spending })] as const]
          : []),
        [t('bulk.forfeited'), sums(totals.forfeited)],
        ...Object.entries(totals.refused).map(
          ([why, count]) => [code('bulk-refusal', why), format.number(count)] as const,
        ),
        [t('bulk.rejects'), format.number(rejects)],
      ]}
    />
  )
}

function Approval({ bulk }: { bulk: BulkView }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const given = bulk.approvals.map(
    ({ name, at }) => [<bdi key={name}>{name}</bdi>, format.moment(at)] as const,
  )
  const missing = Math.max(0, bulk.approvalsNeeded - bulk.approvals.length)
  const rate = (calls: number | null) =>
    calls === null ? t('bulk.no-limit') : t('bulk.per-second', { count: calls })
  return (
    <Facts
      title={t('bulk.approval')}
      rows={[
        ...given,
        ...(missing > 0 && bulk.state === 'proposed'
          ? [[t('bulk.missing'), t('bulk.approvals', { count: missing })] as const]
          : []),
        [t('bulk.ends'), format.moment(bulk.endsAt)],
        [t('bulk.network-rate'), rate(bulk.networkRate)],
        [t('bulk.payments-rate'), rate(bulk.paymentsRate)],
      ]}
    />
  )
}
