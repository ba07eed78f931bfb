/** SGP.22 §5.6.3 ES9+.AuthenticateClient: first who asks is verified, then what is pending for them is offered. */
import { createHash } from 'node:crypto'
import {
  type AuthenticateServerResponse,
  decodeAuthenticateServerResponse,
  signatureTlv,
} from './authentication.ts'
import { type Certificate, certificateOf } from './certificate.ts'
import { eidOfCertificate, euiccChainFault } from './chain.ts'
import { sign, verify } from './curves.ts'
import { DerError, type Tlv } from './der.ts'
import { encodeSmdpSigned2 } from './download.ts'
import {
  type Answer,
  type AuthenticateClientResponse,
  base64,
  bytesMember,
  statusOfError,
  success,
  transactionIdMember,
  unbase64,
} from './es9.ts'
import { encodeStoreMetadataRequest } from './notification.ts'
import {
  type DownloadOrder,
  identityOf,
  isOngoing,
  refused,
  type RspSession,
  type Smdp,
  type SmdpIdentity,
  type Step,
} from './smdp.ts'
import type { StatusName } from './status.ts'

/** An eUICC whose chain, signature, challenge and session hold. */
export type VerifiedClient = {
  readonly session: RspSession
  readonly server: SmdpIdentity
  readonly eid: string
  /** Empty when the phone asks for whatever is there for its EID. */
  readonly matchingId: string
  readonly certificate: string
  readonly euiccSignature1Tlv: Buffer
  readonly digest: string
}

/** A request as far as it can be read before anybody is looked up. */
export type ClientMessage =
  | { readonly fault: StatusName }
  | {
      readonly transactionId: string
      readonly digest: string
      /** Undefined where the eUICC's part is not what it should be. */
      readonly response: AuthenticateServerResponse | undefined
    }

export function readAuthenticateClient(request: unknown): ClientMessage {
  try {
    const bytes = bytesMember(request, 'authenticateServerResponse')
    const transactionId = transactionIdMember(request)
    const digest = base64(createHash('sha256').update(bytes).digest())
    return { transactionId, digest, response: decoded(bytes) }
  } catch (error) {
    return { fault: statusOfError(error) }
  }
}

function decoded(bytes: Buffer): AuthenticateServerResponse | undefined {
  try {
    return decodeAuthenticateServerResponse(bytes)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

/** What the phone asks for, which nobody has verified yet; undefined where no order can have it. */
export function wantedMatchingId(message: ClientMessage): string | undefined {
  if ('fault' in message || message.response?.kind !== 'ok') return undefined
  const { matchingId } = message.response.euiccSigned1.ctxParams1
  return /^[\x20-\x7e]{1,255}$/.test(matchingId) ? matchingId : undefined
}

/**
 * Verifies the eUICC. Either `step` answers at once (a refusal, or the same request again), or `client` says
 * for whom and for which matching id an order is to be looked up.
 */
export function verifyAuthenticateClient(
  smdp: Smdp,
  message: ClientMessage,
  session: RspSession | undefined,
  nowMs: number,
): { readonly step: Step<AuthenticateClientResponse> } | { readonly client: VerifiedClient } {
  if ('fault' in message) return { step: refused(message.fault) }
  const { transactionId, digest, response } = message
  if (!isOngoing(session, smdp, nowMs) || session.transactionId !== transactionId)
    return { step: refused('transactionUnknown') }
  if (session.answered?.digest === digest)
    return { step: { answer: session.answered.answer, status: 'ok' } }
  if (session.phase !== 'initiated') return { step: refused('transactionUnknown') }
  if (!response) return { step: refused('malformed') }
  const found = verifiedClient(smdp, session, response, nowMs)
  return typeof found === 'string'
    ? { step: refused(found) }
    : { client: { ...found, session, digest } }
}

function verifiedClient(
  smdp: Smdp,
  session: RspSession,
  response: AuthenticateServerResponse,
  nowMs: number,
): Omit<VerifiedClient, 'session' | 'digest'> | StatusName {
  if (response.kind === 'error') return 'euiccReportsError'
  const eum = certificate(response.eumCertificate)
  if (!eum) return 'eumCertificateInvalid'
  const euicc = certificate(response.euiccCertificate)
  if (!euicc) return 'euiccCertificateInvalid'
  const trusted = identityOf(smdp, session.euiccCi)
  const server = identityOf(smdp, session.serverCi)
  // The certificates may have been changed since the session began.
  if (!trusted || !server) return 'transactionUnknown'
  if (!eum.authorityKeyIdentifier?.equals(trusted.ci.subjectKeyIdentifier)) return 'ciUnknown'
  const fault = chainStatus(euicc, eum, trusted.ci, nowMs)
  if (fault) return fault
  const { euiccSigned1, euiccSignature1, euiccSignature1Tlv } = response
  const genuine =
    verify(euicc.publicKey, euiccSignature1, euiccSigned1.raw) &&
    euiccSigned1.serverChallenge.equals(unbase64(session.serverChallenge)) &&
    euiccSigned1.serverAddress.toLowerCase() === smdp.address.toLowerCase()
  if (!genuine) return 'euiccSignatureInvalid'
  if (!euiccSigned1.transactionId.equals(Buffer.from(session.transactionId, 'hex')))
    return 'transactionUnknown'
  const eid = eidOfCertificate(euicc)
  if (eid === undefined) return 'euiccCertificateInvalid'
  const { matchingId } = euiccSigned1.ctxParams1
  return { server, eid, matchingId, certificate: base64(euicc.raw), euiccSignature1Tlv }
}

function certificate(element: Tlv): Certificate | undefined {
  try {
    return certificateOf(element)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

export function chainStatus(
  euicc: Certificate,
  eum: Certificate,
  ci: Certificate,
  nowMs: number,
): StatusName | undefined {
  const found = euiccChainFault(euicc, eum, ci, nowMs)
  if (!found) return undefined
  const expired = found.fault === 'expired'
  if (found.of === 'eum') return expired ? 'eumCertificateExpired' : 'eumCertificateInvalid'
  return expired ? 'euiccCertificateExpired' : 'euiccCertificateInvalid'
}

/** Offers the pending profile, or refuses; the session then knows the eUICC, so that it may cancel. */
export function authenticateClient(
  smdp: Smdp,
  client: VerifiedClient,
  order: DownloadOrder | undefined,
  nowMs: number,
): Step<AuthenticateClientResponse> {
  const { eid, certificate: euiccCertificate, digest } = client
  const known = { ...client.session, euicc: { eid, certificate: euiccCertificate } }
  const status = orderStatus(smdp, client, order, nowMs)
  if (status !== undefined || !order) {
    const step = refused(status ?? 'matchingIdRefused')
    const { answer } = step
    return { ...step, session: { ...known, phase: 'refused', answered: { digest, answer } } }
  }
  const { dpPb } = client.server
  const signed = encodeSmdpSigned2({
    transactionId: Buffer.from(known.transactionId, 'hex'),
    ccRequiredFlag: order.confirmationCodeHash !== null,
    // Only the eUICC that holds the key can use what was bound to it.
    ...(order.binding?.eid === eid && { bppEuiccOtpk: unbase64(order.binding.euiccOtpk) }),
  })
  const smdpSignature2 = base64(signatureTlv(sign(dpPb.key, signed, client.euiccSignature1Tlv)))
  const answer: Answer<AuthenticateClientResponse> = success({
    transactionId: known.transactionId,
    profileMetadata: base64(encodeStoreMetadataRequest(order.metadata)),
    smdpSigned2: base64(signed),
    smdpSignature2,
    smdpCertificate: base64(dpPb.certificate.raw),
  })
  const session: RspSession = {
    ...known,
    phase: 'authenticated',
    iccid: order.iccid,
    smdpSignature2,
    answered: { digest, answer },
  }
  return { answer, status: 'ok', session }
}

function orderStatus(
  smdp: Smdp,
  { eid, matchingId }: VerifiedClient,
  order: DownloadOrder | undefined,
  nowMs: number,
): StatusName | undefined {
  if (!order) return 'matchingIdRefused'
  const asked = matchingId === order.matchingId || (matchingId === '' && order.eid === eid)
  if (!asked) return 'matchingIdRefused'
  if (order.state === 'allocated' || order.state === 'linked' || order.state === 'confirmed')
    return 'profileNotReleased'
  if (order.state !== 'released' && order.state !== 'downloaded') return 'matchingIdRefused'
  if (order.eid !== null && order.eid !== eid) return 'eidRefused'
  if (order.expiresMs !== null && nowMs > order.expiresMs) return 'orderExpired'
  return order.downloadAttempts >= smdp.downloadAttemptsMax && order.binding?.eid !== eid
    ? 'downloadRetriesExceeded'
    : undefined
}
