/** SGP.22 §5.6.2 ES9+.GetBoundProfilePackage: the profile for this eUICC alone, with the same keys when asked again. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { buildBoundProfilePackage } from './bound-profile-package.ts'
import { bspKeysFrom } from './bsp.ts'
import { parseCertificate } from './certificate.ts'
import { type Curve, type KeyPair, keyPairFrom, keyPairOf, verify } from './curves.ts'
import { decodePrepareDownloadResponse, type EuiccSigned2, hashCc } from './download.ts'
import {
  base64,
  bytesMember,
  type GetBoundProfilePackageResponse,
  statusOfError,
  success,
  transactionIdMember,
  unbase64,
} from './es9.ts'
import { encodeStoreMetadataRequest } from './notification.ts'
import {
  type Binding,
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

export type DownloadFacts = {
  readonly session: RspSession | undefined
  /** The order of the session's ICCID, read under its lock: a cancelled one is refused here. */
  readonly order: DownloadOrder | undefined
  /** Profile elements, personalised (TCA SAIP). */
  readonly profilePackage: Buffer
  /** 96 random bytes; used when new keys are needed. */
  readonly random: Uint8Array
}

export function getBoundProfilePackage(
  smdp: Smdp,
  request: unknown,
  facts: DownloadFacts,
  nowMs: number,
): Step<GetBoundProfilePackageResponse> {
  try {
    const bytes = bytesMember(request, 'prepareDownloadResponse')
    const transactionId = transactionIdMember(request)
    const { session } = facts
    if (!isOngoing(session, smdp, nowMs) || session.transactionId !== transactionId)
      return refused('transactionUnknown')
    const signed = verifiedSigned2(session, bytes)
    if (typeof signed === 'string') return refused(signed)
    const server = identityOf(smdp, session.serverCi)
    const { euicc } = session
    if (!server || !euicc) return refused('transactionUnknown')
    return serve(smdp, { ...facts, session, server, eid: euicc.eid, signed }, nowMs)
  } catch (error) {
    return refused(statusOfError(error))
  }
}

/** §5.6.2: signed by the eUICC of this session, over its own words and our last signature. */
function verifiedSigned2(session: RspSession, bytes: Buffer): EuiccSigned2 | StatusName {
  const { euicc, smdpSignature2, phase } = session
  if (phase !== 'authenticated' || !euicc || !smdpSignature2) return 'transactionUnknown'
  const response = decodePrepareDownloadResponse(bytes)
  if (response.kind === 'error') return 'euiccReportsError'
  const { euiccSigned2, euiccSignature2 } = response
  const { publicKey } = parseCertificate(unbase64(euicc.certificate))
  if (!verify(publicKey, euiccSignature2, euiccSigned2.raw, unbase64(smdpSignature2)))
    return 'euiccSignatureInvalid'
  return euiccSigned2.transactionId.equals(Buffer.from(session.transactionId, 'hex'))
    ? euiccSigned2
    : 'transactionUnknown'
}

type Serving = Omit<DownloadFacts, 'session'> & {
  readonly session: RspSession
  readonly server: SmdpIdentity
  readonly eid: string
  readonly signed: EuiccSigned2
}

function serve(smdp: Smdp, serving: Serving, nowMs: number): Step<GetBoundProfilePackageResponse> {
  const { session, order, server, eid, signed } = serving
  if (!order || order.iccid !== session.iccid) return refused('bppUnavailable')
  if (order.state !== 'released' && order.state !== 'downloaded') return refused('bppUnavailable')
  if (order.eid !== null && order.eid !== eid) return refused('bppUnavailable')
  if (order.expiresMs !== null && nowMs > order.expiresMs) return refused('orderExpired')
  const code = confirmationStep(smdp, order, signed)
  if (code) return code
  const again = isBoundTo(order.binding, serving)
  if (!again && order.downloadAttempts >= smdp.downloadAttemptsMax)
    return refused('downloadRetriesExceeded', {
      order: { ...order, state: 'error', binding: null },
    })
  const { curve } = server.dpPb.key
  const { binding, pair } =
    again && order.binding ? keptBinding(order.binding) : newBinding(curve, serving)
  const bound = build(smdp, serving, order, binding, pair)
  // The eUICC signed a key that is no point of the curve.
  if (!bound) return refused('malformed')
  return {
    answer: success({
      transactionId: session.transactionId,
      boundProfilePackage: base64(bound),
    }),
    status: 'ok',
    order: {
      ...order,
      state: 'downloaded',
      eid,
      binding,
      downloadAttempts: order.downloadAttempts + (again ? 0 : 1),
    },
  }
}

/** A refusal for the confirmation code, with the failure counted; nothing when it is right or not needed. */
function confirmationStep(
  smdp: Smdp,
  order: DownloadOrder,
  { hashCc: given, transactionId }: EuiccSigned2,
): Step<never> | undefined {
  if (order.confirmationCodeHash === null) return undefined
  if (!given) return refused('confirmationCodeMissing')
  if (given.equals(hashCc(unbase64(order.confirmationCodeHash), transactionId))) return undefined
  const counted = { ...order, confirmationFailures: order.confirmationFailures + 1 }
  if (counted.confirmationFailures < smdp.confirmationAttemptsMax)
    return refused('confirmationCodeRefused', { order: counted })
  const ended: DownloadOrder = { ...counted, state: 'error', binding: null }
  return refused('confirmationCodeRetriesExceeded', { order: ended })
}

const isBoundTo = (binding: Binding | null, { eid, signed, server }: Serving): boolean =>
  binding !== null &&
  binding.eid === eid &&
  binding.curve === server.dpPb.key.curve &&
  unbase64(binding.euiccOtpk).equals(signed.euiccOtpk)

type Bound = { readonly binding: Binding; readonly pair: KeyPair }

const keptBinding = (binding: Binding): Bound => ({
  binding,
  pair: keyPairFrom(binding.curve, unbase64(binding.smdpScalar)),
})

function newBinding(curve: Curve, { eid, signed, random }: Serving): Bound {
  assert.equal(random.length, 96, '48 bytes for a key pair, 48 for the keys of the profile')
  const pair = keyPairOf(curve, random.subarray(0, 48))
  const binding: Binding = {
    eid,
    curve,
    euiccOtpk: base64(signed.euiccOtpk),
    smdpScalar: base64(pair.scalar),
    ppk: base64(random.subarray(48)),
  }
  return { binding, pair }
}

function build(
  smdp: Smdp,
  { session, server, signed, profilePackage }: Serving,
  order: DownloadOrder,
  binding: Binding,
  smdpOneTimeKey: KeyPair,
): Buffer | undefined {
  return buildBoundProfilePackage({
    transactionId: Buffer.from(session.transactionId, 'hex'),
    eid: binding.eid,
    euiccOtpk: signed.euiccOtpk,
    smdpOneTimeKey,
    hostId: createHash('sha256').update(smdp.address).digest().subarray(0, 16),
    dpPbKey: server.dpPb.key,
    metadata: encodeStoreMetadataRequest(order.metadata),
    profilePackage,
    ppk: bspKeysFrom(unbase64(binding.ppk)),
  })
}
