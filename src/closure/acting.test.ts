import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import type { Representative } from '../subscribers/subscriber.ts'
import { backFromAsking, consentOf, waitsFor } from './acting.ts'

const at = (text: string) => Temporal.Instant.from(text)
const guardian: Representative = {
  representativeId: 'representative_1',
  kind: 'guardian',
  name: 'Jo Park',
  email: 'jo@example.com',
  bornOn: Temporal.PlainDate.from('2008-12-01'),
  locale: 'en',
  addedAt: at('2026-01-01T00:00:00Z'),
  addedBy: 'staff_1',
}
const facts = (acting: Representative | null, country = 'GB') => ({
  acting,
  policy: packOf(country),
})
const asked = at('2026-11-20T10:00:00Z')
const before = at('2026-11-30T23:59:59Z')
const birthday = at('2026-12-01T00:00:00Z')

test('nobody acts, or it is for an estate: no other consent is needed', () => {
  const agreed = { own: asked, guardian: null }
  expect(consentOf(facts(null), agreed, before)).toBe('given')
  expect(consentOf(facts({ ...guardian, kind: 'estate', bornOn: null }), agreed, before)).toBe(
    'given',
  )
})

test('a guardian authorises what was agreed to, and again what was agreed to after that', () => {
  const minor = facts(guardian)
  expect(consentOf(minor, { own: asked, guardian: null }, before)).toBe('guardian')
  const later = asked.add({ hours: 1 })
  expect(consentOf(minor, { own: asked, guardian: later }, before)).toBe('given')
  expect(consentOf(minor, { own: later, guardian: asked }, before)).toBe('guardian')
})

test('from the first moment of the birthday, where the policy is at home, only their own word counts', () => {
  const agreed = { own: asked, guardian: asked.add({ hours: 1 }) }
  expect(consentOf(facts(guardian), agreed, before)).toBe('given')
  expect(consentOf(facts(guardian), agreed, birthday)).toBe('own')
  expect(consentOf(facts(guardian), { ...agreed, own: birthday }, birthday)).toBe('given')
  // It is the next day in China eight hours earlier.
  expect(consentOf(facts(guardian, 'CN'), agreed, birthday.subtract({ hours: 8 }))).toBe('own')
})

test('who is waited for is who was asked last; agreeing twice gets nobody past the checks', () => {
  const events = (...kinds: string[]) => kinds.map((kind) => ({ kind }))
  const state = { state: 'needs_customer' } as const
  expect(waitsFor(state, facts(guardian), events('guardian-asked'))).toBe('guardian')
  expect(waitsFor(state, facts(guardian), events('guardian-asked', 'own-consent-asked'))).toBe(
    'owner',
  )
  // What a reviewer asks is nothing to agree to.
  const asked = events('guardian-asked', 'authorised', 'question-asked')
  expect(waitsFor(state, facts(guardian), asked)).toBe('owner')
  expect(waitsFor({ state: 'in_review' }, facts(guardian), events('guardian-asked'))).toBe(null)
  expect(backFromAsking(events('submitted', 'guardian-asked'))).toBe('verifying')
  expect(backFromAsking(events('submitted', 'approved', 'quote-drifted'))).toBe('scheduled')
})
