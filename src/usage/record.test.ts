import { expect, test } from 'vitest'
import { instantOf, isSame, readRecord, type UsageRecord } from './record.ts'

const good = {
  id: 'u1',
  imsi: '234990000000001',
  kind: 'data',
  quantity: 5_000_000,
  startedAt: '2026-11-20T10:00:00.1234567Z',
  endedAt: '2026-11-20T10:05:00Z',
  mcc: '440',
  mnc: '10',
}

test('a record is read once and trusted: country, whole units, microseconds', () => {
  const read = readRecord(good) as UsageRecord
  expect(read.country).toBe('JP')
  expect(read.quantity).toBe(5_000_000n)
  expect(instantOf(read.startedUs).toString()).toBe('2026-11-20T10:00:00.123456Z')
})

test.each([
  [{ ...good, quantity: 0 }, 'invalid'],
  [{ ...good, quantity: 1.5 }, 'invalid'],
  [{ ...good, quantity: '-3' }, 'invalid'],
  [{ ...good, kind: 'fax' }, 'invalid'],
  [{ ...good, imsi: 'x' }, 'invalid'],
  [{ ...good, startedAt: '2026-11-20T10:06:00Z' }, 'invalid'],
  [{ ...good, startedAt: 'yesterday' }, 'invalid'],
  [{ ...good, mcc: '999' }, 'unknown-network'],
  [{ ...good, quantity: '1000000000001' }, 'absurd'],
  [{ ...good, kind: 'voice', quantity: 172_801 }, 'absurd'],
  [{ ...good, startedAt: '2026-11-18T09:59:59Z' }, 'absurd'],
])('a bad record is rejected with its reason: %#', (record, reason) => {
  expect(readRecord(record)).toMatchObject({ usageId: 'u1', imsi: record.imsi, reason })
})

test('two records are the same only when all that is charged is the same', () => {
  const read = readRecord(good) as UsageRecord
  expect(isSame(read, readRecord(good) as UsageRecord)).toBe(true)
  expect(isSame(read, { ...read, quantity: 1n })).toBe(false)
  expect(isSame(read, { ...read, mnc: '20' })).toBe(false)
})
