/** A closure and a number that goes to another operator: what is waited for, and what is asked again. */
import { silenceMax } from '../porting/porting.ts'
import { mayPayOut } from '../policy/policy.ts'
import type { ClosureCase, PortWait } from './closure.ts'
import type { Facts, LineFacts, LinePort } from './facts.ts'

/** What a number that left brings, it brings to all that ends with it: the money of a case goes one way. */
export const paysOut = ({ policy, lines }: Pick<Facts, 'policy' | 'lines'>): boolean =>
  mayPayOut(policy, { ported: lines.some(isPorted) })

export const isPorted = ({ port }: Pick<LineFacts, 'port'>): boolean => port?.state === 'completed'

/** The number of a case's one line is another operator's: nothing gives it back. */
export function hasLeft({ scope }: Pick<ClosureCase, 'scope'>, { lines }: Facts): boolean {
  return scope === 'line' && lines.some(isPorted)
}

const stayed = ({ recipient, state }: LinePort) =>
  recipient !== null && (state === 'failed' || state === 'expired' || state === 'cancelled')

/** Whether it matters when the owner of a case agreed again: a number of it did not go. */
export function hasStayed({ lines }: Facts): boolean {
  return lines.some(({ port }) => port !== null && stayed(port))
}

/**
 * Nothing ends while a number is on its way, until nothing more can be heard of it. One that did not go since its owner
 * agreed, by closing or again, is asked about.
 */
export function portWait(
  { lines }: Facts,
  agreedAt: Temporal.Instant | null,
  asks = true,
): PortWait {
  const ports = lines.flatMap(({ port }) => (port ? [port] : []))
  const until = ports
    .flatMap(({ state, dueAt }) => (state === 'pending' && dueAt ? [dueAt.add(silenceMax)] : []))
    .concat(lines.flatMap(({ arriving }) => (arriving ? [arriving.until] : [])))
    .sort(Temporal.Instant.compare)
    .at(-1)
  if (until) return { kind: 'wait', until }
  const isAsked = ports.some(
    (port) =>
      stayed(port) &&
      port.endedAt !== null &&
      (agreedAt === null || Temporal.Instant.compare(port.endedAt, agreedAt) > 0),
  )
  return isAsked && asks ? { kind: 'ask' } : { kind: 'none' }
}
