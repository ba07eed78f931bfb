import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSearch, readings, tracesOf } from './trace.ts'

const key = Buffer.alloc(32, 3)
const values = [
  'Lin Yue',
  'lin@example.com',
  '+447700900461',
  'My phone was stolen in Lisbon and I want the number back before Friday please',
]
const traces = values.flatMap((value) => tracesOf(key, value))
const search = openSearch(key, traces)

test.each([
  ['{"name":"Lin Yue"}', 'phrase'],
  ['(sub_1,"LIN  YUE",GB)', 'phrase'],
  ['mail to Lin@Example.com failed', 'email'],
  ['{"to":"lin@example.com"}', 'email'],
  ['number 447700900461', 'phone'],
  ['tel:+447700900461;', 'phone'],
  ['quote: "Lisbon and I want the number back before Friday" he said', 'phrase'],
])('found in %s', (text, kind) => {
  expect(search(text)?.kind).toBe(kind)
})

test.each([
  'Lin and Yue',
  'Yue Lin',
  'colin@example.com',
  'lin@example.com.example',
  '14477009004612345',
  'sealed:1t:sub_1:contacts:subscriber.name::AAAA',
  'My phone was fine',
  '',
])('not found in %s', (text) => {
  expect(search(text)).toBeUndefined()
})

test('a single word is looked for only where it is a name', () => {
  expect(tracesOf(key, 'Phone')).toEqual([])
  expect(tracesOf(key, 'Lin', true)).toEqual([])
  expect(openSearch(key, tracesOf(key, 'Abernathy', true))('by abernathy.')?.kind).toBe('phrase')
})

test('no trace tells what it is of, and another key finds nothing', () => {
  expect(JSON.stringify(traces)).not.toMatch(/lin|yue|4477|lisbon/i)
  const other = openSearch(Buffer.alloc(32, 4), traces)
  for (const value of values) expect(other(value)).toBeUndefined()
})

test('whatever stands around it, a name of two words is found', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      expect(search(`${before} Lin Yue ${after}`)?.kind).toBeDefined()
    }),
  )
})

test('payloads of signatures and bytes are read as what they say', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jws = `${part({ alg: 'Ed25519' })}.${part({ subscriberName: 'Lin Yue' })}.c2ln`
  expect(readings(`{"jws":"${jws}"}`).some((text) => search(text))).toBe(true)
  const hex = `\\x${Buffer.from('%PDF Lin Yue').toString('hex')}`
  expect(readings(hex).some((text) => search(text))).toBe(true)
})
