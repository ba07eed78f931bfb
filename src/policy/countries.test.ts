/** The same case in different countries, each row with the source of what it expects; those of money and of taking back are with closing. */
import { expect, test } from 'vitest'
import { decimal, money } from '../values/money.ts'
import { earlyFeeOf, type Leaving, unclaimedEndOf } from './dues.ts'
import { packOf, packs } from './packs.ts'
import {
  mayAskIdCopy,
  mayAskSignIn,
  mayClose,
  mayOffer,
  mayPort,
  numberKeptUntil,
} from './rights.ts'
import { endOf, endOfAny } from './rule-for.ts'

const at = (text: string) => Temporal.Instant.from(text)
/** A Friday, so that business days differ from others. */
const friday = at('2026-11-27T15:00:00Z')
const local = (country: string, instant: Temporal.Instant | null) =>
  instant?.toZonedDateTimeISO(packOf(country).timeZone).toPlainDate().toString() ?? null

test.each([
  ['DE', false, false, 'KG Berlin 18.11.2025, 5 UKl 10/25'],
  ['FR', true, false, 'decree 2023-417'],
  ['BR', true, true, 'Anatel page on cancelling'],
])(
  '1 %s: signing in first may be asked: with an account %s, without %s (%s)',
  (country, ...row) => {
    const [withAccount, without] = row
    expect(mayAskSignIn(packOf(country), { hasAccount: true })).toBe(withAccount)
    expect(mayAskSignIn(packOf(country), { hasAccount: false })).toBe(without)
  },
)

test.each([
  ['IN', '2026-12-08', 'TRAI FAQ: 7 working days'],
  ['BR', '2026-12-01', 'Anatel campaign: closing despite overdue bills'],
])('2 %s: a line with an overdue bill closes by %s (%s)', (country, by) => {
  const closing = mayClose(packOf(country), { overdue: true, receivedAt: friday })
  expect(closing.allowed).toBe(true)
  expect(local(country, closing.by)).toBe(by)
})

test.each([
  ['IN', false, 'TRAI MNP rules 16.12.2019'],
  ['CN', false, 'MIIT 242/2019'],
  ['FR', true, 'telecom mediator'],
  ['US', true, 'FCC guide'],
])('3 %s: a port code in spite of an overdue bill: %s (%s)', (country, allowed) => {
  const ask = (overdue: boolean) => mayPort(packOf(country), { overdue, endedAt: null, at: friday })
  expect(ask(true)).toEqual(allowed ? { allowed: true } : { allowed: false, why: 'arrears' })
  expect(ask(false)).toEqual({ allowed: true })
})

test('5 BE: what could not be paid is its owner’s to the last moment of day 31; claimed after that it is late (RD art. 1 + operator terms)', () => {
  const { rules, ...policy } = packOf('BE')
  const unclaimedRule = { ...rules.unclaimedRule, value: { to: 'operator', after: 'P1D' } as const }
  const end = unclaimedEndOf({ ...policy, rules: { ...rules, unclaimedRule } }, friday)
  expect(end).toEqual({ to: 'operator', dueAt: friday.add({ hours: 31 * 24 }) })
})

function leaving(code: string, monthlyMinor: bigint, facts: Partial<Leaving> = {}): Leaving {
  const none = money(0n, code)
  return {
    month: 14,
    termMonths: 24,
    monthlyFee: money(monthlyMinor, code),
    died: false,
    equipmentLeft: null,
    saved: none,
    benefit: none,
    contractFee: none,
    taxPercent: 10,
    ...facts,
  }
}
const feeIn = (country: string, ...facts: Parameters<typeof leaving>) => {
  const found = earlyFeeOf(packOf(country), leaving(...facts))
  return found.kind === 'at-most' ? decimal(found.fee) : `month ${found.month}`
}

test.each([
  ['FR', 'EUR', 2000n, '0.00', 'C. conso. L224-28 as explained by INC'],
  ['BE', 'EUR', 2000n, '0.00', 'IBPT'],
  ['IT', 'EUR', 2000n, '20.00', 'AGCOM 487/18/CONS: one average month'],
  ['JP', 'JPY', 3000n, '1100', 'MIC: JPY 1000 and tax'],
  ['JP', 'JPY', 900n, '900', 'MIC: or the month, where that is less'],
  ['DE', 'EUR', 2000n, 'month 24', 'TKG 56: no early end'],
])('6 %s: leaving in month 14 of 24 without a handset, %s %s a month: %s (%s)', (...row) => {
  const [country, code, monthly, expected] = row
  expect(feeIn(country, code, monthly)).toBe(expected)
})

test.each([
  ['FR', { month: 5 }, '140.00', 'to month 12'],
  ['FR', { equipmentLeft: money(9900n, 'EUR') }, '40.00', '20 % of 10 months with a handset'],
  ['BE', { month: 2 }, '80.00', 'IBPT: to month 6'],
  ['GB', { saved: money(5000n, 'EUR') }, '150.00', 'Ofcom: the rest less what is saved'],
  ['EU', { equipmentLeft: money(9900n, 'EUR') }, '99.00', 'EECC: the equipment’s value left'],
  ['BR', { month: 3, benefit: money(12000n, 'EUR') }, '90.00', 'Anatel: pro rata, 12 months'],
  ['US', { contractFee: money(7500n, 'EUR') }, '75.00', 'contract'],
  ['IT', { month: 24 }, '0.00', 'the term is over'],
] as const)('6 and around it, %s %o: %s (%s)', (...row) => {
  const [country, facts, expected] = row
  expect(feeIn(country, 'EUR', 2000n, facts)).toBe(expected)
})

test.each([
  ['GB', '0.00', 'Ofcom page 28.11.2022'],
  ['FR', '0.00', 'consumer guides'],
  ['DE', 'month 24', 'consumer centre Bavaria: heirs are bound'],
])('8 %s: the subscriber died in month 3 of 24: %s (%s)', (country, expected) => {
  expect(feeIn(country, 'EUR', 2000n, { month: 3, died: true })).toBe(expected)
})

test('8 GB: a business contract may differ (Ofcom page 28.11.2022)', () => {
  const whom = { segment: 'business', plan: 'postpaid' } as const
  const found = earlyFeeOf(packOf('GB'), leaving('GBP', 2000n, { month: 3, died: true }), whom)
  expect(found).toEqual({ kind: 'at-most', fee: money(42000n, 'GBP') })
})

const givenUpAt = at('2026-03-01T12:00:00Z')

test.each([
  ['FR', '2026-04-15', 'Arcep 2022-1583: 45 days'],
  ['US', '2026-04-15', '47 CFR 52.15: 45 days'],
  ['IN', '2026-05-30', 'DoT instructions April 2017: 90 days'],
])('9 %s: given up on 1 March, kept from others on 10 April and until %s (%s)', (...row) => {
  const [country, until] = row
  const kept = numberKeptUntil(packOf(country), givenUpAt)
  expect(Temporal.Instant.compare(at('2026-04-10T12:00:00Z'), kept)).toBeLessThan(0)
  expect(local(country, kept)).toBe(until)
})

test.each([
  ['US', 'consumer', '2026-05-30', '47 CFR 52.15(f)(1)(ii): 90 days at most'],
  ['FR', 'consumer', '2026-06-29', 'Arcep 2022-1583: 120 days at most'],
  ['US', 'business', '2026-08-28', '47 CFR 52.15(f)(1)(ii): 365 days at most'],
] as const)(
  '10 %s %s: given up on 1 March, an operator that keeps numbers for 180 days has to part with it on %s (%s)',
  (...row) => {
    const [country, segment, until] = row
    const { rules, ...policy } = packOf(country)
    const quarantineMin = { ...rules.quarantineMin, value: 'P180D' }
    const own = { ...policy, rules: { ...rules, quarantineMin } }
    const kept = numberKeptUntil(own, givenUpAt, { segment, plan: 'prepaid' })
    expect(local(country, kept)).toBe(until)
  },
)

test('a number is kept for as long as it must be and never longer than it may, under every pack', () => {
  for (const policy of packs) {
    const { quarantineMin, quarantineMax } = policy.rules
    const until = numberKeptUntil(policy, givenUpAt)
    const least = endOf(policy, quarantineMin, givenUpAt)
    const most = endOfAny(policy, quarantineMax, givenUpAt)
    expect(Temporal.Instant.compare(until, least), policy.country).toBeGreaterThanOrEqual(0)
    if (most) expect(Temporal.Instant.compare(until, most)).toBeLessThanOrEqual(0)
  }
  // Three months from March are 92 days, and more than ninety.
  const { rules, ...us } = packOf('US')
  const quarantineMin = { ...rules.quarantineMin, value: 'P3M' }
  const until = numberKeptUntil({ ...us, rules: { ...rules, quarantineMin } }, givenUpAt)
  expect(rules.quarantineMax.value).toBe('P90D')
  expect(local('US', until)).toBe('2026-05-30')
})

test('11 DE: a copy of an ID is no condition of a payout (LG Kiel 19.5.2015, 8 O 128/13); whether the document is checked, closing says', () => {
  expect(mayAskIdCopy(packOf('DE'))).toBe(false)
})

test.each([
  ['US-CA', 'closing', true, true, 'AB 2863: beside “click to cancel”'],
  ['US-CA', 'closing', false, false, 'AB 2863: not without it'],
  ['DE', 'closing', true, false, 'KG Berlin: not between button and confirm page'],
  ['CN', 'port', true, false, 'MIIT 242/2019: no interference after a port request'],
  ['US', 'closing', false, true, 'no federal limit'],
] as const)('12 %s: an offer on the way to %s, beside the way out %s: %s (%s)', (...row) => {
  const [country, path, besideCancel, expected] = row
  expect(mayOffer(packOf(country), { path, shownBefore: 0, besideCancel })).toBe(expected)
  expect(mayOffer(packOf(country), { path, shownBefore: 1, besideCancel })).toBe(false)
})

test('a number can leave for a while after the end, where the law says how long', () => {
  const ask = (country: string, days: number) =>
    mayPort(packOf(country), {
      overdue: false,
      endedAt: friday,
      at: friday.add({ hours: days * 24 }),
    })
  expect(ask('FR', 39).allowed).toBe(true)
  expect(ask('FR', 41)).toEqual({ allowed: false, why: 'ended-too-long-ago' })
  expect(ask('CN', 1).allowed).toBe(false)
  expect(ask('GB', 400).allowed).toBe(true)
})
