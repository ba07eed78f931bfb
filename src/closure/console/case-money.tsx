/** The two sides of the money, per currency: what is on the line, and where every amount goes. */
import type { StaffCase } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { Entry, Ledger, Total } from '../../portal/components/ledger.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { sameAmount } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { QuoteCurrency, QuoteEntry } from '../../portal/wire.ts'

type Closure = StaffCase['closure']

export function CaseMoney({ closure }: { closure: Closure }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const currencies = closure.finalStatement ?? closure.quote?.currencies
  if (!currencies) return <p className="c3 small">{t('money.no-quote')}</p>
  const refundTo = closure.quote?.refundTo ?? []
  return (
    <section className="casesect" aria-label={t('money.title')}>
      {currencies.length === 0 && <p className="c2 small">{t('money.nothing')}</p>}
      {currencies.map((sides) => (
        <Sides key={sides.currency} sides={sides} final={closure.finalStatement !== null} />
      ))}
      {refundTo.length > 0 && (
        <p className="caption c3">
          {t('money.refund-to', {
            to: format.list(
              refundTo.map(({ instrument, amount }) => `${instrument} ${format.money(amount)}`),
            ),
          })}
        </p>
      )}
    </section>
  )
}

function Sides({ sides, final }: { sides: QuoteCurrency; final: boolean }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  const { currency, sources, destinations, sourcesTotal, destinationsTotal } = sides
  const agrees = destinationsTotal !== null && sameAmount(sourcesTotal, destinationsTotal)
  return (
    <>
      <div className="sides">
        <Ledger head={t('money.on-the-line')} end={currency}>
          {sources.map((entry, at) => (
            <Row key={at} entry={entry} />
          ))}
          <Total label={t('money.total')} agrees={agrees}>
            {format.amount(sourcesTotal)}
          </Total>
        </Ledger>
        <Ledger head={t(final ? 'money.went' : 'money.goes')} end={currency}>
          {destinations.map((entry, at) => (
            <Row key={at} entry={entry} />
          ))}
          <Total label={t('money.total')} agrees={agrees}>
            {destinationsTotal ? format.amount(destinationsTotal) : t('money.not-chosen')}
          </Total>
        </Ledger>
      </div>
      {destinationsTotal !== null && !agrees && <Notice tone="danger">{t('money.differs')}</Notice>}
    </>
  )
}

function Row({ entry }: { entry: QuoteEntry }) {
  const { code } = useConsoleWords()
  const format = useFormat()
  return (
    <Entry label={code('entry', entry.kind)} detail={useEntryDetail(entry)}>
      {format.amount(entry.amount)}
    </Entry>
  )
}

function useEntryDetail({ detail }: QuoteEntry): string | undefined {
  const { t } = useConsoleWords()
  const { daysLeft, daysTotal, instrument, toLineName } = detail
  if (daysLeft && daysTotal) return t('money.days', { daysLeft, daysTotal })
  return instrument ?? toLineName
}
