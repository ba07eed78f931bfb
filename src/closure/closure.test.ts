import { expect, test } from 'vitest'
import { nothingElse } from '../../test/closing-facts.ts'
import { packOf } from '../policy/packs.ts'
import { isInTheWay } from './case.ts'
import {
  backoffMs,
  type CaseState,
  type ClosureCase,
  mayWithdraw,
  askedUntil,
  nextMove,
  type Surroundings,
} from './closure.ts'
import { caseStates } from './wire.ts'

const now = Temporal.Instant.from('2026-11-23T10:42:00Z')
const policies = {
  gb: packOf('GB'),
  de: packOf('DE'),
  cn: packOf('CN'),
}

function caseIn(state: CaseState, facts: Partial<ClosureCase> = {}): ClosureCase {
  return {
    subscriberId: 'sub_1',
    caseId: 'case_1',
    reference: 'VC-7K3M-92QF',
    scope: 'line',
    lineId: 'line_1',
    state,
    submittedAt: now,
    dueAt: null,
    endsAt: null,
    serviceEndedAt: null,
    closedAt: null,
    failures: 0,
    version: 1,
    ...facts,
  }
}
const around = (facts: Partial<Surroundings> = {}): Surroundings => ({
  ...nothingElse(policies.gb, now),
  ending: ['detach:line_1'],
  settling: ['settle', 'close'],
  ...facts,
})

test('straight through: nothing waits under the British policy', () => {
  expect(nextMove(caseIn('submitted'), around())).toMatchObject({
    kind: 'enter',
    state: 'verifying',
  })
  expect(nextMove(caseIn('verifying'), around())).toMatchObject({
    kind: 'enter',
    state: 'approved',
    event: 'approved-by-policy',
  })
  expect(nextMove(caseIn('approved'), around())).toMatchObject({
    kind: 'enter',
    state: 'scheduled',
    endsAt: now,
  })
  expect(nextMove(caseIn('scheduled', { endsAt: now }), around())).toMatchObject({
    kind: 'enter',
    state: 'executing',
  })
})

test('a risk that is not low waits a day and is reviewed, even where policy approves by itself', () => {
  const until = now.add({ hours: 24 })
  const move = nextMove(caseIn('verifying'), around({ risk: 'high' }))
  expect(move).toMatchObject({ kind: 'enter', state: 'cooling_off', dueAt: until })
  const after = nextMove(
    caseIn('cooling_off', { dueAt: until }),
    around({ risk: 'high', now: until }),
  )
  expect(after).toMatchObject({ kind: 'enter', state: 'in_review' })
})

test('nothing is decided before everybody who can stop it has been told', () => {
  const over = caseIn('cooling_off', { dueAt: now })
  expect(nextMove(over, around({ untold: true }))).toEqual({
    kind: 'wait',
    until: now.add({ minutes: 15 }),
  })
  expect(nextMove(over, around())).toMatchObject({ kind: 'enter' })
})

test('a person reviews in Germany, within 24 hours; late means approved', () => {
  const move = nextMove(caseIn('verifying'), around({ policy: policies.de }))
  expect(move).toMatchObject({ state: 'in_review', dueAt: now.add({ hours: 24 }) })
  const waiting = caseIn('in_review', { dueAt: now.add({ hours: 24 }) })
  expect(nextMove(waiting, around({ policy: policies.de }))).toEqual({
    kind: 'wait',
    until: now.add({ hours: 24 }),
  })
  const late = around({ policy: policies.de, now: now.add({ hours: 24 }) })
  expect(nextMove(waiting, late)).toMatchObject({
    state: 'approved',
    event: 'approved-because-late',
  })
})

test('held, a review is late on its day, told once, and no clock decides it', () => {
  const held = caseIn('on_hold', { dueAt: now, attention: { resume: 'in_review' } })
  const early = around({ now: now.subtract({ hours: 1 }) })
  expect(nextMove(held, early)).toEqual({ kind: 'wait', until: now })
  expect(nextMove(held, around())).toEqual({ kind: 'late', event: 'review-late' })
  expect(nextMove(held, around({ markedLate: true }))).toEqual({ kind: 'wait', until: null })
  const cooling = caseIn('on_hold', { dueAt: now, attention: { resume: 'cooling_off' } })
  expect(nextMove(cooling, around())).toEqual({ kind: 'rest' })
})

test('what was stopped and let go on ends only when that time is over and everybody has been told', () => {
  const until = now.add({ hours: 24 })
  const scheduled = caseIn('scheduled', { endsAt: now })
  expect(nextMove(scheduled, around({ thawedUntil: until }))).toEqual({ kind: 'wait', until })
  const over = around({ thawedUntil: until, now: until })
  expect(nextMove(scheduled, { ...over, untold: true })).toMatchObject({ kind: 'wait' })
  expect(nextMove(scheduled, over)).toMatchObject({ kind: 'enter', state: 'executing' })
  const later = caseIn('scheduled', { endsAt: until.add({ hours: 1 }) })
  expect(nextMove(later, over)).toMatchObject({ until: later.endsAt })
})

test('in China the case waits first, is reviewed then, and a late review is marked once and never approved by itself', () => {
  const policy = policies.cn
  expect(nextMove(caseIn('verifying'), around({ policy }))).toMatchObject({
    state: 'cooling_off',
    dueAt: now.add({ hours: 24 }),
  })
  const cooling = caseIn('cooling_off', { dueAt: now.add({ hours: 24 }) })
  expect(nextMove(cooling, around({ policy }))).toEqual({
    kind: 'wait',
    until: now.add({ hours: 24 }),
  })
  expect(nextMove(cooling, around({ policy, now: now.add({ hours: 24 }) }))).toMatchObject({
    state: 'in_review',
  })
  const overdue = caseIn('in_review', { dueAt: now })
  expect(nextMove(overdue, around({ policy, ifLate: 'escalated' }))).toEqual({
    kind: 'late',
    event: 'review-late',
  })
  expect(nextMove(overdue, around({ policy, ifLate: 'escalated', markedLate: true }))).toEqual({
    kind: 'wait',
    until: null,
  })
})

test('steps are taken in order, each once, and then the case moves on', () => {
  expect(nextMove(caseIn('executing'), around())).toEqual({ kind: 'step', step: 'detach:line_1' })
  expect(nextMove(caseIn('executing'), around({ done: new Set(['detach:line_1']) }))).toMatchObject(
    { state: 'settling' },
  )
  expect(nextMove(caseIn('settling'), around({ done: new Set(['settle']) }))).toEqual({
    kind: 'step',
    step: 'close',
  })
  expect(nextMove(caseIn('settling'), around({ done: new Set(['settle', 'close']) }))).toEqual({
    kind: 'rest',
  })
})

test('an answer is asked for once more half-way, and when its day has passed a person looks; nothing ends by silence', () => {
  const asked = caseIn('needs_customer', askedUntil(now))
  const later = (days: number, facts: Partial<Surroundings> = {}) =>
    nextMove(asked, around({ now: now.add({ hours: 24 * days }), ...facts }))
  const [half, due] = [15, 30].map((days) => now.add({ hours: 24 * days }))
  expect(later(1)).toEqual({ kind: 'wait', until: half })
  expect(later(15)).toEqual({ kind: 'remind', dueAt: due, wakeAt: due })
  expect(later(16, { remindedAt: half! })).toEqual({ kind: 'wait', until: due })
  // A reminder of an earlier question is none of this one.
  expect(later(16, { remindedAt: now.subtract({ hours: 1 }) })).toMatchObject({ kind: 'remind' })
  expect(later(30, { remindedAt: half! })).toEqual({ kind: 'late', event: 'answer-late' })
  expect(later(99, { markedLate: true })).toEqual({ kind: 'wait', until: null })
  const undated = caseIn('needs_customer')
  expect(nextMove(undated, around())).toEqual({ kind: 'remind', ...askedUntil(now) })
})

test('withdrawing ends where service begins to end', () => {
  const allowed = caseStates.filter(mayWithdraw)
  expect(allowed).toEqual([
    'draft',
    'submitted',
    'verifying',
    'cooling_off',
    'in_review',
    'approved',
    'scheduled',
    'needs_customer',
    'on_hold',
    'frozen',
  ])
})

test('gaps between tries grow and are bounded', () => {
  expect([1, 2, 3, 7, 8].map(backoffMs)).toEqual([1000, 2000, 4000, 60_000, 60_000])
})

test('a number on its way is waited for where service would end, and asked about where it did not go', () => {
  const until = now.add({ hours: 30 })
  const waiting = around({ port: { kind: 'wait', until } })
  for (const state of ['approved', 'scheduled'] as const) {
    expect(nextMove(caseIn(state), waiting)).toEqual({ kind: 'wait', until })
    expect(nextMove(caseIn(state), around({ port: { kind: 'ask' } }))).toMatchObject({
      kind: 'enter',
      state: 'needs_customer',
    })
  }
  for (const state of ['submitted', 'verifying', 'executing'] as const)
    expect(nextMove(caseIn(state), waiting)).toEqual(nextMove(caseIn(state), around()))
})

test('what the operator closes with others waits with them, and is given back when it was called off', () => {
  const due = { ...caseIn('scheduled'), endsAt: around().now }
  expect(nextMove(due, around())).toMatchObject({ kind: 'enter', state: 'executing' })
  expect(nextMove(due, around({ bulk: 'paused' })).kind).toBe('wait')
  expect(nextMove(due, around({ bulk: 'called-off' }))).toEqual({ kind: 'give-back' })
  const later = { ...due, endsAt: around().now.add({ hours: 1 }) }
  expect(nextMove(later, around({ bulk: 'called-off' }))).toEqual({ kind: 'give-back' })
  expect(nextMove(caseIn('executing'), around({ bulk: 'called-off' })).kind).not.toBe('give-back')
})

test('an account is in the way of all, a line of its account until its service has ended, stuck or not', () => {
  const line = (facts: Partial<ClosureCase>) => caseIn('in_review', { scope: 'line', ...facts })
  const over = { lineId: 'line_1', serviceEndedAt: now }
  const account = { scope: 'account', lineId: null } as const
  const ofLine = (lineId: string) => ({ scope: 'line', lineId }) as const
  const blocked = [
    [line({ lineId: 'line_1' }), account],
    [line({ lineId: 'line_1', state: 'needs_attention' }), account],
    [line({ ...over, state: 'settling' }), ofLine('line_1')],
    [line({ ...account, state: 'settling' }), ofLine('line_1')],
    [line({ ...account, serviceEndedAt: now, state: 'settling' }), account],
  ] as const
  for (const [one, wanted] of blocked) expect(isInTheWay(one, wanted)).toBe(true)
  const free = [
    [line({ ...over, state: 'settling' }), account],
    [line({ ...over, state: 'needs_attention' }), account],
    [line({ lineId: 'line_1', state: 'draft', submittedAt: null }), account],
    [line({ ...over, state: 'settling' }), ofLine('line_2')],
    [line({ ...account, state: 'withdrawn' }), ofLine('line_1')],
  ] as const
  for (const [one, wanted] of free) expect(isInTheWay(one, wanted)).toBe(false)
})

test('an account that has no service any more is settled after the closures of its lines, and looks at them once a day', () => {
  const until = now.add({ hours: 24 })
  const waits = (state: ClosureCase['state']) => nextMove(caseIn(state), around({ endsLast: true }))
  expect(waits('settling')).toEqual({ kind: 'wait', until })
  expect(waits('executing')).toEqual({ kind: 'step', step: 'detach:line_1' })
})
