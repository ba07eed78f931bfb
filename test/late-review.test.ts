/** A review that is late: its owner hears of it once, and it goes before all that is not; silence where policy approves then. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closureJobs } from '../src/closure/steps.ts'
import type { Partners } from '../src/closure/steps/step.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { publishFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { buyLine, draftClosure, member, submit, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const facts = { source: 'test', confidence: 'D' } as const
  const reviewed = {
    autoApprove: { value: false, ...facts },
    reviewSla: { value: 'P5D', ...facts },
    coolingOff: { value: 'PT0S', ...facts },
  }
  await publishFor(platform, 'MT', { ...reviewed, ifLate: { value: 'escalated', ...facts } })
  await publishFor(platform, 'CY', { ...reviewed, ifLate: { value: 'approved', ...facts } })
}, 60_000)
afterAll(() => platform.close())

async function inReview(country: string) {
  const someone = await member(platform, { country })
  const { lineId } = await buyLine(someone)
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  const { dueAt } = await untilState(someone, draft.caseId, 'in_review')
  const { body: me } = await someone.get('/v1/me')
  const data = { subscriberId: me.subscriberId as string, caseId: draft.caseId as string }
  return { someone, data, caseId: draft.caseId as string, dueAt: dueAt as string }
}

const toldLate = (caseId: string) =>
  platform.db
    .selectFrom('notice')
    .select(['notice_id', 'recipient', 'state'])
    .where('case_id', '=', caseId)
    .where('template', '=', 'closure-late')
    .execute()

async function mailLate(to: string) {
  const asked = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
  const { items } = (await asked.json()) as { items: { subject: string; text: string }[] }
  return items.filter(({ subject }) => /decision is late/.test(subject))
}

test('escalated: its owner is told once what is late and that nothing is asked of them, and it comes first', async () => {
  const late = await inReview('MT')
  platform.clock.advance({ hours: 24 * 4 })
  const other = await inReview('MT')
  platform.clock.advance({ hours: 25 })
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const events = async () =>
    (await reviewer.get(`/v1/staff/closures/${late.caseId}`)).body.events.filter(
      ({ kind }: { kind: string }) => kind === 'review-late',
    )
  await until(events, (found) => found.length > 0, 20_000)
  const notices = await toldLate(late.caseId)
  expect(notices).toHaveLength(1)
  const mail = await until(
    () => mailLate(late.someone.email),
    (found) => found.length > 0,
    20_000,
  )
  expect(mail).toHaveLength(1)
  expect(mail[0]?.text).toMatch(/You don’t have to do anything/)

  const { body: queue } = await reviewer.get('/v1/staff/closures?state=in_review')
  const order = queue.items.map(({ caseId }: { caseId: string }) => caseId)
  expect(order).toEqual([late.caseId, other.caseId])
  expect(queue.items[0].dueAt).toBe(late.dueAt)

  // The worker looks again, twice at once and much later.
  const [job] = closureJobs(platform.app, platform.gateways as unknown as Partners)
  await Promise.all([job!.run(late.data), job!.run(late.data)])
  platform.clock.advance({ hours: 24 * 30 })
  await job!.run(late.data)
  expect(await toldLate(late.caseId)).toHaveLength(1)
  expect(await events()).toHaveLength(1)
  const { body: seen } = await late.someone.get(`/v1/closures/${late.caseId}`)
  expect(seen).toMatchObject({ state: 'in_review', canWithdraw: true })
  const row = seen.timeline.find(({ key }: { key: string }) => key === 'review')
  expect(row).toMatchObject({ state: 'late' })
  await eachOnce(late, reviewer, events)
}, 90_000)

/** A hold moves no deadline; an answer, and an appeal, begin another review, and that one is late on its own. */
async function eachOnce(
  { someone, caseId, data }: Awaited<ReturnType<typeof inReview>>,
  reviewer: Person,
  events: () => Promise<unknown[]>,
) {
  const [at, own] = [`/v1/staff/closures/${caseId}`, `/v1/closures/${caseId}`]
  const [job] = closureJobs(platform.app, platform.gateways as unknown as Partners)
  const told = async (times: number) => {
    await until(events, (found) => found.length >= times, 20_000)
    await Promise.all([job!.run(data), job!.run(data)])
    expect(await toldLate(caseId)).toHaveLength(times)
    expect(await events()).toHaveLength(times)
  }
  const review = async () =>
    (await someone.get(own)).body.timeline.find(({ key }: { key: string }) => key === 'review')
  expect((await reviewer.post(`${at}/hold`, { note: 'a court asked' })).status).toBe(200)
  expect((await reviewer.post(`${at}/thaw`, { note: 'it is settled' })).status).toBe(200)
  await told(1)

  expect((await reviewer.post(`${at}/question`, { text: 'Which card?' })).status).toBe(200)
  expect((await someone.post(`${own}/answer`, { text: 'The blue one.' })).status).toBe(200)
  await told(2)

  const { version } = (await reviewer.get(at)).body
  const no = { decision: 'reject', version, note: '', reasonCode: 'identity-doubt' }
  expect((await reviewer.post(`${at}/decision`, no)).status).toBe(200)
  const { body: appealed } = await someone.post(`${own}/appeal`, { text: 'It was me' })
  expect(appealed.state).toBe('in_review')
  expect(await review()).toMatchObject({ state: 'now' })
  await told(2)
  platform.clock.advance(platform.clock.now().until(Temporal.Instant.from(appealed.dueAt)))
  platform.clock.advance({ minutes: 1 })
  await told(3)
  expect(await review()).toMatchObject({ state: 'late' })
}

test('approved by itself where policy says so: nothing is late to be told of', async () => {
  const { someone, caseId } = await inReview('CY')
  platform.clock.advance({ hours: 24 * 5 + 1 })
  await untilState(someone, caseId, 'closed')
  expect(await toldLate(caseId)).toEqual([])
}, 60_000)

test('held, it is late as any other, told once, and approved by no clock until it is let go', async () => {
  const { someone, caseId, data, dueAt } = await inReview('CY')
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${caseId}`
  expect((await reviewer.post(`${at}/hold`, { note: 'a court asked' })).status).toBe(200)
  platform.clock.advance({ hours: 24 * 40 })
  await until(
    () => toldLate(caseId),
    (rows) => rows.length > 0,
  )
  const [job] = closureJobs(platform.app, platform.gateways as unknown as Partners)
  await Promise.all([job!.run(data), job!.run(data)])
  expect(await toldLate(caseId)).toHaveLength(1)
  const { body: seen } = await reviewer.get(at)
  expect(seen.closure).toMatchObject({ state: 'on_hold', dueAt })
  expect(seen.events.filter(({ kind }: { kind: string }) => kind === 'review-late')).toHaveLength(1)
  const row = seen.closure.timeline.find(({ key }: { key: string }) => key === 'review')
  expect(row).toMatchObject({ state: 'late', due: dueAt })
  expect((await reviewer.post(`${at}/thaw`, { note: 'it is settled' })).status).toBe(200)
  await untilState(someone, caseId, 'closed')
  expect(await toldLate(caseId)).toHaveLength(1)
}, 60_000)
