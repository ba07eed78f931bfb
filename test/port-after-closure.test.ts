/** A number of an account that has ended still leaves: by the link of the last message, within the time that policy gives. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freezeToken } from '../src/closure/freeze.ts'
import { sweepRetention } from '../src/closure/retention-store.ts'
import { sweepNumbers } from '../src/lines/number-store.ts'
import { erasureReportCommand, type Report } from '../src/main/erasure.ts'
import { person, until } from '../src/main/demo-person.ts'
import { leavingToken } from '../src/porting/leaving.ts'
import { publishFor } from './hard-cases.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { clearingHouse } from './porting-hub.ts'
import { otherOperator } from './porting-partner.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from './way.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await testPlatform()
  const rule = (value: string) => ({ value, source: 'test', confidence: 'D' }) as const
  await publishFor(platform, 'MT', { portAfterEnd: rule('P40D') })
  await publishFor(platform, 'CY', { portAfterEnd: rule('P20D') })
  await publishFor(platform, 'LU', { portAfterEnd: rule('PT0S') })
}, 60_000)
afterAll(() => platform.close())

const hub = clearingHouse(() => platform)
const { request, say, portCode } = otherOperator(() => platform)

const numberState = async (msisdn: string) => {
  const { rows } = await sql<{ state: string; last_line_id: string | null }>`
    select state, last_line_id from phone_number where msisdn = ${msisdn}`.execute(platform.db)
  return rows[0]
}

async function subscribed(country: string) {
  const someone = await member(platform, { country })
  const { lineId } = await buyLine(someone)
  const { line } = await install(platform, someone, lineId)
  const { subscriberId } = (await someone.get('/v1/me')).body
  return { someone, lineId, msisdn: line.msisdn as string, subscriberId: subscriberId as string }
}

type Message = { subject: string | null; text: string }
type Leaver = Awaited<ReturnType<typeof subscribed>>

/** Closes the account and reads its last message. */
async function ended({ someone, subscriberId }: Leaver, how?: 'reviewed' | 'frozen') {
  const draft = await draftClosure(someone, 'account')
  await submit(someone, draft)
  if (how) await approved(draft.caseId, how === 'frozen')
  await until(
    async () => {
      // What was stopped waits a day more.
      if (how === 'frozen') platform.clock.advance({ hours: 1 })
      return (await person(platform).get(`/v1/closures/by-reference/${draft.reference}`)).body
    },
    ({ state }) => state === 'closed',
    30_000,
  )
  const mail = await until(
    async () => {
      const asked = `${platform.urls.inbox}/messages?to=${encodeURIComponent(someone.email)}`
      const { items } = (await (await fetch(asked)).json()) as { items: Message[] }
      // A line of it may have closed before, with a statement of its own.
      return items.find(
        ({ subject, text }) =>
          subject?.includes('final statement') && text.includes(draft.reference),
      )
    },
    (one) => one !== undefined,
    20_000,
  )
  const [, token] = /\/take-number\/(\S+)/.exec(mail!.text) ?? []
  const leaving = leavingToken(platform.config.masterKey, subscriberId)
  return { caseId: draft.caseId as string, text: mail!.text, token, leaving }
}

async function approved(caseId: string, afterFreeze: boolean) {
  const reviewer = person(platform)
  await reviewer.signInAsStaff('reviewer@violet.example')
  const at = `/v1/staff/closures/${caseId}`
  const inReview = () =>
    until(
      () => reviewer.get(at),
      ({ body }) => body.mayDecide === true,
    )
  if (afterFreeze) {
    await inReview()
    const token = freezeToken(platform.config.masterKey, caseId)
    expect((await visitor().post('/v1/closures/freeze', { token })).body.frozen).toBe(true)
    const note = 'called back on the number of the contract'
    expect((await reviewer.post(`${at}/thaw`, { note })).status).toBe(200)
  }
  await inReview()
  // Not before everybody who can stop it was told.
  await until(
    async () => {
      const { body: seen } = await reviewer.get(at)
      const decision = { decision: 'approve', version: seen.version }
      return (await reviewer.post(`${at}/decision`, decision)).status
    },
    (status) => status === 200,
  )
}

const visitor = () => person(platform)
const look = (token: string) => visitor().post('/v1/numbers/leaving/look', { token })
const ask = (token: string, lineId: string) =>
  visitor().post('/v1/numbers/leaving/code', { token, lineId })

async function leftovers(subscriberId: string, value: string[]): Promise<Report['leftovers']> {
  let text = ''
  await erasureReportCommand(platform.config, subscriberId, { json: true, value }, (more) => {
    text += more
  })
  return (JSON.parse(text) as Report).leftovers
}

test('under German rules the last message carries a link; its code takes the number to another operator, and nothing personal is written anew', async () => {
  const leaver = await subscribed('DE')
  const { someone, lineId, msisdn, subscriberId } = leaver
  // Nobody can unlock it afterwards, so it holds nothing afterwards.
  await someone.put(`/v1/lines/${lineId}/port-lock`, { locked: true })
  const { token, text } = await ended(leaver, 'reviewed')
  expect(token).toBe(leavingToken(platform.config.masterKey, subscriberId))
  expect((await someone.get('/v1/me')).status).toBe(401)

  const { body: seen } = await look(token!)
  expect(seen.numbers).toEqual([
    expect.objectContaining({ lineId, msisdn, refusal: null, locked: false, port: null }),
  ])
  const month = platform.app.clock.now().toZonedDateTimeISO('UTC').add({ months: 1 }).toInstant()
  const left = Temporal.Instant.from(seen.numbers[0].until).until(month)
  expect(Math.abs(left.total('minutes'))).toBeLessThan(120)
  expect(text).toMatch(/Take your number along until \S+ \d+ \S+ \d{4}/)

  const { body: given, status } = await ask(token!, lineId)
  expect([status, given.numbers[0].port.state]).toEqual([200, 'issued'])
  expect(given.numbers[0].port.codeExpiresAt <= seen.numbers[0].until).toBe(true)
  expect(JSON.stringify((await look(token!)).body)).not.toContain(given.portCode)
  await hub.take(msisdn, given.portCode)
  await until(
    async () => (await look(token!)).body.numbers[0]?.port.state,
    (state) => state === 'pending',
  )
  const values = [someone.email, msisdn, 'Lin Yue']
  expect(await leftovers(subscriberId, values)).toEqual([])
  await hub.end(msisdn, 'complete')
  await until(
    () => numberState(msisdn),
    (one) => one?.state === 'ported-out',
  )
  expect(await numberState(msisdn)).toEqual({ state: 'ported-out', last_line_id: null })
  const [port] = await hub.of(msisdn)
  expect(port).toMatchObject({ state: 'completed' })
  const again = { msisdn, code: given.portCode, recipient: 'Heron Mobile' }
  const dueAt = platform.app.clock.now().add({ hours: 2 }).toString()
  const said = { ...again, reference: port!.reference, dueAt }
  expect((await say('port-out.requested', said)).body).toMatchObject({ state: 'completed' })
  expect((await look(token!)).body).toEqual({ numbers: [] })
  expect(await leftovers(subscriberId, values)).toEqual([])
  const { rows } = await sql<{ template: string }>`
    select template from notice where subscriber_id = ${subscriberId} and template like 'port-%'
    order by created_at`.execute(platform.db)
  expect(rows.map(({ template }) => template)).toEqual([
    'port-after-end',
    'port-after-end',
    'port-after-end',
  ])
}, 120_000)

test('a second code ends the first, five an hour are enough, and nobody else is given the number meanwhile', async () => {
  const leaver = await subscribed('MT')
  const { lineId, msisdn } = leaver
  const { token } = await ended(leaver)
  const first = (await ask(token!, lineId)).body.portCode
  const second = (await ask(token!, lineId)).body.portCode
  const { rows } =
    await sql`select port_id, msisdn from port_out where line_id = ${lineId}`.execute(platform.db)
  expect(rows).toEqual([expect.objectContaining({ msisdn: '' })])
  expect((await request(msisdn, first)).body).toMatchObject({ reason: 'code-wrong' })
  for (let more = 0; more < 3; more += 1) expect((await ask(token!, lineId)).status).toBe(200)
  expect((await ask(token!, lineId)).body).toMatchObject({ status: 429, code: 'code-too-many' })
  platform.clock.advance({ hours: 1, minutes: 1 })
  const third = (await ask(token!, lineId)).body.portCode
  expect((await request(msisdn, second)).body).toMatchObject({ reason: 'code-wrong' })

  const asked = await request(msisdn, third)
  expect(asked.body).toMatchObject({ state: 'pending' })
  expect((await ask(token!, lineId)).body.code).toBe('port-pending')
  const stop = await visitor().post('/v1/numbers/leaving/stop', { token, lineId })
  expect(stop.body.numbers[0].port.state).toBe('cancelled')
  const { reference } = asked.body
  expect((await say('port-out.completed', { reference })).body).toMatchObject({
    reason: 'not-pending',
  })

  // Day 35: what people could be reached by has been erased, and the right goes on.
  platform.clock.advance({ hours: 24 * 35 })
  await sweepRetention(platform.app)
  await until(
    async () => {
      await sweepRetention(platform.app)
      const { rows: kept } = await sql`
        select 1 from retention where subscriber_id = ${leaver.subscriberId}
          and category = 'contacts' and erased_at is null`.execute(platform.db)
      return kept.length
    },
    (count) => count === 0,
    20_000,
  )
  await sweepNumbers(platform.app)
  expect(await numberState(msisdn)).toMatchObject({ state: 'quarantined', last_line_id: lineId })
  const late = await ask(token!, lineId)
  expect(late.status).toBe(200)
  const next = await request(msisdn, late.body.portCode)
  expect(next.body).toMatchObject({ state: 'pending' })
  const failed = { reference: next.body['reference'], reason: 'Lin Yue is unknown here' }
  expect((await say('port-out.failed', failed)).body).toMatchObject({ state: 'failed' })
  const { rows: ports } = await sql`
    select state, recipient, reason, msisdn from port_out where line_id = ${lineId}
    order by created_at`.execute(platform.db)
  expect(ports.at(-1)).toEqual({ state: 'failed', recipient: '-', reason: null, msisdn: '' })
}, 120_000)

test('after its time the number stays: no code is given, and one from before is worth nothing', async () => {
  const leaver = await subscribed('CY')
  const { lineId, msisdn } = leaver
  const { token } = await ended(leaver)
  platform.clock.advance({ hours: 24 * 19 })
  const { body: given } = await ask(token!, lineId)
  // The country gives a code thirty days, and the number has one.
  expect(given.numbers[0].port.codeExpiresAt).toBe(given.numbers[0].until)
  platform.clock.advance({ hours: 26 })
  expect((await request(msisdn, given.portCode)).body).toMatchObject({ reason: 'code-expired' })
  expect((await look(token!)).body.numbers[0].refusal.code).toBe('number-gone')
  expect((await ask(token!, lineId)).body).toMatchObject({ status: 409, code: 'number-gone' })
  expect(await numberState(msisdn)).toMatchObject({ state: 'quarantined' })
}, 60_000)

test('a policy that is published later takes nothing from who has left', async () => {
  const leaver = await subscribed('MT')
  const { token } = await ended(leaver)
  await sql`insert into policy_version (country, version, document, published_at)
    select country, version + 1, jsonb_set(jsonb_set(document, '{version}', to_jsonb(version + 1)),
      '{rules,portAfterEnd,value}', '"P1D"'), ${platform.clock.now()} from policy_version
    where country = 'MT' order by version desc limit 1`.execute(platform.db)
  platform.clock.advance({ hours: 24 * 30 })
  expect((await ask(token!, leaver.lineId)).status).toBe(200)
}, 60_000)

test('no link where nothing may leave; forged and foreign ones open nothing', async () => {
  const [leaver, other, living] = [
    await subscribed('MT'),
    await subscribed('LU'),
    await subscribed('MT'),
  ]
  const { token, caseId } = await ended(leaver)
  const none = await ended(other)
  expect([none.token, none.text.includes('along')]).toEqual([undefined, false])
  const { masterKey } = platform.config
  const forged = [
    `${token!.slice(0, -2)}${token!.endsWith('AA') ? 'BB' : 'AA'}`,
    token!.replace(leaver.subscriberId, other.subscriberId),
    freezeToken(masterKey, caseId),
    leavingToken(masterKey, living.subscriberId),
    leavingToken(masterKey, `sub_${'0'.repeat(32)}`),
    '',
  ]
  for (const one of forged) {
    expect((await look(one)).body).toMatchObject({ status: 404, code: 'link-not-valid' })
    expect((await ask(one, leaver.lineId)).body.code).toBe('link-not-valid')
    const stop = { token: one, lineId: leaver.lineId }
    expect((await visitor().post('/v1/numbers/leaving/stop', stop)).body.code).toBe(
      'link-not-valid',
    )
  }
  for (const { lineId } of [other, living])
    expect((await ask(token!, lineId)).body.code).toBe('not-found')
  expect((await ask(none.leaving, other.lineId)).body.code).toBe('number-gone')
  // Of a living account it is its owner's to ask, signed in.
  expect(await portCode(living.someone, living.lineId)).toMatch(/^\w{5}-\w{5}$/)
}, 120_000)

test('where an end looked like somebody else’s doing, a person looks first', async () => {
  const [barred, odd] = [await subscribed('MT'), await subscribed('DE')]
  const support = person(platform)
  await support.signInAsStaff('support@violet.example')
  const suspend = { cause: 'fraud', reason: 'SIM swap reported' }
  const at = `/v1/staff/subscribers/${barred.subscriberId}/lines/${barred.lineId}/suspend`
  expect((await support.post(at, suspend)).body.suspensions).toEqual(['fraud'])
  const { token, leaving } = await ended(barred)
  expect(token).toBeUndefined()
  expect((await look(leaving)).body.numbers[0].refusal.code).toBe('port-by-hand')
  expect((await ask(leaving, barred.lineId)).body).toMatchObject({
    status: 409,
    code: 'port-by-hand',
  })
  const end = await ended(odd, 'frozen')
  expect(end.token).toBeUndefined()
  expect((await ask(end.leaving, odd.lineId)).body.code).toBe('port-by-hand')
}, 120_000)

test('a line that ended before its account leaves by the same link', async () => {
  const leaver = await subscribed('MT')
  const { someone, lineId, msisdn } = leaver
  const second = await buyLine(someone)
  const draft = await draftClosure(someone, 'line', lineId)
  await submit(someone, draft)
  await untilState(someone, draft.caseId, 'closed')
  const early = await portCode(someone, lineId)
  const { token } = await ended(leaver)
  const { body } = await look(token!)
  expect(new Set(body.numbers.map((one: { lineId: string }) => one.lineId))).toEqual(
    new Set([lineId, second.lineId]),
  )
  // What was given while the account lived is as good as ever.
  expect((await request(msisdn, early)).body).toMatchObject({ state: 'pending' })
}, 120_000)
