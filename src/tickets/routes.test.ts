/** Conversations over the API: whose they are, whose turn it is, and who is told. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPeople, type People } from '../../test/people.ts'
import { person, until } from '../main/demo-person.ts'

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
