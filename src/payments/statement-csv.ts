/** The statement as a table for programs and spreadsheets: one movement a row, between its opening and closing rows. */
import { csvRow } from '../values/csv.ts'
import type { Locale } from '../values/locale.ts'
import { decimal, type Money } from '../values/money.ts'
import type { Movement } from './statement.ts'
import { say } from './statement-words.ts'

/** Column names are the same in every language, so that a sheet made from them keeps working. */
export const csvHead = csvRow([
  'row',
  'at',
  'kind',
  'description',
  'lineId',
  'lineName',
  'country',
  'amount',
  'tax',
  'balance',
  'currency',
  'transferId',
  'moved',
])

export function balanceRow(
  row: 'opening' | 'closing',
  at: Temporal.Instant,
  balance: Money,
  day: string,
  locale: Locale,
): string {
  const words = say(locale, `statement.${row}`, { day })
  const none = [null, null, null, null, null]
  return csvRow([
    row,
    at.toString(),
    null,
    words,
    ...none,
    decimal(balance),
    balance.currency,
    null,
    null,
  ])
}

export function movementRow(
  { at, kind, lineId, country, amount, tax, moved, transferId }: Movement & { transferId: string },
  balance: Money,
  lines: ReadonlyMap<string, string>,
  locale: Locale,
): string {
  return csvRow([
    'movement',
    at.toString(),
    kind,
    say(locale, `statement.kind.${kind}`),
    lineId,
    lineId === null ? null : (lines.get(lineId) ?? null),
    country,
    decimal(amount),
    decimal(tax),
    decimal(balance),
    amount.currency,
    transferId,
    moved.minor === 0n ? null : decimal(moved),
  ])
}
