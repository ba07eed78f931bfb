/** A line: its states, who may change what, and how the API shows it. */
import type { z } from 'zod'
import { type DeviceState, maskedIccid, type ProfileState } from '../esim/esim.ts'
import { type Allowance, allowanceShown, type Kind, type Plan, planShown } from '../plans/plan.ts'
import { type Money, toWire } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { lineWire } from './wire.ts'

export type LineState = 'ordered' | 'active' | 'suspended' | 'closing' | 'closed'

/** The job that gives an installed line its service. */
export const activateQueue = 'lines.activate'
/** The job that brings the network to what a line says. */
export const accessQueue = 'lines.access'

export type Bucket = {
  readonly bucketId: string
  readonly kind: Kind
  readonly granted: bigint
  readonly remaining: bigint
  readonly expiresAt: Temporal.Instant | null
  /** Beside what the plan includes. */
  readonly isAddon: boolean
}

export type Line = {
  readonly subscriberId: string
  readonly lineId: string
  readonly nickname: string
  readonly state: LineState
  readonly suspensions: readonly ('subscriber' | 'operator' | 'fraud')[]
  readonly msisdn: string | null
  readonly imsi: string
  readonly iccid: string
  readonly currency: string
  readonly plan: Plan
  readonly buckets: readonly Bucket[]
  readonly paid: Money
  readonly promotional: Money
  readonly spendingCap: Money | null
  readonly spent: Money
  readonly periodStart: Temporal.Instant | null
  readonly periodEnd: Temporal.Instant | null
  /** The next period begins by itself, paid from the line's credit. */
  readonly autoRenew: boolean
  readonly profile: {
    readonly state: ProfileState
    readonly deviceState: DeviceState | null
    /** The chip it was downloaded to. */
    readonly eid: string | null
  }
  readonly closureCaseId: string | null
  readonly orderedAt: Temporal.Instant
  readonly activatedAt: Temporal.Instant | null
  readonly closedAt: Temporal.Instant | null
}

/** Why a line can't be changed, or nothing when it can. */
export function whyFixed(state: LineState): Refusal | undefined {
  if (state === 'closing') return refuse('line-closing')
  if (state === 'closed') return refuse('line-closed')
  return undefined
}

/** Everything the plan grants for the period, adjustments included. */
export function boughtOf(buckets: readonly Bucket[]): Allowance {
  const bought: Allowance = { data: 0n, voice: 0n, sms: 0n }
  for (const { kind, granted, isAddon } of buckets) if (!isAddon) bought[kind] += granted
  return bought
}

/** Whole days of 24 hours from the moment service begins; half-open, the end is not part of it. */
export function periodFrom(start: Temporal.Instant, days: number): Temporal.Instant {
  return start.add({ hours: 24 * days })
}

const dayMs = 86_400_000

/** Whole days that had not begun at a moment, of `days` that count from `start`; a day that has begun is used. */
export function daysLeft(
  { start, days }: { start: Temporal.Instant | null; days: number },
  asOf: Temporal.Instant,
): number {
  if (start === null || Temporal.Instant.compare(asOf, start) < 0) return days
  const elapsedMs = asOf.epochMilliseconds - start.epochMilliseconds
  return Math.max(days - Math.floor(elapsedMs / dayMs) - 1, 0)
}

/** When its owner is reminded of a period's end; null: it is too short for that. */
export function remindAt(end: Temporal.Instant, days: number): Temporal.Instant | null {
  if (days < 3) return null
  return end.subtract({ hours: days < 14 ? 24 : 72 })
}

export function lineShown(line: Line): z.output<typeof lineWire> {
  return {
    lineId: line.lineId,
    nickname: line.nickname,
    state: line.state,
    // That it is for fraud is not told.
    suspendedBy: [...new Set(line.suspensions.map((one) => (one === 'fraud' ? 'operator' : one)))],
    msisdn: line.msisdn,
    plan: planShown(line.plan),
    bought: allowanceShown(boughtOf(line.buckets)),
    buckets: line.buckets.map(({ bucketId, kind, granted, remaining, expiresAt, isAddon }) => ({
      bucketId,
      kind,
      isAddon,
      granted: granted.toString(),
      remaining: remaining.toString(),
      expiresAt: shown(expiresAt),
    })),
    paidCredit: toWire(line.paid),
    promotionalCredit: toWire(line.promotional),
    spendingCap: line.spendingCap && toWire(line.spendingCap),
    spent: toWire(line.spent),
    periodStart: shown(line.periodStart),
    periodEnd: shown(line.periodEnd),
    autoRenew: line.autoRenew,
    profile: {
      iccidMasked: maskedIccid(line.iccid),
      eidMasked: line.profile.eid && maskedIccid(line.profile.eid),
      state: line.profile.state,
      deviceState: line.profile.deviceState,
    },
    closureCaseId: line.closureCaseId,
    orderedAt: line.orderedAt.toString(),
    activatedAt: shown(line.activatedAt),
    closedAt: shown(line.closedAt),
  }
}

const shown = (at: Temporal.Instant | null): string | null => at?.toString() ?? null

/** "Flex", "Flex 2": by their names the lines of one person are told apart. */
export function firstFree(name: string, taken: readonly string[]): string {
  let count = 1
  let free = name
  while (taken.includes(free)) free = `${name} ${(count += 1)}`
  return free
}
