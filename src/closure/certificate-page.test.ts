/** The printed certificate says the same in every language, in words a person reads. */
import { describe, expect, test } from 'vitest'
import { packs } from '../policy/packs.ts'
import { type Locale, locales } from '../values/locale.ts'
import { makeCertificate } from './certificate.ts'
import { certificatePage } from './certificate-page.ts'
import { sampleInput } from './certificate-sample.ts'
import en from './words/en.json' with { type: 'json' }

const head = Buffer.from(JSON.stringify({ alg: 'Ed25519', kid: 'key-1' })).toString('base64url')
const jws = `${head}.e30.${'s'.repeat(86)}`
const certificate = makeCertificate(sampleInput)

test('English', () => {
  const page = certificatePage(certificate, jws, 'en')
  expect(page.facts.map(({ label, value }) => `${label}: ${value}`)).toEqual([
    'Reference: VC-7K3M-92QF',
    'Subscriber: Lin Yue 林悦',
    'Asked for: 23 Nov 2026, 10:42 UTC',
    'Service ended: 30 Nov 2026, 23:59 UTC',
    'Settled: 15 Dec 2026, 09:00 UTC',
    'Line: +44 •••• ••0461, “Everyday 日常”',
    'eSIM profile: removal confirmed, ICCID •••• 0826',
    'Number: kept unused until 28 Feb 2027, then released',
  ])
  const [statement] = page.statements
  expect(statement?.destinations.map((row) => Object.values(row))).toEqual([
    ['Refunded, Visa ending 4471', '15 Dec 2026', '1,029.60'],
    ['Moved to Japan trip 日本', 'promotional credit, 15 Dec 2026', '5.00'],
  ])
  expect(statement?.leftOver).toEqual({
    what: 'Left over',
    why: '1,034.60 \u2212 1,034.60',
    figure: '0.00',
  })
  expect(page.proof.map(({ value }) => value)).toContain('key-1')
})

test('Chinese, with the law translated', () => {
  const page = certificatePage(certificate, jws, 'zh-CN')
  expect(page.title).toBe('注销证书')
  expect(page.facts[2]).toEqual({
    label: '申请时间',
    value: '2026 年 11 月 23 日 10:42 UTC',
    mono: false,
  })
  expect(page.kept.rows[0]).toEqual({
    what: '发票与账单',
    why: '英国《1994 年增值税法》',
    figure: '到 2032 年 12 月 15 日',
  })
})

test('no debt left: the certificate says so and is the letter of it; a debt, or money that is kept, is named', () => {
  const lead = (input: typeof sampleInput, locale: Locale = 'en') =>
    certificatePage(makeCertificate(input), jws, locale).lead
  expect(lead(sampleInput)).toMatch(/nothing more will be billed[.] No debt is left/)
  const owed = [
    { currency: 'GBP', amount: '12.50' },
    { currency: 'JPY', amount: '1200' },
  ]
  expect(lead({ ...sampleInput, owed })).toMatch(/Still to be paid: 12[.]50 GBP, 1,200 JPY[.]/)
  expect(lead({ ...sampleInput, owed })).not.toMatch(/No debt|nothing is owed/)
  expect(lead({ ...sampleInput, owed }, 'zh-CN')).toContain('仍待支付：12.50 GBP、1,200 JPY')
  const [table] = sampleInput.money
  const [refund, ...others] = table!.destinations
  const money = [{ ...table!, destinations: [{ ...refund!, kind: 'unclaimed' }, ...others] }]
  expect(lead({ ...sampleInput, money })).toMatch(/1,029[.]60 GBP could not be paid out/)
  const { owed: _, ...older } = sampleInput
  expect(lead(older as typeof sampleInput)).not.toMatch(/debt|owed/)
})

test('every kind of money and of removal has words', () => {
  const input = structuredClone(sampleInput) as typeof sampleInput
  const at = input.settledAt
  const kinds = ['refund', 'unclaimed', 'moved', 'donated', 'promotion-forfeited'] as const
  const removals = ['confirmed', 'unconfirmed', 'never-downloaded'] as const
  const made = makeCertificate({
    ...input,
    scope: 'account',
    lines: removals.map((profileRemoval) => ({ ...input.lines[0]!, profileRemoval })),
    money: [
      {
        currency: 'JPY',
        sources: [{ kind: 'paid-credit', amount: '5' }],
        destinations: kinds.map((kind) => ({ kind, amount: '1', at })),
      },
    ],
  })
  for (const locale of locales) {
    const text = JSON.stringify(certificatePage(made, jws, locale))
    expect(text).not.toMatch(/"(kind|profile|total|lead)\.|\{(?!page\}|pages\}|")\w*\}/)
  }
})

describe('the catalogs', () => {
  test('name every category and every reason of the policies', () => {
    for (const { country, rules } of packs) {
      for (const [category, kept] of Object.entries(rules.retention.value)) {
        expect(Object.keys(en), country).toContain(`category.${category}`)
        expect(Object.keys(en), country).toContain(`basis.${kept?.basis}`)
      }
    }
  })
})

test('a number that another operator has is said to be there, in both languages', () => {
  const [line] = sampleInput.lines
  const ported = makeCertificate({
    ...sampleInput,
    lines: [
      { ...line!, numberKeptUnusedUntil: null, numberPortedAt: '2026-11-30T12:00:00.123456Z' },
    ],
  })
  const number = (locale: Locale) => certificatePage(ported, jws, locale).facts.at(-1)?.value
  expect(number('en')).toBe('with another operator since 30 Nov 2026, 12:00 UTC')
  expect(number('zh-CN')).toMatch(/起归其他运营商$/)
})
