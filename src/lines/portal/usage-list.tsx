/** Usage of a line: two weeks as bars, then every day with its countries. */
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
import { quantityText } from '../../plans/portal/plan-text.ts'
import { byDay, lastDays, type UsageDay, type UsageRow } from './usage-days.ts'

export function UsageList({ lineId }: { lineId: string }) {
  const { t } = useWords()
  const format = useFormat()
  const usage = useInfiniteQuery({ ...usageQuery(lineId), refetchInterval: 10_000 })
  const [all, setAll] = useState(false)
  const days = byDay(usage.data?.pages.flatMap((page) => page.items) ?? [], format.zone)
  return (
    <Section title={t('usage.title')}>
      {usage.isPending && <RowsSkeleton />}
      {usage.error && !usage.data && (
        <Failure error={usage.error} retry={() => void usage.refetch()} />
      )}
      {usage.data && days.length === 0 && <p className="small c2 mt-2">{t('usage.none')}</p>}
      {days.length > 1 && <Bars days={lastDays(days, 14)} />}
      {days.slice(0, all ? days.length : 5).map((day) => (
        <Day key={day.day} day={day} />
      ))}
      {(usage.hasNextPage || (!all && days.length > 5)) && (
        <TextButton
          busy={usage.isFetchingNextPage}
          onClick={() => {
            if (all) void usage.fetchNextPage()
            setAll(true)
          }}
        >
          {t('list.older')}
        </TextButton>
      )}
    </Section>
  )
}

function Bars({ days }: { days: (UsageDay | undefined)[] }) {
  const { t } = useWords()
  const format = useFormat()
  const most = Math.max(...days.map((day) => day?.dataBytes ?? 0), 1)
  return (
    <figure className="mt-3">
      <figcaption className="caption c3 flex justify-between">
        <span>{t('usage.bars')}</span>
        <span className="num">{t('usage.most', { amount: format.data(most) })}</span>
      </figcaption>
      <div className="bars mt-2" aria-hidden="true">
        {days.map((day, at) => (
          <div key={day?.day ?? at}>
            {day && day.dataBytes > 0 ? (
              <i style={{ height: `${(100 * day.dataBytes) / most}%` }} />
            ) : (
              <i className="none" />
            )}
          </div>
        ))}
      </div>
    </figure>
  )
}

function Day({ day }: { day: UsageDay }) {
  const format = useFormat()
  return (
    <table className="ledger mt-4">
      <caption>{format.day(day.at, { weekday: true })}</caption>
      <tbody>
        {day.rows.map((row) => (
          <UsageLine key={row.key} row={row} />
        ))}
      </tbody>
    </table>
  )
}

function UsageLine({ row }: { row: UsageRow }) {
  const { t } = useWords()
  const format = useFormat()
  const charged = row.charged && !isZero(row.charged) ? format.money(row.charged) : undefined
  const short = row.kind === 'voice' && row.quantity < 60
  return (
    <tr>
      <th scope="row">
        {format.country(row.country)}
        <span className="d">{t(kinds[row.kind])}</span>
      </th>
      <td>
        <bdi>
          {short
            ? t('unit.seconds', { count: row.quantity })
            : quantityText(row.kind, String(row.quantity), t, format)}
        </bdi>
        <span className="d">{charged ?? t('usage.included')}</span>
      </td>
    </tr>
  )
}

const kinds = { data: 'dial.data', voice: 'dial.voice', sms: 'dial.sms' } as const
