/** Sending: once however often it is asked for, again after a failure, and never with a code left behind. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPeople, type People, nothingToPrint } from '../../test/people.ts'
import { Fault } from '../values/fault.ts'
import type { Delivery, Mail, Outbox, Sms } from './gateway.ts'
import { openOutbox } from './gateway.ts'
import type { NoticeRequest, TemplateName } from './notice.ts'
import { noticeJobs, sweepNotices } from './steps.ts'
import { notify } from './store.ts'

let people: People
beforeAll(async () => {
  people = await openPeople({ working: false })
})
afterAll(() => people.close())

let made = 0
function request(changed: Partial<NoticeRequest> = {}): NoticeRequest<'ticket-answered'> {
  const n = made++
  return {
    subscriberId: `sub_${n}`,
    noticeId: `answer:${n}`,
    recipients: [{ channel: 'email', address: `lin${n}@example.com` }],
    template: 'ticket-answered',
    locale: 'en',
    params: { subject: 'eSIM', url: 'http://localhost/help/1' },
    ...changed,
  } as NoticeRequest<'ticket-answered'>
}

const ask = <T extends TemplateName>(asked: NoticeRequest<T>) =>
  people.app.db.transaction().execute((trx) => notify(trx, people.app, asked))
const rowsOf = (subscriberId: string) =>
  people.app.db
    .selectFrom('notice')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .orderBy('notice_id')
    .execute()

/** An outbox that keeps what it was given and answers as told. */
function fakeOutbox(answer: () => Promise<Delivery>) {
  const sent: (Mail | Sms)[] = []
  const take = async (message: Mail | Sms) => {
    sent.push(message)
    return answer()
  }
  const outbox: Outbox = { mail: take, sms: take, close: () => {} }
  const [job] = noticeJobs(people.app, outbox, nothingToPrint)
  return { sent, job: job! }
}
const sends = () => fakeOutbox(async () => ({ outcome: 'sent' }))

test('asked twice, and its job run twice, a message leaves once to each recipient', async () => {
  const asked = request({
    recipients: [
      { channel: 'email', address: 'both@example.com' },
      { channel: 'sms', address: '+447700900461' },
    ],
  })
  await ask(asked)
  await ask(asked)
  const rows = await rowsOf(asked.subscriberId)
  expect(rows).toHaveLength(2)
  const { sent, job } = sends()
  for (const { notice_id } of [...rows, ...rows]) {
    await job.run({ subscriberId: asked.subscriberId, noticeId: notice_id })
  }
  expect(sent).toHaveLength(2)
  expect((await rowsOf(asked.subscriberId)).map(({ state }) => state)).toEqual(['sent', 'sent'])
})

test('a crash between sending and recording sends again under the same Message-ID, and the inbox shows it once', async () => {
  const asked = request()
  await ask(asked)
  const [row] = await rowsOf(asked.subscriberId)
  const outbox = openOutbox(people.app.config)
  const [job] = noticeJobs(people.app, outbox, nothingToPrint)
  const data = { subscriberId: asked.subscriberId, noticeId: row!.notice_id }
  await job!.run(data)
  await people.app.db
    .updateTable('notice')
    .set({ state: 'queued' })
    .where('subscriber_id', '=', asked.subscriberId)
    .execute()
  await job!.run(data)
  outbox.close()
  const mails = await people.mails(asked.recipients[0]!.address)
  expect(mails).toMatchObject([{ subject: 'Answer: eSIM', deliveries: 2 }])
})

test('rolled back, nothing is asked for', async () => {
  const asked = request()
  const failing = people.app.db.transaction().execute(async (trx) => {
    await notify(trx, people.app, asked)
    throw new Error('rolled back')
  })
  await expect(failing).rejects.toThrow('rolled back')
  expect(await rowsOf(asked.subscriberId)).toEqual([])
})

test('a code is sealed until it has left, and gone afterwards; one that is too old is not sent', async () => {
  const code = {
    template: 'contact-code',
    params: { minutes: '10', contact: 'l••••@example.com' },
    code: '204518',
  } as const
  const asked = { ...request(), ...code }
  await ask(asked)
  const [row] = await rowsOf(asked.subscriberId)
  expect(JSON.stringify(row)).not.toContain('204518')
  expect(row?.params).toHaveProperty('sealed')
  const { sent, job } = sends()
  await job.run({ subscriberId: asked.subscriberId, noticeId: row!.notice_id })
  expect((sent[0] as Mail).text).toContain('204518')
  expect((await rowsOf(asked.subscriberId))[0]?.params).not.toHaveProperty('sealed')

  const late = { ...request(), ...code }
  await ask(late)
  const [lateRow] = await rowsOf(late.subscriberId)
  people.advance({ minutes: 10 })
  await job.run({ subscriberId: late.subscriberId, noticeId: lateRow!.notice_id })
  expect(sent).toHaveLength(1)
  const [failed] = await rowsOf(late.subscriberId)
  expect(failed).toMatchObject({ state: 'failed', failure: 'code expired' })
  expect(failed?.params).not.toHaveProperty('sealed')
})

test('an address that is refused fails for good; a server that is away is tried again, until the rounds are over', async () => {
  const refused = request()
  await ask(refused)
  const [row] = await rowsOf(refused.subscriberId)
  const no = fakeOutbox(async () => ({ outcome: 'refused', why: 'SMTP 550' }))
  await no.job.run({ subscriberId: refused.subscriberId, noticeId: row!.notice_id })
  expect(await rowsOf(refused.subscriberId)).toMatchObject([
    { state: 'failed', failure: 'SMTP 550' },
  ])

  const away = request()
  await ask(away)
  const [awayRow] = await rowsOf(away.subscriberId)
  const data = { subscriberId: away.subscriberId, noticeId: awayRow!.notice_id }
  const faults = fakeOutbox(async () => {
    throw new Fault('mail', 'not-done', 'ECONNECTION')
  })
  for (let round = 1; ; round += 1) {
    await expect(faults.job.run(data)).rejects.toThrow(Fault)
    await faults.job.gaveUp(data, 'ECONNECTION', randomUUID())
    const [now] = await rowsOf(away.subscriberId)
    if (now?.state === 'failed') break
    expect(now).toMatchObject({ state: 'queued', rounds: round })
    expect(round).toBeLessThan(20)
    people.advance({ hours: 24 })
    await sweepNotices(people.app)
    expect((await rowsOf(away.subscriberId))[0]?.due_at).toBeNull()
  }
  expect((await rowsOf(away.subscriberId))[0]?.rounds).toBeGreaterThan(8)
})

test('the outbox tells a refusal for good from a server that is away', async () => {
  const server = createServer((socket) => {
    socket.write('220 x\r\n')
    socket.on('error', () => {})
    socket.on('data', (data) =>
      socket.write(/^RCPT/i.test(String(data)) ? '550 no such person\r\n' : '250 ok\r\n'),
    )
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const { port } = server.address() as { port: number }
  const mail = {
    from: 'a@violet.example',
    to: 'b@example.com',
    messageId: '<1@violet.example>',
    subject: 's',
    html: 'h',
    text: 't',
    language: 'en',
    attachments: [],
  }
  const outbox = openOutbox({
    smtpUrl: `smtp://127.0.0.1:${port}`,
    smsUrl: 'http://127.0.0.1:1/sms',
  })
  expect(await outbox.mail(mail)).toEqual({ outcome: 'refused', why: 'SMTP 550' })
  await expect(outbox.sms({ id: '1', to: '+447700900461', text: 't' })).rejects.toThrow(Fault)
  outbox.close()
  await new Promise((closed) => server.close(closed))
  const gone = openOutbox({ smtpUrl: `smtp://127.0.0.1:${port}`, smsUrl: 'http://127.0.0.1:1/sms' })
  await expect(gone.mail(mail)).rejects.toThrow(Fault)
  gone.close()
})

test('a closing mail waits for its certificate', async () => {
  const asked = {
    ...request({ caseId: 'case_1' }),
    template: 'closure-closed',
    params: {
      reference: 'VC-1',
      lineName: '',
      closedAt: '2026-11-30T23:59:00Z',
      statement: '[]',
      kept: '[]',
      progressUrl: 'http://localhost/c/VC-1',
      keysUrl: 'http://localhost/keys',
    },
  } as const
  await ask(asked)
  const [row] = await rowsOf(asked.subscriberId)
  const { sent, job } = sends()
  await expect(
    job.run({ subscriberId: asked.subscriberId, noticeId: row!.notice_id }),
  ).rejects.toThrow('certificate')
  expect(sent).toEqual([])
  expect((await rowsOf(asked.subscriberId))[0]?.state).toBe('queued')
})
