/** What money at the end of a line is made of: where it comes from, where it may go, and what is laid on it. */
import type { Posting } from '../ledger/ledger.ts'
import { type Money, zero } from '../values/money.ts'

export type Choice<Disposition extends string> = {
  disposition: Disposition
  toLineId?: string | undefined
}
type PaidChoice<Disposition extends string> = Choice<Disposition> & {
  /** Service goes on until the paid days are over; this is about what is left then. */
  spendFirst?: true | undefined
}
export type Choices = {
  paid: PaidChoice<'refund' | 'move' | 'donate' | 'keep' | 'give-up'> | null
  promotional: Choice<'move' | 'give-up'> | null
  /** Credit other lines put in without a rule: what its owner agrees to for them. */
  shared?: { disposition: 'return' | 'stay' } | null | undefined
  /** Small balances are changed into this currency and refunded with it; absent: each currency by itself. */
  exchange?: { into: string } | null | undefined
  /** Grace: calls and data end, and texts go on arriving for a while, free. */
  texts?: true | undefined
  /** A day of one's own, by the clock of the policy; null or absent: as soon as possible. */
  endsOn?: string | null | undefined
}

/** Choices as they are carried out, when their owner can't be asked any more. */
export type Final = Omit<Choices, 'paid'> & {
  paid:
    | Choices['paid']
    | (PaidChoice<'refund' | 'unclaimed'> & {
        /** Its owner chose something else, and agreed to no fee. */
        unasked: true
      })
}

/** Choices as they were stored, whenever that was. */
export function choicesIn(stored: Partial<Choices>): Choices {
  const { paid, promotional, shared, exchange, texts, endsOn } = stored
  return {
    paid: paid ?? null,
    promotional: promotional ?? null,
    ...(shared && { shared }),
    ...(exchange !== undefined && { exchange }),
    ...(texts && { texts }),
    ...(endsOn !== undefined && { endsOn }),
  }
}

/** A paid order that money can go back to, with what is left to refund on it. */
export type Refundable = { orderId: string; lineId: string | null; instrument: string; left: Money }

export type SourceKind =
  | 'paid-credit'
  | 'account-credit'
  | 'plan-days'
  | 'addon'
  | 'promotional-credit'
  | 'disputed-credit'
  | 'becomes-owed'
  | 'exchanged-from'
export type DestinationKind =
  | 'arrears-paid'
  | 'early-fee'
  | 'late-usage-reserve'
  | 'refund-fee'
  | 'refund'
  | 'disputed'
  | 'charged-back'
  | 'unclaimed'
  | 'moved'
  | 'kept'
  | 'share-returned'
  | 'donated'
  | 'promotion-forfeited'
  | 'exchanged-into'
export type Row<Kind> = {
  kind: Kind
  lineId: string | null
  detail: Record<string, string>
  amount: Money
}
export type Refund = { orderId: string; instrument: string; amount: Money }
/** A part of a refund that would go to a payment its owner disputes: it waits for the bank, or the bank took it. */
export type Withheld = { disputeId: string; amount: Money }

/** Money that leaves for another currency. */
export type Changed = { amount: Money; postings: Posting[] }

/** An amount with the rule it comes from, so that the quote can name its source. */
export type Ruled = { amount: Money; detail: Record<string, string> }
/** What policy and the bank lay on the money of closing lines, all in one currency. */
export type Dues = {
  owed: readonly { lineId: string; amount: Money }[]
  earlyFees: readonly ({ lineId: string } & Ruled)[]
  refundFee: Ruled
  /** The most that is kept back for records that come late. */
  lateCap: Ruled
  /** What the bank is asked to take back: `held` of it is set aside on the line, `left` is not. */
  disputed: readonly { disputeId: string; lineId: string | null; held: Money; left: Money }[]
  /** What the bank has taken back already. */
  takenBack: readonly Withheld[]
}
export function noDues(code: string): Dues {
  const none = { amount: zero(code), detail: {} }
  return { owed: [], earlyFees: [], refundFee: none, lateCap: none, disputed: [], takenBack: [] }
}
