/** The statement: every change of the balance has a line, and the lines say where it came from. */
import { formatMonth } from '../../values/writing.ts'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { TextButton } from '../../portal/components/button.tsx'
import { Empty, RowsSkeleton } from '../../portal/components/notice.tsx'
import { Failure } from '../../portal/failure.tsx'
import { isNegative, isZero, sum } from '../../portal/format.ts'
import { Section } from '../../portal/page.tsx'
import { TabPage } from '../../portal/tab-page.tsx'
import { linesQuery, statementQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Line, StatementEntry } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { KeepStatement } from './keep-statement.tsx'
import { monthAt } from './months.ts'

const kinds: Record<StatementEntry['kind'], WordKey> = {
  'top-up': 'statement.top-up',
  'plan-payment': 'statement.plan-payment',
  'plan-days-used': 'statement.plan-days-used',
  'plan-change': 'statement.plan-change',
  'plan-return': 'statement.plan-return',
  'plan-renewal': 'statement.plan-renewal',
  addon: 'statement.addon',
  'addon-used': 'statement.addon-used',
  'credit-move': 'statement.credit-move',
  usage: 'statement.usage',
  promotion: 'statement.promotion',
  settlement: 'statement.settlement',
  refund: 'statement.refund',
  'refund-failed': 'statement.refund-failed',
  'late-usage': 'statement.late-usage',
  chargeback: 'statement.chargeback',
  'arrears-paid': 'statement.arrears-paid',
  exchange: 'statement.exchange',
}

/** Where money only moved between what is held: how much, and which way. */
const moves: Partial<Record<StatementEntry['kind'], WordKey>> = {
  'plan-change': 'statement.moved',
  'plan-renewal': 'statement.moved',
  addon: 'statement.moved',
  'plan-return': 'statement.moved-back',
  'credit-move': 'statement.moved-line',
}

export function StatementPage() {
  const { t } = useWords()
  const format = useFormat()
  const statement = useInfiniteQuery(statementQuery)
  const lines = useQuery(linesQuery)
  const entries = statement.data?.pages.flatMap((page) => page.items) ?? []
  const months = Object.entries(
    Object.groupBy(entries, (entry) => monthAt(new Date(entry.at), format.zone)),
  )
  return (
    <TabPage title={t('tab.statement')}>
      <Balances lines={lines.data ?? []} />
      {statement.isPending && <RowsSkeleton count={5} />}
      {statement.error && !statement.data && (
        <Failure error={statement.error} retry={() => void statement.refetch()} />
      )}
      {statement.data && entries.length === 0 && <Empty>{t('statement.none')}</Empty>}
      {months.map(([month, items = []]) => (
        <Month key={month} month={month} entries={items} lines={lines.data ?? []} />
      ))}
      {statement.hasNextPage && (
        <TextButton
          busy={statement.isFetchingNextPage}
          onClick={() => void statement.fetchNextPage()}
        >
          {t('list.older')}
        </TextButton>
      )}
      <KeepStatement />
    </TabPage>
  )
}

function Balances({ lines }: { lines: Line[] }) {
  const { t } = useWords()
  const format = useFormat()
  const currencies = [...new Set(lines.map((line) => line.paidCredit.currency))]
  return currencies.map((currency) => {
    const mine = lines.filter((line) => line.paidCredit.currency === currency)
    const total = sum(mine.flatMap((line) => [line.paidCredit, line.promotionalCredit]))
    if (!total) return null
    return (
      <div key={currency} className="pb-2">
        <div className="figure num">{format.money(total)}</div>
        <div className="small c2">{t('statement.now')}</div>
      </div>
    )
  })
}

type MonthProps = { month: string; entries: StatementEntry[]; lines: Line[] }

function Month({ month, entries, lines }: MonthProps) {
  const { t, locale } = useWords()
  const format = useFormat()
  const nameOf = (lineId: string | null) => lines.find((line) => line.lineId === lineId)?.nickname
  return (
    <Section title={formatMonth(month, locale)}>
      <table className="ledger mt-1">
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.transferId}>
              <th scope="row">
                {t(kinds[entry.kind])}
                <span className="d">
                  {[
                    format.moment(entry.at),
                    nameOf(entry.lineId),
                    !isZero(entry.tax) && t('statement.tax', { tax: format.money(entry.tax) }),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </th>
              <td className={isNegative(entry.amount) || entry.moved ? undefined : 'strong'}>
                <Amount entry={entry} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  )
}

function Amount({ entry }: { entry: StatementEntry }) {
  const { t } = useWords()
  const format = useFormat()
  const move = moves[entry.kind]
  if (entry.moved && move) return t(move, { amount: format.money(entry.moved) })
  return format.change(entry.amount)
}
