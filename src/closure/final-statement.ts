/** The settled tables as they ended: what waited has been decided, and each refund stands where it arrived. */
import type { QuoteWire } from './quote.ts'
import { stepName } from './workflow.ts'

export type Table = QuoteWire['currencies'][number]
type Entry = Table['destinations'][number]
type Outcomes = ReadonlyMap<string, Readonly<Record<string, string>>>

/** Null before the money is settled. `accounts`: the end of the account each refund was paid out to. */
export function finalTables(
  done: Outcomes,
  accounts: ReadonlyMap<string, string | null>,
): Table[] | null {
  const text = done.get('finish')?.['tables'] ?? done.get('settle')?.['tables']
  if (text === undefined) return null
  return (JSON.parse(text) as Table[]).map((table) => ({
    ...table,
    destinations: table.destinations.map((row) => arrived(row, done, accounts)),
  }))
}

function arrived(row: Entry, done: Outcomes, accounts: ReadonlyMap<string, string | null>): Entry {
  const refund = row.detail['refund']
  if (row.kind !== 'refund' || refund === undefined) return row
  const stateOf = (verb: 'refund' | 'payout') => done.get(stepName(verb, refund))?.['state']
  const paid = stateOf('payout')
  if (paid === 'unclaimed') return { ...row, kind: 'unclaimed' }
  if ([paid, stateOf('refund')].includes('charged-back')) return { ...row, kind: 'charged-back' }
  if (paid !== 'succeeded') return row
  const { instrument: _, ...detail } = row.detail
  return { ...row, kind: 'payout', detail: { ...detail, account: accounts.get(refund) ?? '' } }
}
