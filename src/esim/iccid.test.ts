import fc from 'fast-check'
import { expect, test } from 'vitest'
import { iccidOf, imsiOf, installLinks, matchingIdOf } from './iccid.ts'
import { qrText } from './sgp22/activation-code.ts'
import { isIccid } from './sgp22/identifiers.ts'

test('an ICCID is the issuer, the serial and a check digit', () => {
  expect(iccidOf(1n)).toBe('8944990000000000011')
})

test('every serial gives an ICCID that passes, and no changed digit does', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 999_999_999_999n }),
      fc.nat({ max: 18 }),
      fc.integer({ min: 1, max: 9 }),
      (serial, place, by) => {
        const iccid = iccidOf(serial)
        expect(iccid).toMatch(/^8944\d{15}$/)
        expect(isIccid(iccid)).toBe(true)
        const digit = (Number(iccid[place]) + by) % 10
        expect(isIccid(`${iccid.slice(0, place)}${digit}${iccid.slice(place + 1)}`)).toBe(false)
      },
    ),
  )
})

test('an IMSI has 15 digits of a network that is nobody’s', () => {
  expect(imsiOf(7n)).toBe('234990000000007')
  expect(() => imsiOf(10n ** 10n)).toThrow(/ten digits/)
})

test('a matching id is RFC 4648 base32 of 128 bits', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => index)
  expect(matchingIdOf(bytes)).toBe('AAAQEAYEAUDAOCAJBIFQYDIOB4')
  expect(() => matchingIdOf(bytes.slice(1))).toThrow(/128 bits/)
})

test('the activation code has the shape phones scan, and the links carry it whole', () => {
  const code = qrText({
    smdpAddress: 'localhost:4400',
    matchingId: 'ABC',
    confirmationCodeRequired: false,
  })
  expect(code).toBe('LPA:1$localhost:4400$ABC')
  const { ios, android } = installLinks(code)
  expect(new URL(ios).searchParams.get('carddata')).toBe(code)
  expect(new URL(android).searchParams.get('carddata')).toBe(code)
})
