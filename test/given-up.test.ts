/** A step of a closure that fails for good, as a fault of ours does: staff read what it was and at which step. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closureQueue } from '../src/closure/store.ts'
import { person, until } from '../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

let platform: TestPlatform
let cause: Error | null = null
beforeAll(async () => {
  platform = await testPlatform({
    wrap: (gateways) => ({
      ...gateways,
      network: {
        ...gateways.network,
        async delete(...asked) {
          if (cause) throw cause
          return gateways.network.delete(...asked)
        },
      },
    }),
  })
})
afterAll(() => platform.close())

test('what a step failed of for good reaches who can act, with the step, and without whom it was about', async () => {
  // Once is enough: how often and when it is tried is the queue's own.
  await sql`update pgboss.queue set retry_limit = 0 where name = ${closureQueue}`.execute(
    platform.db,
  )
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  await install(platform, lin, lineId)
  const draft = await draftClosure(lin, 'line', lineId)
  cause = new RangeError(
    `the answer for imsi 001010123456789 of lin@example.com is no date ${'x'.repeat(900)}`,
  )
  await submit(lin, draft)
  await until(
    async () => (await lin.get(`/v1/closures/${draft.caseId}`)).body,
    ({ state }) => state === 'needs_attention',
    30_000,
  )
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  const { attention } = (await reviewer.get(at)).body
  expect(attention.step).toBe(`detach:${lineId}`)
  expect(attention.what).toMatch(
    /^RangeError: the answer for imsi … of \[redacted\] is no date x+$/,
  )
  expect(attention.what.length).toBe(500)
  expect(attention.advice).toMatch(/network/)
  cause = null
  expect((await reviewer.post(`${at}/retry`)).status).toBe(200)
  await untilState(lin, draft.caseId, 'closed')
}, 90_000)
