/** The two tables of a quote: what is on the line, and where it goes; the double rule only if they
 * agree. */
import { Entry, Ledger, Total } from '../../portal/components/ledger.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { type Money, sameAmount } from '../../portal/format.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, Quote, QuoteCurrency, QuoteEntry } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { useLineName } from './case.tsx'
import { entryDetail, entryTitle } from './quote-text.ts'

type TableProps = { closure: Closure; table: QuoteCurrency; before?: QuoteCurrency | undefined }

export function Sources({ closure, table, before }: TableProps) {
  const { t } = useWords()
  const format = useFormat()
  const lineName = useLineName()
  const several = closure.scope === 'account'
  return (
    <Ledger head={t(several ? 'quote.on-account' : 'quote.on-line')}>
      {table.sources.map((entry, at) => (
        <Entry
          key={at}
          label={entryTitle(entry, t, lineName, format)}
          detail={entryDetail(entry, t, lineName, several, format)}
        >
          <Struck old={earlier(entry, before?.sources)} now={entry.amount} />
        </Entry>
      ))}
      {table.sources.length === 0 && (
        <Entry label={t('quote.nothing')}>{format.money(table.sourcesTotal)}</Entry>
      )}
      <Total label={t('quote.total')}>
        <Struck old={before?.sourcesTotal} now={table.sourcesTotal} />
      </Total>
    </Ledger>
  )
}

/** What the same entry was when it was agreed to, if it was there. */
function earlier(entry: QuoteEntry, before: QuoteEntry[] | undefined): Money | undefined {
  return before?.find((one) => one.kind === entry.kind && one.lineId === entry.lineId)?.amount
}

/** The amount; beside it, struck, the one agreed before, where it differs. */
function Struck({ old, now }: { old: Money | undefined; now: Money }) {
  const format = useFormat()
  return (
    <>
      {old && !sameAmount(old, now) && <s className="c3 me-2 font-normal">{format.money(old)}</s>}
      {format.money(now)}
    </>
  )
}

export function Destinations({ closure, table }: TableProps) {
  const { t } = useWords()
  const format = useFormat()
  const lineName = useLineName()
  const total = table.destinationsTotal
  const agrees = total !== null && sameAmount(total, table.sourcesTotal)
  const by = closure.quote?.refundBy
  return (
    <>
      <Ledger head={t('quote.goes')}>
        {table.destinations.map((entry, at) => (
          <Entry
            key={at}
            label={entryTitle(entry, t, lineName, format)}
            strong={entry.kind === 'refund'}
            detail={
              entry.kind === 'refund' && by
                ? t('quote.sent-by', { date: format.day(by, { weekday: true }) })
                : entryDetail(entry, t, lineName, false, format)
            }
          >
            {format.money(entry.amount)}
          </Entry>
        ))}
        <Total label={t('quote.total')} agrees={agrees}>
          {total ? format.money(total) : <span className="c3">{t('quote.choose-first')}</span>}
        </Total>
      </Ledger>
      {total && !agrees && (
        <div className="mt-3">
          <Notice tone="danger">{t('quote.disagrees')}</Notice>
        </div>
      )}
    </>
  )
}

type FinalProps = {
  table: QuoteCurrency
  /** Several lines end: each source says which. */
  several: boolean
  lineName: (lineId: string | null) => string | undefined
  /** Choices may still be missing, and then nothing disagrees. */
  open?: boolean
}

/** The final statement: in, out, and nothing left over. */
export function FinalStatement({ table, several, lineName, open = false }: FinalProps) {
  const { t } = useWords()
  const format = useFormat()
  const agrees =
    table.destinationsTotal !== null && sameAmount(table.destinationsTotal, table.sourcesTotal)
  return (
    <>
      <Ledger head={t('closed.statement')} end={table.currency}>
        {table.sources.map((entry, at) => (
          <Entry
            key={`s${at}`}
            label={entryTitle(entry, t, lineName, format)}
            detail={entryDetail(entry, t, lineName, several, format)}
          >
            {format.amount(entry.amount)}
          </Entry>
        ))}
        {table.destinations.map((entry, at) => (
          <Entry
            key={`d${at}`}
            rule={at === 0}
            label={entryTitle(entry, t, lineName, format)}
            detail={entryDetail(entry, t, lineName, several, format)}
          >
            {format.amount(entry.amount)}
          </Entry>
        ))}
        <Total label={t('closed.left-over')} agrees={agrees}>
          {agrees
            ? format.amount({ ...table.sourcesTotal, amount: zeroLike(table.sourcesTotal.amount) })
            : ''}
        </Total>
      </Ledger>
      {!agrees && !(open && table.destinationsTotal === null) && (
        <div className="mt-3">
          <Notice tone="danger">{t('quote.disagrees')}</Notice>
        </div>
      )}
    </>
  )
}

function zeroLike(amount: string): string {
  return amount
    .replace('-', '')
    .replace(/\d/g, '0')
    .replace(/^0+(?=0)/, '')
}

export type QuoteBefore = Pick<Quote, 'currencies'> & {
  /** The line that money was to move to. */
  isGone?: true
}
