/** The days on which what was kept of a closed account goes, as tests wait for them. */
import { sql } from 'kysely'
import { until } from '../src/main/demo-person.ts'
import type { TestPlatform } from './platform.ts'

export const retention = async ({ db }: TestPlatform, caseId: string, category: string) => {
  const { rows } = await sql<{
    erased_at: Temporal.Instant | null
    held_at: Temporal.Instant | null
  }>`
    select erased_at, held_at from retention where case_id = ${caseId} and category = ${category}`.execute(
    db,
  )
  return rows[0]!
}
export const erasureState = async ({ db }: TestPlatform, caseId: string) => {
  const { rows } = await sql<{
    state: string
  }>`select state from erasure where case_id = ${caseId}`.execute(db)
  return rows[0]?.state
}
export const isErased = (platform: TestPlatform, caseId: string, category: string) =>
  until(
    () => retention(platform, caseId, category),
    ({ erased_at }) => erased_at !== null,
    30_000,
  )
/** Moves the platform's clock past the day of a category. */
export async function pass(platform: TestPlatform, caseId: string, category: string) {
  const { rows } = await sql<{ until: Temporal.Instant }>`
    select keep_until as until from retention where case_id = ${caseId} and category = ${category}`.execute(
    platform.db,
  )
  const ahead = platform.clock.now().until(rows[0]!.until, { largestUnit: 'hours' })
  platform.clock.advance({ hours: ahead.hours + 1 })
}
export const keysOf = async ({ db }: TestPlatform, subscriberId: string) => {
  const { rows } = await sql<{ category: string; gone: boolean }>`
    select category, wrapped is null as gone from subscriber_key where subscriber_id = ${subscriberId} order by 1`.execute(
    db,
  )
  return Object.fromEntries(rows.map(({ category, gone }) => [category, gone]))
}

/** A number that once left and one that came, and what a profile was told, all of one line: what the end of an account takes. */
export async function withPorts({ db, clock }: TestPlatform, lineId: string) {
  const now = clock.now()
  await sql`insert into port_out (subscriber_id, port_id, line_id, msisdn, state, code_hash, tries_left, code_expires_at,
      created_at, changed_at, ended_at)
    select subscriber_id, 'port_out_' || line_id, line_id, msisdn, 'expired', '', 0, ${now}, ${now}, ${now}, ${now}
    from line where line_id = ${lineId}`.execute(db)
  await sql`insert into port_in (subscriber_id, port_id, line_id, msisdn, country, state, created_at, ended_at)
    select subscriber_id, 'port_in_' || line_id, line_id, msisdn, 'GB', 'failed', ${now}, ${now}
    from line where line_id = ${lineId}`.execute(db)
}
/** What is left of a line of a closed account, and of its number in the inventory. */
export async function lineAfter({ db }: TestPlatform, lineId: string, msisdn: string) {
  const { rows } = await sql<Record<string, string | null>>`
    select l.msisdn as number, o.msisdn as gone, i.msisdn as came, n.state, n.line_id as whose
    from line l join port_out o using (line_id) join port_in i using (line_id)
      left join phone_number n on n.msisdn = ${msisdn}
    where l.line_id = ${lineId}`.execute(db)
  return rows[0]
}
