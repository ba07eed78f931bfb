/** Money that its owner could not be given: how it may end. */
import type { LedgerAccount } from '../ledger/ledger.ts'
import type { UnclaimedEnd } from '../policy/policy.ts'
import type { Money } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { unclaimedStates, unclaimedWhys } from './unclaimed-wire.ts'

export type UnclaimedState = (typeof unclaimedStates)[number]

export type Unclaimed = {
  unclaimedId: string
  subscriberId: string
  why: (typeof unclaimedWhys)[number]
  reference: string
  amount: Money
  /** By the bank of its owner, later: owed no more. */
  takenBack: Money
  /** It may yet take more: it is asked to take back what was paid, and has not decided. */
  waitsForBank: boolean
  since: Temporal.Instant
  /** Null: no rule takes it from its owner. */
  end: UnclaimedEnd | null
  state: UnclaimedState
  endedAt: Temporal.Instant | null
  proof: string | null
}

/** Paid to its owner after all, or handed over to whom the rule of its day names. */
export type Ending = { how: 'paid' | 'handed-over'; proof: string }

/** The owner may be paid on any day, the others not before theirs; nobody while a bank may give it to its owner, too. */
export function refusalOf(
  { state, end, proof, waitsForBank }: Pick<Unclaimed, 'state' | 'end' | 'proof' | 'waitsForBank'>,
  ending: Ending,
  now: Temporal.Instant,
): Refusal | undefined {
  if (state !== 'held')
    return state === ending.how && proof === ending.proof ? undefined : refuse('changed-meanwhile')
  return tooEarlyFor(end, ending, now) ?? (waitsForBank ? refuse('unclaimed-disputed') : undefined)
}

function tooEarlyFor(
  end: UnclaimedEnd | null,
  { how }: Ending,
  now: Temporal.Instant,
): Refusal | undefined {
  if (how === 'paid') return undefined
  if (end === null) return refuse('unclaimed-stays')
  if (end.dueAt !== null && Temporal.Instant.compare(now, end.dueAt) < 0)
    return refuse('unclaimed-not-due', { day: end.dueAt.toString() })
  return undefined
}

/** Where the money goes: out through the bank, or into the operator's own books. */
export function accountFor(how: Ending['how'], end: UnclaimedEnd | null): LedgerAccount {
  return how === 'handed-over' && end?.to === 'operator' ? 'unclaimed-lapsed' : 'payments-clearing'
}
