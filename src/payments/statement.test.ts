import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Money, money } from '../values/money.ts'
import { type Held, type Movement, statementTables } from './statement.ts'
import { statementPage } from './statement-page.ts'

const at = Temporal.Instant.from('2026-11-23T10:00:00Z')
function movement(minor: bigint, code = 'GBP', more: Partial<Movement> = {}): Movement {
  return {
    at,
    kind: 'top-up',
    lineId: null,
    country: null,
    count: 1,
    amount: money(minor, code),
    tax: money(0n, code),
    moved: money(0n, code),
    ...more,
  }
}
const held = (opening: Money[], closing: Money[]): Held => ({
  opening,
  closing: closing.map((amount) => ({ account: 'paid-credit', amount })),
})

test('for any movements: opening, in and out come to the closing, and each row’s balance leads to the next', () => {
  const codes = fc.constantFrom('GBP', 'EUR', 'JPY')
  const one = fc.tuple(fc.bigInt(-(10n ** 9n), 10n ** 9n), codes)
  fc.assert(
    fc.property(
      fc.array(one, { maxLength: 20 }),
      fc.array(one, { maxLength: 4 }),
      (rows, start) => {
        const opening = new Map<string, bigint>()
        for (const [minor, code] of start) opening.set(code, (opening.get(code) ?? 0n) + minor)
        const closing = new Map(opening)
        for (const [minor, code] of rows) closing.set(code, (closing.get(code) ?? 0n) + minor)
        const asMoney = (sums: Map<string, bigint>) =>
          [...sums].map(([code, minor]) => money(minor, code))
        const tables = statementTables(
          rows.map(([minor, code]) => movement(minor, code)),
          held(asMoney(opening), asMoney(closing)),
        )
        expect(tables.length).toBe(closing.size)
        for (const table of tables) {
          const { opening: from, moneyIn, moneyOut, closing: to } = table
          expect(from.minor + moneyIn.minor + moneyOut.minor).toBe(to.minor)
          expect(to.minor).toBe(closing.get(table.currency))
          expect(table.rows.at(-1)?.balance ?? from).toEqual(to)
        }
      },
    ),
    { numRuns: 10_000 },
  )
})

test('a movement that is missing, or one too many, is never printed over', () => {
  const balances = held([money(100n, 'GBP')], [money(150n, 'GBP')])
  expect(statementTables([movement(50n)], balances)).toHaveLength(1)
  expect(() => statementTables([], balances)).toThrow(/lead from the opening/)
  expect(() => statementTables([movement(50n), movement(1n)], balances)).toThrow(/lead from/)
  expect(() => statementTables([movement(1n, 'EUR')], balances)).toThrow(/lead from/)
})

const about = {
  operator: { name: 'Violet Mobile', address: '1 Example Street', timeZone: 'Europe/London' },
  subscriber: { subscriberId: 'sub_1', name: 'Lin Yue 林悦' },
  period: {
    from: Temporal.Instant.from('2026-11-01T00:00:00Z'),
    to: Temporal.Instant.from('2026-12-01T00:00:00Z'),
    firstDay: Temporal.PlainDate.from('2026-11-01'),
    lastDay: Temporal.PlainDate.from('2026-11-30'),
  },
  madeAt: Temporal.Instant.from('2026-12-02T08:05:00Z'),
  lines: new Map([['line_1', 'Everyday 日常']]),
}
const usage = movement(-1200n, 'GBP', {
  kind: 'usage',
  lineId: 'line_1',
  country: 'JP',
  count: 132,
  tax: money(200n, 'GBP'),
  moved: money(0n, 'GBP'),
})
const tables = statementTables(
  [movement(250000n), usage],
  held([money(500n, 'GBP')], [money(249300n, 'GBP')]),
)

test('English', () => {
  const page = statementPage(tables, about, 'en')
  expect(page.lead).toBe('1 Nov 2026 to 30 Nov 2026')
  expect(page.facts.map(({ label, value }) => `${label}: ${value}`)).toEqual([
    'Subscriber: Lin Yue 林悦',
    'Account: sub_1',
    'Made on: 2 Dec 2026 08:05',
  ])
  const [table] = page.tables
  expect(table?.opening).toEqual({ label: 'Opening balance, 1 Nov 2026', value: '5.00' })
  expect(table?.rows.map((row) => Object.values(row))).toEqual([
    ['23 Nov', 'Top-up', '', '', '2,500.00', '2,505.00'],
    ['23 Nov', 'Usage', 'Everyday 日常, Japan, 132 charges', '2.00', '\u221212.00', '2,493.00'],
  ])
  expect(table?.totals.map(({ value }) => value)).toEqual(['2,500.00', '\u221212.00', '2.00'])
  expect(table?.closing).toEqual({ label: 'Closing balance, 30 Nov 2026', value: '2,493.00' })
  expect(table?.parts).toEqual([{ label: 'as paid credit', value: '2,493.00' }])
})

test('Chinese', () => {
  const page = statementPage(tables, about, 'zh-CN')
  expect(page.lead).toBe('2026 年 11 月 1 日至 2026 年 11 月 30 日')
  expect(page.tables[0]?.rows[1]).toMatchObject({
    day: '11 月 23 日',
    what: '用量',
    note: 'Everyday 日常，日本，132 笔',
  })
  expect(JSON.stringify(page)).not.toMatch(/\{(?!page)\w+\}|statement\./)
})

test('an empty period says so', () => {
  expect(statementPage([], about, 'en').none).toMatch(/Nothing was held/)
})
