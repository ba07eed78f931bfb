/** Contacts: one spelling, masks, and which may be removed. */
import { describe, expect, test } from 'vitest'
import {
  type Contact,
  heirOf,
  maskContact,
  mayRemove,
  parseContact,
  signInAddress,
} from './contact.ts'

describe('one spelling', () => {
  test.each([
    ['email', ' Li.Wei@Example.COM ', null, 'li.wei@example.com'],
    ['phone', '+44 7700 900461', null, '+447700900461'],
    ['phone', '07700 900461', 'GB', '+447700900461'],
    ['phone', '138 1234 5678', 'CN', '+8613812345678'],
    ['phone', '+49 30 901820', 'GB', '+4930901820'],
  ] as const)('%s %s in %s', (kind, text, country, expected) => {
    expect(parseContact(kind, text, country)).toBe(expected)
  })
  test.each([
    ['email', 'li.wei', null],
    ['email', 'a@b', null],
    ['phone', '07700 900461', null],
    ['phone', '12', 'GB'],
    ['phone', '+44 7700 900461 ext 5', null],
    ['phone', 'call +447700900461 now', null],
    ['phone', '+44 7700 9004611234', null],
  ] as const)('%s %s in %s is refused', (kind, text, country) => {
    expect(parseContact(kind, text, country)).toBeUndefined()
  })
})

test('masks keep the ends only', () => {
  expect(maskContact('email', 'lillie@example.com')).toBe('l••••e@example.com')
  expect(maskContact('email', 'li@example.com')).toBe('l••••@example.com')
  expect(maskContact('phone', '+447700900461')).toBe('+44 •••• 461')
})

test('one signs in with an address in one spelling, or with a number that texts reach', () => {
  expect(signInAddress({ email: 'Li@Example.com' }, 'en')).toBe('li@example.com')
  for (const phone of ['+44 7700 900461', '0044 (7700) 900-461', ' +447700900461 '])
    expect(signInAddress({ phone }, 'en')).toBe('+447700900461')
  // Without a country's code; of a premium service; free of charge to call.
  for (const phone of ['07700 900461', '+44 909 879 0000', '+1 800 555 0199', 'li@example.com'])
    expect(signInAddress({ phone }, 'en')).toMatchObject({ refused: 'contact-invalid' })
})

describe('removing', () => {
  const at = Temporal.Instant.from('2026-11-23T10:00:00Z')
  const contact = (contactId: string, kind: 'email' | 'phone', verified: boolean): Contact => ({
    contactId,
    kind,
    value: contactId,
    addedAt: at,
    verifiedAt: verified ? at : null,
  })
  const email = contact('contact_a', 'email', true)

  test('the last verified e-mail stays, whatever else there is', () => {
    const others = [contact('contact_b', 'phone', true), contact('contact_c', 'email', false)]
    expect(mayRemove([email, ...others], email)).toMatchObject({ refused: 'contact-last' })
  })
  test('with a second verified e-mail the first may go', () => {
    expect(mayRemove([email, contact('contact_b', 'email', true)], email)).toBeUndefined()
  })
  test('a number that alone signs in stays, and an e-mail takes its place before another number', () => {
    const phone = contact('contact_b', 'phone', true)
    const unverified = contact('contact_c', 'email', false)
    const other = contact('contact_d', 'phone', true)
    expect(mayRemove([phone, unverified], phone)).toMatchObject({ refused: 'contact-last' })
    expect(mayRemove([phone, other], phone)).toBeUndefined()
    expect(heirOf([phone, unverified, other, email], phone)).toBe(email)
    expect(heirOf([phone, unverified, other], phone)).toBe(other)
  })
  test('a phone and what was never verified may go', () => {
    const phone = contact('contact_b', 'phone', true)
    const unverified = contact('contact_c', 'email', false)
    expect(mayRemove([email, phone], phone)).toBeUndefined()
    expect(mayRemove([email, unverified], unverified)).toBeUndefined()
  })
})
