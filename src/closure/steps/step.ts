/** What a durable step is: asked whether its effect stands, performed, and recorded in one transaction with the case. */
import type { Orders } from '../../esim/order-gateway.ts'
import type { Network } from '../../lines/gateway.ts'
import type { Payments } from '../../payments/gateway.ts'
import type { App } from '../../platform/app.ts'
import type { Trx } from '../../platform/database.ts'
import type { Policy } from '../../policy/policy.ts'
import type { Facts } from '../facts.ts'
import type { StoredCase } from '../case.ts'
import type { CaseChange } from '../store.ts'
import type { NewEvent } from '../timeline-store.ts'
import type { Documents } from './documents.ts'

export type Partners = {
  network: Pick<Network, 'find' | 'receiveOnly' | 'cancelLocation' | 'delete'>
  payments: Pick<
    Payments,
    'refund' | 'findRefund' | 'payout' | 'findPayout' | 'findDisputes' | 'findCheckout'
  >
  orders: Pick<Orders, 'cancel'>
  documents: Documents
}

export type StepContext = {
  app: App
  partners: Partners
  c: StoredCase
  facts: Facts
  policy: Policy
  /** What the step is about, from its name: a line, a refund, or nothing. */
  subject: string
  now: Temporal.Instant
}

export type Outcome = Record<string, string>
/** The partner has it but hasn't finished; ask again after the delay. */
export type Pending = { pendingMs: number }

export type Recorded = { events?: NewEvent[]; change?: CaseChange; outcome?: Outcome }

export type Performed = StepContext & { readonly performed: Outcome }

/**
 * Touches the outside world: it must be able to say whether its effect already stands there. What came of it is
 * recorded for any number of cases at once, and given for each in the same order.
 */
export type OutsideStep = {
  kind: 'outside'
  isDone(context: StepContext): Promise<Outcome | Pending | undefined>
  perform(context: StepContext): Promise<Outcome | Pending>
  record(trx: Trx, all: readonly Performed[]): Promise<Recorded[]>
}

/** Of the partners nobody but who signs, which reaches nobody: what calls out must be able to say what stands there. */
export type InsideContext = Omit<StepContext, 'partners'> & {
  partners: Pick<Partners, 'documents'>
}

/** Touches only our own database: its record is its effect, written once with each case's version. */
export type InsideStep = {
  kind: 'inside'
  record(trx: Trx, all: readonly InsideContext[]): Promise<Recorded[]>
}

export type Step = OutsideStep | InsideStep

export function isPending(outcome: Outcome | Pending): outcome is Pending {
  return typeof (outcome as Pending).pendingMs === 'number'
}
