/** The eUICC's half of a download (SGP.22 §5.7.5, §5.7.6, §5.7.13, §5.7.14): it verifies everything before it acts. */
import {
  authenticateErrorCode,
  type CtxParams1,
  decodeKeyIdentifier,
  decodeServerSigned1,
  decodeSignature,
  encodeAuthenticateResponseError,
  encodeAuthenticateResponseOk,
  encodeCtxParams1,
  encodeEuiccSigned1,
  type ServerSigned1,
  signatureTlv,
} from './authentication.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import { serverCertificateFault } from './chain.ts'
import { type KeyPair, keyPairFrom, keyPairOf, sign, verify } from './curves.ts'
import { DerError } from './der.ts'
import {
  type CancelSessionReason,
  confirmationCodeHash,
  decodeSmdpSigned2,
  downloadErrorCode,
  encodeCancelSessionResponseError,
  encodeCancelSessionResponseOk,
  encodeEuiccCancelSessionSigned,
  encodeEuiccSigned2,
  encodePrepareDownloadResponseError,
  encodePrepareDownloadResponseOk,
  hashCc,
  type SmdpSigned2,
} from './download.ts'
import {
  type Euicc,
  type EuiccCredential,
  type EuiccSession,
  type EuiccState,
  getEuiccInfo2,
} from './euicc.ts'

export type Answered = { readonly state: EuiccState; readonly response: Buffer }

export type AuthenticateServerRequest = {
  readonly serverSigned1: Buffer
  readonly serverSignature1: Buffer // the whole 5F37 element
  readonly euiccCiPKIdToBeUsed: Buffer // the whole OCTET STRING
  readonly serverCertificate: Buffer
  readonly ctxParams1: CtxParams1
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const unbase64 = (text: string): Buffer => Buffer.from(text, 'base64')

const credentialOf = (euicc: Euicc, keyId: Buffer | undefined): EuiccCredential | undefined =>
  euicc.credentials.find(({ ci }) => keyId?.equals(ci.subjectKeyIdentifier))

/** Reads what may be malformed; undefined when it is. */
function read<T>(reading: () => T): T | undefined {
  try {
    return reading()
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

/** §5.7.13 ES10b.AuthenticateServer: an AuthenticateServerResponse, ok or error. */
export function authenticateServer(
  euicc: Euicc,
  state: EuiccState,
  request: AuthenticateServerRequest,
): Answered {
  const signed = read(() => decodeServerSigned1(request.serverSigned1))
  const transactionId = signed?.transactionId ?? Buffer.of(0)
  const fail = (code: keyof typeof authenticateErrorCode): Answered => ({
    state,
    response: encodeAuthenticateResponseError(transactionId, authenticateErrorCode[code]),
  })
  const { session } = state
  if (!session?.challenge) return fail('noSessionContext')
  const certificate = read(() => parseCertificate(request.serverCertificate))
  if (!certificate) return fail('invalidCertificate')
  const root = credentialOf(euicc, certificate.authorityKeyIdentifier)
  const own = credentialOf(
    euicc,
    read(() => decodeKeyIdentifier(request.euiccCiPKIdToBeUsed)),
  )
  if (!root || !own) return fail('ciPKUnknown')
  // A card has no clock.
  if (serverCertificateFault(certificate, root.ci, 'dpAuth', undefined))
    return fail('invalidCertificate')
  const signature = read(() => decodeSignature(request.serverSignature1))
  if (!signature || !verify(certificate.publicKey, signature, request.serverSigned1))
    return fail('invalidSignature')
  if (!signed) return fail('undefinedError')
  if (!signed.euiccChallenge.equals(unbase64(session.challenge)))
    return fail('euiccChallengeMismatch')
  return recognised(euicc, state, request, { signed, certificate, own, root })
}

function recognised(
  euicc: Euicc,
  state: EuiccState,
  request: AuthenticateServerRequest,
  {
    signed,
    certificate,
    own,
    root,
  }: {
    signed: ServerSigned1
    certificate: Certificate
    own: EuiccCredential
    root: EuiccCredential
  },
): Answered {
  const { transactionId, serverAddress, serverChallenge } = signed
  const euiccSigned1 = encodeEuiccSigned1({
    transactionId,
    serverAddress,
    serverChallenge,
    euiccInfo2: getEuiccInfo2(euicc),
    ctxParams1: encodeCtxParams1(request.ctxParams1),
  })
  const signature = sign(own.key, euiccSigned1)
  const session: EuiccSession = {
    challenge: null,
    transactionId: transactionId.toString('hex'),
    serverAddress,
    smdpOid: certificate.registeredId ?? '',
    euiccCi: base64(own.ci.subjectKeyIdentifier),
    serverCi: base64(root.ci.subjectKeyIdentifier),
    euiccSignature1Tlv: base64(signatureTlv(signature)),
  }
  return {
    state: { ...state, session },
    response: encodeAuthenticateResponseOk(euiccSigned1, signature, own.euicc.raw, own.eum.raw),
  }
}

export type PrepareDownloadRequest = {
  readonly smdpSigned2: Buffer
  readonly smdpSignature2: Buffer // the whole 5F37 element
  readonly smdpCertificate: Buffer
  /** As the subscriber typed it. */
  readonly confirmationCode?: string
}

type Running = Required<
  Pick<
    EuiccSession,
    'transactionId' | 'serverAddress' | 'smdpOid' | 'euiccCi' | 'serverCi' | 'euiccSignature1Tlv'
  >
> &
  EuiccSession

const running = (session: EuiccSession | null): Running | undefined =>
  session?.euiccSignature1Tlv === undefined ? undefined : (session as Running)

/** §5.7.5 ES10b.PrepareDownload, with 48 random bytes for a one-time key when a new one is needed. */
export function prepareDownload(
  euicc: Euicc,
  state: EuiccState,
  request: PrepareDownloadRequest,
  random: Uint8Array,
): Answered {
  const session = running(state.session)
  const signed = read(() => decodeSmdpSigned2(request.smdpSigned2))
  const transactionId = signed?.transactionId ?? Buffer.of(0)
  const fail = (code: keyof typeof downloadErrorCode): Answered => ({
    state,
    response: encodePrepareDownloadResponseError(transactionId, downloadErrorCode[code]),
  })
  const own = session && credentialOf(euicc, unbase64(session.euiccCi))
  const root = session && credentialOf(euicc, unbase64(session.serverCi))
  if (!session || !own || !root) return fail('noSessionContext')
  const certificate = read(() => parseCertificate(request.smdpCertificate))
  // The one that binds is the one that was authenticated.
  const trusted =
    certificate?.registeredId === session.smdpOid &&
    serverCertificateFault(certificate, root.ci, 'dpPb', undefined) === undefined
  if (!certificate || !trusted) return fail('invalidCertificate')
  const signature = read(() => decodeSignature(request.smdpSignature2))
  const covered = unbase64(session.euiccSignature1Tlv)
  if (!signature || !verify(certificate.publicKey, signature, request.smdpSigned2, covered))
    return fail('invalidSignature')
  if (!signed) return fail('undefinedError')
  if (signed.transactionId.toString('hex') !== session.transactionId)
    return fail('invalidTransactionId')
  const pair = oneTimeKey(state, certificate, signed, random)
  return prepared(state, session, request, { own, certificate, pair, signed })
}

/** The same key again when this download was bound to it before and it is still here. */
function oneTimeKey(
  { oneTimeKeys }: EuiccState,
  { publicKey: { curve } }: Certificate,
  { bppEuiccOtpk }: SmdpSigned2,
  random: Uint8Array,
): KeyPair {
  const kept = oneTimeKeys.find(
    (one) => one.curve === curve && bppEuiccOtpk?.equals(unbase64(one.point)),
  )
  return kept ? keyPairFrom(curve, unbase64(kept.scalar)) : keyPairOf(curve, random)
}

/** As many interrupted downloads as a small card would remember. */
const oneTimeKeysMax = 4

function prepared(
  state: EuiccState,
  session: Running,
  { smdpSignature2, confirmationCode }: PrepareDownloadRequest,
  {
    own,
    certificate,
    pair,
    signed,
  }: { own: EuiccCredential; certificate: Certificate; pair: KeyPair; signed: SmdpSigned2 },
): Answered {
  const { transactionId, ccRequiredFlag } = signed
  const given = ccRequiredFlag && confirmationCode !== undefined
  const euiccSigned2 = encodeEuiccSigned2({
    transactionId,
    euiccOtpk: pair.point,
    ...(given && { hashCc: hashCc(confirmationCodeHash(confirmationCode), transactionId) }),
  })
  const point = base64(pair.point)
  const scalar = base64(pair.scalar)
  const others = state.oneTimeKeys.filter((one) => one.point !== point)
  return {
    state: {
      ...state,
      oneTimeKeys: [...others, { curve: pair.curve, point, scalar }].slice(-oneTimeKeysMax),
      session: { ...session, dpPbCertificate: base64(certificate.raw), scalar },
    },
    response: encodePrepareDownloadResponseOk(
      euiccSigned2,
      sign(own.key, euiccSigned2, smdpSignature2),
    ),
  }
}

/** §5.7.14 ES10b.CancelSession: the session is over, and the server gets it signed. */
export function cancelSession(
  euicc: Euicc,
  state: EuiccState,
  transactionId: string,
  reason: CancelSessionReason,
): Answered {
  const session = running(state.session)
  const own = session && credentialOf(euicc, unbase64(session.euiccCi))
  if (!session || !own || session.transactionId !== transactionId.toLowerCase())
    return { state, response: encodeCancelSessionResponseError(5) }
  const id = Buffer.from(session.transactionId, 'hex')
  const signed = encodeEuiccCancelSessionSigned(id, session.smdpOid, reason)
  return {
    state: { ...state, session: null },
    response: encodeCancelSessionResponseOk(signed, sign(own.key, signed)),
  }
}
