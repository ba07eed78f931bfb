import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bitsOf,
  booleanOf,
  DerError,
  fieldsOf,
  integerOf,
  octetsOf,
  oidOf,
  readDer,
  readElements,
  textOf,
  type Tlv,
} from './der.ts'
import { bits, boolean, integer, octets, oid, sequence, text, tlv } from './der-write.ts'

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')

test('an element keeps its bytes, whatever its tag is', () => {
  const bytes = hex('bf38 0c a0 0a 5f37 02 beef 5a 03 010203')
  const read = readDer(bytes)
  expect(read.tag).toBe(0xbf38)
  expect(read.raw.equals(bytes)).toBe(true)
  const [choice] = read.children
  expect(choice?.children.map(({ tag, value }) => [tag, value.toString('hex')])).toEqual([
    [0x5f37, 'beef'],
    [0x5a, '010203'],
  ])
  expect(readDer(hex('9f70 01 01')).tag).toBe(0x9f70)
  expect(readDer(hex('7f8120 00')).tag).toBe(0x7f8120)
})

test.each([
  ['nothing', ''],
  ['only a tag', '30'],
  ['a tag cut off', 'bf'],
  ['a length that is more than there is', '30 05 0201'],
  ['a child longer than its parent', '30 03 04 02 00'],
  ['a child that takes its uncle’s bytes', '30 06 30 02 04 03 0000'],
  ['an indefinite length', '30 80 0000'],
  ['a length in more bytes than needed', '04 81 7f'.padEnd(6 + 254, '0')],
  ['a length with a leading zero', `04 82 0080 ${'00'.repeat(128)}`],
  ['a length of four bytes', '04 84 00000001 00'],
  ['bytes after the end', '0500 00'],
  ['a high tag that would fit a low one', '5f1e 00'],
  ['a high tag with a leading zero', '5f8037 00'],
  ['a tag of four bytes', '5f818101 00'],
])('%s is refused', (_, digits) => {
  expect(() => readDer(hex(digits))).toThrow(DerError)
})

test('what is nested too deep or too long is refused before it costs anything', () => {
  let deep: Buffer = hex('0500')
  for (let depth = 0; depth < 15; depth++) deep = sequence(deep)
  expect(readDer(deep).tag).toBe(0x30)
  expect(() => readDer(sequence(deep))).toThrow(/deep/)
  for (let depth = 0; depth < 2000; depth++) deep = sequence(deep)
  expect(() => readDer(deep)).toThrow(/deep/)
  expect(() => readDer(octets(Buffer.alloc(70_000)))).toThrow(/long/)
})

test('what was written is read again, and only in the shortest form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), fc.nat(2 ** 40), (bytes, number) => {
      const limits = { bytesMax: 100_000, depthMax: 4 }
      const message = tlv(0xbf25, octets(bytes), integer(number, 0x80))
      const fields = fieldsOf(readDer(message, limits), 0xbf25)
      expect(fields.need(0x04).value.equals(bytes)).toBe(true)
      expect(integerOf(fields.need(0x80))).toBe(number)
      fields.end()
    }),
    { numRuns: 50 },
  )
})

test('any bytes are read or refused, never worse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        const elements = readElements(bytes)
        expect(Buffer.concat(elements.map(({ raw }) => raw)).equals(bytes)).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(DerError)
      }
    }),
    { numRuns: 2000 },
  )
})

test('object identifiers, X.690 §8.19.5 and those of SGP.22', () => {
  expect(oid('2.999.3').toString('hex')).toBe('0603883703')
  expect(oid('2.23.146.1.2.1.4').toString('hex')).toBe('060767811201020104')
  expect(oid('1.2.840.10045.3.1.7').toString('hex')).toBe('06082a8648ce3d030107')
  for (const dotted of ['2.999.3', '2.23.146.1.2.1.4', '1.3.36.3.3.2.8.1.1.7', '0.9.2342'])
    expect(oidOf(readDer(oid(dotted)))).toBe(dotted)
  for (const wrong of ['0600', '06 01 80', '06 02 8001', '06 02 5581'])
    expect(() => oidOf(readDer(hex(wrong)))).toThrow(DerError)
})

test('values of one kind are not taken for another', () => {
  const of = (digits: string): Tlv => readDer(hex(digits))
  expect(integerOf(of('02 02 00ff'))).toBe(255)
  expect(integerOf(readDer(integer(0x7fn)))).toBe(127)
  expect(integerOf(of('02 08 0000000000000105'))).toBe(261)
  expect(integerOf(of('02 01 00'))).toBe(0)
  for (const wrong of ['0200', '02 01 80', '02 07 01000000000000'])
    expect(() => integerOf(of(wrong))).toThrow(DerError)
  expect(booleanOf(readDer(boolean(true)))).toBe(true)
  expect(() => booleanOf(of('01 01 01'))).toThrow(DerError)
  expect(textOf(readDer(text('紫罗兰')))).toBe('紫罗兰')
  expect(() => textOf(of('0c 02 c080'))).toThrow(DerError)
  expect(bits([0, 2, 3]).toString('hex')).toBe('030204b0')
  expect(bitsOf(readDer(bits([1, 9])))).toEqual([1, 9])
  expect(bitsOf(readDer(bits([])))).toEqual([])
  for (const wrong of ['0300', '03 01 01', '03 02 08 ff']) expect(() => bitsOf(of(wrong))).toThrow()
  expect(() => octetsOf(of('04 01 00'), 16)).toThrow(DerError)
})

test('fields come in the order of the specification', () => {
  const message = readDer(sequence(octets(hex('80')), boolean(false)))
  const fields = fieldsOf(message, 0x30)
  expect(() => fields.need(0x01)).toThrow(/01 is missing in 30/)
  expect(fields.may(0x01)).toBeUndefined()
  fields.need(0x04)
  expect(() => fields.end()).toThrow(/more than expected/)
  expect(fields.rest().map(({ tag }) => tag)).toEqual([1])
  expect(() => fieldsOf(message, 0xbf38)).toThrow(/expected BF38, found 30/)
})
