/** What a line used in thirty days as charts: each kind by day, or by country. */
import { useState } from 'react'
import { quantityText } from '../../plans/portal/plan-text.ts'
import { Segmented } from '../../portal/components/choices.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { UsageSums } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { countriesOf, daysOf, type Kind, kindsUsed } from './usage-days.ts'

export const kindWords = { data: 'dial.data', voice: 'dial.voice', sms: 'dial.sms' } as const

export function UsageCharts({ sums }: { sums: UsageSums }) {
  const { t } = useWords()
  const [by, setBy] = useState<'day' | 'country'>('day')
  const Chart = by === 'day' ? Days : Countries
  return (
    <>
      <p className="caption c3 mt-1 mb-2.5">{t('usage.last-days', { count: 30 })}</p>
      <Segmented
        legend={t('usage.chart')}
        options={[
          ['day', t('usage.by-day')],
          ['country', t('usage.by-country')],
        ]}
        value={by}
        onChange={setBy}
      />
      {kindsUsed(sums.rows).map((kind) => (
        <Chart key={kind} sums={sums} kind={kind} />
      ))}
    </>
  )
}

type ChartProps = { sums: UsageSums; kind: Kind }

/** A row of the list below says each day in words. */
function Days({ sums, kind }: ChartProps) {
  const { t } = useWords()
  const quantity = useQuantity()
  const days = daysOf(sums, kind)
  const most = Math.max(...days)
  return (
    <figure className="mt-4">
      <figcaption className="flex flex-wrap justify-between gap-x-4">
        <span className="small mid">{t(kindWords[kind])}</span>
        <span className="caption c3 num">{t('usage.most', { amount: quantity(kind, most) })}</span>
      </figcaption>
      <div className="bars short mt-2" aria-hidden="true">
        {days.map((used, at) => (
          <div key={at}>
            {used > 0 ? (
              <i style={{ height: `${(100 * used) / most}%` }} />
            ) : (
              <i className="none" />
            )}
          </div>
        ))}
      </div>
    </figure>
  )
}

function Countries({ sums, kind }: ChartProps) {
  const { t } = useWords()
  const format = useFormat()
  const quantity = useQuantity()
  const countries = countriesOf(sums.rows, kind)
  const most = countries[0]?.quantity ?? 1
  return (
    <figure className="mt-4">
      <figcaption className="small mid">{t(kindWords[kind])}</figcaption>
      <ul className="grid gap-2.5 mt-2">
        {countries.map(({ country, quantity: used }) => (
          <li key={country}>
            <div className="small flex flex-wrap justify-between gap-x-4">
              <span>{format.country(country)}</span>
              <bdi className="num">{quantity(kind, used)}</bdi>
            </div>
            <div className="share mt-1" aria-hidden="true">
              <i style={{ inlineSize: `${(100 * used) / most}%` }} />
            </div>
          </li>
        ))}
      </ul>
    </figure>
  )
}

/** Of a call shorter than a minute the seconds. */
export function useQuantity() {
  const { t } = useWords()
  const format = useFormat()
  return (kind: Kind, quantity: number) =>
    kind === 'voice' && quantity < 60
      ? t('unit.seconds', { count: quantity })
      : quantityText(kind, String(quantity), t, format)
}
