import { expect, test } from 'vitest'
import { catalogNumbers, catalogPlans, catalogZones, writtenPlans } from './catalog.ts'
import { locales } from '../values/locale.ts'
import { countryOf, knownCountries } from './networks.ts'
import { planDocument, type PlanDocument } from './plan.ts'

const plans = catalogPlans()

test('travel plans reach at least 40 countries, in zones and in single countries', () => {
  const travel = plans.filter(({ document }) => document.kind === 'travel')
  expect(new Set(travel.flatMap(({ document }) => document.countries)).size).toBeGreaterThan(40)
  const zones = new Set(travel.map(({ document }) => document.zoneId))
  for (const zone of [
    'europe',
    'east-asia',
    'southeast-asia',
    'north-america',
    'latin-america',
    'middle-east',
    'oceania',
    'japan',
    'turkiye',
  ])
    expect(zones).toContain(zone)
  expect(plans.some(({ document }) => document.kind === 'home' && document.numberCountry)).toBe(
    true,
  )
  expect(plans.some(({ document }) => document.kind === 'adjustable')).toBe(true)
})

test('plan ids are unique, and every name is there in every language with nothing left unfilled', () => {
  expect(new Set(plans.map(({ planId }) => planId)).size).toBe(plans.length)
  const names = [
    ...plans.flatMap(({ document }) => [document.name, document.summary]),
    ...catalogZones().map(({ name }) => name),
  ]
  for (const name of names) {
    for (const locale of locales) expect(name[locale], locale).toMatch(/^[^{}]{2,}$/)
  }
})

test('every network’s country has a price in every plan, and every country sold has a network', () => {
  for (const { document } of plans) {
    const priced = document.payAsYouGo.flatMap(({ countries }) => countries).sort()
    expect(priced).toEqual(knownCountries)
    for (const country of document.countries) expect(knownCountries).toContain(country)
  }
})

test('a network leads to its country; an MNC can lead elsewhere than its MCC', () => {
  expect(countryOf('234', '10')).toBe('GB')
  expect(countryOf('234', '50')).toBe('JE')
  expect(countryOf('310', '260')).toBe('US')
  expect(countryOf('001', '01')).toBeUndefined()
  expect(countryOf('__p', '01')).toBeUndefined()
})

test('numbers are E.164 and none is there twice', () => {
  const numbers = catalogNumbers().map(({ msisdn }) => msisdn)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(numbers.every((number) => /^\+[1-9]\d{9,14}$/.test(number))).toBe(true)
  expect(numbers).toContain('+447700900000')
  expect(numbers).toContain('+447700900999')
})

const flex = plans.find(({ planId }) => planId === 'flex-europe')!.document
const broken: [string, Partial<PlanDocument>][] = [
  ['no price', { price: { amount: '0.00', currency: 'GBP' } }],
  ['a currency nobody knows', { price: { amount: '9.00', currency: 'XXX' } }],
  ['too many decimals', { price: { amount: '9.001', currency: 'GBP' } }],
  ['two currencies', { price: { amount: '9.00', currency: 'EUR' } }],
  ['one language', { name: { en: 'Flex' } }],
  [
    'an allowance the dials don’t add up to',
    { allowance: { data: '1', voice: '7200', sms: '50' } },
  ],
  ['dials on a plan that isn’t adjustable', { kind: 'travel' }],
  ['a price below zero when turned down', { price: { amount: '4.00', currency: 'GBP' } }],
  ['a country priced twice', { payAsYouGo: [...flex.payAsYouGo, ...flex.payAsYouGo] }],
  [
    'a free block',
    { payAsYouGo: [{ ...flex.payAsYouGo[0]!, smsEach: { amount: '0.00', currency: 'GBP' } }] },
  ],
]
test.each(broken)('a document with %s is refused', (_, change) => {
  expect(planDocument.safeParse(flex).success).toBe(true)
  expect(planDocument.safeParse({ ...flex, ...change }).success).toBe(false)
})

const home = writtenPlans.find(({ planId }) => planId === 'home-uk')!
const withTerm = (term: object, more: object = {}) =>
  catalogPlans([{ ...home, ...more, term: term as NonNullable<typeof home.term> }])
const terms: [object, string][] = [
  [{}, 'months or a notice'],
  [{ months: 0, fee: '20.00' }, 'months or a notice'],
  [{ months: -1 }, 'at term.months'],
  [{ months: 1.5 }, 'at term.months'],
  [{ months: 12, fee: '-1.00' }, 'at term.fee'],
  [{ months: 12, benefit: '0.005' }, 'at term.benefit'],
  [{ months: 12, equipment: 100 }, 'at term.equipment.amount'],
  [{ months: 12, savedPercent: 101 }, 'at term.savedPercent'],
  [{ months: 12, savedPercents: 10 }, 'at term'],
  [{ notice: { value: 'one month' } }, 'an ISO 8601 length of whole units'],
  [{ notice: { value: '-P1M' } }, 'an ISO 8601 length of whole units'],
  [{ notice: { value: 'P0D' } }, 'left out where none is asked for'],
  [{ notice: { value: 'P101Y' } }, 'a notice of P100Y at most'],
  [{ notice: { value: 'P6Y', days: 'business' } }, 'a notice of P5Y at most'],
  [{ notice: { value: 'P1M', days: 'working' } }, 'at term.notice.days'],
]
test.each(terms)('a plan whose term is %j is refused by its name, with one reason', (term, why) => {
  expect(() => withTerm(term)).toThrow(/^plan home-uk of the catalog:\n/)
  expect(() => withTerm(term)).toThrow(why)
  expect(() => withTerm(term)).not.toThrow(/✖.*✖/s)
})

test('a term is in the plan’s currency, counts months of the price, and is stored as it was written', () => {
  const full = { fee: '20.00', equipment: '100.00', benefit: '60.00', savedPercent: 10 }
  const notice = { value: 'P10D', days: 'business' as const }
  const own = withTerm({ months: 24, ...full, notice })[0]!.document
  expect(own.term).toStrictEqual({
    months: 24,
    fee: { amount: '20.00', currency: 'GBP' },
    equipment: { amount: '100.00', currency: 'GBP' },
    benefit: { amount: '60.00', currency: 'GBP' },
    savedPercent: 10,
    notice,
  })
  const inEuro = { months: 24, fee: { amount: '20.00', currency: 'EUR' } }
  const { error } = planDocument.safeParse({ ...own, term: inEuro })
  expect(error?.issues.map(({ message }) => message)).toEqual(['one plan, one currency'])
  expect(() => withTerm({ months: 24 }, { periodDays: 7 })).toThrow('28 to 31 days')
  expect(withTerm({ notice }, { periodDays: 7 })[0]!.document.periodDays).toBe(7)
  expect(plans.every(({ document }) => !('term' in document))).toBe(true)
})
