/** Online and in bulk alike, for any account (currencies, promotions, arrears, fees, disputes, late usage, dead cards) every cent has one destination. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Entry, entriesOf, type Posting } from '../ledger/ledger.ts'
import { money } from '../values/money.ts'
import { bulkChoices } from './bulk.ts'
import type { Choices, Dues } from './ends.ts'
import { type LineMoney, settle, type Settlement, totalOf } from './settlement.ts'

const start = Temporal.Instant.from('2026-11-01T10:00:00Z')
const staying = new Set(['line_z'])
const currencies = ['GBP', 'EUR', 'JPY', 'KWD'] as const
const minor = fc.bigInt({ min: 0n, max: 50_000n })

type Account = {
  lines: LineMoney[]
  choices: Choices
  dues: Dues
  refundable: {
    orderId: string
    lineId: string
    instrument: string
    left: ReturnType<typeof money>
  }[]
  days: number
  code: string
  accountCredit: ReturnType<typeof money>
}

const oneLine = fc.record({
  paid: minor,
  promotional: minor,
  prepaid: minor,
  periodDays: fc.integer({ min: 1, max: 366 }),
  unusedRefund: fc.constantFrom('days' as const, 'lesser' as const, 'none' as const),
  begun: fc.boolean(),
  addon: fc.option(
    fc.record({ paid: fc.bigInt({ min: 1n, max: 9_000n }), days: fc.integer({ min: 1, max: 60 }) }),
  ),
  used: fc.nat(100),
  /** What of its credit other lines put in, in percent, and what was agreed then. */
  shared: fc.option(
    fc.tuple(
      fc.nat(50),
      fc.constantFrom('line_z', 'line_gone'),
      fc.constantFrom('returns' as const, 'stays' as const, null),
    ),
  ),
  owed: fc.option(minor),
  earlyFee: fc.option(minor),
  /** How much of its payments its owner disputes, in percent, and how much of that is set aside. */
  disputed: fc.option(fc.tuple(fc.nat(100), fc.nat(100), fc.boolean())),
})

const account: fc.Arbitrary<Account> = fc
  .record({
    code: fc.constantFrom(...currencies),
    lines: fc.array(oneLine, { minLength: 1, maxLength: 4 }),
    paid: fc.constantFrom<Choices['paid']>(
      null,
      { disposition: 'refund' },
      { disposition: 'donate' },
      { disposition: 'move', toLineId: 'line_z' },
      { disposition: 'keep' },
      { disposition: 'refund', spendFirst: true },
    ),
    /** What is on the account and no line; kept there, or ending with it. */
    onAccount: minor,
    promotional: fc.constantFrom<Choices['promotional']>(
      null,
      { disposition: 'give-up' },
      { disposition: 'move', toLineId: 'line_z' },
    ),
    shared: fc.constantFrom<Choices['shared']>(
      null,
      { disposition: 'return' },
      { disposition: 'stay' },
    ),
    fee: minor,
    cap: minor,
    days: fc.nat(400),
  })
  .map(({ code, lines, paid, onAccount, promotional, shared: agreed, fee, cap, days }) => {
    const of = (value: bigint) => money(value, code)
    const ruled = (value: bigint) => ({ amount: of(value), detail: { source: 'a rule' } })
    const isKept = paid?.disposition === 'keep' || paid?.disposition === 'move'
    const accountCredit = of(isKept ? 0n : onAccount)
    const named = lines.map((line, index) => ({ ...line, lineId: `line_${index}` }))
    return {
      code,
      days,
      accountCredit,
      choices: { paid, promotional, shared: agreed },
      lines: named.map(
        ({ begun, used, addon, shared, owed: _, earlyFee: __, disputed: ___, ...line }) => ({
          ...line,
          paid: of(line.paid),
          promotional: of(line.promotional),
          prepaid: of(line.prepaid),
          periodStart: begun ? start : null,
          dataGranted: 1000n,
          dataRemaining: 1000n - BigInt(used) * 10n,
          shares: shared ? sharesOf(of(line.paid), shared) : [],
          addons: addon
            ? [
                {
                  bucketId: 'b',
                  kind: 'data' as const,
                  name: {},
                  paid: of(addon.paid),
                  from: start,
                  until: start.add({ hours: 24 * addon.days }),
                  granted: 1000n,
                  remaining: 1000n - BigInt(used) * 10n,
                },
              ]
            : [],
        }),
      ),
      // Each line's credit came from one payment; what is disputed of it no refund can go to.
      refundable: [
        { orderId: 'order_0', lineId: '', instrument: 'visa 0', left: accountCredit },
      ].concat(
        named.map(({ lineId, paid: credit, prepaid, disputed, addon }) => {
          const whole = credit + prepaid + (addon?.paid ?? 0n) + heldOf(credit, prepaid, disputed)
          const left = whole - disputedOf(credit, prepaid, disputed)
          return { orderId: `order_${lineId}`, lineId, instrument: 'visa 1', left: of(left) }
        }),
      ),
      dues: {
        owed: named.flatMap(({ lineId, owed }) => (owed ? [{ lineId, amount: of(owed) }] : [])),
        earlyFees: named.flatMap(({ lineId, earlyFee }) =>
          earlyFee ? [{ lineId, ...ruled(earlyFee) }] : [],
        ),
        refundFee: ruled(fee),
        lateCap: ruled(cap),
        disputed: named.flatMap(({ lineId, paid: credit, prepaid, disputed }) => {
          const held = heldOf(credit, prepaid, disputed)
          const all = disputedOf(credit, prepaid, disputed)
          if (all === 0n || disputed?.[2]) return []
          return [{ disputeId: `d_${lineId}`, lineId, held: of(held), left: of(all - held) }]
        }),
        // Decided: what was set aside is no longer the line's, the rest the bank took from the operator.
        takenBack: named.flatMap(({ lineId, paid: credit, prepaid, disputed }) => {
          if (!disputed?.[2]) return []
          const amount = disputedOf(credit, prepaid, disputed) - heldOf(credit, prepaid, disputed)
          return amount === 0n ? [] : [{ disputeId: `d_${lineId}`, amount: of(amount) }]
        }),
      },
    }
  })

type Disputed = readonly [percent: number, held: number, isLost: boolean] | null

/** A dispute of some percent of what a line has, of which some percent was set aside before. */
function disputedOf(paid: bigint, prepaid: bigint, disputed: Disputed): bigint {
  if (!disputed) return 0n
  const [percent] = disputed
  return ((paid + prepaid) * BigInt(percent)) / 100n + heldOf(paid, prepaid, disputed)
}
function heldOf(paid: bigint, prepaid: bigint, disputed: Disputed): bigint {
  if (!disputed) return 0n
  const [percent, held] = disputed
  return ((((paid + prepaid) * BigInt(percent)) / 100n) * BigInt(held)) / 100n
}

/** From two lines at once, so that both halves are looked at together. */
function sharesOf(
  paid: ReturnType<typeof money>,
  [percent, fromLineId, atClosing]: [number, string, 'returns' | 'stays' | null],
) {
  const amount = { ...paid, minor: (paid.minor * BigInt(percent)) / 100n }
  return [
    { fromLineId, atClosing, amount },
    { fromLineId: 'line_z', atClosing: 'returns' as const, amount },
  ]
}

/** What goes back to lines that stay, whatever else is chosen. */
function sharedBack({ lines, choices }: Account): bigint {
  const goesBack = (rule: string | null) =>
    rule === 'returns' || (rule === null && choices.shared?.disposition === 'return')
  return lines
    .flatMap(({ shares }) => shares)
    .filter(({ fromLineId, atClosing }) => fromLineId === 'line_z' && goesBack(atClosing))
    .reduce((total, { amount }) => total + amount.minor, 0n)
}

/** On a line that stays, or on the account itself. */
const isElsewhere = ({ lineId, amount }: Entry) =>
  lineId === 'line_z' || (lineId === '' && amount.minor > 0n)

const at = (postings: readonly Posting[], account: string) =>
  entriesOf(postings)
    .filter((entry) => entry.account === account)
    .reduce((sum, { amount }) => sum + amount.minor, 0n)

function check(one: Account): Settlement {
  const { lines, choices, dues, refundable, days, code, accountCredit } = one
  const terms = {
    promotional: ['move', 'give-up'] as const,
    canMove: true,
    dues,
    staying,
    accountCredit,
  }
  const asOf = start.add({ hours: 24 * days })
  const made = settle(lines, choices, refundable, terms, asOf, code)
  if (made.choicesNeeded.length > 0) {
    expect(made.destinationsTotal).toBeNull()
    expect(made.postings).toEqual([])
    return made
  }
  expect(made.destinationsTotal).toEqual(made.sourcesTotal)
  const moved = [...made.earned, ...made.postings]
  const sum = (entries: { amount: { minor: bigint } }[]) =>
    entries.reduce((total, { amount }) => total + amount.minor, 0n)
  expect(sum(entriesOf(moved))).toBe(0n)
  // The closing lines end at zero.
  for (const account of ['paid-credit', 'promotional-credit', 'plan-prepaid'] as const) {
    const field = {
      'paid-credit': 'paid',
      'promotional-credit': 'promotional',
      'plan-prepaid': 'prepaid',
    }
    const before = lines.reduce(
      (total, line) => total + line[field[account] as 'paid' | 'promotional' | 'prepaid'].minor,
      account === 'paid-credit' ? accountCredit.minor : 0n,
    )
    const toOthers = entriesOf(moved)
      .filter((entry) => entry.account === account && isElsewhere(entry))
      .reduce((total, { amount }) => total + amount.minor, 0n)
    expect(at(moved, account) - toOthers, account).toBe(-before)
  }
  const ahead = lines.flatMap(({ addons }) => addons).reduce((sum, one) => sum + one.paid.minor, 0n)
  expect(at(moved, 'addon-prepaid')).toBe(-ahead)
  const back = made.destinations.filter(({ kind }) => kind === 'share-returned')
  expect(sum(back)).toBe(sharedBack(one))
  // What waits is what the books say waits, and nothing is refunded to a payment that can't take it.
  expect(at(moved, 'late-usage-reserve')).toBe(made.reserve.minor)
  const payable = sum(made.refunds) + sum(made.withheld)
  expect(at(moved, 'refunds-payable')).toBe(payable)
  const gone = made.destinations.filter(({ kind }) => kind === 'charged-back')
  expect(at(moved, 'absorbed-loss')).toBe(sum(gone))
  for (const { orderId, amount } of made.refunds)
    expect(
      amount.minor <= (refundable.find((one) => one.orderId === orderId)?.left.minor ?? 0n),
    ).toBe(true)
  for (const { disputeId, amount } of made.withheld)
    expect(
      amount.minor <= (dues.disputed.find((one) => one.disputeId === disputeId)?.left.minor ?? 0n),
    ).toBe(true)
  expect(made.refund).toEqual(totalOf(made.refunds, code))
  const owed = dues.owed.reduce((total, { amount }) => total + amount.minor, 0n)
  // Debts: what was owed and what becomes owed, less what was paid of it, is what is still owed.
  expect(made.owedAfter.minor).toBe(owed - at(moved, 'owed'))
  return made
}

test('for 10,000 random accounts, online and in bulk alike, every cent has one destination, and waits, refunds and debts are what the books say', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(account, (one) => {
      for (const { kind } of check(one).destinations) seen.add(kind)
      // The operator closes the same account with others: nobody is asked, and nothing is left open.
      expect(check({ ...one, choices: bulkChoices }).choicesNeeded).toEqual([])
      const kept = { ...bulkChoices, paid: { disposition: 'keep' as const } }
      const accountCredit = { ...one.accountCredit, minor: 0n }
      expect(check({ ...one, accountCredit, choices: kept }).refund.minor).toBe(0n)
    }),
    { numRuns: 10_000 },
  )
  expect([...seen].toSorted()).toEqual([
    'arrears-paid',
    'charged-back',
    'disputed',
    'donated',
    'early-fee',
    'kept',
    'late-usage-reserve',
    'moved',
    'promotion-forfeited',
    'refund',
    'refund-fee',
    'share-returned',
  ])
}, 120_000)
