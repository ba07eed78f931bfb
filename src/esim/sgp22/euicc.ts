/** A software eUICC as values: who it is, its profiles, and the notifications it signs (SGP.22 §5.7). */
import { encodeEuiccInfo1, encodeEuiccInfo2, type EuiccInfo1 } from './authentication.ts'
import type { Certificate } from './certificate.ts'
import { type Curve, type PrivateKey, sign } from './curves.ts'
import {
  encodeNotificationMetadata,
  encodeOtherSignedNotification,
  type NotificationEvent,
  type ProfileMetadata,
} from './notification.ts'

/** What the eUICC is under one CI. */
export type EuiccCredential = {
  readonly ci: Certificate
  readonly eum: Certificate
  readonly euicc: Certificate
  readonly key: PrivateKey
}

export type Euicc = {
  readonly eid: string
  /** By preference. */
  readonly credentials: readonly EuiccCredential[]
  /** Several profiles may be on at once, as newer phones allow (SGP.22 v3, MEP). */
  readonly multipleEnabled?: boolean
}

export type InstalledProfile = {
  readonly iccid: string
  readonly aid: string // hex
  readonly state: 'enabled' | 'disabled'
  readonly nickname: string
  readonly metadata: ProfileMetadata
  /** Profile elements, base64. Secret: it holds the keys of the subscription. */
  readonly profilePackage: string
}

export type StoredNotification = {
  readonly seqNumber: number
  readonly event: NotificationEvent
  readonly address: string
  readonly iccid: string | null
  /** PendingNotification, base64. */
  readonly signed: string
}

/** What it knows between the calls of one download. */
export type EuiccSession = {
  readonly challenge: string | null
  readonly transactionId?: string // hex
  readonly serverAddress?: string
  readonly smdpOid?: string
  /** Key identifiers of the CI signed under, and of the CI the server showed. */
  readonly euiccCi?: string
  readonly serverCi?: string
  readonly euiccSignature1Tlv?: string
  readonly dpPbCertificate?: string
  readonly scalar?: string
}

/** All an eUICC remembers. JSON-safe; a store keeps it between calls. */
export type EuiccState = {
  readonly profiles: readonly InstalledProfile[]
  readonly notifications: readonly StoredNotification[]
  readonly lastSeqNumber: number
  readonly session: EuiccSession | null
  /** One-time keys a download may be resumed with: public key and scalar, base64. */
  readonly oneTimeKeys: readonly {
    readonly curve: Curve
    readonly point: string
    readonly scalar: string
  }[]
}

export const newEuiccState: EuiccState = {
  profiles: [],
  notifications: [],
  lastSeqNumber: 0,
  session: null,
  oneTimeKeys: [],
}

const svn = Buffer.of(2, 5, 0)

const info = ({ credentials }: Euicc): EuiccInfo1 => {
  const keyIds = credentials.map(({ ci }) => ci.subjectKeyIdentifier)
  return { svn, euiccCiPKIdListForVerification: keyIds, euiccCiPKIdListForSigning: keyIds }
}

/** §5.7.8 ES10b.GetEUICCInfo. */
export const getEuiccInfo1 = (euicc: Euicc): Buffer => encodeEuiccInfo1(info(euicc))
export const getEuiccInfo2 = (euicc: Euicc): Buffer =>
  encodeEuiccInfo2({
    ...info(euicc),
    profileVersion: Buffer.of(2, 3, 1),
    freeNonVolatileBytes: 512_000,
  })

/** §5.7.7 ES10b.GetEUICCChallenge, from 16 random bytes: a session begins, an earlier one is over. */
export function getEuiccChallenge(
  state: EuiccState,
  random: Buffer,
): { state: EuiccState; challenge: Buffer } {
  return {
    state: { ...state, session: { challenge: random.toString('base64') } },
    challenge: random,
  }
}

/** Results of §5.7.16 to §5.7.18, by their numbers. */
export const profileResult = {
  ok: 0,
  iccidOrAidNotFound: 1,
  profileNotInThatState: 2,
} as const
export type ProfileResult = keyof typeof profileResult

type Changed = { readonly state: EuiccState; readonly result: ProfileResult }

/** §5.7.16 ES10c.EnableProfile: the one that was enabled is disabled first, and both are told of. */
export function enableProfile(euicc: Euicc, state: EuiccState, iccid: string): Changed {
  const profile = state.profiles.find((one) => one.iccid === iccid)
  if (!profile) return { state, result: 'iccidOrAidNotFound' }
  if (profile.state === 'enabled') return { state, result: 'profileNotInThatState' }
  const enabled = state.profiles.find((one) => !euicc.multipleEnabled && one.state === 'enabled')
  const before = enabled ? disableProfile(euicc, state, enabled.iccid).state : state
  return { state: moved(euicc, before, profile, 'enabled'), result: 'ok' }
}

/** §5.7.17 ES10c.DisableProfile. */
export function disableProfile(euicc: Euicc, state: EuiccState, iccid: string): Changed {
  const profile = state.profiles.find((one) => one.iccid === iccid)
  if (!profile) return { state, result: 'iccidOrAidNotFound' }
  if (profile.state === 'disabled') return { state, result: 'profileNotInThatState' }
  return { state: moved(euicc, state, profile, 'disabled'), result: 'ok' }
}

function moved(
  euicc: Euicc,
  state: EuiccState,
  profile: InstalledProfile,
  to: InstalledProfile['state'],
): EuiccState {
  const profiles = state.profiles.map((one) =>
    one.iccid === profile.iccid ? { ...one, state: to } : one,
  )
  return notify(euicc, { ...state, profiles }, profile, to === 'enabled' ? 'enable' : 'disable')
}

/** §5.7.18 ES10c.DeleteProfile: only a disabled one. */
export function deleteProfile(euicc: Euicc, state: EuiccState, iccid: string): Changed {
  const profile = state.profiles.find((one) => one.iccid === iccid)
  if (!profile) return { state, result: 'iccidOrAidNotFound' }
  if (profile.state === 'enabled') return { state, result: 'profileNotInThatState' }
  const profiles = state.profiles.filter((one) => one !== profile)
  return { state: notify(euicc, { ...state, profiles }, profile, 'delete'), result: 'ok' }
}

/** §5.7.21 ES10c.SetNickname. */
export function setNickname(state: EuiccState, iccid: string, nickname: string): Changed {
  if (!state.profiles.some((one) => one.iccid === iccid))
    return { state, result: 'iccidOrAidNotFound' }
  const profiles = state.profiles.map((one) => (one.iccid === iccid ? { ...one, nickname } : one))
  return { state: { ...state, profiles }, result: 'ok' }
}

/** One signed notification for each address the profile's metadata names for this event (§3.5). */
export function notify(
  euicc: Euicc,
  state: EuiccState,
  { iccid, metadata }: Pick<InstalledProfile, 'iccid' | 'metadata'>,
  event: NotificationEvent,
  except?: string,
): EuiccState {
  const [credential] = euicc.credentials
  if (!credential) return state
  const addresses = metadata.notifications
    .filter(({ events, address }) => events.includes(event) && address !== except)
    .map(({ address }) => address)
  return addresses.reduce((before, address) => {
    const seqNumber = before.lastSeqNumber + 1
    const tbs = encodeNotificationMetadata({
      seqNumber,
      event,
      notificationAddress: address,
      iccid,
    })
    const signed = encodeOtherSignedNotification(
      tbs,
      sign(credential.key, tbs),
      credential.euicc.raw,
      credential.eum.raw,
    )
    return stored(before, { seqNumber, event, address, iccid, signed: signed.toString('base64') })
  }, state)
}

export const stored = (state: EuiccState, notification: StoredNotification): EuiccState => ({
  ...state,
  lastSeqNumber: notification.seqNumber,
  notifications: [...state.notifications, notification],
})

/** §5.7.11 ES10b.RemoveNotificationFromList: once the server has answered. */
export function removeNotificationFromList(state: EuiccState, seqNumber: number): EuiccState {
  const notifications = state.notifications.filter((one) => one.seqNumber !== seqNumber)
  return { ...state, notifications }
}
