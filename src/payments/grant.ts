/** Promotional credit that the operator gives to many lines at once: what a file asks for, row by row. */
import { splitLine } from '../values/csv.ts'
import { fromWire, type Money } from '../values/money.ts'

export const grantIdentifiers = ['lineId', 'msisdn'] as const
export type GrantIdentifier = (typeof grantIdentifiers)[number]
export type BadGrant =
  | 'unreadable'
  | 'amount'
  | 'twice'
  | 'unknown'
  | 'line-closing'
  | 'line-closed'
  | 'wrong-currency'
/** `line` counts from 1 for the header. */
export type GrantRow = { line: number; text: string; value: string; amount: Money }
export type BadRow = { line: number; text: string; reason: BadGrant }
export type GrantFile = { by: GrantIdentifier; rows: GrantRow[]; bad: BadRow[] }

/** Undefined where the header does not name `amount`, `currency` and one of the identifiers. */
export function readGrants(text: string): GrantFile | undefined {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const names = (splitLine(header, ',') ?? []).map((name) => name.trim().toLowerCase())
  const by = grantIdentifiers.find((name) => names.includes(name.toLowerCase()))
  const columns = by && [by.toLowerCase(), 'amount', 'currency'].map((name) => names.indexOf(name))
  if (!by || !columns || columns.includes(-1)) return undefined
  const rows: GrantRow[] = []
  const bad: BadRow[] = []
  const seen = new Set<string>()
  for (const [at, line] of lines.entries()) {
    if (line === '') continue
    const place = { line: at + 2, text: line }
    const cells = splitLine(line, ',')?.map((cell) => cell.trim())
    const [value, decimal, currency] = columns.map((column) => cells?.[column])
    const amount = fromWire({ amount: decimal ?? '', currency: currency ?? '' })
    if (!value) bad.push({ ...place, reason: 'unreadable' })
    else if (!amount || amount.minor <= 0n) bad.push({ ...place, reason: 'amount' })
    else if (seen.has(value)) bad.push({ ...place, reason: 'twice' })
    else rows.push({ ...place, value, amount })
    if (value) seen.add(value)
  }
  return { by, rows, bad }
}

/** A campaign's name is part of each effect's: the same line gets it once. */
export const isCampaign = (name: string): boolean => /^[a-z0-9][a-z0-9-]{2,59}$/.test(name)
