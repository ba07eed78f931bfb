/** What the tests of the hard cases share: policies of one's own, late records, and where every cent is at the end. */
import { sql } from 'kysely'
import { expect } from 'vitest'
import { proveLedger } from '../src/ledger/store.ts'
import { type Person, until } from '../src/main/demo-person.ts'
import { packOf } from '../src/policy/packs.ts'
import type { Policy } from '../src/policy/schema.ts'
import { fromWire } from '../src/values/money.ts'
import type { TestPlatform } from './platform.ts'

/** Publishes the British pack with other rules for a country that has no pack of its own. */
export async function publishFor(
  platform: TestPlatform,
  country: string,
  rules: Partial<Policy['rules']>,
): Promise<void> {
  const pack = packOf('GB')
  const document = { ...pack, country, version: 1, rules: { ...pack.rules, ...rules } }
  await platform.db
    .insertInto('policy_version')
    .values({ country, version: 1, document, published_at: platform.clock.now() })
    .execute()
}

/** Every account of a subscriber and line of the ledger is at zero, and both tables of each currency agree. */
export async function expectZeroSum(platform: TestPlatform, caseId: string) {
  const { rows } = await sql<{ account: string; minor: bigint }>`
    select account, minor from ledger_balance where minor <> 0
      and subscriber_id = (select subscriber_id from closure_case where case_id = ${caseId})`.execute(
    platform.db,
  )
  expect(rows).toEqual([])
  expect(await proveLedger(platform.db)).toEqual({ unbalanced: [], drifted: [] })
}

type Entry = { kind: string; amount: { amount: string; currency: string } }
type Table = { currency: string; sources: Entry[]; destinations: Entry[] }

/** `refund 12.00` and so on, in order; and asserts that both sides of the table are the same. */
export function sides({ currency, sources, destinations }: Table) {
  const total = (entries: Entry[]) =>
    entries.reduce((sum, { amount }) => sum + (fromWire(amount)?.minor ?? 0n), 0n)
  expect(total(sources), currency).toBe(total(destinations))
  const named = (entries: Entry[]) => entries.map(({ kind, amount }) => `${kind} ${amount.amount}`)
  return { from: named(sources), to: named(destinations) }
}

export async function imsiOf(platform: TestPlatform, lineId: string): Promise<string> {
  const row = await platform.db
    .selectFrom('line')
    .select('imsi')
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  return row.imsi
}

/** Looks while the clock runs on, as a worker that is never asleep. */
export async function untilStateWhile(
  platform: TestPlatform,
  someone: Person,
  caseId: string,
  wanted: string,
  step: Temporal.DurationLike,
) {
  return until(
    async () => {
      platform.clock.advance(step)
      return (await someone.get(`/v1/closures/${caseId}`)).body
    },
    ({ state }) => state === wanted,
    20_000,
  )
}

export async function stats(platform: TestPlatform) {
  return (await (await fetch(`${platform.urls.payments}/stats`)).json()) as {
    refundsByReference: Record<string, number>
    payoutsByReference: Record<string, number>
  }
}

/** How much really went out for a case, at the provider: refunds and payouts, each reference and how often. */
export async function sentFor(platform: TestPlatform, caseId: string) {
  const { refundsByReference, payoutsByReference } = await stats(platform)
  const ours = (all: Record<string, number>) =>
    Object.entries(all).filter(([reference]) => reference.startsWith(caseId))
  return { refunds: ours(refundsByReference), payouts: ours(payoutsByReference) }
}
