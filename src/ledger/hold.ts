/** A hold: money of a subscriber that is set aside for a purpose until a moment, and then taken or given back. */
import type { Money } from '../values/money.ts'
import type { Place, Posting } from './ledger.ts'

export type HoldPurpose = 'chargeback'
export type HoldState = 'placed' | 'captured' | 'released' | 'expired'
/** Where held money can come from, and goes back to. */
export type HeldFrom = 'paid-credit' | 'promotional-credit' | 'refunds-payable'

export type Hold = {
  readonly subscriberId: string
  readonly holdId: string
  readonly key: string
  readonly from: Place & { readonly account: HeldFrom }
  readonly amount: Money
  readonly purpose: HoldPurpose
  readonly state: HoldState
  readonly captured: Money | null
  readonly placedAt: Temporal.Instant
  /** From this moment on the money can no longer be captured. */
  readonly expiresAt: Temporal.Instant
}

/** A hold keeps its line, so that a line's held money is known and returns to where it was. */
function heldPlace({ from }: Pick<Hold, 'from'>): Place {
  return { account: 'held', lineId: from.lineId }
}

export function placing(hold: Pick<Hold, 'from' | 'amount'>): Posting[] {
  return [{ from: hold.from, to: heldPlace(hold), amount: hold.amount }]
}

export function givingBack(hold: Pick<Hold, 'from' | 'amount'>): Posting[] {
  return [{ from: heldPlace(hold), to: hold.from, amount: hold.amount }]
}

/** What is captured goes where it is due, the rest back: the two are always the whole hold. */
export function capturing(
  hold: Pick<Hold, 'from' | 'amount'>,
  captured: Money,
  to: Place,
): Posting[] {
  const rest = { ...hold.amount, minor: hold.amount.minor - captured.minor }
  const due: Posting = { from: heldPlace(hold), to, amount: captured }
  return rest.minor === 0n ? [due] : [due, ...givingBack({ from: hold.from, amount: rest })]
}

export function isOver(hold: Pick<Hold, 'expiresAt'>, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(now, hold.expiresAt) >= 0
}

/** The same request asked again, as opposed to another one under a key that is taken. */
export function isSameHold(
  hold: Hold,
  asked: Pick<Hold, 'from' | 'amount' | 'purpose' | 'expiresAt'>,
): boolean {
  return (
    hold.from.account === asked.from.account &&
    (hold.from.lineId ?? '') === (asked.from.lineId ?? '') &&
    hold.amount.minor === asked.amount.minor &&
    hold.amount.currency === asked.amount.currency &&
    hold.purpose === asked.purpose &&
    hold.expiresAt.equals(asked.expiresAt)
  )
}
