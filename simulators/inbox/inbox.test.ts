import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { codeIn } from './code.ts'
import { readMail } from './mime.ts'
import { startInbox } from './server.ts'

let inbox: Awaited<ReturnType<typeof startInbox>>
let dataDir: string

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'inbox-'))
  inbox = await startInbox({ dataDir })
})

afterEach(async () => {
  await inbox.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function send(mail: object) {
  const { hostname, port } = new URL(inbox.smtpUrl)
  const transport = createTransport({ host: hostname, port: Number(port), ignoreTLS: true })
  await transport.sendMail({
    from: 'Violet Mobile <no-reply@violet.example>',
    to: 'lin@example.com',
    ...mail,
  })
  transport.close()
}

type Shown = Record<string, unknown> & { attachments: { name: string; url: string }[] }

async function messages(query = ''): Promise<Shown[]> {
  const response = await fetch(`${inbox.url}/messages${query}`)
  return ((await response.json()) as { items: Shown[] }).items
}

const sms = (body: unknown) =>
  fetch(`${inbox.url}/sms`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

test('a mail arrives with text, HTML, code and attachments, whatever its alphabet', async () => {
  const pdf = Buffer.from('%PDF-1.7 not really, but bytes \u0000\u00ff', 'latin1')
  await send({
    messageId: '<1@violet.example>',
    subject: '注销确认：您的验证码是 407219，请在十分钟内输入，这个主题很长所以要分成几段编码',
    text: '你的验证码：407219\n£25.25 已退。',
    html: '<p>你的验证码：<b>407219</b></p>',
    attachments: [{ filename: '注销证明 2026.pdf', content: pdf, contentType: 'application/pdf' }],
  })
  const [mail] = await messages('?to=Lin@example.com')
  expect(mail).toMatchObject({
    kind: 'mail',
    to: 'lin@example.com',
    from: 'Violet Mobile <no-reply@violet.example>',
    subject: '注销确认：您的验证码是 407219，请在十分钟内输入，这个主题很长所以要分成几段编码',
    code: '407219',
    deliveries: 1,
    attachments: [{ n: 0, name: '注销证明 2026.pdf', type: 'application/pdf', size: pdf.length }],
  })
  expect(mail?.['text']).toContain('£25.25 已退。')
  expect(mail?.['html']).toContain('<b>407219</b>')
  const file = await fetch(inbox.url + mail!.attachments[0]!.url)
  expect(Buffer.from(await file.arrayBuffer())).toEqual(pdf)
  expect(file.headers.get('content-disposition')).toMatch(/^attachment;/)
})

test('a repeated delivery is one message with a count', async () => {
  for (const _ of [1, 2])
    await send({ messageId: '<same@violet.example>', subject: 'Once', text: 'x' })
  for (const _ of [1, 2, 3]) await sms({ id: 'sms_1', to: '+447700900001', text: 'Code 123456' })
  const all = await messages()
  expect(all).toHaveLength(2)
  expect(all).toMatchObject([
    { kind: 'sms', deliveries: 3, code: '123456' },
    { kind: 'mail', deliveries: 2 },
  ])
})

test('messages are found by address and by what came after', async () => {
  await sms({ id: 'a', to: '+447700900001', text: 'one' })
  const [one] = await messages('?to=%2B447700900001')
  await sms({ id: 'b', to: '+447700900001', text: 'two' })
  const at = String(one?.['receivedAt'])
  expect(await messages(`?to=%2B447700900001&after=${one?.['id']}`)).toMatchObject([
    { text: 'two' },
  ])
  expect(await messages('?to=+447700900001')).toHaveLength(2)
  expect(await messages(`?after=${new Date(Date.parse(at) + 3600_000).toISOString()}`)).toEqual([])
  expect((await fetch(`${inbox.url}/messages?after=yesterday`)).status).toBe(422)
})

test('what was accepted is there after a restart', async () => {
  await send({ subject: 'Kept', text: 'x' })
  await inbox.close()
  inbox = await startInbox({ dataDir })
  expect(await messages()).toMatchObject([{ subject: 'Kept' }])
})

test('the page shows a hostile mail without letting it do anything', async () => {
  const evil = '<script>alert(1)</script><img src="http://127.0.0.1:1/track.png">'
  await send({ subject: '<script>alert(2)</script>', text: 'x', html: evil })
  const [mail] = await messages()
  const page = await (await fetch(`${inbox.url}/?message=${mail?.['id']}`)).text()
  expect(page).not.toContain('<script>alert')
  expect(page).toMatch(/<iframe[^>]+sandbox="(?![^"]*allow-scripts)/)
  const letter = await fetch(`${inbox.url}/messages/${mail?.['id']}/html`)
  const policy = letter.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toMatch(/sandbox(?![^;]*allow-scripts)/)
})

test('images inside a mail come from the mail', async () => {
  const content = Buffer.from('R0lGODlhAQABAAAAACw=', 'base64')
  await send({
    html: '<img src="cid:mark@violet">',
    attachments: [{ filename: 'mark.gif', content, cid: 'mark@violet' }],
  })
  const [mail] = await messages()
  const letter = await (await fetch(`${inbox.url}/messages/${mail?.['id']}/html`)).text()
  expect(letter).toContain(`src="/messages/${mail?.['id']}/attachments/0"`)
})

test('an open page hears of a new message at once', async () => {
  const events = await fetch(`${inbox.url}/events`)
  const reader = events.body!.getReader()
  await reader.read()
  await sms({ id: 'c', to: '+447700900001', text: 'ring' })
  const { value } = await reader.read()
  expect(new TextDecoder().decode(value)).toContain('event: message')
  await reader.cancel()
})

test.each([
  { id: 'x', to: 'nobody', text: 'y' },
  { id: 'x', to: '+447700900001' },
  { to: '+447700900001', text: 'y' },
  { id: 'x', to: '+447700900001', text: 'y'.repeat(2000) },
  [],
  null,
])('an SMS like %j is refused', async (body) => {
  expect((await sms(body)).status).toBe(422)
  expect(await messages()).toEqual([])
})

test('unknown messages and attachments are 404, nonsense on the SMTP port does no harm', async () => {
  for (const path of [
    '/messages/99',
    '/messages/x',
    '/messages/99/attachments/0',
    '/messages/1/html',
  ]) {
    expect((await fetch(inbox.url + path)).status).toBe(404)
  }
  const socket = connect(Number(new URL(inbox.smtpUrl).port), '127.0.0.1')
  await new Promise((done) => socket.once('data', done))
  socket.write('GET / HTTP/1.1\r\n\r\n\u0000\u0000\r\n')
  await new Promise((done) => socket.once('data', done))
  socket.destroy()
  await send({ subject: 'Still here', text: 'x' })
  expect(await messages()).toHaveLength(1)
})

test.each([
  ['Your code is 407219', '407219'],
  ['407 219 is your Violet code.', '407219'],
  ['Your sign-in code\n\n407219\n\nIt works for 10 minutes.', '407219'],
  ['验证码407219，10 分钟内有效。', '407219'],
  ['Line +44 7700 900123: your code is 118822.', '118822'],
  ['You get back £125000. Reference VC-407219.', undefined],
  ['Your number +447700900123 was released.', undefined],
  ['Order 20261124 of 123456 things', undefined],
  ['See https://violet.example/c/123456', undefined],
])('the code in "%s" is %s', (text, code) => {
  expect(codeIn('', text)).toBe(code)
})

test('mails of other makers are read too', () => {
  const raw = [
    'From: =?ISO-8859-1?Q?Andr=E9?= <a@example.com>',
    'Subject: =?utf-8?Q?caf=C3=A9?=',
    ' =?utf-8?Q?_au_lait?=',
    'Content-Type: multipart/mixed; boundary="b 1"',
    '',
    'preamble',
    '--b 1',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'd=E9j=E0 =',
    'vu',
    '--b 1',
    "Content-Disposition: attachment; filename*0*=utf-8''na%C3%AF; filename*1=ve.txt",
    '',
    '--not a boundary',
    '--b 1--',
    'epilogue',
  ].join('\n')
  const mail = readMail(Buffer.from(raw, 'latin1'))
  expect(mail).toMatchObject({
    from: 'André <a@example.com>',
    subject: 'café au lait',
    text: 'déjà vu',
  })
  expect(mail.attachments).toMatchObject([{ name: 'naïve.txt' }])
  expect(mail.attachments[0]?.content.toString()).toBe('--not a boundary')
})

test('broken mails are read as far as they go', () => {
  for (const raw of [
    '',
    'no header',
    'Content-Type: multipart/mixed; boundary=x\n\n--x\n',
    ':\n\n:',
  ]) {
    expect(() => readMail(Buffer.from(raw))).not.toThrow()
  }
  const nested = 'Content-Type: multipart/mixed; boundary=x\n\n--x\n'.repeat(2000)
  expect(() => readMail(Buffer.from(nested))).not.toThrow()
})
