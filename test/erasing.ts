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
