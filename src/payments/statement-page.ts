/** The printed statement: what each line of it says. The template only places it. */
import { directionOf, type Locale } from '../values/locale.ts'
import { formatCountry, writingOf } from '../values/writing.ts'
import type { Period } from './period.ts'
import type { Movement, StatementTable } from './statement.ts'
import { amountText, formatDay, formatShortDay, say, type WordKey } from './statement-words.ts'

type Row = { day: string; what: string; note: string; tax: string; amount: string; balance: string }
type Fact = { label: string; value: string }

export type StatementPage = {
  locale: Locale
  direction: 'ltr' | 'rtl'
  issuer: { name: string; address: string }
  title: string
  lead: string
  facts: Fact[]
  columns: Omit<Row, 'note'>
  tables: {
    head: string
    opening: Fact
    rows: Row[]
    totals: Fact[]
    closing: Fact
    parts: Fact[]
  }[]
  none: string
  notes: string[]
  foot: string
  /** With `{page}` and `{pages}` still in it. */
  pageOf: string
}

export type About = {
  operator: { name: string; address: string; timeZone: string }
  subscriber: { subscriberId: string; name: string }
  period: Period
  madeAt: Temporal.Instant
  /** Names of lines by their id. */
  lines: ReadonlyMap<string, string>
}

export function statementPage(
  tables: readonly StatementTable[],
  about: About,
  locale: Locale,
): StatementPage {
  const { operator, subscriber, period, madeAt } = about
  const t = (key: WordKey, facts?: Record<string, string>) => say(locale, key, facts)
  const zone = operator.timeZone
  const made = madeAt.toZonedDateTimeISO(zone)
  const clock = `${String(made.hour).padStart(2, '0')}:${String(made.minute).padStart(2, '0')}`
  const days = {
    from: formatDay(period.firstDay, locale),
    to: formatDay(period.lastDay, locale),
  }
  return {
    locale,
    direction: directionOf(locale),
    issuer: { name: operator.name, address: operator.address },
    title: t('statement.title'),
    lead: t('statement.period', days),
    facts: [
      ...(subscriber.name ? [{ label: t('statement.subscriber'), value: subscriber.name }] : []),
      { label: t('statement.account'), value: subscriber.subscriberId },
      {
        label: t('statement.made'),
        value: `${formatDay(made.toPlainDate(), locale)} ${clock}`,
      },
    ],
    columns: {
      day: t('statement.day'),
      what: t('statement.what'),
      tax: t('statement.tax'),
      amount: t('statement.amount'),
      balance: t('statement.balance'),
    },
    tables: tables.map((table) => tableOf(table, about, locale)),
    none: tables.length === 0 ? t('statement.none') : '',
    foot: t('statement.foot', { period: t('statement.period', days) }),
    notes: [t('statement.tax-note'), t('statement.zone-note', { zone })],
    pageOf: t('statement.page', { page: '{page}', pages: '{pages}' }),
  }
}

function tableOf(table: StatementTable, about: About, locale: Locale) {
  const { period, lines } = about
  const t = (key: WordKey, facts?: Record<string, string>) => say(locale, key, facts)
  const figure = (label: WordKey, amount: StatementTable['opening']): Fact => ({
    label: t(label),
    value: amountText(amount, locale),
  })
  const opening = { day: formatDay(period.firstDay, locale) }
  // A period that still runs closes, for now, on the day the statement was made.
  const [closed = period.lastDay] = [period.lastDay, dayAt(about.madeAt, about)].sort(
    Temporal.PlainDate.compare,
  )
  const closing = { day: formatDay(closed, locale) }
  return {
    head: t('statement.in-currency', { currency: table.currency }),
    opening: {
      label: t('statement.opening', opening),
      value: amountText(table.opening, locale),
    },
    rows: table.rows.map((row) => ({
      day: formatShortDay(dayAt(row.at, about), locale),
      what: t(`statement.kind.${row.kind}`),
      note: noteOf(row, lines, locale),
      tax: row.tax.minor === 0n ? '' : amountText(row.tax, locale),
      amount: amountText(row.amount, locale),
      balance: amountText(row.balance, locale),
    })),
    totals: [
      figure('statement.money-in', table.moneyIn),
      figure('statement.money-out', table.moneyOut),
      figure('statement.tax-total', table.tax),
    ],
    closing: {
      label: t('statement.closing', closing),
      value: amountText(table.closing, locale),
    },
    parts: table.parts.map(({ account, amount }) => figure(`statement.part.${account}`, amount)),
  }
}

function dayAt(at: Temporal.Instant, { operator }: About): Temporal.PlainDate {
  return at.toZonedDateTimeISO(operator.timeZone).toPlainDate()
}

function noteOf(
  { lineId, country, count, moved }: Movement,
  lines: ReadonlyMap<string, string>,
  locale: Locale,
): string {
  const name = lineId === null ? undefined : lines.get(lineId)
  const where = country === null ? undefined : formatCountry(country, locale)
  const many = count > 1 ? say(locale, 'statement.charges', { count: String(count) }) : undefined
  const within =
    moved.minor === 0n
      ? undefined
      : say(locale, 'statement.moved', { amount: amountText(moved, locale) })
  return [name, where, many, within].filter(Boolean).join(writingOf(locale).remark)
}
