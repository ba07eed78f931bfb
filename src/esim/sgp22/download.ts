/** The messages that prepare a download and cancel it (SGP.22 §5.6.2, §5.6.5, §5.7.5, §5.7.14). */
import { createHash } from 'node:crypto'
import { signatureTlv } from './authentication.ts'
import {
  booleanOf,
  DerError,
  fieldsOf,
  integerOf,
  octetsOf,
  oidOf,
  onlyChild,
  readDer,
} from './der.ts'
import { boolean, integer, octets, oid, sequence, tlv } from './der-write.ts'

/** §5.7.5 SmdpSigned2. `bppEuiccOtpk` names the one-time key an earlier download was bound to. */
export type SmdpSigned2 = {
  readonly transactionId: Buffer
  readonly ccRequiredFlag: boolean
  readonly bppEuiccOtpk?: Buffer
}

export function encodeSmdpSigned2(signed: SmdpSigned2): Buffer {
  return sequence(
    octets(signed.transactionId, 0x80),
    boolean(signed.ccRequiredFlag),
    ...(signed.bppEuiccOtpk ? [octets(signed.bppEuiccOtpk, 0x5f49)] : []),
  )
}

/** @throws DerError */
export function decodeSmdpSigned2(bytes: Uint8Array): SmdpSigned2 {
  const fields = fieldsOf(readDer(bytes), 0x30)
  const transactionId = octetsOf(fields.need(0x80), 1, 16)
  const ccRequiredFlag = booleanOf(fields.need(0x01))
  const key = fields.may(0x5f49)
  return { transactionId, ccRequiredFlag, ...(key && { bppEuiccOtpk: octetsOf(key, 65) }) }
}

/** §5.7.5 EUICCSigned2, with the bytes the signature is over. */
export type EuiccSigned2 = {
  readonly raw: Buffer
  readonly transactionId: Buffer
  readonly euiccOtpk: Buffer
  readonly hashCc?: Buffer
}

export function encodeEuiccSigned2(signed: Omit<EuiccSigned2, 'raw'>): Buffer {
  return sequence(
    octets(signed.transactionId, 0x80),
    octets(signed.euiccOtpk, 0x5f49),
    ...(signed.hashCc ? [octets(signed.hashCc)] : []),
  )
}

export const downloadErrorCode = {
  invalidCertificate: 1,
  invalidSignature: 2,
  unsupportedCurve: 3,
  noSessionContext: 4,
  invalidTransactionId: 5,
  undefinedError: 127,
} as const

/** §5.7.5 PrepareDownloadResponse. */
export type PrepareDownloadResponse =
  | {
      readonly kind: 'ok'
      readonly euiccSigned2: EuiccSigned2
      readonly euiccSignature2: Buffer
    }
  | { readonly kind: 'error'; readonly transactionId: Buffer; readonly downloadErrorCode: number }

export function encodePrepareDownloadResponseOk(
  euiccSigned2: Buffer,
  euiccSignature2: Uint8Array,
): Buffer {
  return tlv(0xbf21, tlv(0xa0, euiccSigned2, signatureTlv(euiccSignature2)))
}

export function encodePrepareDownloadResponseError(transactionId: Buffer, code: number): Buffer {
  return tlv(0xbf21, tlv(0xa1, octets(transactionId, 0x80), integer(code)))
}

/** @throws DerError */
export function decodePrepareDownloadResponse(bytes: Uint8Array): PrepareDownloadResponse {
  const outer = readDer(bytes)
  if (outer.tag !== 0xbf21) throw new DerError('no PrepareDownloadResponse')
  const choice = onlyChild(outer)
  if (choice.tag === 0xa1) {
    const fields = fieldsOf(choice, 0xa1)
    const transactionId = octetsOf(fields.need(0x80), 1, 16)
    return { kind: 'error', transactionId, downloadErrorCode: integerOf(fields.need(0x02)) }
  }
  const fields = fieldsOf(choice, 0xa0)
  const signed = fields.need(0x30)
  const euiccSignature2 = octetsOf(fields.need(0x5f37), 64)
  fields.end()
  const inner = fieldsOf(signed, 0x30)
  const transactionId = octetsOf(inner.need(0x80), 1, 16)
  const euiccOtpk = octetsOf(inner.need(0x5f49), 65)
  const hash = inner.may(0x04)
  return {
    kind: 'ok',
    euiccSigned2: {
      raw: signed.raw,
      transactionId,
      euiccOtpk,
      ...(hash && { hashCc: octetsOf(hash, 32) }),
    },
    euiccSignature2,
  }
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest()

/** What an order keeps of its confirmation code: SHA-256 (ES2+ orders carry the code, nobody stores it). */
export const confirmationCodeHash = (code: string): Buffer => sha256(Buffer.from(code, 'utf8'))

/** §5.7.5 hashCc = SHA-256(SHA-256(code) ‖ transactionId). */
export const hashCc = (codeHash: Uint8Array, transactionId: Uint8Array): Buffer =>
  sha256(codeHash, transactionId)

export const cancelSessionReason = {
  endUserRejection: 0,
  postponed: 1,
  timeout: 2,
  pprNotAllowed: 3,
  metadataMismatch: 4,
  loadBppExecutionError: 5,
  undefinedReason: 127,
} as const
export type CancelSessionReason = keyof typeof cancelSessionReason

/** §5.7.14 CancelSessionResponse. */
export type CancelSessionResponse =
  | {
      readonly kind: 'ok'
      /** The bytes the signature is over. */
      readonly raw: Buffer
      readonly transactionId: Buffer
      readonly smdpOid: string
      readonly reason: CancelSessionReason
      readonly euiccCancelSessionSignature: Buffer
    }
  | { readonly kind: 'error'; readonly cancelSessionResponseError: number }

export function encodeEuiccCancelSessionSigned(
  transactionId: Buffer,
  smdpOid: string,
  reason: CancelSessionReason,
): Buffer {
  return sequence(
    octets(transactionId, 0x80),
    oid(smdpOid, 0x81),
    integer(cancelSessionReason[reason], 0x82),
  )
}

export function encodeCancelSessionResponseOk(signed: Buffer, signature: Uint8Array): Buffer {
  return tlv(0xbf41, tlv(0xa0, signed, signatureTlv(signature)))
}

export const encodeCancelSessionResponseError = (code: number): Buffer =>
  tlv(0xbf41, integer(code, 0x81))

/** @throws DerError */
export function decodeCancelSessionResponse(bytes: Uint8Array): CancelSessionResponse {
  const outer = readDer(bytes)
  if (outer.tag !== 0xbf41) throw new DerError('no CancelSessionResponse')
  const choice = onlyChild(outer)
  if (choice.tag === 0x81) return { kind: 'error', cancelSessionResponseError: integerOf(choice) }
  const fields = fieldsOf(choice, 0xa0)
  const signed = fields.need(0x30)
  const euiccCancelSessionSignature = octetsOf(fields.need(0x5f37), 64)
  fields.end()
  const inner = fieldsOf(signed, 0x30)
  const transactionId = octetsOf(inner.need(0x80), 1, 16)
  const smdpOid = oidOf(inner.need(0x81), 0x81)
  const code = integerOf(inner.need(0x82))
  const reason = Object.entries(cancelSessionReason).find(([, value]) => value === code)?.[0]
  return {
    kind: 'ok',
    raw: signed.raw,
    transactionId,
    smdpOid,
    reason: (reason ?? 'undefinedReason') as CancelSessionReason,
    euiccCancelSessionSignature,
  }
}
