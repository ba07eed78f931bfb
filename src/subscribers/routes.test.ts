/** Signing in, devices and contacts over the API, on a real database, with real messages. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPeople, type People } from '../../test/people.ts'
import { person, until } from '../main/demo-person.ts'
import { system } from '../platform/audit.ts'
import { closeSubscriber } from './store.ts'
import { aliasOf } from './session-store.ts'

let people: People
let made = 0
let needed: string | undefined
beforeAll(async () => {
  people = await openPeople({
    contactNeeded: async (_trx, _subscriberId, { value }) => value === needed,
  })
})
afterAll(() => people.close())

const address = () => `lin${made++}@example.com`
const wrongFor = (code: string) => (code === '111111' ? '222222' : '111111')

async function member(email = address()) {
  const someone = person(people)
  const signedIn = await someone.signIn(email)
  expect(signedIn.status).toBe(200)
  return { ...someone, email, subscriberId: signedIn.body.subscriberId as string }
}

async function askCode(email: string) {
  const someone = person(people)
  const after = new Date(Date.now() - 1).toISOString()
  const sent = await someone.post('/v1/sign-in/code', { email })
  expect(sent.status).toBe(202)
  return { someone, code: await someone.codeFor(email, after), sent }
}

async function addContact(
  someone: Awaited<ReturnType<typeof member>>,
  kind: 'email' | 'phone',
  value: string,
) {
  const after = new Date(Date.now() - 1).toISOString()
  const added = await someone.post('/v1/me/contacts', { kind, value })
  expect(added.status).toBe(201)
  const contact = added.body.contact as { contactId: string; value: string }
  return { ...contact, sent: added.body.sent, code: await someone.codeFor(contact.value, after) }
}

const verify = (someone: Awaited<ReturnType<typeof member>>, contactId: string, code: string) =>
  someone.post(`/v1/me/contacts/${contactId}/verify`, { code })

describe('signing in', () => {
  test('the first time creates a subscriber with the address as verified contact, the second finds it', async () => {
    const email = address()
    const { someone, code, sent } = await askCode(
      email.toUpperCase().replace('EXAMPLE.COM', 'example.com'),
    )
    expect(sent.body).toMatchObject({ channel: 'email', triesLeft: 5 })
    expect(sent.body.maskedTo).not.toContain(email)
    const first = await someone.post('/v1/sign-in', { email, code, locale: 'zh-CN' })
    expect(first.body).toMatchObject({
      name: '',
      country: null,
      locale: 'zh-CN',
      state: 'active',
      complete: false,
    })
    expect(first.body.contacts).toMatchObject([
      { kind: 'email', value: email, verifiedAt: expect.any(String) },
    ])
    expect(first.headers.getSetCookie().join()).toMatch(/violet\.session_token=[^;]+;.*HttpOnly/i)
    expect((await someone.get('/v1/me')).body).toEqual(first.body)
    expect((await person(people).signIn(email)).body.subscriberId).toBe(first.body.subscriberId)
  })

  test('a wrong code says how many tries are left; the fifth ends it, and then the right one is refused too', async () => {
    const email = address()
    const { someone, code } = await askCode(email)
    const attempt = (tried: string) => someone.post('/v1/sign-in', { email, code: tried })
    for (const triesLeft of [4, 3, 2, 1]) {
      expect((await attempt(wrongFor(code))).body).toMatchObject({
        code: 'code-wrong',
        status: 422,
        triesLeft,
      })
    }
    expect((await attempt(wrongFor(code))).body).toMatchObject({
      code: 'code-too-many',
      status: 429,
    })
    expect((await attempt(code)).body.code).toBe('code-too-many')
    expect((await someone.get('/v1/me')).status).toBe(401)
  })

  test('a code works once, an expired one not at all, and none without asking', async () => {
    const email = address()
    const { someone, code } = await askCode(email)
    expect((await someone.post('/v1/sign-in', { email, code })).status).toBe(200)
    expect((await person(people).post('/v1/sign-in', { email, code })).body.code).toBe('code-used')
    const late = address()
    const second = await askCode(late)
    await people.app.db
      .updateTable('sign_in_verification')
      .set({ expires_at: Temporal.Now.instant() })
      .where('identifier', '=', `sign-in-otp-${await aliasOf(people.app.db, late)}`)
      .execute()
    expect(
      (await second.someone.post('/v1/sign-in', { email: late, code: second.code })).body.code,
    ).toBe('code-expired')
    expect(
      (await person(people).post('/v1/sign-in', { email: address(), code: '123456' })).body.code,
    ).toBe('code-not-asked')
  })

  test('no table and no message row holds a code readable, and the visitor row is gone once sent', async () => {
    const email = address()
    const { code } = await askCode(email)
    const stored = await people.app.db
      .selectFrom('sign_in_verification')
      .select('value')
      .where('identifier', '=', `sign-in-otp-${await aliasOf(people.app.db, email)}`)
      .executeTakeFirstOrThrow()
    expect(stored.value).not.toContain(code)
    await until(
      () =>
        people.app.db
          .selectFrom('notice')
          .selectAll()
          .where('subscriber_id', '=', 'visitor')
          .execute(),
      (rows) => rows.length === 0,
    )
  })

  test('an address is sent ten codes an hour, and the eleventh is told to wait', async () => {
    const email = address()
    const hash = await people.app.db.selectFrom('sign_in_ask').select('address_hash').execute()
    await askCode(email)
    const known = new Set(hash.map(({ address_hash }) => address_hash))
    await people.app.db
      .updateTable('sign_in_ask')
      .set({ asked: 10 })
      .where('address_hash', 'not in', [...known, ''])
      .execute()
    const refused = await person(people).post('/v1/sign-in/code', { email })
    expect(refused.body).toMatchObject({ code: 'code-too-many', status: 429, minutes: 60 })
  })

  test('bad input is refused: no address, no digits, another site', async () => {
    const someone = person(people)
    expect((await someone.post('/v1/sign-in/code', { email: 'nobody' })).status).toBe(422)
    expect((await someone.post('/v1/sign-in', { email: address(), code: '12' })).status).toBe(422)
    const foreign = await someone.call(
      'POST',
      '/v1/sign-in/code',
      { email: address() },
      { origin: 'https://evil.example' },
    )
    expect(foreign.body.code).toBe('foreign-origin')
  })
})

describe('devices', () => {
  test('a second device is listed and told to the contacts; removed, it is out at once', async () => {
    const lin = await member()
    const phone = person(people)
    await phone.signIn(lin.email)
    const told = await until(
      () => people.mails(lin.email),
      (all) => all.some(({ subject }) => /new device/i.test(subject)),
    )
    expect(told.filter(({ subject }) => /new device/i.test(subject))).toHaveLength(1)
    const { items } = (await lin.get('/v1/me/devices')).body
    expect(items).toHaveLength(2)
    const other = items.find(({ current }: { current: boolean }) => !current)
    expect((await phone.get('/v1/me')).status).toBe(200)
    expect((await lin.call('DELETE', `/v1/me/devices/${other.deviceId}`)).status).toBe(204)
    expect((await phone.get('/v1/me')).body).toMatchObject({ status: 401, code: 'not-signed-in' })
    expect((await lin.get('/v1/me')).status).toBe(200)
  })

  test("somebody else's device is not found", async () => {
    const [lin, eve] = [await member(), await member()]
    const { items } = (await lin.get('/v1/me/devices')).body
    for (const deviceId of [items[0].deviceId, 'nonsense']) {
      expect((await eve.call('DELETE', `/v1/me/devices/${deviceId}`)).body.code).toBe('not-found')
    }
    expect((await lin.get('/v1/me')).status).toBe(200)
  })

  test('signing out ends the session, and signing in again in one browser leaves no second device', async () => {
    const lin = await member()
    const copy = lin.cookies()
    await lin.signIn(lin.email)
    expect((await lin.get('/v1/me/devices')).body.items).toHaveLength(1)
    expect((await person(people).use(copy).get('/v1/me')).status).toBe(401)
    const current = lin.cookies()
    expect((await lin.post('/v1/sign-out')).status).toBe(204)
    expect((await person(people).use(current).get('/v1/me')).status).toBe(401)
  })

  test('a forged cookie is nobody', async () => {
    const forged = new Map([['violet.session_token', 'abc.def']])
    expect((await person(people).use(forged).get('/v1/me')).status).toBe(401)
  })
})

describe('contacts', () => {
  test('a number as written at home becomes E.164, is verified by SMS, and the e-mail is told', async () => {
    const lin = await member()
    await lin.patch('/v1/me', { country: 'GB', name: 'Lin Yue' })
    const added = await addContact(lin, 'phone', '07700 900461')
    expect(added.value).toBe('+447700900461')
    expect((await verify(lin, added.contactId, wrongFor(added.code))).body).toMatchObject({
      code: 'code-wrong',
      triesLeft: 4,
    })
    expect((await verify(lin, added.contactId, added.code)).body.verifiedAt).toEqual(
      expect.any(String),
    )
    expect((await verify(lin, added.contactId, added.code)).body.code).toBe('code-used')
    await until(
      () => people.mails(lin.email),
      (all) => all.some(({ subject }) => subject === 'A contact was added'),
    )
    expect((await lin.get('/v1/me')).body).toMatchObject({ complete: true, name: 'Lin Yue' })
  })

  test('a new code ends the one before, and after ten minutes it has expired', async () => {
    const lin = await member()
    const first = await addContact(lin, 'email', address())
    const after = new Date(Date.now() - 1).toISOString()
    expect((await lin.post(`/v1/me/contacts/${first.contactId}/code`)).status).toBe(202)
    const second = await until(
      () => lin.codeFor(first.value, after),
      (code) => code !== first.code,
    )
    expect((await verify(lin, first.contactId, first.code)).body.code).toBe('code-wrong')
    people.advance({ minutes: 10 })
    expect((await verify(lin, first.contactId, second)).body.code).toBe('code-expired')
  })

  test('wrong tries are counted although they are refused; after the fifth the right code is refused too', async () => {
    const lin = await member()
    const { contactId, code } = await addContact(lin, 'email', address())
    for (const triesLeft of [4, 3, 2, 1]) {
      const wrong = await verify(lin, contactId, wrongFor(code))
      expect(wrong.body).toMatchObject({ code: 'code-wrong', triesLeft })
    }
    expect((await verify(lin, contactId, wrongFor(code))).body.code).toBe('code-too-many')
    expect((await verify(lin, contactId, code)).body.code).toBe('code-too-many')
  })

  test('five codes an hour for one contact', async () => {
    const lin = await member()
    const { contactId } = await addContact(lin, 'email', address())
    for (const _ of [2, 3, 4, 5])
      expect((await lin.post(`/v1/me/contacts/${contactId}/code`)).status).toBe(202)
    const refused = await lin.post(`/v1/me/contacts/${contactId}/code`)
    expect(refused.body).toMatchObject({ code: 'code-too-many', minutes: 60 })
  })

  test("whoever proves to read another account's address learns that it is taken, and nobody else does", async () => {
    const [lin, eve] = [await member(), await member()]
    const added = await addContact(eve, 'email', lin.email)
    expect((await verify(eve, added.contactId, added.code)).body.code).toBe('contact-taken')
    expect(
      (await eve.get('/v1/me')).body.contacts.find(
        ({ value }: { value: string }) => value === lin.email,
      ).verifiedAt,
    ).toBeNull()
  })

  test("somebody else's contact is not found, whatever is done with it", async () => {
    const [lin, eve] = [await member(), await member()]
    const [{ contactId }] = (await lin.get('/v1/me')).body.contacts
    expect((await eve.post(`/v1/me/contacts/${contactId}/code`)).status).toBe(404)
    expect((await verify(eve, contactId, '123456')).status).toBe(404)
    expect((await eve.call('DELETE', `/v1/me/contacts/${contactId}`)).status).toBe(404)
  })

  test('the last verified e-mail stays; with another the old one goes, is told, and no longer signs in here', async () => {
    const lin = await member()
    const [first] = (await lin.get('/v1/me')).body.contacts
    const remove = (contactId: string) => lin.call('DELETE', `/v1/me/contacts/${contactId}`)
    expect((await remove(first.contactId)).body.code).toBe('contact-last')
    const second = await addContact(lin, 'email', address())
    await verify(lin, second.contactId, second.code)
    needed = lin.email
    expect((await remove(first.contactId)).body.code).toBe('contact-needed')
    needed = undefined
    expect((await remove(first.contactId)).status).toBe(204)
    expect((await lin.get('/v1/me')).body.contacts).toMatchObject([{ value: second.value }])
    await until(
      () => people.mails(lin.email),
      (all) => all.some(({ subject }) => subject === 'A contact was removed'),
    )
    const stranger = await person(people).signIn(lin.email)
    expect(stranger.body.subscriberId).not.toBe(lin.subscriberId)
    expect((await person(people).signIn(second.value)).body.subscriberId).toBe(lin.subscriberId)
  })

  test('what is no address is refused', async () => {
    const lin = await member()
    const refused = await lin.post('/v1/me/contacts', { kind: 'phone', value: '07700 900461' })
    expect(refused.body).toMatchObject({ code: 'contact-invalid', status: 422 })
  })
})

test('a closed account is out at once, and its address joins again as somebody new', async () => {
  const lin = await member()
  const { app } = people
  const close = () =>
    app.db.transaction().execute((trx) =>
      closeSubscriber(trx, app, {
        subscriberId: lin.subscriberId,
        actor: system,
        reason: 'test',
      }),
    )
  const waiting = await askCode(lin.email)
  await close()
  await close()
  expect((await lin.get('/v1/me')).status).toBe(401)
  expect(
    (await waiting.someone.post('/v1/sign-in', { email: lin.email, code: waiting.code })).status,
  ).not.toBe(200)
  const again = await person(people).signIn(lin.email)
  expect(again.body.subscriberId).not.toBe(lin.subscriberId)
  const closed = await app.db
    .selectFrom('audit_entry')
    .selectAll()
    .where('subscriber_id', '=', lin.subscriberId)
    .where('action', '=', 'subscriber.closed')
    .execute()
  expect(closed).toHaveLength(1)
})

test('a flood from one address is turned away', async () => {
  const asked = await Promise.all(
    Array.from({ length: 110 }, () =>
      person(people).post('/v1/sign-in', { email: address(), code: '123456' }),
    ),
  )
  const codes = new Set(asked.map(({ body }) => body.code))
  expect(codes).toEqual(new Set(['code-not-asked', 'too-many-requests']))
})
