/** Lines of one owner side by side: how many take part in a multi-line discount, and who depends on whom. */
import { type LineState, periodFrom } from '../lines/line.ts'
import type { Plan } from '../plans/plan.ts'
import { type Adjustment, percentOffFor } from '../plans/plans.ts'
import { refuse, type Refusal } from '../values/refusal.ts'

/** A line that is not closed, with the plan it has and what its next period begins with. */
export type Peer = {
  readonly lineId: string
  readonly state: LineState
  readonly autoRenew: boolean
  readonly periodEnd: Temporal.Instant | null
  readonly plan: Plan
  readonly next: { readonly plan: Plan; readonly steps: Adjustment | null }
}

/** The plan that a line will have at a moment; nothing where it will have none. */
function planAt(peer: Peer, at: Temporal.Instant): Plan | undefined {
  const { periodEnd, state } = peer
  if (periodEnd !== null && Temporal.Instant.compare(periodEnd, at) > 0) return peer.plan
  if (state === 'closing') return undefined
  // Paid and not begun: its period is still to come.
  if (periodEnd === null) return peer.plan
  return peer.autoRenew ? peer.next.plan : undefined
}

/** Lines that take part in a multi-line discount at a moment. */
export function sharingAt(peers: readonly Peer[], at: Temporal.Instant): number {
  return peers.filter((peer) => (planAt(peer, at)?.multiLine.length ?? 0) > 0).length
}

/** Percent off a plan for a line that is not among the peers, where it begins at a moment. */
export function percentOffAt(plan: Plan, peers: readonly Peer[], at: Temporal.Instant): number {
  return percentOffFor(plan, sharingAt(peers, at) + 1)
}

/** When a line's next period begins, if it does. */
export function nextBegin(
  { periodEnd }: Pick<Peer, 'periodEnd'>,
  now: Temporal.Instant,
): Temporal.Instant {
  return periodEnd !== null && Temporal.Instant.compare(periodEnd, now) > 0 ? periodEnd : now
}

/** When its periods begin from now until a moment, if each of them is paid in time. */
export function beginsUntil(
  peer: Peer,
  now: Temporal.Instant,
  until: Temporal.Instant,
): Temporal.Instant[] {
  if (!peer.autoRenew || peer.periodEnd === null) return []
  const begins: Temporal.Instant[] = []
  let at = nextBegin(peer, now)
  while (Temporal.Instant.compare(at, until) < 0) {
    begins.push(at)
    at = periodFrom(at, peer.next.plan.periodDays)
  }
  return begins
}

/** A plan whose lines companions can go with. */
export const takesCompanions = ({ plan }: Pick<Peer, 'plan'>) =>
  plan.kind !== 'companion' && plan.numberCountry !== null

const isMain = (peer: Peer) => takesCompanions(peer) && peer.state !== 'closing'

const hasMain = (peers: readonly Peer[]): boolean => peers.some(isMain)

/** What a new companion could not go with for long: no line at all, or only lines that a closure ends, on whatever day. */
export function goesWithNone(
  others: readonly Peer[],
  leaving: ReadonlySet<string>,
): Refusal | undefined {
  if (hasMain(others.filter(({ lineId }) => !leaving.has(lineId)))) return undefined
  return refuse(others.some(takesCompanions) ? 'companion-line-ends' : 'companion-needs-line')
}

/** Companions that would go with no line any more if only these lines stayed. */
export function stranded(staying: readonly Peer[]): readonly Peer[] {
  if (hasMain(staying)) return []
  return staying.filter(({ plan, state }) => plan.kind === 'companion' && state !== 'closing')
}
