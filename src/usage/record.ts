/** A usage record once it is read: what it says, and whether another says the same. */
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
  readonly startedAt: Temporal.Instant
  readonly endedAt: Temporal.Instant
  readonly mcc: string
  readonly mnc: string
  readonly country: string
}

export type Read = UsageRecord | { usageId: string; reason: Reason }

/** Reads one record; what is wrong with it is said by its own id, where it has one. */
export function readRecord(given: Record<string, unknown>): Read {
  const { id } = given
  const usageId = typeof id === 'string' ? id : ''
  const parsed = recordWire.safeParse(given)
  if (!parsed.success) return { usageId, reason: 'invalid' }
  const { imsi, kind, quantity, mcc, mnc } = parsed.data
  const startedAt = microseconds(parsed.data.startedAt)
  const endedAt = microseconds(parsed.data.endedAt)
  if (Temporal.Instant.compare(startedAt, endedAt) > 0) return { usageId, reason: 'invalid' }
  const country = countryOf(mcc, mnc)
  if (!country) return { usageId, reason: 'unknown-network' }
  const size = BigInt(quantity)
  return { usageId, imsi, kind, quantity: size, startedAt, endedAt, mcc, mnc, country }
}

export type Stored = Pick<
  UsageRecord,
  'kind' | 'quantity' | 'startedAt' | 'endedAt' | 'mcc' | 'mnc'
>

export function isSame(a: Stored, b: Stored): boolean {
  return (
    a.kind === b.kind &&
    a.quantity === b.quantity &&
    a.startedAt.equals(b.startedAt) &&
    a.endedAt.equals(b.endedAt) &&
    a.mcc === b.mcc &&
    a.mnc === b.mnc
  )
}

// As fine as the database keeps it, so that a repeated record compares equal.
function microseconds(text: string): Temporal.Instant {
  return Temporal.Instant.from(text).round({ smallestUnit: 'microsecond', roundingMode: 'trunc' })
}
