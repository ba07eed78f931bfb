import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isEid } from './eid.ts'
import {
  eidOf,
  iccidFromBytes,
  iccidFromHeader,
  iccidToBytes,
  iccidToHeader,
  isIccid,
  luhnDigit,
} from './identifiers.ts'

test('the check digit is the one of ISO/IEC 7812-1', () => {
  expect(luhnDigit('7992739871')).toBe('3')
  expect(isIccid('8944990000000000011')).toBe(true)
  expect(isIccid('8944990000000000012')).toBe(false)
  expect(isIccid('894499000000000001')).toBe(false)
})

test('an EID leaves 1 when divided by 97, and one changed digit shows', () => {
  expect(isEid('89049032123451234512345678901235')).toBe(true)
  fc.assert(
    fc.property(
      fc.stringMatching(/^89\d{28}$/),
      fc.nat(31),
      fc.integer({ min: 1, max: 9 }),
      (digits, place, by) => {
        const eid = eidOf(digits)
        expect(isEid(eid)).toBe(true)
        const bent = [...eid]
        bent[place] = String((Number(bent[place]) + by) % 10)
        expect(isEid(bent.join(''))).toBe(false)
      },
    ),
  )
  expect(isEid('8904903212345123451234567890123')).toBe(false)
})

test('nibbles are swapped in metadata and not in the profile’s header', () => {
  expect(iccidToBytes('89000123456789012341').toString('hex')).toBe('98001032547698103214')
  expect(iccidToBytes('8944990000000000011').toString('hex')).toBe('984499000000000010f1')
  expect(iccidToHeader('8944990000000000011').toString('hex')).toBe('8944990000000000011f')
  for (const iccid of ['89000123456789012341', '8944990000000000011']) {
    expect(iccidFromBytes(iccidToBytes(iccid))).toBe(iccid)
    expect(iccidFromHeader(iccidToHeader(iccid))).toBe(iccid)
  }
  expect(iccidFromBytes(Buffer.from('98001032547698103a14', 'hex'))).toBeUndefined()
  expect(iccidFromBytes(Buffer.from('980010', 'hex'))).toBeUndefined()
  expect(iccidFromHeader(Buffer.from('89f01032547698103214', 'hex'))).toBeUndefined()
})
