/** A usage record once it is read: what it says, whether another says the same, and whether it can be true. */
import type { z } from 'zod'
import type { Kind } from '../plans/plan.ts'
import { countryOf } from '../plans/plans.ts'
import { recordWire, type reasonWire } from './wire.ts'

export type Reason = z.output<typeof reasonWire>
export type UsageRecord = {
  readonly usageId: string
  readonly imsi: string
  readonly kind: Kind
  readonly quantity: bigint
  /** Microseconds since 1970, as fine as the database keeps it; the period is half-open. */
  readonly startedUs: number
  readonly endedUs: number
  readonly mcc: string
  readonly mnc: string
  readonly country: string
}

export type Read = UsageRecord | { usageId: string; imsi: string; reason: Reason }

/** More than any phone can use in one record; such a figure is a fault of counting. */
const quantityMax: Readonly<Record<Kind, bigint>> = {
  data: 1_000_000_000_000n,
  voice: 172_800n,
  sms: 10_000n,
}
/** Networks close a record at least once a day. */
export const periodUsMax = 48 * 3_600_000_000
/** Clocks of networks and ours are not the same. */
export const clockUsMax = 300_000_000

/** Reads one record; what is wrong with it is said by its own id, where it has one. */
export function readRecord(given: Record<string, unknown>): Read {
  const { id, imsi: whose } = given
  const usageId = typeof id === 'string' ? id.slice(0, 100) : ''
  const given15 = typeof whose === 'string' ? whose.slice(0, 15) : ''
  const parsed = recordWire.safeParse(given)
  if (!parsed.success) return { usageId, imsi: given15, reason: 'invalid' }
  const { imsi, kind, quantity, startedAt, endedAt, mcc, mnc } = parsed.data
  const times = { startedUs: microseconds(startedAt), endedUs: microseconds(endedAt) }
  return checked({ usageId, imsi, kind, quantity: BigInt(quantity), ...times, mcc, mnc })
}

/** Whether a record that is well formed can be true, whatever line it belongs to. */
export function checked(record: Omit<UsageRecord, 'country'>): Read {
  const { kind, quantity, startedUs, endedUs, mcc, mnc } = record
  if (startedUs > endedUs) return { ...record, reason: 'invalid' }
  if (isAbsurd(kind, quantity, endedUs - startedUs)) return { ...record, reason: 'absurd' }
  const country = countryOf(mcc, mnc)
  return country ? { ...record, country } : { ...record, reason: 'unknown-network' }
}

export function isAbsurd(kind: Kind, quantity: bigint, periodUs: number): boolean {
  return quantity > quantityMax[kind] || periodUs > periodUsMax
}

export type Stored = Pick<
  UsageRecord,
  'kind' | 'quantity' | 'startedUs' | 'endedUs' | 'mcc' | 'mnc'
>

export function isSame(a: Stored, b: Stored): boolean {
  return (
    a.kind === b.kind &&
    a.quantity === b.quantity &&
    a.startedUs === b.startedUs &&
    a.endedUs === b.endedUs &&
    a.mcc === b.mcc &&
    a.mnc === b.mnc
  )
}

/** Whether two uses of one kind share time; what takes no time shares none. */
export function overlap(
  a: Pick<Stored, 'startedUs' | 'endedUs'>,
  b: Pick<Stored, 'startedUs' | 'endedUs'>,
): boolean {
  const [aTime, bTime] = [a.endedUs - a.startedUs, b.endedUs - b.startedUs]
  return aTime > 0 && bTime > 0 && a.startedUs < b.endedUs && b.startedUs < a.endedUs
}

export function oldestFirst(
  a: Pick<UsageRecord, 'startedUs' | 'usageId'>,
  b: Pick<UsageRecord, 'startedUs' | 'usageId'>,
): number {
  return a.startedUs - b.startedUs || (a.usageId < b.usageId ? -1 : 1)
}

// The common form by the fastest way there is; anything finer or stranger by Temporal.
const toMilliseconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/

/** Microseconds since 1970 of an ISO 8601 instant, what is finer cut off; NaN for anything else. */
export function microseconds(text: string): number {
  if (toMilliseconds.test(text)) {
    const ms = Date.parse(text)
    if (!Number.isNaN(ms)) return ms * 1000
  }
  try {
    return Number(Temporal.Instant.from(text).epochNanoseconds / 1000n)
  } catch {
    return Number.NaN
  }
}

export const microsecondsOf = (at: Temporal.Instant): number => Number(at.epochNanoseconds / 1000n)

export function instantOf(us: number): Temporal.Instant {
  return Temporal.Instant.fromEpochNanoseconds(BigInt(us) * 1000n)
}
