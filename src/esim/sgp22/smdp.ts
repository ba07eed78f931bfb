/** An SM-DP+ as values: who it is, what a session and an order remember, and how a session begins (SGP.22 §5.6.1). */
import {
  decodeEuiccInfo1,
  encodeServerSigned1,
  type EuiccInfo1,
  signatureTlv,
} from './authentication.ts'
import type { Certificate } from './certificate.ts'
import { isCi, serverCertificateFault } from './chain.ts'
import { type Curve, type PrivateKey, sign, verify } from './curves.ts'
import { DerError } from './der.ts'
import { octets } from './der-write.ts'
import {
  type Answer,
  base64,
  bytesMember,
  failure,
  type InitiateAuthenticationResponse,
  statusOfError,
  success,
  textMember,
} from './es9.ts'
import type { ProfileMetadata } from './notification.ts'
import type { StatusName } from './status.ts'

export type ServerCredential = { readonly certificate: Certificate; readonly key: PrivateKey }

/** What the SM-DP+ is under one CI. */
export type SmdpIdentity = {
  readonly ci: Certificate
  readonly dpAuth: ServerCredential
  readonly dpPb: ServerCredential
}

export type Smdp = {
  /** As it stands in activation codes. */
  readonly address: string
  readonly identities: readonly SmdpIdentity[]
  readonly confirmationAttemptsMax: number
  /** How often a profile may be bound to new keys. */
  readonly downloadAttemptsMax: number
  readonly sessionMsMax: number
}

/** An RSP session. JSON-safe, without secrets: a store keeps it between calls. Binary members are base64. */
export type RspSession = {
  readonly transactionId: string // upper-case hex
  readonly phase: 'initiated' | 'refused' | 'authenticated' | 'ended'
  readonly startedMs: number
  /** Key identifier of the CI the eUICC signs under. */
  readonly euiccCi: string
  /** Key identifier of the CI the SM-DP+ shows certificates of. */
  readonly serverCi: string
  readonly serverChallenge: string
  readonly euicc?: { readonly eid: string; readonly certificate: string }
  readonly iccid?: string
  readonly smdpSignature2?: string
  /** So that a request sent again gets the same answer: its digest and what was answered. */
  readonly answered?: { readonly digest: string; readonly answer: Answer }
}

export type OrderState =
  | 'available'
  | 'allocated'
  | 'linked'
  | 'confirmed'
  | 'released'
  | 'downloaded'
  | 'installed'
  | 'error'
  | 'unavailable'

/** The keys one eUICC was given. Secret: to be encrypted at rest and never logged. */
export type Binding = {
  readonly eid: string
  readonly curve: Curve
  readonly euiccOtpk: string
  readonly smdpScalar: string
  readonly ppk: string
}

/** The download of one profile. JSON-safe; `binding` is secret. */
export type DownloadOrder = {
  readonly iccid: string
  readonly matchingId: string
  readonly state: OrderState
  /** The eUICC it is for, once ordered so or bound. */
  readonly eid: string | null
  /** SHA-256 of the confirmation code, base64. */
  readonly confirmationCodeHash: string | null
  readonly confirmationFailures: number
  readonly downloadAttempts: number
  readonly expiresMs: number | null
  readonly metadata: ProfileMetadata
  readonly binding: Binding | null
}

/** What a function answers, and what it changes; what is not named stays as it was. */
export type Step<Body extends object = object> = {
  readonly answer: Answer<Body> | Answer
  readonly status: StatusName | 'ok'
  readonly session?: RspSession
  readonly order?: DownloadOrder
}

export const refused = (
  status: StatusName,
  changes: Pick<Step, 'session' | 'order'> = {},
): Step<never> => ({ answer: failure(status), status, ...changes })

/** Why these certificates and keys cannot serve, in one sentence; undefined when they can. */
export function smdpFault({ identities }: Smdp, nowMs: number): string | undefined {
  if (identities.length === 0) return 'There is no certificate under any CI.'
  for (const { ci, dpAuth, dpPb } of identities) {
    if (!isCi(ci)) return 'The CI certificate is not one.'
    for (const [role, { certificate, key }] of [
      ['dpAuth', dpAuth],
      ['dpPb', dpPb],
    ] as const) {
      const fault = serverCertificateFault(certificate, ci, role, nowMs)
      if (fault) return `The ${role} certificate is ${fault} under its CI.`
      const probe = Buffer.from(role)
      if (!verify(certificate.publicKey, sign(key, probe), probe))
        return `The ${role} key does not fit its certificate.`
    }
    if (dpAuth.certificate.registeredId !== dpPb.certificate.registeredId)
      return 'The dpAuth and dpPb certificates name different object identifiers.'
  }
  return undefined
}

export const identityOf = (smdp: Smdp, ciKeyId: string): SmdpIdentity | undefined =>
  smdp.identities.find(({ ci }) => base64(ci.subjectKeyIdentifier) === ciKeyId)

/** Whether the session may still be used for a download. */
export const isOngoing = (
  session: RspSession | undefined,
  { sessionMsMax }: Smdp,
  nowMs: number,
): session is RspSession =>
  session !== undefined && session.phase !== 'ended' && nowMs - session.startedMs <= sessionMsMax

/** 16 bytes each that nobody can foresee. */
export type Fresh = { readonly transactionId: Buffer; readonly serverChallenge: Buffer }
/** Key identifiers of the CIs a session goes by. */
export type SessionCis = Pick<RspSession, 'euiccCi' | 'serverCi'>

/** §5.6.1 ES9+.InitiateAuthentication. */
export function initiateAuthentication(
  smdp: Smdp,
  request: unknown,
  begin: (cis: SessionCis) => Fresh,
  nowMs: number,
): Step<InitiateAuthenticationResponse> {
  try {
    const address = textMember(request, 'smdpAddress')
    const euiccChallenge = bytesMember(request, 'euiccChallenge')
    const info = decodeEuiccInfo1(bytesMember(request, 'euiccInfo1'))
    if (euiccChallenge.length !== 16) throw new DerError('a challenge has 16 bytes')
    if (address.toLowerCase() !== smdp.address.toLowerCase()) return refused('smdpAddressRefused')
    if ((info.svn[0] ?? 0) < 2) return refused('svnUnsupported')
    const chosen = commonCi(smdp, info)
    if (typeof chosen === 'string') return refused(chosen)
    const { server, euiccCi } = chosen
    const serverAddress = smdp.address
    const serverCi = base64(server.ci.subjectKeyIdentifier)
    const { transactionId, serverChallenge } = begin({ euiccCi, serverCi })
    const signed = encodeServerSigned1({
      transactionId,
      euiccChallenge,
      serverAddress,
      serverChallenge,
    })
    const id = transactionId.toString('hex').toUpperCase()
    const session: RspSession = {
      transactionId: id,
      phase: 'initiated',
      startedMs: nowMs,
      euiccCi,
      serverCi,
      serverChallenge: base64(serverChallenge),
    }
    const answer = success({
      transactionId: id,
      serverSigned1: base64(signed),
      serverSignature1: base64(signatureTlv(sign(server.dpAuth.key, signed))),
      euiccCiPKIdToBeUsed: base64(octets(Buffer.from(euiccCi, 'base64'))),
      serverCertificate: base64(server.dpAuth.certificate.raw),
    })
    return { answer, status: 'ok', session }
  } catch (error) {
    return refused(statusOfError(error))
  }
}

/** The eUICC lists its CIs by preference; the same one for both directions where that is possible. */
function commonCi(
  smdp: Smdp,
  info: EuiccInfo1,
): { server: SmdpIdentity; euiccCi: string } | StatusName {
  const signing = info.euiccCiPKIdListForSigning.map(base64).filter((id) => identityOf(smdp, id))
  const verifying = info.euiccCiPKIdListForVerification.map(base64)
  const [first] = signing
  if (first === undefined) return 'noCommonCiForSigning'
  const both = signing.find((id) => verifying.includes(id))
  const serverCi = both ?? verifying.find((id) => identityOf(smdp, id))
  const server = serverCi === undefined ? undefined : identityOf(smdp, serverCi)
  return server ? { server, euiccCi: both ?? first } : 'noCommonCiForVerifying'
}
