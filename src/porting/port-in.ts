/** A number on its way to us: what may be announced, and what each word of the other side makes of it. */
import {
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'
import type { z } from 'zod'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { portInWire } from './in-wire.ts'

/** The job that asks the other side, and does what it says. */
export const arriveQueue = 'porting.arrive'

export type PortInState = 'asked' | 'pending' | 'completed' | 'failed' | 'cancelled'

export type PortIn = {
  readonly subscriberId: string
  readonly portId: string
  readonly lineId: string
  readonly msisdn: string
  readonly country: string
  readonly state: PortInState
  readonly sealedCode: string | null
  readonly cancelAsked: boolean
  readonly dueAt: Temporal.Instant | null
  readonly reason: string | null
  readonly createdAt: Temporal.Instant
  readonly endedAt: Temporal.Instant | null
  readonly failures: number
  readonly version: number
}

export const isUnderWay = ({ state }: Pick<PortIn, 'state'>) =>
  state === 'asked' || state === 'pending'

/** What the other side says of a port; undefined where it knows none of that name. */
export type Heard =
  | { state: 'pending'; dueAt: Temporal.Instant | null }
  | { state: 'completed' }
  | { state: 'failed'; reason: string }
  | { state: 'cancelled' }

export type Announced = { msisdn: string; country: string }

/** A number that can come: of a mobile network, in E.164, of the country whose numbers the line has. */
export function readAnnounced(typed: string, lineCountry: string): Announced | Refusal {
  const parsed = parsePhoneNumberFromString(typed, { extract: false })
  // As in the inventory: not of every number is it known whose country's it is, or of which kind.
  const isMobile = ['MOBILE', 'FIXED_LINE_OR_MOBILE', undefined].includes(parsed?.getType())
  if (!parsed?.isPossible() || parsed.ext !== undefined || !isMobile)
    return refuse('number-not-portable')
  const fits = parsed.country
    ? parsed.country === lineCountry
    : isSupportedCountry(lineCountry) &&
      getCountryCallingCode(lineCountry) === parsed.countryCallingCode
  return fits ? { msisdn: parsed.number, country: lineCountry } : refuse('number-other-country')
}

/** A line that takes a number along, as its stores know it. */
export type Taker = {
  readonly state: string
  readonly msisdn: string | null
  readonly leaving: boolean
  readonly arriving: PortIn | undefined
}

export function whyNotAnnounced({ state, msisdn, leaving, arriving }: Taker): Refusal | undefined {
  if (state === 'closed') return refuse('line-closed')
  if (state === 'closing') return refuse('line-closing')
  if (state === 'ordered') return refuse('line-not-active')
  if (msisdn === null) return refuse('line-without-number')
  if (leaving) return refuse('port-pending')
  return arriving && isUnderWay(arriving) ? refuse('number-arriving') : undefined
}

export type InMove =
  | { do: 'wait'; state: 'asked' | 'pending'; until: Temporal.Instant }
  | { do: 'take' }
  | { do: 'end'; state: 'failed' | 'cancelled'; reason: string | null }

const soonest = { seconds: 30 } as const
const beforeDue = { hours: 1 } as const
const afterDue = { minutes: 15 } as const

/** The other side's word is the truth of it; until it says an end it is asked again, sooner once the day has come. */
export function nextIn(port: PortIn, heard: Heard, now: Temporal.Instant): InMove {
  if (heard.state === 'completed') return { do: 'take' }
  if (heard.state === 'failed') return { do: 'end', state: 'failed', reason: heard.reason }
  if (heard.state === 'cancelled') return { do: 'end', state: 'cancelled', reason: null }
  const due = heard.dueAt ?? port.dueAt
  if (!due) return { do: 'wait', state: 'pending', until: now.add(afterDue) }
  if (Temporal.Instant.compare(now, due) >= 0)
    return { do: 'wait', state: 'pending', until: now.add(afterDue) }
  const later = now.add(beforeDue)
  const atDue = due.add(soonest)
  const until = Temporal.Instant.compare(later, atDue) < 0 ? later : atDue
  return { do: 'wait', state: 'pending', until }
}

/** How long to leave a side alone that does not answer: from half a minute to an hour. */
export function againAfter(failures: number, now: Temporal.Instant): Temporal.Instant {
  return now.add({ seconds: Math.min(30 * 2 ** failures, 3600) })
}

export function portInShown(port: PortIn | undefined): z.output<typeof portInWire>['port'] {
  if (!port) return null
  return {
    portId: port.portId,
    msisdn: port.msisdn,
    state: port.state,
    stopping: port.cancelAsked && isUnderWay(port),
    dueAt: port.dueAt?.toString() ?? null,
    endedAt: port.endedAt?.toString() ?? null,
    reason: port.reason,
  }
}
