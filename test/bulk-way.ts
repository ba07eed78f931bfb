/** The way of a bulk closure that tests take: proposed over the API by one, approved by two others. */
import { sql } from 'kysely'
import { expect } from 'vitest'
import { type Person, person, until } from '../src/main/demo-person.ts'
import type { TestPlatform } from './platform.ts'

export async function staffMember(platform: TestPlatform, name: string): Promise<Person> {
  const someone = person(platform)
  expect((await someone.signInAsStaff(`${name}@violet.example`)).status).toBe(200)
  return someone
}

export const bulkAt = (bulkId: string, action = '') => `/v1/staff/bulk-closures/${bulkId}${action}`

export async function proposeBulk(platform: TestPlatform, asked: object) {
  const admin = await staffMember(platform, 'admin')
  return admin.post('/v1/staff/bulk-closures', { reason: 'This brand ends.', ...asked })
}

export async function approveBulk(platform: TestPlatform, bulkId: string) {
  const [amara, farah] = [
    await staffMember(platform, 'reviewer'),
    await staffMember(platform, 'finance'),
  ]
  await amara.post(bulkAt(bulkId, '/approve'))
  expect((await farah.post(bulkAt(bulkId, '/approve'))).body).toMatchObject({ state: 'running' })
  return farah
}

type BulkCase = { caseId: string; lineId: string; state: string }

export async function bulkCases(platform: TestPlatform, bulkId: string): Promise<BulkCase[]> {
  const { rows } = await sql<BulkCase>`
    select case_id as "caseId", line_id as "lineId", state from closure_case where bulk_id = ${bulkId}
    order by line_id`.execute(platform.db)
  return rows
}

/** Announced for a later day: each line has its case. */
export async function announced(
  platform: TestPlatform,
  lineIds: readonly string[],
  { hours = 48, ...more }: { hours?: number; money?: string; cohort?: number } = {},
) {
  const endsAt = platform.clock.now().add({ hours }).toString()
  const { body } = await proposeBulk(platform, { values: lineIds, endsAt, ...more })
  const bulkId = body.bulkId as string
  const farah = await approveBulk(platform, bulkId)
  const cases = await until(
    () => bulkCases(platform, bulkId),
    (all) => all.length === body.totals.lines,
    20_000,
  )
  const caseOf = (lineId: string) => cases.find((one) => one.lineId === lineId)!.caseId
  const stateOf = async (lineId: string) =>
    (await bulkCases(platform, bulkId)).find((one) => one.lineId === lineId)?.state
  return { bulkId, farah, caseOf, stateOf }
}
