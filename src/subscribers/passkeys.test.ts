/** Passkeys over the API, with an authenticator made of code: what signs in, and everything that must not. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authenticator, type Twist } from '../../test/authenticator.ts'
import { openPeople, type People } from '../../test/people.ts'
import { person, type Person, until } from '../main/demo-person.ts'
import { system } from '../platform/audit.ts'
import { rowsOf } from './export-store.ts'
import { restoreContacts } from './restore-store.ts'
import { closeSubscriber } from './store.ts'

let people: People
let made = 0
beforeAll(async () => {
  people = await openPeople()
})
afterAll(() => people.close())

type Member = Person & { email: string; subscriberId: string }
type Key = ReturnType<typeof authenticator>

async function member(): Promise<Member> {
  const email = `ada${made++}@example.com`
  const someone = person(people)
  const { body } = await someone.signIn(email)
  return { ...someone, email, subscriberId: body.subscriberId }
}

async function codeOf(someone: Member): Promise<string> {
  const after = new Date(Date.now() - 1).toISOString()
  expect((await someone.post('/v1/me/passkeys/code')).status).toBe(202)
  return someone.codeFor(someone.email, after)
}

async function creationFor(someone: Member) {
  const answer = await someone.post('/v1/me/passkeys/options', { code: await codeOf(someone) })
  expect(answer.status).toBe(200)
  return answer.body
}

/** Adds a passkey to an account and gives the key and its row. */
async function keyFor(someone: Member, kind?: 'EdDSA') {
  const key = authenticator(people.url, kind)
  const credential = key.create(await creationFor(someone))
  const added = await someone.post('/v1/me/passkeys', { credential })
  expect(added.status).toBe(201)
  return { key, passkeyId: added.body.passkeyId as string }
}

async function requestOptions() {
  const { status, body } = await person(people).get('/v1/sign-in/passkey')
  expect(status).toBe(200)
  return body
}

/** In a browser of its own. */
async function signInWith(key: Key, twist?: Twist) {
  const someone = person(people)
  const credential = key.get(await requestOptions(), twist)
  const answer = await someone.post('/v1/sign-in/passkey', { credential })
  return { ...answer, someone, credential }
}

const trailOf = async ({ subscriberId }: Member) => {
  const entries = people.app.db.selectFrom('audit_entry').select(['action', 'subject_id'])
  const rows = await entries.where('subscriber_id', '=', subscriberId).orderBy('audit_id').execute()
  return rows.map(({ action }) => action)
}

const told = (someone: Member, subject: RegExp) =>
  until(
    () => people.mails(someone.email),
    (all) => all.some((mail) => subject.test(mail.subject)),
  )

test.each(['ES256', 'EdDSA'] as const)(
  '%s: a passkey added after a code signs in on another device, which is listed, told and in the trail',
  async (kind) => {
    const ada = await member()
    const key = authenticator(people.url, kind)
    const options = await creationFor(ada)
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: ada.email },
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
    })
    const credential = key.create(options)
    const added = await ada.post('/v1/me/passkeys', { credential, name: ' My phone ' })
    expect(added.status).toBe(201)
    expect(added.body).toMatchObject({ name: 'My phone', lastUsedAt: null, backedUp: true })
    await told(ada, /^A passkey was added$/)

    const { status, body, headers, someone } = await signInWith(key)
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { subscriberId: ada.subscriberId },
    })
    expect(headers.getSetCookie().join()).toMatch(/violet\.session_token=[^;]+;.*HttpOnly/i)
    expect((await someone.get('/v1/me/devices')).body.items).toHaveLength(2)
    await told(ada, /new device/i)
    const { items } = (await ada.get('/v1/me/passkeys')).body
    expect(items).toMatchObject([{ name: 'My phone', lastUsedAt: expect.any(String) }])
    expect(await trailOf(ada)).toEqual([
      'subscriber.joined',
      'passkey.added',
      'passkey.used',
      'device.signed-in',
    ])
    expect((await creationFor(ada)).excludeCredentials).toMatchObject([{ id: key.id }])
  },
)

describe('adding', () => {
  test('nothing is made without a code to a known address; each code opens it once', async () => {
    const ada = await member()
    const ask = (code: string) => ada.post('/v1/me/passkeys/options', { code })
    expect((await ask('123456')).body.code).toBe('code-not-asked')
    const code = await codeOf(ada)
    const wrong = await ask(code === '111111' ? '222222' : '111111')
    expect(wrong.body).toMatchObject({ code: 'code-wrong', triesLeft: 4 })
    expect((await ask(code)).status).toBe(200)
    expect((await ask(code)).body.code).toBe('code-used')
    expect((await person(people).post('/v1/me/passkeys/code')).status).toBe(401)
    expect((await person(people).get('/v1/me/passkeys')).status).toBe(401)
  })

  test('what was made elsewhere, for another, too late, twice, or by nobody verified is refused', async () => {
    const [ada, eve] = [await member(), await member()]
    const add = (credential: unknown, who = ada) => who.post('/v1/me/passkeys', { credential })
    const options = await creationFor(ada)
    const twists: [Twist, string][] = [
      [{ origin: 'https://evil.example' }, 'passkey-elsewhere'],
      [{ crossOrigin: true }, 'passkey-elsewhere'],
      [{ rpId: 'evil.example' }, 'passkey-not-valid'],
      [{ type: 'webauthn.get' }, 'passkey-not-valid'],
      [{ userVerified: false }, 'passkey-not-valid'],
    ]
    for (const [twist, code] of twists) {
      const { body } = await add(authenticator(people.url).create(options, twist))
      expect({ twist, code: body.code }).toEqual({ twist, code })
    }
    const key = authenticator(people.url)
    expect((await add(key.create(options), eve)).body.code).toBe('passkey-not-valid')
    const signIn = { ...options, challenge: (await requestOptions()).challenge }
    expect((await add(key.create(signIn))).body.code).toBe('passkey-not-valid')
    const junk = key.create(options)
    junk.response.attestationObject = 'oQ'
    expect((await add(junk)).body.code).toBe('passkey-not-valid')

    expect((await add(key.create(options))).status).toBe(201)
    expect((await add(authenticator(people.url).create(options))).body.code).toBe('passkey-used')
    const hers = await creationFor(eve)
    expect((await add(key.create(hers), eve)).body.code).toBe('passkey-known')
    const late = await creationFor(ada)
    people.advance({ minutes: 10 })
    expect((await add(authenticator(people.url).create(late))).body.code).toBe('passkey-expired')
    expect((await ada.get('/v1/me/passkeys')).body.items).toHaveLength(1)
    expect((await eve.get('/v1/me/passkeys')).body.items).toEqual([])
  })

  test('twenty are enough', async () => {
    const ada = await member()
    await keyFor(ada)
    const { db } = people.app
    const one = db.selectFrom('passkey').selectAll().where('subscriber_id', '=', ada.subscriberId)
    const row = await one.executeTakeFirstOrThrow()
    const copies = Array.from({ length: 19 }, (_, at) => ({
      ...row,
      passkey_id: `copy_${at}`,
      name: '',
    }))
    await db.insertInto('passkey').values(copies).execute()
    expect((await ada.post('/v1/me/passkeys/code')).body.code).toBe('passkeys-full')
  })
})

describe('signing in', () => {
  test('an answer that is not right opens nothing, and says why; the right one still does', async () => {
    const [ada, eve] = [await member(), await member()]
    const { key } = await keyFor(ada)
    const { key: hers } = await keyFor(eve, 'EdDSA')
    const eveHandle = Buffer.from(eve.subscriberId).toString('base64url')
    const twists: [Twist, string][] = [
      [{ origin: 'https://evil.example' }, 'passkey-elsewhere'],
      [{ crossOrigin: true }, 'passkey-elsewhere'],
      [{ rpId: 'evil.example' }, 'passkey-not-valid'],
      [{ type: 'webauthn.create' }, 'passkey-not-valid'],
      [{ userVerified: false }, 'passkey-not-valid'],
      [{ forged: true }, 'passkey-not-valid'],
      [{ userHandle: eveHandle }, 'passkey-not-valid'],
      [{ userHandle: null }, 'passkey-not-valid'],
    ]
    for (const [twist, code] of twists) {
      const { body, someone } = await signInWith(key, twist)
      expect({ twist, code: body.code }).toEqual({ twist, code })
      expect((await someone.get('/v1/me')).status).toBe(401)
    }
    const adding = await creationFor(ada)
    const wrongUse = key.get({ rpId: 'localhost', challenge: adding.challenge })
    const tried = await person(people).post('/v1/sign-in/passkey', { credential: wrongUse })
    expect(tried.body.code).toBe('passkey-not-valid')
    const mixed = { ...hers.get(await requestOptions()), id: key.id, rawId: key.id }
    const mixedUp = await person(people).post('/v1/sign-in/passkey', { credential: mixed })
    expect(mixedUp.body.code).toBe('passkey-not-valid')
    expect((await signInWith(authenticator(people.url))).body.code).toBe('invalid-request')
    const stranger = authenticator(people.url)
    stranger.create(adding)
    expect((await signInWith(stranger)).body).toMatchObject({
      code: 'passkey-unknown',
      status: 404,
    })
    const late = key.get(await requestOptions())
    people.advance({ minutes: 10 })
    const tooLate = await person(people).post('/v1/sign-in/passkey', { credential: late })
    expect(tooLate.body.code).toBe('passkey-expired')
    expect((await signInWith(key)).body.subscriberId).toBe(ada.subscriberId)
    expect((await ada.get('/v1/me/devices')).body.items).toHaveLength(2)
  })

  test('an answer counts once, also when it comes twice at the same moment', async () => {
    const ada = await member()
    const { key } = await keyFor(ada)
    const credential = key.get(await requestOptions())
    const send = () => person(people).post('/v1/sign-in/passkey', { credential })
    const both = await Promise.all([send(), send()])
    expect(both.map(({ body }) => body.code ?? 'in').sort()).toEqual(['in', 'passkey-used'])
    expect((await send()).body.code).toBe('passkey-used')
    expect((await ada.get('/v1/me/devices')).body.items).toHaveLength(2)
  })

  test('a counter that stands still or goes back is a copy; one that was always 0 is none', async () => {
    const ada = await member()
    const { key } = await keyFor(ada)
    expect((await signInWith(key, { counter: 0 })).status).toBe(200)
    expect((await signInWith(key, { counter: 0 })).status).toBe(200)
    expect((await signInWith(key, { counter: 5 })).status).toBe(200)
    for (const counter of [5, 4, 0]) {
      const copied = await signInWith(key, { counter })
      expect(copied.body).toMatchObject({ code: 'passkey-copied', status: 403 })
      expect((await copied.someone.get('/v1/me')).status).toBe(401)
    }
    expect((await trailOf(ada)).filter((action) => action === 'passkey.refused')).toHaveLength(3)
    expect((await signInWith(key, { counter: 6 })).status).toBe(200)
  })

  test('in a browser that was signed in, it leaves no second device', async () => {
    const ada = await member()
    const { key } = await keyFor(ada)
    const credential = key.get(await requestOptions())
    expect((await ada.post('/v1/sign-in/passkey', { credential })).status).toBe(200)
    expect((await ada.get('/v1/me/devices')).body.items).toHaveLength(1)
  })
})

describe('the list', () => {
  test("somebody else's passkey is not seen, named or removed", async () => {
    const [ada, eve] = [await member(), await member()]
    const { key, passkeyId } = await keyFor(ada)
    expect((await eve.get('/v1/me/passkeys')).body.items).toEqual([])
    const path = `/v1/me/passkeys/${passkeyId}`
    expect((await eve.patch(path, { name: 'mine' })).body.code).toBe('not-found')
    expect((await eve.delete(path)).body.code).toBe('not-found')
    expect((await signInWith(key)).status).toBe(200)
  })

  test('named anew, and removed it signs in no more, while the session it began goes on', async () => {
    const ada = await member()
    const { key, passkeyId } = await keyFor(ada)
    const { someone } = await signInWith(key)
    const path = `/v1/me/passkeys/${passkeyId}`
    expect((await ada.patch(path, { name: '  ' })).status).toBe(422)
    expect((await ada.patch(path, { name: 'Work laptop' })).body.name).toBe('Work laptop')
    const { db } = people.app
    const exported = await Array.fromAsync(rowsOf(db, ada.subscriberId, 'passkeys'))
    const when = expect.stringMatching(/^2\d{3}-/)
    expect(exported).toEqual([[passkeyId, 'Work laptop', 'true', when, when]])
    const { rows } = await sql`select from passkey where name like '%laptop%'`.execute(db)
    expect(rows).toEqual([])
    expect((await ada.delete(path)).status).toBe(204)
    expect((await ada.delete(path)).body.code).toBe('not-found')
    await told(ada, /^A passkey was removed$/)
    expect((await signInWith(key)).body).toMatchObject({ code: 'passkey-unknown', status: 404 })
    expect((await someone.get('/v1/me')).status).toBe(200)
    expect((await trailOf(ada)).filter((one) => one.startsWith('passkey'))).toEqual([
      'passkey.added',
      'passkey.used',
      'passkey.renamed',
      'passkey.removed',
    ])
  })

  test('it goes on when the address it began under is removed', async () => {
    const ada = await member()
    const { key } = await keyFor(ada)
    const second = `second-${ada.email}`
    const after = new Date(Date.now() - 1).toISOString()
    const { body } = await ada.post('/v1/me/contacts', { kind: 'email', value: second })
    const code = await ada.codeFor(second, after)
    await ada.post(`/v1/me/contacts/${body.contact.contactId}/verify`, { code })
    const [first] = (await ada.get('/v1/me')).body.contacts
    expect((await ada.delete(`/v1/me/contacts/${first.contactId}`)).status).toBe(204)
    expect((await signInWith(key)).body.subscriberId).toBe(ada.subscriberId)
  })
})

test('a closed account takes its passkeys with it', async () => {
  const ada = await member()
  const { key } = await keyFor(ada)
  const { someone } = await signInWith(key)
  const { app } = people
  const closing = { subscriberId: ada.subscriberId, actor: system, reason: 'test' }
  await app.db.transaction().execute((trx) => closeSubscriber(trx, app, closing))
  expect((await someone.get('/v1/me')).status).toBe(401)
  expect((await signInWith(key)).body.code).toBe('passkey-unknown')
  for (const table of ['passkey', 'passkey_index'] as const) {
    const left = app.db.selectFrom(table).select('passkey_id')
    expect(await left.where('subscriber_id', '=', ada.subscriberId).execute()).toEqual([])
  }
})

test('a freeze takes the passkeys that came since, and keeps those from before', async () => {
  const ada = await member()
  const { key: before } = await keyFor(ada)
  people.advance({ minutes: 5 })
  const since = people.app.clock.now()
  const { key: taken } = await keyFor(ada)
  const { app } = people
  await app.db.transaction().execute((trx) => restoreContacts(trx, app, ada.subscriberId, since))
  expect((await signInWith(taken)).body.code).toBe('passkey-unknown')
  expect((await signInWith(before)).status).toBe(200)
})

test('a flood of tries from one address is turned away', async () => {
  const key = authenticator(people.url)
  key.create({ rp: { id: 'localhost' }, user: { id: 'AAAA' }, challenge: 'AAAA' })
  const credential = key.get(await requestOptions())
  const send = () => person(people).post('/v1/sign-in/passkey', { credential })
  const tried = await Promise.all(Array.from({ length: 110 }, send))
  const codes = new Set(tried.map(({ body }) => body.code))
  expect(codes).toEqual(new Set(['passkey-unknown', 'too-many-requests']))
})
