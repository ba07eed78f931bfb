import { expect, test } from 'vitest'
import { iccidOf } from './iccid.ts'
import { readDelivery } from './delivery.ts'

const [one, two] = [iccidOf(1n), iccidOf(2n)]
const key = '00112233445566778899aabbccddeeff'

test('a list with keys, in any order of columns, with or without the F', () => {
  const read = readDelivery(`imsi;ICCID;OPc;K\r\n234990000000001;${one}F;${key};${key}\r\n\r\n`)
  expect(read?.bad).toEqual([])
  expect(read?.rows).toEqual([
    {
      iccid: one,
      imsi: '234990000000001',
      keys: { k: Buffer.from(key, 'hex'), opc: Buffer.from(key, 'hex') },
    },
  ])
})

test('a list without keys', () => {
  const read = readDelivery(`iccid,imsi\n${one},234990000000001\n${two},234990000000002`)
  expect(read?.rows.map(({ keys }) => keys)).toEqual([undefined, undefined])
})

test.each([
  [`${one.slice(0, -1)}0,234990000000001`, /ICCID is not one/],
  [`${one},23499`, /15 digits/],
  [`${two},234990000000009\n${two},234990000000001`, /twice/],
  [`${one},234990000000009\n${two},234990000000009`, /twice/],
])('%s is a bad row', (rows, reason) => {
  const read = readDelivery(`iccid,imsi\n${rows}`)
  expect(read?.bad.at(-1)?.reason).toMatch(reason)
})

test('a key that is none, and columns that are not named', () => {
  expect(readDelivery(`iccid,imsi,k,opc\n${one},234990000000001,00,${key}`)?.bad).toHaveLength(1)
  expect(readDelivery(`${one},234990000000001`)).toBeUndefined()
  expect(readDelivery('iccid,imsi,k\n')).toBeUndefined()
  expect(readDelivery('')).toBeUndefined()
})
