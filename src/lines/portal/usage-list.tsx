/** Usage of a line: charts of thirty days, then every day with its countries and kinds. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { TextButton } from '../../portal/components/button.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { Failure } from '../../portal/failure.tsx'
import { isZero } from '../../portal/format.ts'
import { Section } from '../../portal/page.tsx'
import { usageQuery } from '../../portal/line-queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import { useWords } from '../../portal/words.tsx'
import { kindWords, UsageCharts, useQuantity } from './usage-charts.tsx'
import { byDay, type UsageDay, type UsageSum } from './usage-days.ts'

export function UsageList({ lineId }: { lineId: string }) {
  const { t } = useWords()
  const usage = useInfiniteQuery({
    ...usageQuery(lineId),
    // Each page that is open is asked for again.
    refetchInterval: ({ state }) => (state.data && state.data.pages.length > 1 ? 10_000 : 1_500),
  })
  const [all, setAll] = useState(false)
  const pages = usage.data?.pages ?? []
  const days = byDay(pages.flatMap(({ rows }) => rows))
  const [recent] = pages
  const isEmpty = days.length === 0 && !usage.hasNextPage
  return (
    <Section title={t('usage.title')}>
      {usage.isPending && <RowsSkeleton />}
      {usage.error && !usage.data && (
        <Failure error={usage.error} retry={() => void usage.refetch()} />
      )}
      {recent && isEmpty && <p className="small c2 mt-2">{t('usage.none')}</p>}
      {recent && recent.rows.length > 0 && <UsageCharts sums={recent} />}
      {days.slice(0, all ? days.length : 5).map((day) => (
        <Day key={day.day} day={day} />
      ))}
      {(usage.hasNextPage || (!all && days.length > 5)) && (
        <TextButton
          busy={usage.isFetchingNextPage}
          onClick={() => {
            if (all || days.length <= 5) void usage.fetchNextPage()
            setAll(true)
          }}
        >
          {t('list.older')}
        </TextButton>
      )}
    </Section>
  )
}

function Day({ day }: { day: UsageDay }) {
  const format = useFormat()
  return (
    <table className="ledger mt-4">
      <caption>{format.day(`${day.day}T12:00:00Z`, { weekday: true })}</caption>
      <tbody>
        {day.rows.map((row) => (
          <UsageLine key={`${row.country} ${row.kind} ${row.charged.currency}`} row={row} />
        ))}
      </tbody>
    </table>
  )
}

function UsageLine({ row }: { row: UsageSum }) {
  const { t } = useWords()
  const format = useFormat()
  const quantity = useQuantity()
  return (
    <tr>
      <th scope="row">
        {format.country(row.country)}
        <span className="d">{t(kindWords[row.kind])}</span>
      </th>
      <td>
        <bdi>{quantity(row.kind, Number(row.quantity))}</bdi>
        <span className="d">
          {isZero(row.charged) ? t('usage.included') : format.money(row.charged)}
        </span>
      </td>
    </tr>
  )
}
