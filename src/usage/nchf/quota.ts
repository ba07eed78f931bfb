/** Quotas: how much a session may use before it asks again. */
import { blockPrice, type Kind, type PlanTerms } from '../../plans/plan.ts'
import { hold, type Purse } from '../purse.ts'
import { type Reservation, reserve } from '../rating.ts'

export type QuotaTerms = {
  /** Given when the network names no amount, and the most that is given at once. */
  readonly usual: Readonly<Record<Kind, bigint>>
  readonly most: Readonly<Record<Kind, bigint>>
  /** The network asks again after this long (TS 32.291 validityTime). */
  readonly validitySec: number
  /** A session is taken for abandoned this long after its validity ended. */
  readonly graceSec: number
}

export const quotaTerms: QuotaTerms = {
  usual: { data: 100_000_000n, voice: 300n, sms: 1n },
  most: { data: 1_000_000_000n, voice: 3600n, sms: 50n },
  validitySec: 3600,
  graceSec: 300,
}

export type Want = { kind: Kind; country: string; quantity: bigint; before: bigint }
export type Quota = { reservation: Reservation; isLast: boolean }

/** Undefined: the plan has no price for this use, so that it can't be rated. */
export function quotaOf(
  want: Want,
  purse: Purse,
  plan: PlanTerms,
  nowUs: number,
): Quota | undefined {
  const { kind, country, before } = want
  if (!blockPrice(plan, country, kind) && !plan.countries.includes(country)) return undefined
  const reservation = reserve({ ...want, startedUs: nowUs }, purse, plan)
  const one = { ...want, startedUs: nowUs, quantity: 1n, before: before + reservation.granted }
  return { reservation, isLast: reserve(one, hold(purse, reservation), plan).granted === 0n }
}

export function wantedOf(
  kind: Kind,
  requested: bigint | 'any',
  { usual, most }: QuotaTerms,
): bigint {
  if (requested === 'any') return usual[kind]
  return requested < most[kind] ? requested : most[kind]
}

/** Asked for again when no more than this is left of a quota. */
export function thresholdOf(granted: bigint): bigint {
  return granted / 5n
}
