/** The states of an eSIM profile, and what a download, a phone's report and an ending do to them. */
import { type Refusal, refuse } from '../values/refusal.ts'

export type ProfileState =
  | 'available'
  | 'allocated'
  | 'linked'
  | 'confirmed'
  | 'released'
  | 'downloaded'
  | 'installed'
  | 'error'
  | 'unavailable'
export type DeviceState = 'enabled' | 'disabled' | 'deleted'
export type Removal = 'confirmed' | 'unconfirmed' | 'never-downloaded'

/** Told when a phone confirms that a profile is gone: `subscriberId`, `iccid`, `confirmedAt`. */
export const removedQueue = 'esim.removed'

/** A line's profile is to be ordered: `subscriberId`, `iccid`. */
export const orderQueue = 'esim.order'

/** A requester of the embedded SM-DP+ is told how far a download has come: `iccid`, `attempt` (its version). */
export const progressQueue = 'esim.progress'

export type ProfileStatus = {
  readonly state: ProfileState
  readonly deviceState: DeviceState | null
  readonly removal: Removal
  readonly eid: string | null
  readonly lastSeq: number
}

export type DeviceEvent = 'install' | 'enable' | 'disable' | 'delete'

/** The phone with this EID asks for the profile; asking twice gives the same phone the same profile. */
export function download(profile: ProfileStatus, eid: string): ProfileStatus | Refusal {
  if (profile.state === 'released') return { ...profile, state: 'downloaded', eid }
  const taken = profile.state === 'downloaded' || profile.state === 'installed'
  if (taken && profile.eid !== eid) return refuse('activation-code-used')
  if (profile.state === 'downloaded') return profile
  return refuse('profile-not-available')
}

/** A phone's report, or nothing when it was seen before, is overtaken, or says nothing new. */
export function report(
  profile: ProfileStatus,
  event: DeviceEvent,
  seq: number,
): ProfileStatus | undefined {
  if (seq <= profile.lastSeq || profile.eid === null) return undefined
  const heard = { ...profile, lastSeq: seq }
  if (event === 'delete') return { ...heard, deviceState: 'deleted', removal: 'confirmed' }
  // A profile that has ended stays ended, whatever a phone that was long switched off still reports.
  if (profile.state === 'unavailable' || profile.deviceState === 'deleted') return heard
  const state = profile.state === 'downloaded' ? 'installed' : profile.state
  if (event === 'install')
    return { ...heard, state, deviceState: profile.deviceState ?? 'disabled' }
  return { ...heard, state, deviceState: event === 'enable' ? 'enabled' : 'disabled' }
}

/**
 * The line ends: nobody downloads the profile any more, and its removal is confirmed only by the phone. `tooLate`: the
 * SM-DP+ says that a phone has it.
 */
export function end(profile: ProfileStatus, tooLate = false): ProfileStatus {
  if (profile.state === 'installed' || profile.state === 'unavailable') return profile
  const downloaded = profile.state === 'downloaded' || tooLate
  const removal = downloaded ? profile.removal : 'never-downloaded'
  return { ...profile, state: 'unavailable', removal }
}

export function mayDownload(state: ProfileState): boolean {
  return state === 'released' || state === 'downloaded'
}

const ordering: readonly ProfileState[] = ['available', 'allocated', 'linked', 'confirmed']

/** Its order is on its way, and nobody can download it yet. */
export function isOrderable(state: ProfileState): boolean {
  return ordering.includes(state)
}

/** There may be an order at the SM-DP+ that is to be cancelled, as far as we know. */
export function mayCancel(state: ProfileState): boolean {
  return state !== 'installed' && state !== 'unavailable'
}

/** No phone has it: the order may be made anew, also after one that came to nothing. */
export function mayOrderAnew(state: ProfileState): boolean {
  return isOrderable(state) || state === 'released' || state === 'error'
}

export function maskedIccid(iccid: string): string {
  return `${iccid.slice(0, 4)} •••• ${iccid.slice(-4)}`
}
