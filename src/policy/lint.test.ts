import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { lint } from './lint.ts'
import { packOf, packs } from './packs.ts'
import { readPolicy } from './policy.ts'

const today = Temporal.PlainDate.from('2026-11-26')
const folder = new URL('./packs/', import.meta.url)
const files = readdirSync(folder).filter((name) => name !== 'default.json')
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as unknown

test.each(files)('the pack %s has no errors', (name) => {
  const { errors, warnings } = lint(read(name), today)
  expect(errors).toEqual([])
  expect(warnings.some(({ message }) => message.startsWith('are inherited: '))).toBe(true)
})

test('a complete document has none either, and says what to have checked', () => {
  for (const pack of packs) expect(lint(pack, today).errors, pack.country).toEqual([])
  const { warnings } = lint(packOf('IN'), today)
  expect(warnings).toContainEqual({
    path: 'rules',
    message: expect.stringMatching(/^rest on secondary sources: .*refundRight/),
  })
})

/** India’s document with some rules and head fields otherwise. */
function changed(rules: Record<string, object>, head: object = {}): unknown {
  const policy = structuredClone(packOf('IN')) as unknown as {
    rules: Record<string, object>
  }
  for (const [name, facts] of Object.entries(rules))
    policy.rules[name] = { ...policy.rules[name], ...facts }
  return { ...policy, ...head }
}

const law = { source: 'a law', confidence: 'S' }

test.each<[string, unknown, string, RegExp]>([
  ['an unknown field', changed({}, { extra: 1 }), 'extra', /unknown field/],
  ['an unknown rule', changed({ wish: law }), 'rules.wish', /unknown field/],
  ['another format', changed({}, { format: 3 }), 'format', /2/],
  [
    'a negative duration',
    changed({ coolingOff: { value: '-PT1H' } }),
    'rules.coolingOff.value',
    /ISO 8601 duration/,
  ],
  [
    'half a day',
    changed({ coolingOff: { value: 'P0.5D' } }),
    'rules.coolingOff.value',
    /ISO 8601 duration/,
  ],
  [
    'a rule without a source',
    changed({ adultAge: { source: undefined } }),
    'rules.adultAge.source',
    /missing/,
  ],
  ['a time zone that is none', changed({}, { timeZone: 'Mars' }), 'timeZone', /IANA/],
  [
    'a number kept longer than it may be',
    changed({ quarantineMax: { value: 'P30D' } }),
    'rules.quarantineMax.value',
    /shorter than quarantineMin P90D/,
  ],
  [
    'a number given away that could still leave',
    changed({ portAfterEnd: { value: 'P120D' } }),
    'rules.quarantineMin.value',
    /shorter than portAfterEnd P120D/,
  ],
  [
    'waiting longer than closing may take',
    changed({ coolingOff: { value: 'P20D' } }),
    'rules.coolingOff.value',
    /longer than maxCloseTime P7D/,
  ],
  [
    'somebody who looks odd waiting longer than closing may take',
    changed({ riskWait: { value: 'P20D' } }),
    'rules.riskWait.value',
    /longer than maxCloseTime P7D/,
  ],
  [
    'promotional credit that would be paid out',
    changed({ promoRefundable: { value: true } }),
    'rules.promoRefundable.value',
    /never paid out/,
  ],
  [
    'a refund that is prohibited',
    changed({ refundRight: { value: 'prohibited', ...law } }),
    'rules.paidDispositions.value',
    /prohibits/,
  ],
  [
    'a right to a refund, and none offered',
    changed({
      refundRight: { value: 'any_end', ...law },
      paidDispositions: { value: ['donate'] },
    }),
    'rules.paidDispositions.value',
    /no refund/,
  ],
  [
    'a fee above the most',
    changed({ refundFeeMax: { value: { INR: 100 }, ...law }, refundFee: { value: { INR: 200 } } }),
    'rules.refundFee.value',
    /200 INR is above refundFeeMax 100/,
  ],
  [
    'an end before the beginning',
    changed({ adultAge: { validFrom: '2026-02-01', validTo: '2026-01-01' } }),
    'rules.adultAge.validTo',
    /before validFrom/,
  ],
  [
    'a default that names a law',
    changed({ adultAge: { source: 'Majority Act', confidence: 'D' } }),
    'rules.adultAge.confidence',
    /own default/,
  ],
  [
    'a law that is a default',
    changed({ adultAge: { source: 'Violet default', confidence: 'S' } }),
    'rules.adultAge.confidence',
    /no law/,
  ],
  [
    'a currency nobody knows',
    changed({ refundFee: { value: { XXQ: 1 } } }),
    'rules.refundFee.value',
    /XXQ/,
  ],
  [
    'a tolerance in half pence',
    changed({ driftTolerance: { value: { GBP: '1.005' } } }),
    'rules.driftTolerance.value',
    /GBP/,
  ],
  [
    'a variant for everybody',
    changed({ adultAge: { variants: [{ value: 19, ...law }] } }),
    'rules.adultAge.variants[0]',
    /everybody/,
  ],
  [
    'a label in no language',
    changed({
      buttonLabels: {
        value: {
          'close.open': { 'not a tag': 'x' },
          'close.confirm': {},
          'withdraw.open': {},
          'withdraw.confirm': {},
        },
      },
    }),
    'rules.buttonLabels.value',
    /language tag/,
  ],
  ['no object at all', 7, 'the document', /object/],
  ['nothing', null, 'the document', /object/],
])('%s is an error with its path', (_, document, path, message) => {
  const { errors } = lint(document, today)
  expect(errors.map((error) => error.path)).toContain(path)
  expect(errors.find((error) => error.path === path)?.message).toMatch(message)
})

test.each<[string, unknown, string]>([
  ['by years', changed({ quarantineMin: { value: 'P400000Y' } }), 'rules.quarantineMin.value'],
  ['by hours', changed({ coolingOff: { value: 'PT99999999999H' } }), 'rules.coolingOff.value'],
  [
    'by more digits than are counted with',
    changed({ reviewSla: { value: `P${'9'.repeat(40)}D` } }),
    'rules.reviewSla.value',
  ],
  ['by one day', changed({ riskWindow: { value: 'P100Y1D' } }), 'rules.riskWindow.value'],
  [
    'in business days, that are looked at one by one',
    changed({ reviewSla: { value: 'P1900D', days: 'business' } }),
    'rules.reviewSla.value',
  ],
  [
    'of what is kept',
    changed({
      retention: {
        value: {
          ...packOf('IN').rules.retention.value,
          invoices: { for: 'P999999Y', basis: 'tax' },
        },
      },
    }),
    'rules.retention.value.invoices.for',
  ],
  [
    'of unclaimed money',
    changed({ unclaimedRule: { value: { after: 'P101Y', to: 'state' } } }),
    'rules.unclaimedRule.value.after',
  ],
  [
    'of a variant',
    changed({
      graceMax: { value: 'P1D', variants: [{ value: 'P200Y', plan: ['postpaid'], ...law }] },
    }),
    'rules.graceMax.variants[0].value',
  ],
])(
  'a length that nobody can count with is an error with its path: too long %s',
  (_, document, path) => {
    const { errors } = lint(document, today)
    expect(errors).toEqual([{ path, message: expect.stringMatching(/: give P(100|5)Y or less$/) }])
    expect(lint(document, today, 'zh-CN').errors[0]?.message).toMatch(/请改为不超过 P/)
  },
)

test('a hundred years can be kept, and a stored version with more can be read so that a better one can follow', () => {
  const kept = (invoices: string) =>
    changed({
      retention: {
        value: { ...packOf('IN').rules.retention.value, invoices: { for: invoices, basis: 'tax' } },
      },
    })
  expect(lint(kept('P100Y'), today).errors).toEqual([])
  expect(readPolicy(kept('P999999Y')).rules.retention.value.invoices.for).toBe('P999999Y')
})

test('a refund that only a port brings needs not be offered without one, but something has to be', () => {
  const refundRight = { value: 'on_port_only', ...law }
  const found = (...value: string[]) =>
    lint(changed({ refundRight, paidDispositions: { value } }), today).errors
  expect(found('keep', 'donate')).toEqual([])
  expect(found('refund', 'keep')).toEqual([])
  expect(found('keep')).toMatchObject([{ message: expect.stringMatching(/add refund or donate/) }])
})

test.each(['keep', 'move', 'spend'])(
  'a policy that only lets credit %s could close no account: an error that says what to add',
  (only) => {
    const found = (rules: Record<string, object>) => lint(changed(rules), today).errors
    const path = 'rules.paidDispositions.value'
    const none = { value: 'none', ...law }
    const offers = (...value: string[]) => ({ value })
    const nowhere = { path, message: expect.stringMatching(/: add refund or donate$/) }
    expect(found({ refundRight: none, paidDispositions: offers(only) })).toEqual([nowhere])
    const prohibited = { value: 'prohibited', ...law }
    expect(found({ refundRight: prohibited, paidDispositions: offers(only) })).toEqual([
      { path, message: expect.stringMatching(/: add donate$/) },
    ])
    for (const outlet of ['refund', 'donate'])
      expect(found({ refundRight: none, paidDispositions: offers(only, outlet) })).toEqual([])
    // Also where it is so for some only.
    const variants = [{ ...offers(only), segment: ['business'], ...law }]
    expect(found({ refundRight: none, paidDispositions: { variants } })).toEqual([nowhere])
  },
)

test('a clash that holds for one kind of contract only is found', () => {
  const document = changed({
    quarantineMax: { variants: [{ value: 'P30D', segment: ['business'], ...law }] },
  })
  expect(lint(document, today).errors).toEqual([
    { path: 'rules.quarantineMax.value', message: 'P30D is shorter than quarantineMin P90D' },
  ])
})

const paid = 'rules.paidDispositions.value'
const until = { validTo: '2026-12-31', ...law }
const from = { validFrom: '2027-01-01', ...law }

test.each<[string, unknown, object[]]>([
  [
    'an outlet that ends leaves credit nowhere to go',
    changed({
      refundRight: { value: 'none', ...law },
      paidDispositions: { value: ['keep'], variants: [{ value: ['refund'], ...until }] },
    }),
    [{ path: paid, message: expect.stringMatching(/^from 2027-01-01 on: leaves credit nowhere/) }],
  ],
  [
    'a longer time that ends is a shorter one, said once however often another rule changes',
    changed({
      quarantineMax: { value: 'P1D', variants: [{ value: 'P365D', ...until }] },
      adultAge: { variants: [{ value: 19, validFrom: '2028-02-29', ...law }] },
    }),
    [
      {
        path: 'rules.quarantineMax.value',
        message: 'from 2027-01-01 on: P1D is shorter than quarantineMin P90D',
      },
    ],
  ],
  [
    'what clashes today and later is said of today',
    changed({ quarantineMax: { value: 'P1D' }, adultAge: { variants: [{ value: 19, ...from }] } }),
    [{ path: 'rules.quarantineMax.value', message: 'P1D is shorter than quarantineMin P90D' }],
  ],
  [
    'what never holds together does not clash',
    changed({
      refundRight: { value: 'none', variants: [{ value: 'any_end', ...until }], ...law },
      paidDispositions: { value: ['refund'], variants: [{ value: ['donate'], ...from }] },
    }),
    [],
  ],
  [
    'what held together only before today does not either',
    changed({
      quarantineMax: { variants: [{ value: 'P1D', validTo: '2026-11-25', ...law }] },
    }),
    [],
  ],
  [
    'the last day that can be written is for ever',
    changed({
      refundRight: { value: 'none', validFrom: '2020-01-01', ...law },
      paidDispositions: { value: ['donate'], validFrom: '2020-01-01', validTo: '9999-12-31' },
    }),
    [],
  ],
])('rules clash on the days on which they hold: %s', (_, document, errors) => {
  expect(lint(document, today).errors).toEqual(errors)
})

test('from which day a clash or a doubt holds is said in both languages of the console', () => {
  const document = changed({
    quarantineMax: { variants: [{ value: 'P1D', ...from }] },
    noticeRule: { variants: [{ value: 'P1M', ...from, plan: ['postpaid'] }] },
  })
  const { errors, warnings } = lint(document, today, 'zh-CN')
  expect(errors[0]?.message).toMatch(/^自 2027-01-01 起：P1D 短于/)
  expect(warnings.find(({ path }) => path === 'rules.noticeRule.value')?.message).toMatch(
    /^自 2027-01-01 起：.*P1M/,
  )
})

test('what is over, ends soon or leaves no time is a warning', () => {
  const past = changed({ adultAge: { validTo: '2026-11-25' } })
  expect(lint(past, today).warnings).toContainEqual({
    path: 'rules.adultAge.validTo',
    message: 'not in force since 2026-11-25',
  })
  expect(lint(packOf('CN'), today).warnings).toContainEqual({
    path: 'rules.holidayCalendar.value',
    message: 'CN knows announced days off until 2026-12-31 only',
  })
  const hurried = changed({ reviewSla: { value: 'P9D' } })
  expect(lint(hurried, today).warnings).toContainEqual({
    path: 'rules.maxCloseTime.value',
    message: 'may leave a review less than P9D',
  })
})

test('a notice that is longer than closing may take is cut, and whoever writes the policy is told', () => {
  const path = 'rules.noticeRule.value'
  const cutIn = (document: unknown, locale?: 'zh-CN') =>
    lint(document, today, locale).warnings.filter((each) => each.path === path)
  expect(packs.filter((pack) => cutIn(pack).length > 0)).toEqual([packOf('GB')])
  expect(cutIn(packOf('GB'))).toEqual([
    { path, message: 'no notice binds for longer than maxCloseTime P1D, so P1M is cut to that' },
  ])
  expect(cutIn(packOf('GB'), 'zh-CN')[0]?.message).toMatch(/maxCloseTime P1D.*P1M/)
  // Of a contract is asked what is said of contracts.
  const variants = [{ value: null, plan: ['postpaid'], ...law }]
  const document = changed({ noticeRule: { value: 'P1M' }, maxCloseTime: { variants } })
  expect(cutIn(document)).toEqual([])
})

test('what is wrong is said in the language of whoever reads it, also of a shape', () => {
  const wrong = changed(
    { coolingOff: { value: '-PT1H' }, adultAge: { source: undefined } },
    { a: 1 },
  )
  const { errors } = lint(wrong, today, 'zh-CN')
  expect(errors.map(({ message }) => message)).toEqual([
    '须为 ISO 8601 时长，整数单位，不为负',
    expect.stringMatching(/^缺失：/),
    '未知字段',
  ])
  const nowhere = { ...packOf('GB'), country: 'Germany' }
  expect(lint(nowhere, today, 'zh-CN').errors).toEqual([
    { path: 'country', message: '须为国家，如 DE，或其一部分，如 US-CA' },
  ])
  expect(lint(nowhere, today).errors).toEqual([
    { path: 'country', message: 'a country, as DE, or a part, as US-CA' },
  ])
  const { warnings } = lint(packOf('IN'), today, 'zh-CN')
  for (const { message } of warnings) expect(message).toMatch(/\p{Script=Han}/u)
})
