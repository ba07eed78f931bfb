/** SGP.22 §5.6.4 ES9+.HandleNotification and §5.6.5 ES9+.CancelSession: what eUICCs sign afterwards. */
import { type Certificate, certificateOf, parseCertificate } from './certificate.ts'
import { eidOfCertificate } from './chain.ts'
import { verify } from './curves.ts'
import { DerError } from './der.ts'
import { decodeCancelSessionResponse } from './download.ts'
import {
  base64,
  bytesMember,
  RequestError,
  statusOfError,
  success,
  transactionIdMember,
  unbase64,
} from './es9.ts'
import {
  decodePendingNotification,
  type FinalResult,
  type NotificationEvent,
  type PendingNotification,
} from './notification.ts'
import {
  type DownloadOrder,
  identityOf,
  refused,
  type RspSession,
  type Smdp,
  type Step,
} from './smdp.ts'
import { chainStatus } from './smdp-authenticate.ts'

/** Undefined for what cannot be read: it is answered 204 like everything else. */
export function readNotification(request: unknown): PendingNotification | undefined {
  try {
    return decodePendingNotification(bytesMember(request, 'pendingNotification'))
  } catch (error) {
    if (error instanceof DerError || error instanceof RequestError) return undefined
    throw error
  }
}

/** The session whose eUICC signed, for the one kind of notification that names it. */
export const notificationTransactionId = (notification: PendingNotification): string | undefined =>
  notification.kind === 'profileInstallationResult'
    ? notification.transactionId.toString('hex').toUpperCase()
    : undefined

/** What an eUICC that was verified says of a profile it names. */
export type VerifiedNotification = {
  readonly eid: string
  readonly iccid: string
  readonly event: NotificationEvent
  /** Grows with every notification of this eUICC: repeated and late ones show by it. */
  readonly seqNumber: number
  readonly finalResult?: FinalResult
}

/** Undefined when signature, chain, session or server do not fit: nothing is believed then. */
export function verifyNotification(
  smdp: Smdp,
  notification: PendingNotification,
  session: RspSession | undefined,
  nowMs: number,
): VerifiedNotification | undefined {
  const { iccid, event, seqNumber } = notification.metadata
  if (notification.kind === 'otherSignedNotification') {
    const eid = signerOf(smdp, notification, nowMs)
    return eid === undefined || iccid === undefined ? undefined : { eid, iccid, event, seqNumber }
  }
  const transactionId = notificationTransactionId(notification)
  if (!session?.euicc || session.transactionId !== transactionId) return undefined
  const { publicKey } = parseCertificate(unbase64(session.euicc.certificate))
  const ours = identityOf(smdp, session.serverCi)?.dpPb.certificate.registeredId
  const { smdpOid, finalResult } = notification
  const { iccid: expected } = session
  const named = iccid === expected || (iccid === undefined && finalResult.kind === 'error')
  const genuine =
    verify(publicKey, notification.signature, notification.raw) &&
    event === 'install' &&
    (smdpOid === undefined || smdpOid === ours)
  return genuine && named && expected !== undefined
    ? { eid: session.euicc.eid, iccid: expected, event, seqNumber, finalResult }
    : undefined
}

type OtherSigned = Extract<PendingNotification, { kind: 'otherSignedNotification' }>

function signerOf(smdp: Smdp, notification: OtherSigned, nowMs: number): string | undefined {
  let eum: Certificate
  let euicc: Certificate
  try {
    eum = certificateOf(notification.eumCertificate)
    euicc = certificateOf(notification.euiccCertificate)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
  const trusted = eum.authorityKeyIdentifier
    ? identityOf(smdp, base64(eum.authorityKeyIdentifier))
    : undefined
  if (!trusted || chainStatus(euicc, eum, trusted.ci, nowMs)) return undefined
  return verify(euicc.publicKey, notification.signature, notification.raw)
    ? eidOfCertificate(euicc)
    : undefined
}

/**
 * What a notification changes in its order; undefined when nothing. An order that has ended stays ended, and a profile
 * that was bound to one eUICC is not changed by another.
 */
export function handleNotification(
  order: DownloadOrder | undefined,
  { eid, iccid, event, finalResult }: VerifiedNotification,
): DownloadOrder | undefined {
  if (!order || order.iccid !== iccid || order.eid !== eid || order.state !== 'downloaded')
    return undefined
  // Whatever happens to a profile later says that it was installed; its keys have done their work.
  const failed = event === 'install' && finalResult?.kind === 'error'
  return { ...order, state: failed ? 'error' : 'installed', binding: null }
}

/** §5.6.5: signed by the eUICC of this session and meant for this SM-DP+. */
export function cancelSession(
  smdp: Smdp,
  request: unknown,
  session: RspSession | undefined,
  order: DownloadOrder | undefined,
): Step {
  try {
    const bytes = bytesMember(request, 'cancelSessionResponse')
    const transactionId = transactionIdMember(request)
    if (!session || session.phase === 'ended' || session.transactionId !== transactionId)
      return refused('transactionUnknown')
    const response = decodeCancelSessionResponse(bytes)
    if (response.kind === 'error') return refused('euiccReportsError')
    if (!session.euicc) return refused('euiccSignatureInvalid')
    const { publicKey } = parseCertificate(unbase64(session.euicc.certificate))
    if (!verify(publicKey, response.euiccCancelSessionSignature, response.raw))
      return refused('euiccSignatureInvalid')
    const ours = identityOf(smdp, session.serverCi)?.dpAuth.certificate.registeredId
    if (response.smdpOid !== ours) return refused('smdpOidInvalid')
    if (!response.transactionId.equals(Buffer.from(transactionId, 'hex')))
      return refused('transactionUnknown')
    const ended: RspSession = { ...session, phase: 'ended' }
    const later = response.reason === 'postponed' || response.reason === 'timeout'
    const pending = order?.state === 'released' || order?.state === 'downloaded'
    const changes =
      pending &&
      !later &&
      order.iccid === session.iccid &&
      (order.eid ?? session.euicc.eid) === session.euicc.eid
        ? { order: { ...order, state: 'error' as const, binding: null } }
        : {}
    return { answer: success({}), status: 'ok', session: ended, ...changes }
  } catch (error) {
    return refused(statusOfError(error))
  }
}
