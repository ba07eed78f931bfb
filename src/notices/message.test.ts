/** Every message in each language: whole sentences, formatted facts, nothing left to fill in, nothing that breaks out. */
import { describe, expect, test } from 'vitest'
import { directionOf, type Locale, locales } from '../values/locale.ts'
import { htmlOf, textOf } from './mail.ts'
import { messageOf, type Sender } from './message.ts'
import type { NoticeParams, TemplateName } from './notice.ts'

const sender: Sender = {
  name: 'Violet Mobile',
  address: 'no-reply@violet.example',
  zone: 'Europe/London',
}
const at = '2026-11-30T23:59:00Z'
const url = 'http://localhost/x'
const closing = { reference: 'VC-7K3M-92QF', lineName: 'Travel' }
const entry = (kind: string, amount: string) => ({
  kind,
  lineId: null,
  detail: {},
  amount: { amount, currency: 'GBP' },
})
const statement = (total = '25.25') =>
  JSON.stringify([
    {
      currency: 'GBP',
      sources: [entry('paid-credit', '20.00'), entry('plan-days', '5.25')],
      destinations: [{ ...entry('refund', '25.25'), detail: { card: 'visa 4471' } }],
      sourcesTotal: { amount: total, currency: 'GBP' },
      destinationsTotal: { amount: '25.25', currency: 'GBP' },
    },
  ])
const kept = JSON.stringify([
  { category: 'invoices', basis: 'law', until: '2032-12-31T00:00:00Z', erasedAt: null },
])

const porting = { lineName: 'Travel', msisdn: '+447400123456', recipient: 'Heron', url }
const params: { [Template in TemplateName]: NoticeParams[Template] } = {
  'sign-in-code': { minutes: '10' },
  'staff-sign-in-code': { minutes: '10' },
  'contact-code': { minutes: '10', contact: 'l••••e@example.com' },
  'closure-code': { minutes: '10', ...closing },
  'closure-act': {
    kind: 'estate',
    ...closing,
    subscriberName: 'Ada Quill',
    url,
  },
  'closure-of-age': { ...closing, url, freezeUrl: url },
  'closure-late': { ...closing, promisedAt: at, url, freezeUrl: url },
  'closure-question': { ...closing, url, freezeUrl: url },
  'new-device': { device: 'Safari · iPhone', at, url },
  'contact-added': { contact: 'l••••e@example.com', at, url },
  'contact-removed': { contact: 'l••••e@example.com', at, url },
  'passkey-added': { passkey: 'Chrome · Mac', at, url },
  'passkey-removed': { passkey: 'Chrome · Mac', at, url },
  'order-paid': {
    item: 'Japan 3 GB',
    amount: '14.00 GBP',
    instrument: 'visa 4242',
    at,
    installUrl: url,
    url,
  },
  'line-active': { lineName: 'Travel', plan: 'Japan 3 GB', msisdn: '+447700900461', url },
  'usage-low': { lineName: 'Travel', percent: '80', kind: 'data', remaining: '614400000', url },
  'cap-reached': {
    lineName: 'Travel',
    percent: '100',
    cap: '5.00 GBP',
    spent: '5.00 GBP',
    url,
  },
  'plan-changed': {
    lineName: 'Travel',
    plan: 'Flex',
    what: 'now',
    fromAt: at,
    price: '12.30 GBP',
    amount: '3.30 GBP',
    url,
  },
  'plan-reminder': {
    lineName: 'Travel',
    plan: 'Flex',
    how: 'renews',
    periodEndsAt: at,
    price: '12.30 GBP',
    url,
  },
  'plan-renewed': {
    lineName: 'Travel',
    plan: 'Flex',
    amount: '12.30 GBP',
    periodEndsAt: at,
    url,
  },
  'plan-waits': {
    lineName: 'Travel',
    plan: 'Flex',
    price: '12.30 GBP',
    missing: '2.30 GBP',
    waitsUntil: at,
    url,
  },
  'plan-version': { lineName: 'Travel', plan: 'Flex', price: '12.30 GBP', url },
  'plan-ended': { lineName: 'Travel', plan: 'Flex', at, url },
  'closure-received': {
    ...closing,
    submittedAt: at,
    dueAt: at,
    endsAt: at,
    refund: '25.25 GBP',
    ifLate: 'approved',
    withdrawUrl: url,
    progressUrl: url,
    freezeUrl: url,
  },
  'line-suspended': { lineName: 'Travel', at, url },
  'passkey-code': { minutes: '10' },
  'number-code': { minutes: '10', lineName: 'Travel' },
  'port-code-given': { lineName: 'Travel', msisdn: '+447400123456', at, codeEndsAt: at, url },
  'number-unlocked': { lineName: 'Travel', msisdn: '+447400123456', at, url },
  'port-pending': { ...porting, movesAt: at },
  'port-completed': { ...porting, at },
  'port-ended': { ...porting, how: 'failed', note: 'No such customer', at },
  'port-after-end': {
    msisdn: '+447400123456',
    how: 'pending',
    recipient: 'Heron Mobile',
    movesAt: at,
    url,
  },
  'number-arrived': { lineName: 'Travel', msisdn: '+447400123456', at, url },
  'number-stayed-away': {
    lineName: 'Travel',
    msisdn: '+447400123456',
    at,
    note: 'code-wrong',
    url,
  },
  'closure-port-stayed': { ...closing, url, freezeUrl: url },
  'closure-port-choose': { ...closing, url, freezeUrl: url },
  'line-resumed': { lineName: 'Travel', at, url },
  'closure-announced': {
    ...closing,
    endsAt: at,
    refund: '25.25 GBP',
    money: 'refund',
    reason: 'This brand ends.',
    progressUrl: url,
  },
  'closure-called-off': { ...closing, at, url },
  'closure-withdrawn': { ...closing, at, url },
  'closure-approved': {
    ...closing,
    at,
    endsAt: at,
    refund: '25.25 GBP',
    withdrawUrl: url,
    progressUrl: url,
  },
  'closure-rejected': { ...closing, reasonCode: 'open-dispute', note: 'See ticket', url },
  'closure-agree-again': { ...closing, url, freezeUrl: url },
  'closure-alert': { reference: closing.reference, at, freezeUrl: url },
  'closure-asked': { reference: closing.reference, at, freezeUrl: url },
  'closure-intake': { how: 'received', reference: closing.reference, dueAt: at, url },
  'closure-thawed': { reference: closing.reference, waitsUntil: at, freezeUrl: url },
  'closure-frozen': { ...closing, at, url },
  'closure-service-ended': { ...closing, endedAt: at, numberKeptUntil: at, progressUrl: url },
  'closure-closed': {
    ...closing,
    closedAt: at,
    statement: statement(),
    kept,
    progressUrl: url,
    keysUrl: url,
    takeUrl: url,
    takeUntil: at,
    deleteUrl: url,
  },
  'closure-removal-confirmed': { ...closing, at, progressUrl: url },
  'refund-sent': { reference: closing.reference, amount: '25.25 GBP', instrument: 'visa 4242', at },
  'refund-failed': {
    reference: closing.reference,
    amount: '25.25 GBP',
    instrument: 'visa 0341',
    failure: 'card_expired',
    at,
    until: at,
    url,
  },
  'refund-late': {
    reference: closing.reference,
    amount: '25.25 GBP',
    refundBy: at,
    url,
  },
  'payout-failed': {
    reference: closing.reference,
    amount: '25.25 GBP',
    failure: 'name_mismatch',
    until: at,
    url,
  },
  erased: { reference: closing.reference, categories: '["usage"]', at },
  'ticket-answered': { subject: 'eSIM', url },
}
const names = Object.keys(params) as TemplateName[]
const make = (name: TemplateName, locale: Locale, changed: object = {}) =>
  messageOf(name, locale, { ...params[name], ...changed }, sender, '204518')

describe.each(locales)('in %s', (locale) => {
  test.each(names)('%s is whole', (name) => {
    const message = make(name, locale)
    const all = [message.subject, message.sms, textOf(message), htmlOf(message)]
    for (const text of all) {
      expect(text).not.toMatch(/\{\w+\}|undefined|NaN/)
      expect(text).not.toContain(at)
      expect(text).not.toMatch(new RegExp(`\\b(${names.join('|')})\\.(subject|lead|body|sms)`))
    }
    for (const { label, value } of message.facts) expect([label, value]).not.toContain('')
    expect(message.subject).not.toContain('204518')
    expect(htmlOf(message)).toContain(`lang="${locale}" dir="${directionOf(locale)}"`)
  })
})

test('a code stands in text and SMS once the reader can find it, and only in messages that carry one', () => {
  for (const name of names) {
    const message = make(name, 'en')
    const expected = name.endsWith('-code')
    expect([name, textOf(message).includes('204518'), message.sms.includes('204518')]).toEqual([
      name,
      expected,
      expected,
    ])
  }
})

test('money, moments and quantities are written as in the language', () => {
  const english = textOf(make('closure-received', 'en'))
  expect(english).toContain('We decide by: Mon 30 Nov 2026, 23:59 London')
  expect(english).toContain('You get back: £25.25')
  expect(textOf(make('closure-received', 'zh-CN'))).toContain(
    '审核期限: 2026 年 11 月 30 日（周一）23:59 伦敦时间',
  )
  expect(textOf(make('usage-low', 'en'))).toContain('Left: 614 MB')
  expect(textOf(make('usage-low', 'en', { kind: 'voice', remaining: '125' }))).toContain(
    'Left: 2 min',
  )
})

test('a whole account has no line name, and facts that are missing leave no empty row', () => {
  const message = make('closure-received', 'en', { lineName: '', refund: '', dueAt: '' })
  expect(message.subject).toBe('We have your request to close your account (VC-7K3M-92QF)')
  expect(message.facts.map(({ label }) => label)).toEqual(['Reference', 'Received', 'Service ends'])
})

test('the statement shows the double rule only when both totals agree', () => {
  const agreeing = make('closure-closed', 'en')
  expect(htmlOf(agreeing)).toContain('3px double')
  expect(textOf(agreeing)).toMatch(/Refund · visa 4471\s+25\.25/)
  expect(textOf(agreeing)).toMatch(/={10}/)
  const wrong = make('closure-closed', 'en', { statement: statement('25.24') })
  expect(htmlOf(wrong)).not.toContain('3px double')
  expect(textOf(wrong)).not.toMatch(/={10}/)
  const nothing = textOf(make('closure-closed', 'en', { statement: '[]', kept: '[]' }))
  expect(nothing).toContain('nothing to settle')
  expect(nothing).toContain('We keep nothing that names you.')
})

test('what a person typed is shown and not run', () => {
  const html = htmlOf(
    make('line-active', 'en', { lineName: '<img src=x onerror=alert(1)>', plan: '"><script>' }),
  )
  expect(html).not.toMatch(/<img|<script/)
  expect(html).toContain('&lt;img src=x')
  expect(make('line-active', 'en', { lineName: '{url}' }).lead).toBe('{url} is active')
})
