import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import { agrees, cardEnding, evidenceFor, type Intake, notAsked, shownState } from './intake.ts'

const day = (n: number) => Temporal.Instant.from('2026-11-01T00:00:00Z').add({ hours: 24 * n })
const now = day(0)

test.each([
  ['received', 1, false, 'needs_customer', 'needed'],
  ['waiting', 1, false, 'needs_customer', 'needed'],
  ['in-review', 1, true, 'verifying', 'judged'],
  // Our own lateness ends nobody's request.
  ['in-review', -1, true, 'verifying', 'judged'],
  // Stopped by its owner, it looks to who asked as if nothing had happened, until its day.
  ['stopped', 1, false, 'needs_customer', 'needed'],
  ['stopped', 1, true, 'verifying', 'judged'],
  ['stopped', -1, true, 'rejected', 'not-shown'],
  ['expired', -1, false, 'rejected', 'not-shown'],
  ['refused', 1, true, 'rejected', 'not-shown'],
  ['withdrawn', 1, false, 'withdrawn', null],
] as const)('%s, due in %d days, answered: %s: shown as %s, %s', (...row) => {
  const [state, due, answered, shown, proof] = row
  const intake: Pick<Intake, 'state' | 'dueAt' | 'answeredAt' | 'asked'> = {
    state,
    dueAt: day(due),
    answeredAt: answered ? now : null,
    asked: null,
  }
  expect(shownState(intake, now)).toEqual({ state: shown, proof })
})

test.each([
  ['8944 5000 1234 5678 901', '8944500012345678901'],
  ['12345678', '12345678'],
  ['8944500012345678901F', '8944500012345678901'],
  ['1234567', undefined],
  ['1234567x', undefined],
])('of the card %s these digits are looked for: %s', (typed, digits) => {
  expect(cardEnding(typed)).toBe(digits)
})

test.each([
  ['DE', ['name', 'postal_address', 'email', 'contract_reference']],
  ['FR', ['name', 'postal_address', 'email', 'contract_reference', 'line_number']],
  ['IT', ['name', 'sim_serial', 'tax_code']],
  ['CN', ['id_document']],
  ['GB', []],
])('in %s a person may be asked for %s and nothing else', (country, kinds) => {
  const policy = packOf(country)
  expect(evidenceFor(policy)).toEqual(kinds)
  expect(notAsked(policy, { account_pin: '1234' }, 'name')).toEqual(['account_pin'])
  // Unless a reviewer asked for it by the rules of the account.
  expect(notAsked(policy, { account_pin: '1234' }, 'account_pin,id_copy')).toEqual([])
})

test('an answer agrees whatever its capitals, spaces and width, and with nothing known it is open', () => {
  expect(agrees(' lin  YUE ', ['Lin Yue'])).toBe(true)
  expect(agrees('ＬＩＮ ｙｕｅ', ['Lin Yue'])).toBe(true)
  expect(agrees('Lin Yu', ['Lin Yue'])).toBe(false)
  expect(agrees('+44 7700 900461', ['+447700900461'])).toBe(true)
  expect(agrees('1 Example Street', [])).toBeNull()
})
