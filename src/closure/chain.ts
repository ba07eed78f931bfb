/** The hash chain of a case's timeline: each event carries the hash of the one before it. */
import { createHash } from 'node:crypto'

export type ChainedEvent = {
  seq: number
  at: Temporal.Instant
  kind: string
  actorKind: string
  actorId: string
  detail: Record<string, string>
  previousHash: string
  hash: string
}

export const firstHash = '0'.repeat(64)

export function hashEvent(caseId: string, event: Omit<ChainedEvent, 'hash'>): string {
  const detail = Object.entries(event.detail).sort(([a], [b]) => (a < b ? -1 : 1))
  const at = event.at.round('millisecond').toString()
  const text = JSON.stringify([
    caseId,
    event.seq,
    at,
    event.kind,
    event.actorKind,
    event.actorId,
    detail,
    event.previousHash,
  ])
  return createHash('sha256').update(text).digest('hex')
}

/** New events as the next links of a timeline. */
export function chain(
  caseId: string,
  last: Pick<ChainedEvent, 'seq' | 'hash'>,
  events: readonly { kind: string; detail?: Record<string, string> }[],
  { at, actor }: { at: Temporal.Instant; actor: { kind: string; id: string } },
): ChainedEvent[] {
  let { seq, hash } = last
  return events.map(({ kind, detail = {} }) => {
    seq += 1
    const link = { seq, at, kind, actorKind: actor.kind, actorId: actor.id, detail }
    const event = { ...link, previousHash: hash }
    hash = hashEvent(caseId, event)
    return { ...event, hash }
  })
}

/** True when no event was changed, removed from the middle, or put in later. */
export function isIntact(caseId: string, events: readonly ChainedEvent[]): boolean {
  let previousHash = firstHash
  return events.every((event, index) => {
    const fits =
      event.seq === index + 1 &&
      event.previousHash === previousHash &&
      event.hash === hashEvent(caseId, event)
    previousHash = event.hash
    return fits
  })
}
