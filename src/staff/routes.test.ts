/** The console's API: who may sign in, what each role may see, and that looking leaves a trace. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPeople, type People } from '../../test/people.ts'
import { person } from '../main/demo-person.ts'
import { signStaffOut } from './store.ts'

let people: People
beforeAll(async () => {
  people = await openPeople()
})
afterAll(() => people.close())

async function staff(role: string) {
  const someone = person(people)
  const signedIn = await someone.signInAsStaff(`${role}@violet.example`)
  expect(signedIn.status).toBe(200)
  return { ...someone, body: signedIn.body }
}

test('seeded staff sign in; nobody else does, and is not told so', async () => {
  const mara = await staff('admin')
  expect(mara.body).toMatchObject({ name: 'Mara Lindqvist', role: 'admin' })
  expect((await mara.get('/v1/staff/me')).body).toEqual(mara.body)
  const stranger = person(people)
  const asked = await stranger.post('/v1/staff/sign-in/code', { email: 'eve@example.com' })
  expect(asked.status).toBe(202)
  expect(await people.mails('eve@example.com')).toEqual([])
  expect(
    (await stranger.post('/v1/staff/sign-in', { email: 'eve@example.com', code: '123456' })).body
      .code,
  ).toBe('code-not-asked')
})

test('the two realms are apart: a console session is nobody in the portal, and the other way round', async () => {
  const mara = await staff('admin')
  expect((await mara.get('/v1/me')).body.code).toBe('not-signed-in')
  const lin = person(people)
  await lin.signIn('lin@example.com')
  expect((await lin.get('/v1/staff/me')).body.code).toBe('staff-not-signed-in')
  // Even a subscriber with a member's address is no member.
  const sly = person(people)
  await sly.signIn('admin@violet.example')
  expect((await sly.get('/v1/staff/me')).status).toBe(401)
})

test('a subscriber is found by name, e-mail and number, and each look stands in the audit trail', async () => {
  const lin = person(people)
  const { body: me } = await lin.signIn('lin.search@example.com')
  await lin.patch('/v1/me', { name: 'Lin Searched', country: 'GB' })
  const yue = await staff('support')
  const found = async (query: string) => {
    const { body } = await yue.get(`/v1/staff/subscribers?query=${encodeURIComponent(query)}`)
    return body.items.map(({ subscriberId }: { subscriberId: string }) => subscriberId)
  }
  for (const query of ['lin searched', 'Searched', 'LIN.SEARCH@example.com', 'searched lin']) {
    expect([query, await found(query)]).toEqual([query, [me.subscriberId]])
  }
  expect(await found('%')).toEqual([])
  const looks = await people.app.db
    .selectFrom('audit_entry')
    .selectAll()
    .where('subscriber_id', '=', me.subscriberId)
    .where('action', '=', 'subscriber.looked-up')
    .execute()
  expect(looks.map(({ actor_id }) => actor_id)).toEqual(Array(4).fill('staff_lin'))
})

test('the audit trail is for auditor and admin, page by page, newest first, each entry once', async () => {
  expect((await (await staff('support')).get('/v1/staff/audit')).body.code).toBe('not-your-role')
  expect((await person(people).get('/v1/staff/audit')).body.code).toBe('staff-not-signed-in')
  const auditor = await staff('auditor')
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body }: { body: { items: { auditId: string }[]; nextCursor: string | null } } =
      await auditor.get(`/v1/staff/audit?limit=2${cursor && `&cursor=${cursor}`}`)
    seen.push(...body.items.map(({ auditId }) => auditId))
    cursor = body.nextCursor
  }
  const all = await people.app.db
    .selectFrom('audit_entry')
    .select('audit_id')
    .orderBy('at', 'desc')
    .orderBy('audit_id', 'desc')
    .execute()
  expect(seen).toEqual(all.map(({ audit_id }) => audit_id))
  expect(seen.length).toBeGreaterThan(3)
  expect((await auditor.get('/v1/staff/audit?cursor=nonsense')).status).toBe(200)
})

test('refunds can be listed by finance, and not by support', async () => {
  expect((await (await staff('finance')).get('/v1/staff/refunds')).body).toEqual({
    items: [],
    nextCursor: null,
  })
  expect((await (await staff('support')).get('/v1/staff/refunds')).body.code).toBe('not-your-role')
})

test('a member who left is out at once', async () => {
  const jonas = await staff('reviewer2')
  expect((await jonas.get('/v1/staff/me')).status).toBe(200)
  await people.app.db
    .updateTable('staff_member')
    .set({ active: false })
    .where('staff_id', '=', 'staff_jonas')
    .execute()
  expect((await jonas.get('/v1/staff/me')).status).toBe(401)
  await people.app.db.transaction().execute((trx) => signStaffOut(trx, 'reviewer2@violet.example'))
  await people.app.db
    .updateTable('staff_member')
    .set({ active: true })
    .where('staff_id', '=', 'staff_jonas')
    .execute()
  expect((await jonas.get('/v1/staff/me')).status).toBe(401)
})
