/** Conversations over the API: whose they are, whose turn it is, and who is told. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPeople, type People } from '../../test/people.ts'
import { person, until } from '../main/demo-person.ts'
import { openPool } from '../platform/database.ts'

let people: People
beforeAll(async () => {
  people = await openPeople()
})
afterAll(() => people.close())

const asked = {
  subject: 'eSIM',
  body: 'It does not install',
  context: { page: '/lines/1/install', code: 'E1' },
}

test('a question is answered by staff, told by mail, and opens again when the subscriber writes on', async () => {
  const lin = person(people)
  await lin.signIn('lin@example.com')
  const opened = await lin.post('/v1/tickets', asked)
  expect(opened.status).toBe(201)
  expect(opened.body).toMatchObject({
    state: 'open',
    context: asked.context,
    messages: [{ author: 'subscriber', body: asked.body }],
  })
  const { ticketId } = opened.body
  const yue = person(people)
  await yue.signInAsStaff('support@violet.example')
  const { body: waiting } = await yue.get('/v1/staff/tickets?state=open')
  expect(waiting.items.map((ticket: { ticketId: string }) => ticket.ticketId)).toContain(ticketId)
  const answered = await yue.post(`/v1/staff/tickets/${ticketId}/messages`, { body: 'Restart it' })
  expect(answered.body).toMatchObject({
    state: 'answered',
    messages: [{}, { author: 'staff', body: 'Restart it' }],
  })
  const mail = await until(
    () => people.mails('lin@example.com'),
    (all) => all.some(({ subject }) => subject === 'Answer: eSIM'),
  )
  expect(mail.find(({ subject }) => subject === 'Answer: eSIM')?.text).toContain(
    `/help/${ticketId}`,
  )
  const again = await lin.post(`/v1/tickets/${ticketId}/messages`, { body: 'Still not' })
  expect(again.body).toMatchObject({ state: 'open', messages: [{}, {}, { author: 'subscriber' }] })
  const solved = await yue.post(`/v1/staff/tickets/${ticketId}/messages`, {
    body: 'Done',
    solved: true,
  })
  expect(solved.body.state).toBe('solved')
  expect((await lin.get('/v1/tickets')).body.items).toMatchObject([{ ticketId, state: 'solved' }])
})

test("somebody else's ticket is not found; an auditor may read and not answer", async () => {
  const [lin, eve] = [person(people), person(people)]
  await lin.signIn('lin@example.com')
  await eve.signIn('eve@example.com')
  const { ticketId } = (await lin.post('/v1/tickets', asked)).body
  expect((await eve.get(`/v1/tickets/${ticketId}`)).status).toBe(404)
  expect((await eve.post(`/v1/tickets/${ticketId}/messages`, { body: 'x' })).status).toBe(404)
  expect((await eve.get('/v1/tickets')).body.items).toEqual([])
  const tomas = person(people)
  await tomas.signInAsStaff('auditor@violet.example')
  expect((await tomas.get('/v1/staff/tickets')).status).toBe(200)
  expect(
    (await tomas.post(`/v1/staff/tickets/${ticketId}/messages`, { body: 'x' })).body.code,
  ).toBe('not-your-role')
  const yue = person(people)
  await yue.signInAsStaff('support@violet.example')
  expect((await yue.post('/v1/staff/tickets/ticket_0/messages', { body: 'x' })).status).toBe(404)
})

test('pressing send twice opens one ticket', async () => {
  const lin = person(people)
  await lin.signIn('twice@example.com')
  const key = crypto.randomUUID()
  const [first, second] = [
    await lin.post('/v1/tickets', asked, key),
    await lin.post('/v1/tickets', asked, key),
  ]
  expect(second.body.ticketId).toBe(first.body.ticketId)
  expect((await lin.get('/v1/tickets')).body.items).toHaveLength(1)
})

test('nothing to say is refused', async () => {
  const lin = person(people)
  await lin.signIn('lin@example.com')
  expect((await lin.post('/v1/tickets', { subject: ' ', body: '' })).body.code).toBe(
    'invalid-request',
  )
})

test('who switched answers off by mail gets none; what is always sent stays, with one audit entry for each change', async () => {
  const [lin, eve, yue] = [person(people), person(people), person(people)]
  const { body: me } = await lin.signIn('quiet@example.com')
  const { body: other } = await eve.signIn('loud@example.com')
  await yue.signInAsStaff('support@violet.example')
  const at = '/v1/me/notices/help/email'
  expect((await person(people).put(at, { wanted: false })).status).toBe(401)
  const off = await lin.put(at, { wanted: false })
  expect(off.status).toBe(200)
  expect((await lin.put(at, { wanted: false })).body).toEqual(off.body)
  expect(off.body.items.find(({ topic }: { topic: string }) => topic === 'help')).toMatchObject({
    email: { wanted: false, mayChange: true },
    sms: { wanted: true, mayChange: true },
  })
  for (const always of ['security/email', 'closing/sms', 'receipts/email', 'renewal/email'])
    expect((await lin.put(`/v1/me/notices/${always}`, { wanted: false })).body.code).toBe(
      'notice-always',
    )
  expect((await lin.put('/v1/me/notices/gossip/email', { wanted: false })).status).toBe(422)
  for (const someone of [lin, eve]) {
    const { ticketId } = (await someone.post('/v1/tickets', asked)).body
    await yue.post(`/v1/staff/tickets/${ticketId}/messages`, { body: 'Restart it' })
  }
  const answersTo = async (subscriberId: string) => {
    const rows = await people.app.db
      .selectFrom('notice')
      .select('recipient')
      .where('subscriber_id', '=', subscriberId)
      .where('template', '=', 'ticket-answered')
      .execute()
    return rows.map(({ recipient }) => recipient)
  }
  expect(await answersTo(me.subscriberId)).toEqual([])
  expect(await answersTo(other.subscriberId)).toEqual(['loud@example.com'])
  expect((await eve.get('/v1/me/notices')).body.items).toContainEqual(
    expect.objectContaining({ topic: 'help', email: { wanted: true, mayChange: true } }),
  )
  const entries = await people.app.db
    .selectFrom('audit_entry')
    .select(['action', 'detail'])
    .where('subscriber_id', '=', me.subscriberId)
    .where('action', 'like', 'notices.%')
    .execute()
  expect(entries).toEqual([
    { action: 'notices.switched-off', detail: { topic: 'help', channel: 'email' } },
  ])
})

const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from('a picture of the screen'),
])
const file = (content: Buffer, name: string) => ({ name, content: content.toString('base64') })

async function download(who: ReturnType<typeof person>, path: string) {
  const cookie = [...who.cookies()].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(people.url + path, { headers: { cookie } })
  return { response, bytes: Buffer.from(await response.arrayBuffer()) }
}

test('files go with a message, sealed, to their owner and staff alone, and are saved rather than run', async () => {
  const [lin, eve, yue] = [person(people), person(people), person(people)]
  await lin.signIn('files@example.com')
  await eve.signIn('nosy@example.com')
  await yue.signInAsStaff('support@violet.example')
  const script = file(Buffer.from('<script>alert(1)</script>'), 'screen.png')
  const before = (await lin.get('/v1/tickets')).body.items.length
  const refused = await lin.post('/v1/tickets', {
    ...asked,
    attachments: [file(png, 'a.png'), script],
  })
  expect(refused).toMatchObject({ status: 422, body: { code: 'attachment-not-taken' } })
  expect((await lin.get('/v1/tickets')).body.items).toHaveLength(before)
  const attachments = [
    file(png, '../屏幕 截图.png'),
    file(Buffer.from('%PDF-1.7 bill'), 'bill.pdf'),
  ]
  const { body: ticket } = await lin.post('/v1/tickets', { ...asked, attachments })
  expect(ticket.messages[0].attachments).toMatchObject([
    { name: '屏幕 截图.png', type: 'image/png', bytes: png.length },
    { name: 'bill.pdf', type: 'application/pdf' },
  ])
  const [{ attachmentId }] = ticket.messages[0].attachments
  const path = `/tickets/${ticket.ticketId}/attachments/${attachmentId}`
  const { response, bytes } = await download(lin, `/v1${path}`)
  expect(bytes.equals(png)).toBe(true)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent('屏幕 截图.png')}`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  expect((await download(yue, `/v1/staff${path}`)).bytes.equals(png)).toBe(true)
  for (const other of [eve, person(people)])
    expect((await download(other, `/v1${path}`)).response.ok).toBe(false)
  expect((await download(lin, `/v1/staff${path}`)).response.status).toBe(401)
  const pool = openPool(people.app.config.databaseUrl, 1)
  const { rows } = await pool.query('select name, content from ticket_attachment')
  await pool.end()
  expect(
    JSON.stringify(rows.map(({ name, content }) => name + content.toString('latin1'))),
  ).not.toMatch(/bill|picture of/)
  const more = { body: 'again', attachments: [0, 1, 2].map((n) => file(png, `${n}.png`)) }
  const sent = () => lin.post(`/v1/tickets/${ticket.ticketId}/messages`, more)
  for (let n = 2; n < 29; n += 3) expect((await sent()).status).toBe(201)
  expect((await sent()).body.code).toBe('too-many-requests')
  const { body: after } = await lin.get(`/v1/tickets/${ticket.ticketId}`)
  expect(after.messages).toHaveLength(10)
})
