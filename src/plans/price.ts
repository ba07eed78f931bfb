/** What a plan costs and holds once its dials are set; the figure shown is the figure charged. */
import { type Money, money, shareRoundedDown, subtract } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { Allowance, Kind, PlanTerms } from './plan.ts'

/** Steps per dial. A kind without a dial takes 0. */
export type Adjustment = Record<Kind, number>

export type Offer = { price: Money; allowance: Allowance }

/** The price and the allowance of a plan with its dials at these steps; as included when none are given. */
export function offerOf(plan: PlanTerms, adjustment?: Adjustment): Offer | Refusal {
  if (!adjustment) return { price: plan.price, allowance: plan.allowance }
  let { minor } = plan.price
  const allowance = { ...plan.allowance }
  for (const kind of ['data', 'voice', 'sms'] as const) {
    const steps = adjustment[kind]
    const dial = plan.dials.find((one) => one.kind === kind)
    const [min, max] = dial ? [dial.min, dial.max] : [0, 0]
    if (!Number.isInteger(steps) || steps < min || steps > max) {
      return refuse('adjustment-not-allowed', { kind, min: String(min), max: String(max) })
    }
    if (!dial) continue
    minor += BigInt(steps - dial.included) * dial.pricePerStep.minor
    allowance[kind] = BigInt(steps) * dial.step
  }
  return { price: money(minor, plan.price.currency), allowance }
}

/** Percent off each line's price where its owner has so many lines that take part. */
export function percentOffFor({ multiLine }: Pick<PlanTerms, 'multiLine'>, lines: number): number {
  return multiLine.findLast((tier) => lines >= tier.lines)?.percent ?? 0
}

/** A price less a discount, whose own fraction of a minor unit is dropped. */
export function discounted(price: Money, percentOff: number): Money {
  return subtract(price, shareRoundedDown(price, BigInt(percentOff), 100n))
}
