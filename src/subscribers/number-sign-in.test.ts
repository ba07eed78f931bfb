/** Signing in with a telephone number: to its owner's account, and to nobody else's once somebody else has the number. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPeople, type People } from '../../test/people.ts'
import { sweepNumbers } from '../lines/number-store.ts'
import { person, until } from '../main/demo-person.ts'
import { seedCatalog } from '../plans/store.ts'
import { system } from '../platform/audit.ts'
import { restoreContacts } from './restore-store.ts'
import { mayNumberSignIn } from './sign-in.ts'
import { closeSubscriber } from './store.ts'

let people: People
let made = 0
beforeAll(async () => {
  people = await openPeople()
  await seedCatalog(people.app.db, people.app.clock.now())
})
afterAll(() => people.close())

const mail = () => `noor${made++}@example.com`
const number = () => `+4477009${String(10_000 + made++)}`
type Someone = ReturnType<typeof person>

/** Somebody with an e-mail address and a verified number. */
async function owner() {
  const someone = person(people)
  const [email, phone] = [mail(), number()]
  const { body } = await someone.signIn(email)
  await verified(someone, 'phone', phone)
  return { ...someone, email, phone, subscriberId: body.subscriberId as string }
}

async function verified(someone: Someone, kind: 'email' | 'phone', value: string) {
  const after = new Date(Date.now() - 1).toISOString()
  const added = await someone.post('/v1/me/contacts', { kind, value })
  const code = await someone.codeFor(value, after)
  const path = `/v1/me/contacts/${added.body.contact.contactId}/verify`
  expect((await someone.post(path, { code })).status).toBe(200)
}

/** The number in the inventory, on a line of somebody where a state of the line is given. */
async function inInventory(phone: string, subscriberId: string, lineState: string | null) {
  const { db } = people.app
  const lineId = `line_${phone}`
  if (lineState)
    await sql`
      insert into line (subscriber_id, line_id, state, plan_id, plan_version, currency, imsi, iccid, msisdn, ordered_at)
      select ${subscriberId}, ${lineId}, ${lineState}, plan_id, version, 'GBP', '', '', ${phone}, now()
      from plan_version limit 1`.execute(db)
  await sql`
    insert into phone_number (msisdn, country, state, subscriber_id, line_id, quarantined_until)
    values (${phone}, 'GB', ${lineState ? 'assigned' : 'quarantined'}, ${lineState && subscriberId},
      ${lineState && lineId}, ${lineState ? null : people.app.clock.now()})`.execute(db)
}

const texts = async (to: string) =>
  (await people.mails(to)).filter(({ text }) => text.includes('sign-in code'))

test('a number joins, adds an e-mail before money moves, and signs in again however it is written', async () => {
  const noor = person(people)
  const [phone, email] = [number(), mail()]
  const { body: first } = await noor.signIn(phone)
  expect(first.contacts).toMatchObject([{ kind: 'phone', value: phone }])
  const [own] = first.contacts
  const { body: named } = await noor.patch('/v1/me', { name: 'Noor', country: 'GB' })
  expect(named).toMatchObject({ name: 'Noor', complete: false })
  expect((await noor.delete(`/v1/me/contacts/${own.contactId}`)).body.code).toBe('contact-last')
  await verified(noor, 'email', email)
  expect((await noor.get('/v1/me')).body.complete).toBe(true)

  const again = person(people)
  const after = new Date(Date.now() - 1).toISOString()
  const written = `00${phone.slice(1, 3)} ${phone.slice(3)}`
  const sent = await again.post('/v1/sign-in/code', { phone: written })
  expect(sent.body).toMatchObject({ channel: 'phone', maskedTo: `+44 •••• ${phone.slice(-3)}` })
  const code = await again.codeFor(phone, after)
  const { body } = await again.post('/v1/sign-in', { phone, code })
  expect(body.subscriberId).toBe(first.subscriberId)
  await until(
    () => people.mails(email),
    (all) => all.some(({ subject }) => /new device/i.test(subject)),
  )
  // The number goes; whoever signed in with it stays signed in, and it joins as somebody else.
  expect((await noor.delete(`/v1/me/contacts/${own.contactId}`)).status).toBe(204)
  expect((await again.get('/v1/me')).status).toBe(200)
  const { body: other } = await person(people).signIn(phone)
  expect(other.subscriberId).not.toBe(first.subscriberId)
})

test('one answer for every number; that of a line that is closing, or of no line, is sent no code', async () => {
  const [alive, closing, resting] = [await owner(), await owner(), await owner()]
  await inInventory(alive.phone, alive.subscriberId, 'active')
  await inInventory(closing.phone, closing.subscriberId, 'closing')
  await inInventory(resting.phone, resting.subscriberId, null)
  const stranger = number()
  const asked = [closing.phone, resting.phone, stranger, alive.phone]
  const answers = []
  for (const phone of asked) {
    const { status, body } = await person(people).post('/v1/sign-in/code', { phone })
    const guess = await person(people).post('/v1/sign-in', { phone, code: '000000' })
    answers.push({ status, ...body, maskedTo: '', expiresAt: '', guess: guess.body.code })
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject({ status: 202, channel: 'phone', guess: 'code-wrong' })
  // Messages leave in the order they were asked for: the last one is there.
  for (const phone of [stranger, alive.phone])
    await until(
      () => texts(phone),
      (all) => all.length === 1,
    )
  expect([await texts(closing.phone), await texts(resting.phone)]).toEqual([[], []])
})

test('a code that was on its way when the line began to close signs nobody in', async () => {
  const noor = await owner()
  await inInventory(noor.phone, noor.subscriberId, 'active')
  const { phone } = noor
  const someone = person(people)
  const after = new Date(Date.now() - 1).toISOString()
  await someone.post('/v1/sign-in/code', { phone })
  const code = await someone.codeFor(phone, after)
  await sql`update line set state = 'closing' where msisdn = ${phone}`.execute(people.app.db)
  expect((await someone.post('/v1/sign-in', { phone, code })).body.code).toBe('code-expired')
  expect((await someone.get('/v1/me')).status).toBe(401)
})

test('a number that was released signs in whoever has it now, never whoever had it, not even after a freeze', async () => {
  const noor = await owner()
  const session = person(people)
  await session.signIn(noor.phone)
  const since = people.app.clock.now()
  await inInventory(noor.phone, noor.subscriberId, null)
  await sweepNumbers(people.app)
  expect((await noor.get('/v1/me')).body.contacts).toMatchObject([{ value: noor.email }])
  await until(
    () => people.mails(noor.email),
    (all) => all.some(({ subject }) => subject === 'A contact was removed'),
  )
  expect((await session.get('/v1/me')).body.subscriberId).toBe(noor.subscriberId)

  const next = await owner()
  await sql`delete from phone_number where msisdn = ${noor.phone}`.execute(people.app.db)
  await inInventory(noor.phone, next.subscriberId, 'active')
  const { body } = await person(people).signIn(noor.phone)
  expect([noor.subscriberId, next.subscriberId]).not.toContain(body.subscriberId)
  expect(body.name).toBe('')
  await people.app.db.transaction().execute(async (trx) => {
    await trx.deleteFrom('contact_index').where('subscriber_id', '=', body.subscriberId).execute()
    await restoreContacts(trx, people.app, noor.subscriberId, since)
  })
  const { body: back } = await person(people).signIn(noor.email)
  expect(back.contacts).toMatchObject([{ value: noor.email }])
  const audited = await people.app.db
    .selectFrom('audit_entry')
    .select('actor_kind')
    .where('subscriber_id', '=', noor.subscriberId)
    .where('action', '=', 'contact.retired')
    .execute()
  expect(audited).toHaveLength(1)
})

test('of a closed account neither its number nor a code on its way is worth anything', async () => {
  const noor = await owner()
  const { phone, subscriberId } = noor
  const late = person(people)
  const after = new Date(Date.now() - 1).toISOString()
  await late.post('/v1/sign-in/code', { phone })
  const code = await late.codeFor(phone, after)
  const { app } = people
  await app.db
    .transaction()
    .execute((trx) => closeSubscriber(trx, app, { subscriberId, actor: system, reason: 'test' }))
  expect((await noor.get('/v1/me')).status).toBe(401)
  expect((await late.post('/v1/sign-in', { phone, code })).body.code).toBe('code-not-asked')
  expect((await person(people).signIn(phone)).body.subscriberId).not.toBe(subscriberId)
})

test('five texts an hour to one number, thirty for one client; bad input is refused', async () => {
  const phone = number()
  const ask = (to: string) => person(people).post('/v1/sign-in/code', { phone: to })
  for (const _ of [1, 2, 3, 4, 5]) expect((await ask(phone)).status).toBe(202)
  expect((await ask(phone)).body).toMatchObject({ code: 'code-too-many', minutes: 60 })
  const statuses = new Set<number>()
  for (let count = 0; count < 31; count += 1) statuses.add((await ask(number())).status)
  expect([...statuses]).toEqual([202, 429])
  expect((await person(people).post('/v1/sign-in/code', { email: mail() })).status).toBe(202)
  const post = async (body: object) => (await person(people).post('/v1/sign-in/code', body)).body
  expect(await post({ phone: '07700 900461' })).toMatchObject({ code: 'contact-invalid' })
  for (const both of [{}, { phone, email: mail() }, { phone: { from: 'nobody' } }])
    expect((await post(both)).status).toBe(422)
})

describe('a number of the inventory signs in', () => {
  const at = (day: number) => Temporal.Instant.from(`2026-11-${day}T10:00:00Z`)
  const held = { state: 'assigned', subscriberId: 'me', lineState: 'active', since: at(10) }
  const mine = { subscriberId: 'me', verifiedAt: at(11) }
  const theirs = (day: number) => ({ subscriberId: 'you', verifiedAt: at(day) })
  test.each([
    ['no number of ours', undefined, mine, true],
    ['taken to another operator', { ...held, state: 'ported-out', lineState: null }, mine, true],
    ['the line works', held, mine, true],
    ['nobody’s contact yet', held, undefined, true],
    ['verified by another since it is on the line', held, theirs(11), true],
    ['verified by another before it was on the line', held, theirs(10), false],
    ['the line is suspended', { ...held, lineState: 'suspended' }, mine, false],
    ['the line is closing', { ...held, lineState: 'closing' }, mine, false],
    ['not installed yet', { ...held, lineState: 'ordered' }, mine, false],
    ['kept unused', { ...held, state: 'quarantined', lineState: null }, mine, false],
    ['free', { ...held, state: 'available', lineState: null }, undefined, false],
    ['kept for an order', { ...held, state: 'reserved', lineState: null }, mine, false],
  ])('%s', (_, number, whose, expected) => {
    expect(mayNumberSignIn(number, whose)).toBe(expected)
  })
})
