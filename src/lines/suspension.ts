/** Who suspends a line and who may lift that: each party lifts only its own, and service waits for the last. */
import { type Refusal, refuse } from '../values/refusal.ts'
import { type LineState, whyFixed } from './line.ts'

export const suspenders = ['subscriber', 'operator', 'fraud'] as const
export type Suspender = (typeof suspenders)[number]

export type Service = {
  readonly state: LineState
  readonly suspensions: readonly Suspender[]
}

/** The line after somebody suspended it; undefined: it is so already. */
export function suspended(service: Service, by: Suspender): Service | Refusal | undefined {
  const no = whyNot(service)
  if (no) return no
  if (service.suspensions.includes(by)) return undefined
  return withSuspensions([...service.suspensions, by])
}

/** The line after somebody lifted their suspension; undefined: there was none. */
export function resumed(service: Service, by: Suspender): Service | Refusal | undefined {
  const no = whyNot(service)
  if (no) return no
  const left = service.suspensions.filter((one) => one !== by)
  if (left.length < service.suspensions.length) return withSuspensions(left)
  return by === 'subscriber' && left.length > 0 ? refuse('suspended-by-operator') : undefined
}

function whyNot({ state }: Service): Refusal | undefined {
  return whyFixed(state) ?? (state === 'ordered' ? refuse('line-not-active') : undefined)
}

function withSuspensions(wanted: readonly Suspender[]): Service {
  const suspensions = suspenders.filter((one) => wanted.includes(one))
  return { state: suspensions.length > 0 ? 'suspended' : 'active', suspensions }
}

/** What the network should hold of a line; `as-is`: somebody else sees to it. */
export type WantedAccess = 'active' | 'suspended' | 'absent' | 'as-is'

export function wantedAccess(state: LineState, stateBeforeClosing: LineState | null): WantedAccess {
  if (state === 'active' || state === 'suspended') return state
  if (state === 'closed') return 'absent'
  // A closing line is never given service again: its closure may have taken it away already.
  return state === 'closing' && stateBeforeClosing === 'suspended' ? 'suspended' : 'as-is'
}

export type AccessMove = 'activate' | 'resume' | 'suspend' | 'remove' | 'none'

export type Held = {
  readonly state: 'active' | 'suspended' | 'receive-only'
  readonly msisdn: string | null
}

/** What takes the network from what it holds to what it should hold. */
export function accessMove(
  wanted: WantedAccess,
  msisdn: string | null,
  held: Held | undefined,
  /** The places of its plan have changed: the network is told anew once there is service. */
  anew = false,
): AccessMove {
  if (wanted === 'as-is') return 'none'
  if (wanted === 'absent') return held ? 'remove' : 'none'
  // Suspended and lost means no service all the same.
  if (!held) return wanted === 'active' ? 'activate' : 'none'
  if (wanted === 'suspended') return held.state === 'suspended' ? 'none' : 'suspend'
  // Setting a number gives service, too, so the number of a suspended line waits until it is resumed.
  if (held.msisdn !== msisdn || anew) return 'activate'
  return held.state === 'active' ? 'none' : 'resume'
}
