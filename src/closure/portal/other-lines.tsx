/** What the lines that stay cost afterwards, where leaving changes the discount for several lines. */
import { Entry, Ledger } from '../../portal/components/ledger.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Quote } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

export function OtherLines({ quote }: { quote: Quote }) {
  const { t } = useWords()
  const format = useFormat()
  const { others = [] } = quote
  if (others.length === 0) return null
  return (
    <div className="sect">
      <Ledger head={t('quote.others')}>
        {others.map(({ lineId, name, before, after, from, percentBefore, percentAfter }) => (
          <Entry
            key={lineId}
            label={name}
            detail={`${from ? t('quote.others-from', { date: format.day(from) }) : t('quote.others-next')} · ${t('quote.others-off', { before: percentBefore, after: percentAfter })}`}
          >
            <s className="c3 me-2 font-normal">{format.money(before)}</s>
            {format.money(after)}
          </Entry>
        ))}
      </Ledger>
      <p className="caption c3 mt-2">{t('quote.others-what')}</p>
    </div>
  )
}
