/** Every refund a closure asked for, and how far it is: newest first. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Listing } from '../../console/components/listing.tsx'
import { ConsolePage } from '../../console/components/page.tsx'
import { type Column, Table } from '../../console/components/table.tsx'
import { refundsQuery } from '../../console/queries.ts'
import type { Refund } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { TextLink } from '../../portal/components/button.tsx'
import { Tag, type Tone } from '../../portal/components/notice.tsx'
import { useFormat } from '../../portal/use-format.ts'

const tones: Record<Refund['state'], Tone> = {
  requested: 'neutral',
  pending: 'info',
  succeeded: 'ok',
  failed: 'danger',
  unclaimed: 'warn',
}

export function RefundsPage() {
  const { t } = useConsoleWords()
  const query = useInfiniteQuery(refundsQuery)
  const columns = useColumns()
  return (
    <ConsolePage title={t('refunds.title')} aside={t('refunds.aside')}>
      <Listing query={query} empty={t('refunds.empty')}>
        {(items) => (
          <Table
            caption={t('refunds.title')}
            columns={columns}
            rows={items}
            rowKey={({ refundId }) => refundId}
          />
        )}
      </Listing>
    </ConsolePage>
  )
}

function useColumns(): Column<Refund>[] {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return [
    {
      key: 'reference',
      head: t('refunds.reference'),
      cell: ({ reference }) => (
        <TextLink to="/subscribers" search={{ query: reference }}>
          <bdi className="mono">{reference}</bdi>
        </TextLink>
      ),
    },
    {
      key: 'subscriber',
      head: t('refunds.subscriber'),
      cell: ({ subscriberName }) => subscriberName || t('case.nameless'),
    },
    { key: 'to', head: t('refunds.to'), cell: ({ instrument }) => <bdi>{instrument}</bdi> },
    {
      key: 'state',
      head: t('refunds.state'),
      cell: ({ state, failure, isLate }) => (
        <>
          <Tag tone={tones[state]}>{code('refund-state', state)}</Tag>
          {isLate && <span className="caption warn block">{t('refunds.late')}</span>}
          {failure && <span className="caption c3 block">{code('refund-failure', failure)}</span>}
        </>
      ),
    },
    {
      key: 'asked',
      head: t('refunds.asked'),
      cell: ({ requestedAt }) => <span className="num">{format.moment(requestedAt)}</span>,
    },
    {
      key: 'ended',
      head: t('refunds.ended'),
      cell: ({ endedAt }) => (
        <span className="num">{endedAt ? format.moment(endedAt) : t('refunds.not-yet')}</span>
      ),
    },
    {
      key: 'amount',
      head: t('refunds.amount'),
      figure: true,
      cell: ({ amount }) => format.money(amount),
    },
  ]
}
