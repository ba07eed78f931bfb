import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AtClosing, type Movement, sharesIn } from './share.ts'

const of = (lineId: string, put: bigint, rest = 0n): Movement => ({
  lineId,
  currency: 'GBP',
  put,
  otherLineId: null,
  atClosing: null,
  rest,
})
const moved = (
  from: string,
  to: string,
  put: bigint,
  rest = 0n,
  atClosing: AtClosing | null = 'returns',
): Movement[] => [
  { ...of(from, -put), otherLineId: to, atClosing },
  { ...of(to, put, rest), otherLineId: from, atClosing },
]
const left = (movements: Movement[], lineId = 'x') =>
  (sharesIn(movements).get(lineId) ?? []).map((one) => `${one.fromLineId} ${one.amount.minor}`)

test('use takes of every part alike; what comes later is used only from then on', () => {
  expect(left([of('x', 800n), ...moved('a', 'x', 1200n, -1000n)])).toEqual(['a 600'])
  expect(left([...moved('a', 'x', 1000n, -900n), of('x', 500n)])).toEqual(['a 100'])
  expect(left([...moved('a', 'x', 1000n, -1000n), of('x', 500n)])).toEqual([])
  const three = [of('x', 100n), ...moved('a', 'x', 100n), ...moved('b', 'x', 100n, -150n)]
  expect(left(three)).toEqual(['a 50', 'b 50'])
})

test('what is moved back comes home first, and makes nobody a part of where it came from', () => {
  const back = [of('a', 1000n), ...moved('a', 'x', 1000n), ...moved('x', 'a', 400n)]
  expect([left(back), left(back, 'a')]).toEqual([['a 600'], []])
  const more = [of('x', 300n), ...moved('a', 'x', 100n), ...moved('x', 'a', 250n)]
  expect([left(more), left(more, 'a')]).toEqual([[], ['x 150']])
  expect(left([of('x', 500n), ...moved('a', 'x', 500n), ...moved('x', 'c', 500n)])).toEqual([
    'a 250',
  ])
})

test('what was moved under another rule stays a part of its own', () => {
  const both = [...moved('a', 'x', 300n), ...moved('a', 'x', 300n, -300n, 'stays')]
  const rules = sharesIn(both)
    .get('x')
    ?.map((one) => [one.atClosing, one.amount.minor])
  expect(rules).toEqual([
    ['returns', 150n],
    ['stays', 150n],
  ])
})

const step = fc.record({
  from: fc.constantFrom('a', 'b', 'x'),
  to: fc.constantFrom('a', 'b', 'x'),
  put: fc.bigInt({ min: 1n, max: 2000n }),
  rule: fc.constantFrom('returns' as const, 'stays' as const, null),
  used: fc.nat(100),
})

test('the parts are more than nothing and together never more than the credit', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (all) => {
      const credit = new Map<string, bigint>()
      const movements = all.flatMap(({ from, to, put, rule, used }) => {
        const there = credit.get(from) ?? 0n
        const isPaid = from === to || there < put
        const after = (credit.get(to) ?? 0n) + put
        const rest = -((after * BigInt(used)) / 100n)
        credit.set(to, after + rest)
        if (isPaid) return [of(to, put, rest)]
        credit.set(from, there - put)
        return moved(from, to, put, rest, rule)
      })
      for (const [lineId, shares] of sharesIn(movements)) {
        const total = shares.reduce((sum, { amount }) => sum + amount.minor, 0n)
        expect(total <= (credit.get(lineId) ?? 0n)).toBe(true)
        for (const { amount, fromLineId } of shares) {
          expect(amount.minor > 0n && fromLineId !== lineId).toBe(true)
          seen.add(`${fromLineId} in ${lineId}`)
        }
      }
    }),
    { numRuns: 2000 },
  )
  expect(seen.size).toBe(6)
})
