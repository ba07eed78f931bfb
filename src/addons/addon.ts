/** An add-on: more of one kind on a line, for whole days, at a price; and what of it is left when a line ends early. */
import { z } from 'zod'
import { whyFixed, type LineState } from '../lines/line.ts'
import { type Kind, type Plan } from '../plans/plan.ts'
import { fromWire, lesser, type Money, shareRoundedDown, subtract, zero } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { lineKind, moneyWire, writtenWords } from '../values/wire.ts'

/** The document of an add-on's version, as stored and as the catalog writes it. */
export const addonDocument = z.object({
  name: writtenWords,
  kind: lineKind,
  quantity: z
    .string()
    .regex(/^[1-9]\d{0,17}$/)
    .describe('Bytes, seconds or messages')
    .transform(BigInt),
  days: z.int().min(1).max(366),
  price: moneyWire.transform((wire, context): Money => {
    const amount = fromWire(wire)
    if (amount && amount.minor > 0n) return amount
    context.addIssue({ code: 'custom', message: 'an add-on has a price in a known currency' })
    return z.NEVER
  }),
})
export type AddonDocument = z.input<typeof addonDocument>
export type Addon = z.output<typeof addonDocument> & { addonId: string; version: number }

/** A line as add-ons see it. */
export type Buyer = {
  readonly state: LineState
  readonly plan: Plan
  readonly currency: string
  /** Paid credit that no session has set aside. */
  readonly credit: Money
}

export function whyNoAddons({ state }: Pick<Buyer, 'state'>): Refusal | undefined {
  return whyFixed(state) ?? (state === 'active' ? undefined : refuse('line-not-active'))
}

/** Calls and texts are for lines with a number. */
export function fits({ kind, price }: Addon, { plan, currency }: Buyer): boolean {
  return price.currency === currency && (kind === 'data' || plan.numberCountry !== null)
}

/** What the credit lacks for a price; nothing: it can be paid. */
export function lackOf(price: Money, credit: Money): Money | undefined {
  return price.minor > credit.minor ? subtract(price, credit) : undefined
}

/** An add-on that runs on a line, with what was paid for it and is not earned. */
export type Running = {
  readonly bucketId: string
  readonly kind: Kind
  readonly name: Record<string, string>
  readonly paid: Money
  readonly from: Temporal.Instant
  readonly until: Temporal.Instant
  readonly granted: bigint
  readonly remaining: bigint
}

const dayMs = 86_400_000

/** Whole days of it that have not begun, of all. */
export function daysOf(
  { from, until }: Pick<Running, 'from' | 'until'>,
  asOf: Temporal.Instant,
): { left: number; total: number } {
  const total = Math.max(Math.ceil((until.epochMilliseconds - from.epochMilliseconds) / dayMs), 1)
  const left = Math.floor((until.epochMilliseconds - asOf.epochMilliseconds) / dayMs)
  return { left: Math.min(Math.max(left, 0), total), total }
}

/** What comes back of it: the smaller of unused days and unused quantity, rounded down to the minor unit. */
export function unusedOf(running: Running, asOf: Temporal.Instant): Money {
  const { paid, remaining, granted } = running
  const { left, total } = daysOf(running, asOf)
  if (granted === 0n) return zero(paid.currency)
  const byDays = shareRoundedDown(paid, BigInt(left), BigInt(total))
  return lesser(byDays, shareRoundedDown(paid, remaining, granted))
}
