/** What closing means for the lines that stay: their multi-line discount, and companions that would go with no line. */
import { periodFrom } from '../lines/line.ts'
import {
  beginsUntil,
  nextBegin,
  type Peer,
  percentOffAt,
  priceAt,
  stranded,
  takesCompanions,
} from '../renewals/renewals.ts'
import type { Money } from '../values/money.ts'
import type { Facts } from './facts.ts'

export type Repriced = {
  lineId: string
  name: string
  before: Money
  after: Money
  percentBefore: number
  percentAfter: number
  /** When the first period at the new price begins; null: once service of the line has begun and its first period is over. */
  from: Temporal.Instant | null
}

/** Lines that stay and cost something else from their next period on. What is paid already stays as it is. */
export function repriced(
  facts: Facts,
  now: Temporal.Instant,
  until: Temporal.Instant = now,
): Repriced[] {
  const ending = new Set(facts.lines.map(({ lineId }) => lineId))
  // As if nothing closed: a case that is submitted has marked its lines already.
  const asBefore = facts.peers.map((peer): Peer =>
    ending.has(peer.lineId) && peer.state === 'closing' ? { ...peer, state: 'active' } : peer,
  )
  return facts.staying.flatMap(({ lineId, name }) => {
    const own = facts.peers.find((peer) => peer.lineId === lineId)
    if (!own) return []
    const { next, periodEnd } = own
    const at = firstAfter(own, now, until)
    const others = asBefore.filter((peer) => peer.lineId !== lineId)
    const staying = others.filter((peer) => !ending.has(peer.lineId))
    const percentBefore = percentOffAt(next.plan, others, at)
    const percentAfter = percentOffAt(next.plan, staying, at)
    if (percentBefore === percentAfter) return []
    const [before, after] = [priceAt(next, percentBefore), priceAt(next, percentAfter)]
    return [{ lineId, name, before, after, percentBefore, percentAfter, from: periodEnd && at }]
  })
}

/** When the first period begins that nothing of what closes is beside any more. */
function firstAfter(own: Peer, now: Temporal.Instant, until: Temporal.Instant): Temporal.Instant {
  const last = beginsUntil(own, now, until).at(-1)
  return last ? periodFrom(last, own.next.plan.periodDays) : nextBegin(own, until)
}

/**
 * Companions that go with no line once these, and those that end with them, have ended. A line that ends by another
 * closure, however late, is none to stay with.
 */
export function strandedBy(
  facts: Facts,
  withThem: ReadonlySet<string> = new Set(),
): { lineId: string; name: string }[] {
  const ending = new Set(facts.lines.map(({ lineId }) => lineId))
  if (!facts.peers.some((peer) => ending.has(peer.lineId) && takesCompanions(peer))) return []
  const staying = facts.staying.filter(({ lineId }) => !withThem.has(lineId))
  const there = new Set(staying.map(({ lineId }) => lineId))
  const left = stranded(
    facts.peers.filter(
      (peer) =>
        there.has(peer.lineId) && !(takesCompanions(peer) && facts.leaving.has(peer.lineId)),
    ),
  )
  return staying.filter(({ lineId }) => left.some((peer) => peer.lineId === lineId))
}
