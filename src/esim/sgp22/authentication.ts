/** The messages by which SM-DP+ and eUICC recognise each other (SGP.22 §5.6.1, §5.7.13). */
import {
  DerError,
  fieldsOf,
  integerOf,
  octetsOf,
  onlyChild,
  readDer,
  textOf,
  type Tlv,
} from './der.ts'
import { bits, integer, octets, sequence, text, tlv } from './der-write.ts'

/** Three bytes, major minor revision: 2.5.0 is 02 05 00. */
export type Version = Buffer

/** §5.6.1 EUICCInfo1: what the eUICC tells a server it doesn't know yet. */
export type EuiccInfo1 = {
  readonly svn: Version
  readonly euiccCiPKIdListForVerification: readonly Buffer[]
  readonly euiccCiPKIdListForSigning: readonly Buffer[]
}

export function encodeEuiccInfo1(info: EuiccInfo1): Buffer {
  return tlv(
    0xbf20,
    octets(info.svn, 0x82),
    tlv(0xa9, ...info.euiccCiPKIdListForVerification.map((id) => octets(id))),
    tlv(0xaa, ...info.euiccCiPKIdListForSigning.map((id) => octets(id))),
  )
}

/** @throws DerError */
export function decodeEuiccInfo1(bytes: Uint8Array): EuiccInfo1 {
  const fields = fieldsOf(readDer(bytes), 0xbf20)
  return {
    svn: octetsOf(fields.need(0x82), 3),
    euiccCiPKIdListForVerification: keyIds(fields.need(0xa9)),
    euiccCiPKIdListForSigning: keyIds(fields.need(0xaa)),
  }
}

const keyIds = ({ children }: Tlv): Buffer[] =>
  children.map((id) => {
    if (id.tag !== 0x04) throw new DerError('no key identifier')
    return octetsOf(id, 1, 64)
  })

/** §5.7.8 EUICCInfo2, as far as a server decides by it; the rest stays in `raw`. */
export type EuiccInfo2 = {
  readonly raw: Buffer
  readonly profileVersion: Version
  readonly svn: Version
  /** Free memory for profiles, from the extended card resources (ETSI TS 102 226 §8.2.1.7.2). */
  readonly freeNonVolatileBytes: number | undefined
}

export function encodeEuiccInfo2(
  info: EuiccInfo1 & { readonly profileVersion: Version; readonly freeNonVolatileBytes: number },
): Buffer {
  const free = Buffer.alloc(4)
  free.writeUInt32BE(info.freeNonVolatileBytes)
  return tlv(
    0xbf22,
    octets(info.profileVersion, 0x81),
    octets(info.svn, 0x82),
    octets(Buffer.of(1, 0, 0), 0x83),
    tlv(0x84, octets(Buffer.of(0), 0x81), octets(free, 0x82), octets(Buffer.of(0x10, 0), 0x83)),
    // usimSupport, akaMilenage; additionalProfile.
    bits([1, 4], 0x85),
    bits([0], 0x88),
    tlv(0xa9, ...info.euiccCiPKIdListForVerification.map((id) => octets(id))),
    tlv(0xaa, ...info.euiccCiPKIdListForSigning.map((id) => octets(id))),
    octets(Buffer.of(1, 0, 0)),
    text('TEST-EUICC'),
  )
}

function euiccInfo2Of(element: Tlv): EuiccInfo2 {
  const fields = fieldsOf(element, 0xbf22)
  const profileVersion = octetsOf(fields.need(0x81), 3)
  const svn = octetsOf(fields.need(0x82), 3)
  octetsOf(fields.need(0x83), 3)
  const resources = fields.need(0x84)
  return { raw: element.raw, profileVersion, svn, freeNonVolatileBytes: freeBytes(resources.value) }
}

/** The resources are a primitive element whose bytes are elements; cards write them as they like. */
function freeBytes(resources: Buffer): number | undefined {
  try {
    const wrapped = readDer(sequence(resources))
    const free = wrapped.children.find(({ tag }) => tag === 0x82)
    return free && free.value.length > 0 && free.value.length <= 6
      ? free.value.readUIntBE(0, free.value.length)
      : undefined
  } catch {
    return undefined
  }
}

/** §5.7.13 ServerSigned1. */
export type ServerSigned1 = {
  readonly transactionId: Buffer
  readonly euiccChallenge: Buffer
  readonly serverAddress: string
  readonly serverChallenge: Buffer
}

export function encodeServerSigned1(signed: ServerSigned1): Buffer {
  return sequence(
    octets(signed.transactionId, 0x80),
    octets(signed.euiccChallenge, 0x81),
    text(signed.serverAddress, 0x83),
    octets(signed.serverChallenge, 0x84),
  )
}

/** @throws DerError */
export function decodeServerSigned1(bytes: Uint8Array): ServerSigned1 {
  const fields = fieldsOf(readDer(bytes), 0x30)
  return {
    transactionId: octetsOf(fields.need(0x80), 1, 16),
    euiccChallenge: octetsOf(fields.need(0x81), 16),
    serverAddress: textOf(fields.need(0x83)),
    serverChallenge: octetsOf(fields.need(0x84), 16),
  }
}

/** A signature as messages carry it: 5F37 and 64 bytes. */
export const signatureTlv = (signature: Uint8Array): Buffer => tlv(0x5f37, signature)

/** The 64 bytes of a whole 5F37 element. @throws DerError */
export function decodeSignature(bytes: Uint8Array): Buffer {
  const element = readDer(bytes)
  if (element.tag !== 0x5f37) throw new DerError('no signature')
  return octetsOf(element, 64)
}

/** A certificate authority's key by its identifier, as `euiccCiPKIdToBeUsed`. @throws DerError */
export function decodeKeyIdentifier(bytes: Uint8Array): Buffer {
  const element = readDer(bytes)
  if (element.tag !== 0x04) throw new DerError('no key identifier')
  return octetsOf(element, 1, 64)
}

/** §4.2 DeviceInfo; versions by the names of the specification are of no consequence to a server. */
export type DeviceInfo = { readonly tac: Buffer; readonly imei?: Buffer }

/** §5.7.13 CtxParams1, of the one kind there is: ctxParamsForCommonAuthentication. */
export type CtxParams1 = { readonly matchingId: string; readonly deviceInfo: DeviceInfo }

export function encodeCtxParams1({ matchingId, deviceInfo }: CtxParams1): Buffer {
  return tlv(
    0xa0,
    ...(matchingId === '' ? [] : [text(matchingId, 0x80)]),
    tlv(
      0xa1,
      octets(deviceInfo.tac, 0x80),
      tlv(0xa1),
      ...(deviceInfo.imei ? [octets(deviceInfo.imei, 0x82)] : []),
    ),
  )
}

function ctxParams1Of(element: Tlv): CtxParams1 {
  const fields = fieldsOf(element, 0xa0)
  const matchingId = fields.may(0x80)
  const device = fieldsOf(fields.need(0xa1), 0xa1)
  const tac = octetsOf(device.need(0x80), 4, 8)
  device.need(0xa1)
  const imei = device.may(0x82)
  return {
    matchingId: matchingId ? textOf(matchingId) : '',
    deviceInfo: { tac, ...(imei && { imei: octetsOf(imei, 8) }) },
  }
}

/** §5.7.13 EuiccSigned1, with the bytes the signature is over. */
export type EuiccSigned1 = {
  readonly raw: Buffer
  readonly transactionId: Buffer
  readonly serverAddress: string
  readonly serverChallenge: Buffer
  readonly euiccInfo2: EuiccInfo2
  readonly ctxParams1: CtxParams1
}

export function encodeEuiccSigned1(
  signed: Pick<EuiccSigned1, 'transactionId' | 'serverAddress' | 'serverChallenge'> & {
    readonly euiccInfo2: Buffer
    readonly ctxParams1: Buffer
  },
): Buffer {
  return sequence(
    octets(signed.transactionId, 0x80),
    text(signed.serverAddress, 0x83),
    octets(signed.serverChallenge, 0x84),
    signed.euiccInfo2,
    signed.ctxParams1,
  )
}

function euiccSigned1Of(element: Tlv): EuiccSigned1 {
  const fields = fieldsOf(element, 0x30)
  return {
    raw: element.raw,
    transactionId: octetsOf(fields.need(0x80), 1, 16),
    serverAddress: textOf(fields.need(0x83)),
    serverChallenge: octetsOf(fields.need(0x84), 16),
    euiccInfo2: euiccInfo2Of(fields.need(0xbf22)),
    ctxParams1: ctxParams1Of(fields.need(0xa0)),
  }
}

/** §5.7.13 AuthenticateServerResponse. Certificates are left as elements until a chain is asked for. */
export type AuthenticateServerResponse =
  | {
      readonly kind: 'ok'
      readonly euiccSigned1: EuiccSigned1
      readonly euiccSignature1: Buffer
      /** The whole 5F37 element, which later signatures cover. */
      readonly euiccSignature1Tlv: Buffer
      readonly euiccCertificate: Tlv
      readonly eumCertificate: Tlv
    }
  | {
      readonly kind: 'error'
      readonly transactionId: Buffer
      readonly authenticateErrorCode: number
    }

export const authenticateErrorCode = {
  invalidCertificate: 1,
  invalidSignature: 2,
  unsupportedCurve: 3,
  noSessionContext: 4,
  invalidOid: 5,
  euiccChallengeMismatch: 6,
  ciPKUnknown: 7,
  undefinedError: 127,
} as const

export function encodeAuthenticateResponseError(transactionId: Buffer, code: number): Buffer {
  return tlv(0xbf38, tlv(0xa1, octets(transactionId, 0x80), integer(code)))
}

export function encodeAuthenticateResponseOk(
  euiccSigned1: Buffer,
  euiccSignature1: Uint8Array,
  euiccCertificate: Buffer,
  eumCertificate: Buffer,
): Buffer {
  const signature = signatureTlv(euiccSignature1)
  return tlv(0xbf38, tlv(0xa0, euiccSigned1, signature, euiccCertificate, eumCertificate))
}

/** @throws DerError */
export function decodeAuthenticateServerResponse(bytes: Uint8Array): AuthenticateServerResponse {
  const outer = readDer(bytes)
  if (outer.tag !== 0xbf38) throw new DerError('no AuthenticateServerResponse')
  const choice = onlyChild(outer)
  if (choice.tag === 0xa1) {
    const fields = fieldsOf(choice, 0xa1)
    const transactionId = octetsOf(fields.need(0x80), 1, 16)
    return { kind: 'error', transactionId, authenticateErrorCode: integerOf(fields.need(0x02)) }
  }
  const fields = fieldsOf(choice, 0xa0)
  const euiccSigned1 = euiccSigned1Of(fields.need(0x30))
  const signature = fields.need(0x5f37)
  const euiccCertificate = fields.need(0x30)
  const eumCertificate = fields.need(0x30)
  fields.end()
  return {
    kind: 'ok',
    euiccSigned1,
    euiccSignature1: octetsOf(signature, 64),
    euiccSignature1Tlv: signature.raw,
    euiccCertificate,
    eumCertificate,
  }
}
