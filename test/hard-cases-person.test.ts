/** Hard cases about who asks: somebody else, a code that would go to the closing line, everybody at once. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeToken } from '../src/closure/freeze.ts'
import { type Person, person, until } from '../src/main/demo-person.ts'
import { expectZeroSum, sentFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import {
  buyLine,
  closureCode,
  draftClosure,
  install,
  member,
  submit,
  topUp,
  untilState,
} from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
})
afterAll(() => platform.close())

type Message = { subject: string | null; text: string; to: string }
async function messages(to: string): Promise<Message[]> {
  const asked = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(to)}`)
  return ((await asked.json()) as { items: Message[] }).items
}
const linkIn = (text: string) => /\/freeze\/([\w.-]+)/.exec(text)?.[1]
const freezeLink = async (to: string) =>
  until(
    async () => (await messages(to)).map(({ text }) => linkIn(text)).find(Boolean),
    (link) => link !== undefined,
  )

/** Somebody with an open session puts an address of their own in the place of its owner's. */
async function takeOver(lin: Person & { email: string }) {
  const thief = person(platform).use(lin.cookies())
  const theirs = `thief.${randomUUID().slice(0, 8)}@example.com`
  const after = new Date(Date.now() - 1).toISOString()
  const { body: added } = await thief.post('/v1/me/contacts', { kind: 'email', value: theirs })
  const code = await thief.codeFor(theirs, after)
  const { contactId } = added.contact ?? added
  expect((await thief.post(`/v1/me/contacts/${contactId}/verify`, { code })).status).toBe(200)
  const { body: me } = await thief.get('/v1/me')
  const hers = me.contacts.find(({ value }: { value: string }) => value === lin.email)
  expect((await thief.call('DELETE', `/v1/me/contacts/${hers.contactId}`)).status).toBeLessThan(300)
  return Object.assign(thief, { email: theirs })
}

test('Hard case 12: account takeover: the freeze link restores the line with its number within cooling-off', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const { line } = await install(platform, lin, lineId)
  await topUp(lin, lineId, '20.00')
  platform.clock.advance({ days: 20 })
  const attacker = await takeOver(lin)
  const draft = await draftClosure(attacker, 'line', lineId)
  // A British closure goes straight through otherwise; after such a change it waits.
  expect(draft.quote.immediate).toBe(false)
  expect((await submit(attacker, draft)).status).toBe(202)
  await untilState(attacker, draft.caseId, 'cooling_off')

  const token = (await freezeLink(lin.email))!
  const onLine = await until(
    async () => (await messages(line.msisdn)).map(({ text }) => linkIn(text)).find(Boolean),
    (link) => link !== undefined,
  )
  expect(onLine).toBe(token)
  const visitor = person(platform)
  const forged = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`
  expect((await visitor.post('/v1/closures/freeze', { token: forged })).body.code).toBe(
    'link-not-valid',
  )
  expect((await visitor.post('/v1/closures/freeze/look', { token })).body.state).toBe('cooling_off')
  const frozen = await visitor.post('/v1/closures/freeze', { token })
  expect(frozen.body).toMatchObject({ frozen: true, reference: draft.reference })
  expect((await visitor.post('/v1/closures/freeze', { token })).body.frozen).toBe(true)

  expect((await attacker.get('/v1/me')).status).toBe(401)
  const again = await person(platform).signIn(attacker.email)
  expect(again.body.name ?? '').toBe('')
  platform.clock.advance({ days: 3 })
  const back = person(platform)
  expect((await back.signIn(lin.email)).status).toBe(200)
  const { body: kept } = await back.get(`/v1/lines/${lineId}`)
  expect([kept.state, kept.msisdn]).toEqual(['active', line.msisdn])
  expect(kept.paidCredit.amount).toBe('20.00')
  const { body: seen } = await back.get(`/v1/closures/${draft.caseId}`)
  expect(seen).toMatchObject({ state: 'frozen', canWithdraw: true })
  const { body: contacts } = await back.get('/v1/me')
  expect(contacts.contacts.map(({ value }: { value: string }) => value)).toEqual([lin.email])
  expect(await sentFor(platform, draft.caseId)).toEqual({ refunds: [], payouts: [] })

  const amara = person(platform)
  await amara.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  expect((await amara.get(at)).body.attention.advice).toMatch(/verify/)
  expect((await back.post(`/v1/closures/${draft.caseId}/withdraw`)).body.state).toBe('withdrawn')
  expect((await amara.post(`${at}/thaw`, { note: 'called back' })).body.code).toBe(
    'nothing-to-retry',
  )
}, 90_000)

test('Hard case 12: so it does on an account of three days, where the owner’s own contact is as new', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const { body: me } = await lin.get('/v1/me')
  platform.clock.advance({ days: 3 })
  const attacker = await takeOver(lin)
  const draft = await draftClosure(attacker, 'line', lineId)
  expect(draft.quote.immediate).toBe(false)
  expect((await submit(attacker, draft)).status).toBe(202)
  await untilState(attacker, draft.caseId, 'cooling_off')

  const token = (await freezeLink(lin.email))!
  const frozen = await person(platform).post('/v1/closures/freeze', { token })
  expect(frozen.body.frozen).toBe(true)
  expect((await attacker.get('/v1/me')).status).toBe(401)
  // What signs in with that address now is nobody's account.
  const stranger = person(platform)
  await stranger.signIn(attacker.email)
  expect((await stranger.get('/v1/me')).body.subscriberId).not.toBe(me.subscriberId)
  expect((await stranger.post(`/v1/closures/${draft.caseId}/withdraw`)).status).toBe(404)
  await thawedLate(draft.caseId, lin.email, attacker.email)
  const back = person(platform)
  expect((await back.signIn(lin.email)).status).toBe(200)
  const { body: kept } = await back.get('/v1/me')
  expect(kept.subscriberId).toBe(me.subscriberId)
  expect(kept.contacts.map(({ value }: { value: string }) => value)).toEqual([lin.email])
}, 60_000)

/** Its waiting time ran out while it was frozen, and one reviewer lets it go on: there is time to freeze it once more. */
async function thawedLate(caseId: string, ...reached: string[]) {
  platform.clock.advance({ days: 3 })
  const amara = person(platform)
  await amara.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${caseId}`
  const thawedAt = platform.clock.now()
  const { body } = await amara.post(`${at}/thaw`, { note: 'called back' })
  expect(body.closure.state).toBe('cooling_off')
  const dueAt = Temporal.Instant.from(body.closure.dueAt)
  expect(thawedAt.until(dueAt).total('hours')).toBeGreaterThanOrEqual(24)
  for (const to of reached)
    await until(
      async () => (await messages(to)).filter(({ subject }) => /goes on/.test(subject ?? '')),
      (found) => found.length === 1,
    )
  const token = freezeToken(platform.config.masterKey, caseId)
  expect((await person(platform).post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
}

test('Hard case 12: a closure frozen in error goes on once a reviewer has made sure, and not after its end', async () => {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  await untilState(jan, draft.caseId, 'in_review')
  const { dueAt } = (await jan.get(`/v1/closures/${draft.caseId}`)).body
  expect(dueAt).not.toBeNull()
  const token = freezeToken(platform.config.masterKey, draft.caseId)
  const visitor = person(platform)
  expect((await visitor.post('/v1/closures/freeze', { token })).status).toBe(200)
  const { lines } =
    (await jan.get('/v1/me')).status === 401 ? { lines: 'signed out' } : { lines: '' }
  expect(lines).toBe('signed out')
  const amara = person(platform)
  await amara.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  expect((await amara.post(`${at}/thaw`, { note: '' })).status).toBe(422)
  expect((await amara.post(`${at}/thaw`, { note: 'called back, it was Jan' })).status).toBe(200)
  // The review has no more time than before, and no less: without its day it would be late for ever, or never.
  const { closure } = await until(
    async () => (await amara.get(at)).body,
    (body) => body.closure.state === 'in_review',
  )
  expect(closure.dueAt).toBe(dueAt)
  // What goes on by itself after a thaw may change the case between looking and deciding.
  await until(
    async () => {
      const { version } = (await amara.get(at)).body
      return amara.post(`${at}/decision`, { decision: 'approve', version, note: '' })
    },
    ({ status }) => status === 200,
  )
  // Approved at once, it still leaves whoever is told of the thaw the time to stop it again.
  await jan.signIn(jan.email)
  const told = async () =>
    (await messages(jan.email)).filter(({ subject }) => /stopped goes on/.test(subject ?? ''))
  expect(linkIn((await until(told, (found) => found.length > 0))[0]!.text)).toBe(token)
  platform.clock.advance({ hours: 23 })
  const { timeline } = await untilState(jan, draft.caseId, 'scheduled')
  const ends = timeline.find(({ key }: { key: string }) => key === 'service-ends')
  expect(Date.parse(ends.due)).toBeGreaterThan(platform.clock.now().epochMilliseconds)
  expect((await visitor.post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
  platform.clock.advance({ hours: 24 * 3 })
  expect((await amara.post(`${at}/thaw`, { note: 'called back, Jan again' })).status).toBe(200)
  await jan.signIn(jan.email)
  await until(told, (found) => found.length > 1)
  await untilState(jan, draft.caseId, 'scheduled')
  platform.clock.advance({ hours: 25 })
  await untilState(jan, draft.caseId, 'closed')
  const late = await visitor.post('/v1/closures/freeze', { token })
  expect([late.status, late.body.code]).toEqual([409, 'closed-already'])
}, 60_000)

test('Hard case 13: the confirmation code would go to the line that is closing: another channel is required first', async () => {
  const lin = await member(platform)
  const { lineId } = await buyLine(lin)
  const { line } = await install(platform, lin, lineId)
  const after = new Date(Date.now() - 1).toISOString()
  const { body: added } = await lin.post('/v1/me/contacts', { kind: 'phone', value: line.msisdn })
  const { contactId } = added.contact ?? added
  const smsCode = await lin.codeFor(line.msisdn, after)
  expect((await lin.post(`/v1/me/contacts/${contactId}/verify`, { code: smsCode })).status).toBe(
    200,
  )
  platform.clock.advance({ days: 8 })
  const { body: me } = await lin.get('/v1/me')
  const draft = await draftClosure(lin, 'line', lineId)
  expect(draft.codeContacts.map(({ value }: { value: string }) => value)).toEqual([lin.email])
  const path = `/v1/closures/${draft.caseId}/code`
  expect((await lin.post(path, { contactId })).body.code).toBe('contact-is-closing-line')
  // With nothing but the closing line's own number verified there is no way to confirm, and the checklist says so.
  await sql`update subscriber_contact set verified_at = null where kind = 'email' and subscriber_id = ${me.subscriberId}`.execute(
    platform.db,
  )
  const { body: stuck } = await lin.get(`/v1/closures/${draft.caseId}`)
  const identity = stuck.readiness.find(({ key }: { key: string }) => key === 'identity')
  expect(identity).toMatchObject({ state: 'blocks', action: 'verify-contact' })
  expect((await lin.post(path, {})).body.code).toBe('no-other-channel')
  const guess = { quoteHash: draft.quote.hash, code: '123456', understood: true }
  expect((await lin.post(`/v1/closures/${draft.caseId}/submit`, guess)).body.code).toBe('blocked')
  await sql`update subscriber_contact set verified_at = added_at where kind = 'email' and subscriber_id = ${me.subscriberId}`.execute(
    platform.db,
  )
  expect((await submit(lin, draft)).status).toBe(202)
  await untilState(lin, draft.caseId, 'closed')
}, 60_000)

test('Hard case 14: a duplicate submission, a double click, two tabs: one case. Two reviewers at once: one decision', async () => {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  const tabs = await Promise.all(
    [1, 2, 3].map(() => jan.post('/v1/closures', { scope: 'line', lineId })),
  )
  expect(new Set(tabs.map(({ body }) => body.caseId)).size).toBe(1)
  const draft = await draftClosure(jan, 'line', lineId)
  const code = await closureCode(jan, draft.caseId)
  const body = { quoteHash: draft.quote.hash, code, understood: true }
  const key = randomUUID()
  const path = `/v1/closures/${draft.caseId}/submit`
  await Promise.all([jan.post(path, body, key), jan.post(path, body, key), jan.post(path, body)])
  await untilState(jan, draft.caseId, 'in_review')
  const reviewers = [person(platform), person(platform)]
  await reviewers[0]!.signInAsStaff('reviewer@violet.example')
  await reviewers[1]!.signInAsStaff('reviewer2@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  const { version } = (await reviewers[0]!.get(at)).body
  const decisions = await Promise.all(
    reviewers.flatMap((one) => [
      one.post(`${at}/decision`, { decision: 'approve', version, note: '' }),
      one.post(`${at}/decision`, { decision: 'approve', version, note: '' }),
    ]),
  )
  expect(decisions.filter(({ status }) => status === 200)).toHaveLength(1)
  await untilState(jan, draft.caseId, 'closed')
  const { rows } = await sql<{ kind: string; n: number }>`
    select kind, count(*)::int as n from closure_event where case_id = ${draft.caseId}
      and kind in ('submitted', 'approved', 'closed') group by 1 order by 1`.execute(platform.db)
  expect(rows).toEqual(['approved', 'closed', 'submitted'].map((kind) => ({ kind, n: 1 })))
  expect((await sentFor(platform, draft.caseId)).refunds.map(([, times]) => times)).toEqual([1])
  await expectZeroSum(platform, draft.caseId)
}, 60_000)

test('rejected, a closure can be appealed against once: another reviewer decides; held, it waits for who lets it go on', async () => {
  const jan = await member(platform, { country: 'DE' })
  const { lineId } = await buyLine(jan)
  const draft = await draftClosure(jan, 'line', lineId)
  await submit(jan, draft)
  await untilState(jan, draft.caseId, 'in_review')
  const reviewers = [person(platform), person(platform)] as const
  await reviewers[0].signInAsStaff('reviewer@violet.example')
  await reviewers[1].signInAsStaff('reviewer2@violet.example')
  const at = `/v1/staff/closures/${draft.caseId}`
  /** As a reviewer does: where the worker was at the case in between, it is loaded again. */
  const decide = async (who: number, decision: string) => {
    const reasonCode = decision === 'reject' ? { reasonCode: 'identity-doubt' } : {}
    return until(
      async () => {
        const { version } = (await reviewers[who]!.get(at)).body
        const body = { decision, version, note: '', ...reasonCode }
        return reviewers[who]!.post(`${at}/decision`, body)
      },
      ({ body }) => body.code !== 'changed-meanwhile',
    )
  }
  const appeal = (text: string) => jan.post(`/v1/closures/${draft.caseId}/appeal`, { text })
  expect((await appeal('Too early')).body.code).toBe('nothing-to-appeal')
  expect((await decide(0, 'reject')).status).toBe(200)
  const { body: rejected } = await jan.get(`/v1/closures/${draft.caseId}`)
  expect(rejected.rejection).toEqual({ code: 'identity-doubt', note: '', canAppeal: true })
  expect((await jan.get(`/v1/lines/${lineId}`)).body.state).toBe('ordered')

  expect((await appeal('  ')).status).toBe(422)
  const again = await jan.post('/v1/closures', { scope: 'line', lineId })
  expect((await appeal('It was me')).body.code).toBe('closure-open')
  await jan.post(`/v1/closures/${again.body.caseId}/withdraw`)
  const appealed = await appeal('It was me: call the number on file')
  expect([appealed.status, appealed.body.state]).toEqual([200, 'in_review'])
  expect((await jan.get(`/v1/lines/${lineId}`)).body.state).toBe('closing')
  expect((await appeal('Once more')).body.code).toBe('nothing-to-appeal')
  const { rows } = await sql<{ row: string }>`
    select to_jsonb(c)::text as row from closure_case c where case_id = ${draft.caseId}`.execute(
    platform.db,
  )
  expect(rows[0]?.row).not.toContain('call the number')
  const { body: seen } = await reviewers[1].get(at)
  expect(seen.appeal.text).toBe('It was me: call the number on file')
  expect((await decide(0, 'approve')).body.code).toBe('rejected-by-you')
  expect((await reviewers[0].get(at)).body.mayDecide).toBe(false)

  const { dueAt } = seen.closure
  expect((await reviewers[1].post(`${at}/hold`, { note: '' })).status).toBe(422)
  const held = await reviewers[1].post(`${at}/hold`, { note: 'the court decides on Friday' })
  expect(held.body.closure).toMatchObject({ state: 'on_hold', canWithdraw: true, dueAt })
  expect((await decide(1, 'approve')).body.code).toBe('already-decided')
  expect((await reviewers[1].post(`${at}/thaw`, { note: 'decided' })).body.closure.state).toBe(
    'in_review',
  )
  expect((await decide(1, 'approve')).status).toBe(200)
  await untilState(jan, draft.caseId, 'closed')
  expect((await reviewers[1].post(`${at}/hold`, { note: 'late' })).body.code).toBe(
    'nothing-to-hold',
  )
  await expectZeroSum(platform, draft.caseId)
}, 60_000)
