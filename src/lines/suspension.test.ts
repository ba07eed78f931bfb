import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRefusal } from '../values/refusal.ts'
import type { LineState } from './line.ts'
import {
  accessMove,
  resumed,
  type Service,
  suspended,
  type Suspender,
  suspenders,
  wantedAccess,
} from './suspension.ts'

const active: Service = { state: 'active', suspensions: [] }
const after = (answer: ReturnType<typeof suspended>, before: Service): Service =>
  answer === undefined || isRefusal(answer) ? before : answer

test('each lifts only their own, and service comes back with the last', () => {
  const mine = after(suspended(active, 'subscriber'), active)
  expect(mine).toEqual({ state: 'suspended', suspensions: ['subscriber'] })
  expect(suspended(mine, 'subscriber')).toBeUndefined()
  const both = after(suspended(mine, 'fraud'), mine)
  expect(both).toEqual({ state: 'suspended', suspensions: ['subscriber', 'fraud'] })
  const theirs = after(resumed(both, 'subscriber'), both)
  expect(theirs).toEqual({ state: 'suspended', suspensions: ['fraud'] })
  expect(resumed(theirs, 'subscriber')).toMatchObject({ refused: 'suspended-by-operator' })
  expect(resumed(theirs, 'operator')).toBeUndefined()
  expect(resumed(theirs, 'fraud')).toEqual(active)
  expect(resumed(active, 'subscriber')).toBeUndefined()
})

test.each([
  ['ordered', 'line-not-active'],
  ['closing', 'line-closing'],
  ['closed', 'line-closed'],
] as const)('a line that is %s is neither suspended nor resumed', (state, refused) => {
  for (const suspensions of [[], ['subscriber'] as const])
    for (const change of [suspended, resumed])
      for (const by of suspenders)
        expect(change({ state, suspensions }, by)).toMatchObject({ refused })
})

test('whatever is asked in whatever order, the line is suspended while anybody suspends it', () => {
  const asked = fc.array(fc.tuple(fc.boolean(), fc.constantFrom(...suspenders)), { maxLength: 30 })
  fc.assert(
    fc.property(asked, (wishes) => {
      const held = new Set<Suspender>()
      let service = active
      for (const [suspends, by] of wishes) {
        service = after((suspends ? suspended : resumed)(service, by), service)
        if (suspends) held.add(by)
        else held.delete(by)
        expect(new Set(service.suspensions)).toEqual(held)
        expect(service.state).toBe(held.size > 0 ? 'suspended' : 'active')
      }
    }),
  )
})

test('what the network should hold, and what takes it there', () => {
  const of = (state: LineState, before: LineState | null = null) => wantedAccess(state, before)
  const states = (['ordered', 'active', 'suspended', 'closed'] as const).map((state) => of(state))
  expect(states).toEqual(['as-is', 'active', 'suspended', 'absent'])
  expect(of('closing', 'active')).toBe('as-is')
  expect(of('closing', 'suspended')).toBe('suspended')
  const msisdn = '+447700900001'
  const [on, off] = [
    { state: 'active', msisdn },
    { state: 'suspended', msisdn },
  ] as const
  const moves = [on, off, { ...on, msisdn: null }, { ...off, msisdn: null }, undefined].map(
    (held) =>
      (['active', 'suspended', 'absent', 'as-is'] as const).map((wanted) =>
        accessMove(wanted, msisdn, held),
      ),
  )
  expect(moves).toEqual([
    ['none', 'suspend', 'remove', 'none'],
    ['resume', 'none', 'remove', 'none'],
    ['activate', 'suspend', 'remove', 'none'],
    ['activate', 'none', 'remove', 'none'],
    ['activate', 'none', 'none', 'none'],
  ])
})
