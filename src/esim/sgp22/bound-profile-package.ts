/** Bound profile packages (SGP.22 §2.5.4, §5.5): an SM-DP+ builds one for one eUICC, which alone can open it. */
import { signatureTlv } from './authentication.ts'
import {
  bspDecrypt,
  bspEncrypt,
  type BspKeys,
  bspKeys,
  bspMac,
  bspStart,
  type BspState,
  bspVerify,
  replaceSessionKeysRequest,
} from './bsp.ts'
import { ecka, type KeyPair, type PrivateKey, type PublicKey, sign, verify } from './curves.ts'
import { DerError, type Fields, fieldsOf, octetsOf, readDer, type Tlv } from './der.ts'
import { octets, tlv } from './der-write.ts'
import { bppCommandId, errorReason } from './notification.ts'

/** A profile of an operator is some 10 to 100 kB; nothing needs a megabyte. */
export const packageLimits = { bytesMax: 1_048_576, depthMax: 16 } as const

/** AES, 16 bytes (GlobalPlatform Card Specification, table 11-16). */
const keyType = 0x88
const keyLength = 0x10

export type BindingWish = {
  readonly transactionId: Buffer
  readonly eid: string
  /** The one-time key of the eUICC, 65 bytes. */
  readonly euiccOtpk: Buffer
  /** The one-time key of the SM-DP+: the same again when the same package is sent again. */
  readonly smdpOneTimeKey: KeyPair
  readonly hostId: Buffer // 1 to 16 bytes
  readonly dpPbKey: PrivateKey
  readonly metadata: Buffer // StoreMetadataRequest
  readonly profilePackage: Buffer // profile elements, unprotected
  /** Keys the profile was protected with beforehand; without them the session's keys protect it. */
  readonly ppk?: BspKeys
}

/** BF36, or undefined when the eUICC's key is no point of the curve. */
export function buildBoundProfilePackage(wish: BindingWish): Buffer | undefined {
  const secret = ecka(wish.smdpOneTimeKey, wish.euiccOtpk)
  if (!secret) return undefined
  const start = bspStart(bspKeys(secret, wish.hostId, wish.eid))
  const isdp = bspEncrypt(start, 0x87, tlv(0xbf24))
  const metadata = bspMac(isdp.state, 0x88, wish.metadata)
  const keys = wish.ppk && bspEncrypt(metadata.state, 0x87, replaceSessionKeysRequest(wish.ppk))
  const profile = bspEncrypt(
    wish.ppk ? bspStart(wish.ppk) : metadata.state,
    0x86,
    wish.profilePackage,
  )
  return tlv(
    0xbf36,
    initialiseSecureChannelRequest(wish),
    tlv(0xa0, ...isdp.segments),
    tlv(0xa1, ...metadata.segments),
    ...(keys ? [tlv(0xa2, ...keys.segments)] : []),
    tlv(0xa3, ...profile.segments),
  )
}

/** §5.5.1: signed by DPpb over its own fields and the eUICC's one-time key. */
function initialiseSecureChannelRequest(wish: BindingWish): Buffer {
  const signed = Buffer.concat([
    octets(Buffer.of(1), 0x82),
    octets(wish.transactionId, 0x80),
    tlv(
      0xa6,
      octets(Buffer.of(keyType), 0x80),
      octets(Buffer.of(keyLength), 0x81),
      octets(wish.hostId, 0x84),
    ),
    octets(wish.smdpOneTimeKey.point, 0x5f49),
  ])
  const signature = sign(wish.dpPbKey, signed, octets(wish.euiccOtpk, 0x5f49))
  return tlv(0xbf23, signed, signatureTlv(signature))
}

export type OpeningWish = {
  readonly transactionId: Buffer
  readonly eid: string
  readonly euiccOneTimeKey: KeyPair
  readonly dpPb: PublicKey
}

export type BppFault = { readonly bppCommandId: number; readonly errorReason: number }
export type Opened = { readonly metadata: Buffer; readonly profilePackage: Buffer }

const fault = (
  command: keyof typeof bppCommandId,
  reason: keyof typeof errorReason,
): { fault: BppFault } => ({
  fault: { bppCommandId: bppCommandId[command], errorReason: errorReason[reason] },
})

/** What an eUICC does with a package: verifies, decrypts, or says by which command it failed (§5.7.6). */
export function openBoundProfilePackage(
  bytes: Uint8Array,
  wish: OpeningWish,
): Opened | { fault: BppFault } {
  try {
    const fields = fieldsOf(readDer(bytes, packageLimits), 0xbf36)
    const channel = openChannel(fields.need(0xbf23), wish)
    if ('fault' in channel) return channel
    return openSequences(fields, channel.state)
  } catch (error) {
    if (error instanceof DerError) return fault('initialiseSecureChannel', 'scp03tStructureError')
    throw error
  }
}

function openChannel(element: Tlv, wish: OpeningWish): { state: BspState } | { fault: BppFault } {
  const refuse = (reason: keyof typeof errorReason) => fault('initialiseSecureChannel', reason)
  const fields = fieldsOf(element, 0xbf23)
  const operation = fields.need(0x82)
  const transactionId = fields.need(0x80)
  const template = fields.need(0xa6)
  const smdpOtpk = fields.need(0x5f49)
  const signature = octetsOf(fields.need(0x5f37), 64)
  fields.end()
  const signed = [operation, transactionId, template, smdpOtpk].map(({ raw }) => raw)
  const own = octets(wish.euiccOneTimeKey.point, 0x5f49)
  if (!verify(wish.dpPb, signature, ...signed, own)) return refuse('invalidSignature')
  if (!operation.value.equals(Buffer.of(1))) return refuse('unsupportedRemoteOperationType')
  if (!transactionId.value.equals(wish.transactionId)) return refuse('invalidTransactionId')
  const parts = fieldsOf(template, 0xa6)
  const type = parts.need(0x80).value
  const length = parts.need(0x81).value
  const hostId = octetsOf(parts.need(0x84), 1, 16)
  if (!type.equals(Buffer.of(keyType)) || !length.equals(Buffer.of(keyLength)))
    return refuse('unsupportedCrtValues')
  const secret = ecka(wish.euiccOneTimeKey, smdpOtpk.value)
  if (!secret) return refuse('incorrectInputValues')
  return { state: bspStart(bspKeys(secret, hostId, wish.eid)) }
}

function openSequences(fields: Fields, start: BspState): Opened | { fault: BppFault } {
  const isdp = bspDecrypt(start, segments(fields.need(0xa0), 0x87))
  if (!isdp) return fault('configureISDP', 'scp03tSecurityError')
  if (readDer(isdp.bytes).tag !== 0xbf24) return fault('configureISDP', 'incorrectInputValues')
  const metadata = bspVerify(isdp.state, segments(fields.need(0xa1), 0x88))
  if (!metadata) return fault('storeMetadata', 'scp03tSecurityError')
  const replacing = fields.may(0xa2)
  let state = metadata.state
  if (replacing) {
    const request = bspDecrypt(state, segments(replacing, 0x87))
    if (!request) return fault('replaceSessionKeys', 'scp03tSecurityError')
    state = bspStart(replacementKeys(request.bytes))
  }
  const profile = bspDecrypt(state, segments(fields.need(0xa3), 0x86))
  fields.end()
  if (!profile) return fault('loadProfileElements', 'scp03tSecurityError')
  return { metadata: metadata.bytes, profilePackage: profile.bytes }
}

function segments({ children }: Tlv, tag: number): Buffer[] {
  if (children.length === 0) throw new DerError('no segments')
  return children.map((segment) => {
    if (segment.tag !== tag) throw new DerError('a segment of another kind')
    return segment.raw
  })
}

/** §5.5.4. */
function replacementKeys(bytes: Buffer): BspKeys {
  const fields = fieldsOf(readDer(bytes), 0xbf26)
  return {
    initialMacChainingValue: octetsOf(fields.need(0x80), 16),
    sEnc: octetsOf(fields.need(0x81), 16),
    sMac: octetsOf(fields.need(0x82), 16),
  }
}
