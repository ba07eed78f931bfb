import { expect, test } from 'vitest'
import type { LineState } from './line.ts'
import { differenceOf, type OurLine } from './reconcile.ts'

const msisdn = '+447700900001'
const line = (state: LineState, stateBeforeClosing: LineState | null = null): OurLine => ({
  subscriberId: 's',
  lineId: 'l',
  imsi: '999700000000001',
  state,
  stateBeforeClosing,
  msisdn,
})
const on = { state: 'active', msisdn } as const
const off = { state: 'suspended', msisdn } as const

test.each([
  ['active', undefined, 'lost'],
  ['active', on, undefined],
  ['active', off, 'not-active'],
  ['active', { ...on, msisdn: null }, 'number'],
  ['active', { ...off, msisdn: '+447700900002' }, 'number'],
  ['suspended', on, 'not-suspended'],
  ['suspended', off, undefined],
  ['suspended', { ...off, msisdn: null }, undefined],
  ['suspended', undefined, undefined],
  ['closed', on, 'closed'],
  ['closed', off, 'closed'],
  ['closed', undefined, undefined],
  ['ordered', undefined, undefined],
  ['ordered', on, undefined],
] as const)('%s here and %j there: %s', (state, held, expected) => {
  expect(differenceOf(line(state), held)).toBe(expected)
})

test('a closing line is left to its closure, save that it stays suspended', () => {
  for (const held of [on, off, undefined])
    expect(differenceOf(line('closing', 'active'), held)).toBeUndefined()
  expect(differenceOf(line('closing', 'suspended'), undefined)).toBeUndefined()
  expect(differenceOf(line('closing', 'suspended'), on)).toBe('not-suspended')
})
