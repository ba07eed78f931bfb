/** How closing goes: figures, closures per day, where cases stand, why people left, what went
 * back. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Bars, Chart } from '../../console/components/charts.tsx'
import { Legend, LineChart, type Series } from '../../console/components/line-chart.tsx'
import { Loaded } from '../../console/components/listing.tsx'
import { ConsolePage } from '../../console/components/page.tsx'
import { statisticsQuery } from '../../console/queries.ts'
import type { Statistics } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { ButtonAnchor } from '../../portal/components/button.tsx'
import { Segmented } from '../../portal/components/choices.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { perDayCsv, ranked, rankedByState } from './statistics.ts'

export function StatisticsPage() {
  const { t, locale } = useConsoleWords()
  const format = useFormat()
  const query = useQuery(statisticsQuery)
  const days = query.data?.perDay ?? []
  const [first, last] = [days[0]?.day, days.at(-1)?.day]
  // The year is said once, where each language says it: last in English, first in Chinese.
  const span =
    first && last
      ? `${dayOf(format, first, locale !== 'en')} – ${dayOf(format, last, locale === 'en')}`
      : undefined
  return (
    <ConsolePage
      title={t('stats.title')}
      aside={span}
      tools={
        days.length > 0 && (
          <ButtonAnchor
            href={`data:text/csv;charset=utf-8,${encodeURIComponent(perDayCsv(days))}`}
            download="closures.csv"
            icon="download"
            small
          >
            CSV
          </ButtonAnchor>
        )
      }
    >
      <Loaded query={query}>
        {(data) => (
          <div className="stats">
            <Figures data={data} />
            <PerDay data={data} />
            <div className="statcols">
              <ByState data={data} />
              <Reasons data={data} />
              <Refunded data={data} />
            </div>
          </div>
        )}
      </Loaded>
    </ConsolePage>
  )
}

type Format = ReturnType<typeof useFormat>

/** A calendar day has no zone: noon keeps it the same everywhere. */
function dayOf(format: Format, day: string, year = false): string {
  return format.day(`${day}T12:00:00Z`, { year })
}

function total(data: Statistics, key: 'submitted' | 'closed' | 'withdrawn'): number {
  return data.perDay.reduce((sum, day) => sum + day[key], 0)
}

function Figures({ data }: { data: Statistics }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const submitted = total(data, 'submitted')
  const withdrawn = total(data, 'withdrawn')
  const hours = data.medianHoursToClose
  const percent = (share: number) => `${format.number(share * 100, 1)}%`
  const figures = [
    [
      t('stats.closed'),
      format.number(total(data, 'closed')),
      t('stats.submitted', { count: submitted }),
    ],
    [t('stats.median'), hours === null ? '–' : medianText(hours), t('stats.median-sub')],
    [
      t('stats.straight'),
      data.straightThroughShare === null ? '–' : percent(data.straightThroughShare),
      t('stats.straight-sub'),
    ],
    [
      t('stats.withdrawn'),
      submitted === 0 ? '–' : percent(withdrawn / submitted),
      t('stats.withdrawn-of', { count: withdrawn, submitted }),
    ],
    [
      t('stats.active'),
      format.number(data.activeLines),
      t('stats.active-sub', { count: data.activeSubscribers }),
    ],
  ] as const
  function medianText(value: number): string {
    const minutes = Math.round(value * 60)
    if (value >= 48)
      return t('clock.days', { days: Math.floor(value / 24), hours: Math.round(value % 24) })
    if (minutes >= 60) {
      const rest = String(minutes % 60).padStart(2, '0')
      return t('clock.hours', { hours: Math.floor(minutes / 60), minutes: rest })
    }
    return minutes === 0
      ? t('clock.seconds', { seconds: Math.round(value * 3600) })
      : t('clock.minutes', { minutes })
  }
  return (
    <dl className="figures5">
      {figures.map(([label, figure, sub]) => (
        <div key={label}>
          <dt className="small c2">{label}</dt>
          <dd className="figure">{figure}</dd>
          <dd className="caption c3">{sub}</dd>
        </div>
      ))}
    </dl>
  )
}

type Day = Statistics['perDay'][number]

const lines = [
  { key: 'closed', word: 'stats.day-closed', colour: 'var(--data-1)' },
  { key: 'submitted', word: 'stats.day-submitted', dash: '4 3', colour: 'var(--data-2)' },
  { key: 'withdrawn', word: 'stats.day-withdrawn', dash: '1.5 3', colour: 'var(--data-5)' },
] as const

function PerDay({ data }: { data: Statistics }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const [span, setSpan] = useState<'7' | '30'>('30')
  const days = data.perDay.slice(-Number(span))
  const series: Series[] = lines.map(({ key, word, ...look }) => ({
    key,
    label: t(word),
    values: days.map((day) => day[key]),
    ...look,
  }))
  return (
    <Chart
      title={t('stats.per-day')}
      legend={<Legend series={series} />}
      tools={
        <Segmented
          legend={t('stats.span')}
          options={[
            ['7', t('stats.days', { count: 7 })],
            ['30', t('stats.days', { count: 30 })],
          ]}
          value={span}
          onChange={setSpan}
        />
      }
      rows={days}
      rowKey={({ day }) => day}
      columns={[
        { key: 'day', head: t('stats.day'), cell: ({ day }) => dayOf(format, day) },
        ...lines.map(({ key, word }) => ({
          key,
          head: t(word),
          figure: true,
          cell: (day: Day) => day[key],
        })),
      ]}
      empty={t('stats.nothing')}
    >
      <LineChart
        days={days.map(({ day }) => day)}
        series={series}
        label={t('stats.per-day-label', {
          closed: total({ ...data, perDay: days }, 'closed'),
          submitted: total({ ...data, perDay: days }, 'submitted'),
        })}
        dayText={(day) => dayOf(format, day)}
      />
    </Chart>
  )
}

function ByState({ data }: { data: Statistics }) {
  const { t, code } = useConsoleWords()
  return (
    <Counted
      title={t('stats.by-state')}
      head={t('subscribers.state')}
      rows={rankedByState(data.byState).map((row) => ({ ...row, label: code('state', row.key) }))}
    />
  )
}

function Reasons({ data }: { data: Statistics }) {
  const { t, code } = useConsoleWords()
  return (
    <Counted
      title={t('stats.reasons')}
      head={t('facts.reason')}
      rows={ranked(data.reasons).map((row) => ({ ...row, label: code('reason', row.key) }))}
      shares
    />
  )
}

type CountedProps = {
  title: string
  head: string
  rows: { key: string; count: number; share: number; label: string }[]
  shares?: boolean
}

function Counted({ title, head, rows, shares }: CountedProps) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const percent = (share: number) => `${format.number(share * 100)}%`
  return (
    <Chart
      title={title}
      rows={rows}
      rowKey={({ key }) => key}
      columns={[
        { key: 'label', head, cell: ({ label }) => label },
        {
          key: 'count',
          head: t('stats.cases'),
          figure: true,
          cell: ({ count }) => format.number(count),
        },
        { key: 'share', head: t('stats.share'), figure: true, cell: ({ share }) => percent(share) },
      ]}
      empty={t('stats.nothing')}
    >
      <Bars
        label={title}
        bars={rows.map(({ key, label, count, share }) => ({
          key,
          label,
          count,
          text: shares ? percent(share) : format.number(count),
        }))}
      />
    </Chart>
  )
}

/** Currencies are never added up or drawn to one scale: each has its own line. */
function Refunded({ data }: { data: Statistics }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  return (
    <section className="chart">
      <header>
        <h2 className="small strong">{t('stats.refunded')}</h2>
      </header>
      {data.refunded.length === 0 ? (
        <p className="c2 small">{t('stats.nothing-refunded')}</p>
      ) : (
        <table className="ledger">
          <caption className="sr-only">{t('stats.refunded')}</caption>
          <tbody>
            {data.refunded.map((amount) => (
              <tr key={amount.currency}>
                <th scope="row">{amount.currency}</th>
                <td>{format.money(amount)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
