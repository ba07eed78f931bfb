import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { usimTemplate, usimTemplateFile } from '../../../scripts/profile-template.ts'
import { DerError } from './der.ts'
import { sequence, tlv } from './der-write.ts'
import { iccidOf } from '../iccid.ts'
import { decodeProfilePackage, encodeProfilePackage } from './saip.ts'
import {
  imsiFromFile,
  imsiToFile,
  msisdnFromRecord,
  msisdnToRecord,
  pinFromValue,
  pinToValue,
  spnFromFile,
  spnToFile,
} from './saip-files.ts'
import { personalise, readSubscription, type Subscription } from './saip-personalise.ts'

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const template = readFileSync(usimTemplateFile)

const subscription: Subscription = {
  iccid: '8944990000000000011',
  imsi: '234990000000007',
  k: hex('465b5ce8b199b49faa5f0a2ee238a6bc'),
  opc: hex('cd63cb71954a9f4e48a5994e37a02baf'),
  pin: '1234',
  puk: '87654321',
  adm1: hex('0102030405060708'),
  serviceProviderName: 'Violet',
  msisdn: '+447700900123',
}

function personalised(change: Partial<Subscription> = {}, from: Uint8Array = template): Buffer {
  const made = personalise(from, { ...subscription, ...change })
  if ('missing' in made) throw new Error(`no place for ${made.missing.join(', ')}`)
  return made.profilePackage
}

test('the template that comes with Violet is what its script writes', () => {
  expect(template.equals(usimTemplate)).toBe(true)
})

test('a template that is read and written again is the same bytes', () => {
  const decoded = decodeProfilePackage(template)
  expect(decoded.profileType).toBe('Violet test USIM')
  expect(encodeProfilePackage(decoded).equals(template)).toBe(true)
})

test('personalised, it says all that is the subscriber’s, and nothing else has changed', () => {
  const profile = personalised()
  expect(readSubscription(profile)).toEqual(subscription)
  expect(decodeProfilePackage(profile).iccid).toBe(subscription.iccid)
  const back = personalised(readSubscription(profile))
  expect(back.equals(profile)).toBe(true)
  expect(profile).toHaveLength(template.length)
  const differing = [...profile].filter((byte, index) => byte !== template[index]).length
  expect(differing).toBeGreaterThan(60)
  expect(differing).toBeLessThan(130)
  // EF.ICCID is swapped, the header isn't.
  expect(profile.includes(hex('830a984499000000000010f1'))).toBe(true)
  expect(profile.includes(hex('830a8944990000000000011f'))).toBe(true)
})

test('every subscriber’s profile tells the same again', () => {
  const digits = (min: number, max = min) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`))
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 999_999_999_999n }),
      digits(14, 15),
      digits(4, 8),
      digits(8),
      fc.option(digits(5, 15)),
      fc.stringMatching(/^[A-Za-z0-9 ]{1,16}$/),
      fc.uint8Array({ minLength: 40, maxLength: 40 }),
      (serial, imsi, pin, puk, number, serviceProviderName, secret) => {
        const one: Subscription = {
          iccid: iccidOf(serial),
          imsi,
          pin,
          puk,
          serviceProviderName,
          msisdn: number === null ? null : `+${number}`,
          k: Buffer.from(secret.subarray(0, 16)),
          opc: Buffer.from(secret.subarray(16, 32)),
          adm1: Buffer.from(secret.subarray(32)),
        }
        expect(readSubscription(personalised(one))).toEqual(one)
      },
    ),
    { numRuns: 100 },
  )
})

// As in the sample profile of the TCA specification: a file is created by its descriptor, then filled.
const generic = Buffer.concat([
  tlv(0xa0, hex('800102 810103 830a89000123456789012341 a5028100 a600')),
  tlv(
    0xa1,
    hex('a0058000810104'),
    tlv(
      0xa1,
      tlv(
        0x30,
        hex('80022782 6211 82024121 83026f07 8b0102 800109 880138 8109082943019134876765'),
        hex('620b 82024121 83026f31 800101 810105'),
      ),
    ),
  ),
  tlv(0xaa, hex('a0058000810119')),
])

test('files of generic file management are found by their identifiers', () => {
  expect(readSubscription(generic)).toEqual({
    iccid: '89000123456789012341',
    imsi: '234101943787656',
  })
  expect(personalise(generic, subscription)).toEqual({
    missing: ['k', 'opc', 'pin', 'puk', 'adm1', 'serviceProviderName', 'msisdn'],
  })
  expect(personalise(generic, { ...subscription, msisdn: null })).not.toHaveProperty(
    'missing',
    expect.arrayContaining(['msisdn']),
  )
})

test('a template of another algorithm has no place for Milenage’s keys', () => {
  const place = template.indexOf(hex('8001018101018210'))
  const tuak = Buffer.from(template)
  tuak[place + 2] = 2
  expect(personalise(tuak, subscription)).toEqual({ missing: ['k', 'opc'] })
})

test('what is no profile package is refused', () => {
  const end = tlv(0xaa)
  for (const wrong of [
    Buffer.alloc(0),
    template.subarray(0, -1),
    template.subarray(0, template.length - 9),
    template.subarray(4),
    Buffer.concat([template, Buffer.of(0)]),
    Buffer.concat([sequence(), end]),
    Buffer.concat([tlv(0xa0, hex('800102810103830a8900012345678901234a')), end]),
    Buffer.concat([tlv(0xa0, hex('800102810103')), end]),
  ])
    expect(() => decodeProfilePackage(wrong)).toThrow(DerError)
})

test('identities as files carry them', () => {
  // TS 31.102 §4.2.2; the first is the sample profile's.
  expect(imsiToFile('234101943787656').toString('hex')).toBe('082943019134876765')
  expect(imsiToFile('23499000000007').toString('hex')).toBe('0821439900000000f7')
  expect(imsiFromFile(imsiToFile('23499000000007'))).toBe('23499000000007')
  expect(imsiFromFile(hex('08ffffffffffffffff'))).toBeUndefined()
  expect(spnToFile('Violet').toString('hex')).toBe(`0056696f6c6574${'ff'.repeat(10)}`)
  expect(spnToFile('紫罗兰').toString('hex')).toBe(`00807d2b7f575170${'ff'.repeat(9)}`)
  expect(spnFromFile(spnToFile('紫罗兰'))).toBe('紫罗兰')
  expect(spnFromFile(spnToFile('A name of more than sixteen'))).toBe('A name of more t')
  expect(msisdnToRecord('+447700900123', 16).toString('hex')).toBe(
    'ffff0791447700091032ffffffffffff',
  )
  expect(msisdnFromRecord(msisdnToRecord(null, 14))).toBeNull()
  expect(msisdnFromRecord(Buffer.alloc(13, 0xff))).toBeUndefined()
  expect(pinToValue('1234').toString('hex')).toBe('31323334ffffffff')
  expect(pinFromValue(Buffer.alloc(8))).toBeUndefined()
  for (const wrong of ['', '123', '123456789', 'abcd']) expect(() => pinToValue(wrong)).toThrow()
})
