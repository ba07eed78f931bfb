import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import type { Policy } from '../policy/policy.ts'
import { choicesOnPort, finalChoices, paidOnPort, stillPossible } from './choices.ts'
import type { Facts } from './facts.ts'
import type { Choices } from './settlement.ts'

const now = Temporal.Instant.from('2026-03-01T12:00:00Z')
const factsOf = (country: string, staying: string[] = [], state = 'none') =>
  ({
    policy: packOf(country),
    lines: [{ port: { state } }],
    staying: staying.map((lineId) => ({ lineId, name: 'Travel', currency: 'GBP' })),
  }) as unknown as Facts

test('what was chosen stands; else credit goes back where that is allowed, in France for this reason alone', () => {
  const none = { paid: null, promotional: null }
  const move = { disposition: 'move', toLineId: 'line_2' } as const
  const paidIn = (country: string) => choicesOnPort(factsOf(country), none, now).paid
  expect(paidIn('GB')).toEqual({ disposition: 'refund' })
  expect(paidIn('FR')).toEqual({ disposition: 'refund' })
  expect(paidIn('JP')).toBeNull()
  const chosen = choicesOnPort(factsOf('GB', ['line_2']), { paid: move, promotional: move }, now)
  const shared = { disposition: 'return' }
  expect(chosen).toEqual({ paid: move, promotional: move, shared })
  const own = choicesOnPort(factsOf('GB'), { ...none, endsOn: '2027-06-01' }, now)
  expect(own).toMatchObject({
    promotional: { disposition: 'give-up' },
    endsOn: now.toZonedDateTimeISO('Europe/London').toPlainDate().toString(),
  })
})

test('what was to move to a line that is gone goes back, or is asked for where it may not', () => {
  const move = { disposition: 'move', toLineId: 'line_2' } as const
  const choices = { paid: move, promotional: move }
  const giveUp = { disposition: 'give-up' }
  const onPort = (country: string, more: object = {}) =>
    choicesOnPort(factsOf(country, ['line_3']), { ...choices, ...more }, now)
  expect(onPort('GB')).toMatchObject({ paid: { disposition: 'refund' }, promotional: giveUp })
  expect(onPort('JP')).toMatchObject({ paid: null, promotional: giveUp })
  const spent = onPort('GB', { paid: { ...move, spendFirst: true } })
  expect(spent.paid).toEqual({ disposition: 'refund', spendFirst: true })
})

test('as long as its owner chooses, a move to a line that is gone falls away, and nothing else does', () => {
  const move = { disposition: 'move', toLineId: 'line_2' } as const
  const choices: Choices = { paid: move, promotional: move, endsOn: '2026-06-01' }
  expect(stillPossible(factsOf('GB', ['line_2']), choices)).toEqual(choices)
  const fallen = { ...choices, paid: null, promotional: null }
  expect(stillPossible(factsOf('GB', ['line_3']), choices)).toEqual(fallen)
  const kept: Choices = { paid: { disposition: 'donate' }, promotional: { disposition: 'give-up' } }
  expect(stillPossible(factsOf('GB'), kept)).toEqual(kept)
})

test('once service has ended nobody is asked: it goes back without a fee, else it is unclaimed', () => {
  const move = { disposition: 'move', toLineId: 'line_2' } as const
  const choices: Choices = { paid: move, promotional: move }
  const shared = { disposition: 'return' }
  expect(finalChoices(factsOf('GB', ['line_2']), choices)).toEqual({ ...choices, shared })
  const gone = (country: string) => finalChoices(factsOf(country, ['line_3']), choices)
  expect(gone('GB')).toEqual({
    paid: { disposition: 'refund', unasked: true },
    promotional: { disposition: 'give-up' },
    shared,
  })
  expect(gone('JP').paid).toEqual({ disposition: 'unclaimed', unasked: true })
  // Nothing had to be chosen, and something came: as where a line that closed before brings it to its account.
  const came = (country: string) => finalChoices(factsOf(country), { ...choices, paid: null }).paid
  expect(came('GB')).toEqual({ disposition: 'refund', unasked: true })
  expect(came('JP')).toEqual({ disposition: 'unclaimed', unasked: true })
  const kept: Choices = { paid: { disposition: 'keep' }, promotional: null }
  expect(finalChoices(factsOf('JP'), kept).paid).toEqual({ disposition: 'keep' })
})

test('where only the port brings a refund, a donation made without it is none; what is its owner’s still stands', () => {
  const pack = packOf('BE')
  const value = ['spend', 'move', 'keep', 'donate'] as const
  const paidDispositions = { ...pack.rules.paidDispositions, value: [...value] }
  const policy: Policy = { ...pack, rules: { ...pack.rules, paidDispositions } }
  const paidAfter = (paid: Choices['paid'], of = policy) =>
    paidOnPort({ policy: of, staying: factsOf('BE', ['line_2']).staying }, paid)
  const refund = { disposition: 'refund' } as const
  expect(paidAfter(null)).toEqual(refund)
  expect(paidAfter({ disposition: 'donate' })).toEqual(refund)
  expect(paidAfter({ disposition: 'donate', spendFirst: true })).toEqual({
    ...refund,
    spendFirst: true,
  })
  for (const stays of [
    { disposition: 'keep' },
    { disposition: 'move', toLineId: 'line_2' },
  ] as const)
    expect(paidAfter(stays)).toEqual(stays)
  // Belgium’s pack offers a refund at any end, so that who donates wants to.
  expect(paidAfter({ disposition: 'donate' }, pack)).toEqual({ disposition: 'donate' })
  expect(paidAfter({ disposition: 'donate' }, packOf('JP'))).toEqual({ disposition: 'donate' })
})
