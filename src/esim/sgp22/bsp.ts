/** The protection of a bound profile package (SGP.22 §2.6.4, annex G): its key derivation, AES-CBC and chained CMAC. */
import { createCipheriv, createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'
import { readDer } from './der.ts'
import { lengthBytes, tlv } from './der-write.ts'

const block = 16
/** Every segment with its tag, length and MAC (SGP.22 §2.5.5). */
export const segmentBytesMax = 1020
const macBytes = 8
const payloadMax = segmentBytesMax - 1 - 3 - macBytes

/** ANSI X9.63 key derivation with SHA-256 (SEC 1 §3.6.1). */
export function x963Kdf(secret: Uint8Array, sharedInfo: Uint8Array, bytes: number): Buffer {
  const rounds = Array.from({ length: Math.ceil(bytes / 32) }, (_, index) => {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(index + 1)
    return createHash('sha256').update(secret).update(counter).update(sharedInfo).digest()
  })
  return Buffer.concat(rounds).subarray(0, bytes)
}

/** AES-CMAC (RFC 4493): 16 bytes. */
export function aesCmac(key: Uint8Array, message: Uint8Array): Buffer {
  const first = doubled(aesBlock(key, Buffer.alloc(block)))
  const whole = message.length > 0 && message.length % block === 0
  const start = whole ? message.length - block : message.length - (message.length % block)
  const last = Buffer.alloc(block)
  last.set(message.subarray(start))
  if (!whole) last[message.length - start] = 0x80
  const mask = whole ? first : doubled(first)
  for (let index = 0; index < block; index++) last[index] = (last[index] ?? 0) ^ (mask[index] ?? 0)
  const cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(block)).setAutoPadding(false)
  return Buffer.concat([cipher.update(message.subarray(0, start)), cipher.update(last)]).subarray(
    -block,
  )
}

function doubled(value: Buffer): Buffer {
  const carry = (value[0] ?? 0) & 0x80 ? 0x87 : 0
  const shifted = Buffer.from(
    value.map((byte, index) => (byte << 1) | ((value[index + 1] ?? 0) >> 7)),
  )
  shifted[block - 1] = (shifted[block - 1] ?? 0) ^ carry
  return shifted
}

function aesBlock(key: Uint8Array, bytes: Uint8Array): Buffer {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(bytes)
}

/** Three keys of 16 bytes: from the key agreement, or those that replace them (PPK, SGP.22 §5.5.4). */
export type BspKeys = {
  readonly initialMacChainingValue: Buffer
  readonly sEnc: Buffer
  readonly sMac: Buffer
}

/** SGP.22 annex G: 48 bytes of X9.63, in the order chaining value, S-ENC, S-MAC. */
export function bspKeys(secret: Uint8Array, hostId: Uint8Array, eid: string): BspKeys {
  const eidBytes = Buffer.from(eid, 'hex')
  const sharedInfo = Buffer.concat([
    Buffer.of(0x88, 0x10),
    lengthBytes(hostId.length),
    hostId,
    lengthBytes(eidBytes.length),
    eidBytes,
  ])
  return bspKeysFrom(x963Kdf(secret, sharedInfo, 48))
}

export const bspKeysFrom = (bytes: Buffer): BspKeys => ({
  initialMacChainingValue: bytes.subarray(0, 16),
  sEnc: bytes.subarray(16, 32),
  sMac: bytes.subarray(32, 48),
})

/** Where a protected stream stands: its keys, the last full MAC, and the number of the next segment. */
export type BspState = {
  readonly keys: BspKeys
  readonly chaining: Buffer
  readonly counter: number
}

export const bspStart = (keys: BspKeys): BspState => ({
  keys,
  chaining: keys.initialMacChainingValue,
  counter: 1,
})

type Protected = { readonly segments: Buffer[]; readonly state: BspState }
type Opened = { readonly bytes: Buffer; readonly state: BspState }

/** Encrypts and authenticates, in as many segments as it takes. */
export function bspEncrypt(from: BspState, tag: number, plain: Uint8Array): Protected {
  // Padding adds one to sixteen bytes, and the encrypted length is a multiple of the block.
  const room = Math.floor(payloadMax / block) * block - 1
  return inSegments(from, tag, plain, room, encryptOne)
}

/** Authenticates only; the counter advances all the same. */
export function bspMac(from: BspState, tag: number, plain: Uint8Array): Protected {
  return inSegments(from, tag, plain, payloadMax, (_, piece) => Buffer.from(piece))
}

function inSegments(
  from: BspState,
  tag: number,
  plain: Uint8Array,
  room: number,
  content: (state: BspState, piece: Uint8Array) => Buffer,
): Protected {
  const segments: Buffer[] = []
  let state = from
  for (let at = 0; at < plain.length; at += room) {
    const value = content(state, plain.subarray(at, at + room))
    const head = Buffer.concat([Buffer.of(tag), lengthBytes(value.length + macBytes), value])
    const mac = aesCmac(state.keys.sMac, Buffer.concat([state.chaining, head]))
    segments.push(Buffer.concat([head, mac.subarray(0, macBytes)]))
    state = { ...state, chaining: mac, counter: state.counter + 1 }
  }
  return { segments, state }
}

function icv({ keys, counter }: BspState): Buffer {
  const number = Buffer.alloc(block)
  number.writeUInt32BE(counter, block - 4)
  return aesBlock(keys.sEnc, number)
}

function encryptOne(state: BspState, piece: Uint8Array): Buffer {
  const padded = Buffer.alloc(piece.length + block - (piece.length % block))
  padded.set(piece)
  padded[piece.length] = 0x80
  return createCipheriv('aes-128-cbc', state.keys.sEnc, icv(state))
    .setAutoPadding(false)
    .update(padded)
}

/** Undefined when a MAC or the padding is not right: nothing that follows may be trusted. */
export function bspDecrypt(from: BspState, segments: readonly Buffer[]): Opened | undefined {
  return opened(from, segments, decryptOne)
}

export function bspVerify(from: BspState, segments: readonly Buffer[]): Opened | undefined {
  return opened(from, segments, (_, value) => value)
}

function opened(
  from: BspState,
  segments: readonly Buffer[],
  content: (state: BspState, value: Buffer) => Buffer | undefined,
): Opened | undefined {
  let state = from
  const pieces: Buffer[] = []
  for (const segment of segments) {
    if (segment.length > segmentBytesMax) return undefined
    const { value } = readDer(segment)
    if (value.length < macBytes) return undefined
    const end = segment.length - macBytes
    const mac = aesCmac(state.keys.sMac, Buffer.concat([state.chaining, segment.subarray(0, end)]))
    if (!timingSafeEqual(mac.subarray(0, macBytes), segment.subarray(end))) return undefined
    const piece = content(state, value.subarray(0, -macBytes))
    if (!piece) return undefined
    pieces.push(piece)
    state = { ...state, chaining: mac, counter: state.counter + 1 }
  }
  return { bytes: Buffer.concat(pieces), state }
}

function decryptOne(state: BspState, value: Buffer): Buffer | undefined {
  if (value.length === 0 || value.length % block !== 0) return undefined
  const padded = createDecipheriv('aes-128-cbc', state.keys.sEnc, icv(state))
    .setAutoPadding(false)
    .update(value)
  const end = padded.lastIndexOf(0x80)
  const zeros = end >= 0 && padded.subarray(end + 1).every((byte) => byte === 0)
  return zeros && padded.length - end <= block ? padded.subarray(0, end) : undefined
}

/** SGP.22 §5.5.4 ES8+.ReplaceSessionKeys. */
export const replaceSessionKeysRequest = (keys: BspKeys): Buffer =>
  tlv(0xbf26, tlv(0x80, keys.initialMacChainingValue), tlv(0x81, keys.sEnc), tlv(0x82, keys.sMac))
