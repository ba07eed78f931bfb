/** A network that is told by signed commands, through the whole platform: service given, stopped and given again, mended, and ended for good. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../src/main/demo-person.ts'
import { imsiOf } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { openSystem } from './provisioning-system.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
let system: Awaited<ReturnType<typeof openSystem>>
let platform: TestPlatform
beforeAll(async () => {
  system = await openSystem(secret)
  platform = await testPlatform({
    change: ({ network }) => ({
      network: { ...network, url: system.url, webhook: { secret, sendsKeys: false } },
    }),
  })
}, 60_000)
afterAll(async () => {
  await platform.close()
  await system.close()
})

test('from the first phone to the last read-back, each effect once, whatever answers are lost', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const imsi = await imsiOf(platform, lineId)
  system.failing.push('resets-after')
  await install(platform, lin, lineId)
  const state = () => system.subscriptions.get(imsi)?.state
  await until(
    async () => state(),
    (now) => now === 'active',
    20_000,
  )
  const { body: line } = await lin.get(`/v1/lines/${lineId}`)
  expect(system.subscriptions.get(imsi)).toMatchObject({ msisdn: line.msisdn })

  system.failing.push('errs-after', 'busy-429')
  expect((await lin.post(`/v1/lines/${lineId}/suspend`)).status).toBe(200)
  await until(
    async () => state(),
    (now) => now === 'suspended',
    20_000,
  )
  expect((await lin.post(`/v1/lines/${lineId}/resume`)).status).toBe(200)
  await until(
    async () => state(),
    (now) => now === 'active',
    20_000,
  )

  const draft = await draftClosure(lin, 'line', lineId)
  system.failing.push('resets-after', 'refuses-500')
  expect((await submit(lin, draft)).status).toBe(202)
  await untilState(lin, draft.caseId, 'closed')
  expect(system.subscriptions.has(imsi)).toBe(false)
  const effects = system.effects.filter((one) => one.endsWith(imsi))
  const count = (type: string) => effects.filter((one) => one.startsWith(`subscription.${type} `))
  expect(count('delete')).toHaveLength(1)
  expect(effects.at(-1)).toBe(`subscription.delete ${imsi}`)
  // The last word on it is a look that found nothing.
  const { type } = system.received.findLast(({ command }) => command.data.imsi === imsi)!.command
  expect(type).toBe('subscription.find')
}, 90_000)
