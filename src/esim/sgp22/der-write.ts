/** Writing DER: every element from its tag and its parts, lengths always the shortest. */
import assert from 'node:assert/strict'

/** One element: `tlv(0xbf38, …)`, `tlv(0x5f37, signature)`. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts)
  return Buffer.concat([tagBytes(tag), lengthBytes(value.length), value])
}

export function tagBytes(tag: number): Buffer {
  const size = tag > 0xffff ? 3 : tag > 0xff ? 2 : 1
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(tag, 0, size)
  return bytes
}

export function lengthBytes(length: number): Buffer {
  assert(length < 0x1000000, 'three bytes of length are enough for a profile')
  if (length < 0x80) return Buffer.of(length)
  if (length < 0x100) return Buffer.of(0x81, length)
  if (length < 0x10000) return Buffer.of(0x82, length >> 8, length & 0xff)
  return Buffer.of(0x83, length >> 16, (length >> 8) & 0xff, length & 0xff)
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts)

export function integer(value: number | bigint, tag = 0x02): Buffer {
  assert(value >= 0, 'SGP.22 has no negative numbers')
  const digits = BigInt(value).toString(16)
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return (bytes[0] ?? 0) & 0x80 ? tlv(tag, Buffer.of(0), bytes) : tlv(tag, bytes)
}

export const boolean = (value: boolean, tag = 0x01): Buffer => tlv(tag, Buffer.of(value ? 0xff : 0))

export const text = (value: string, tag = 0x0c): Buffer => tlv(tag, Buffer.from(value, 'utf8'))

export const octets = (value: Uint8Array, tag = 0x04): Buffer => tlv(tag, value)

/** A BIT STRING of named bits, without trailing zeros (X.690 §11.2.2). */
export function bits(set: readonly number[], tag = 0x03): Buffer {
  if (set.length === 0) return tlv(tag, Buffer.of(0))
  const last = Math.max(...set)
  const bytes = Buffer.alloc((last >> 3) + 1)
  for (const bit of set) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return tlv(tag, Buffer.of(7 - (last & 7)), bytes)
}

export function oid(dotted: string, tag = 0x06): Buffer {
  const arcs = dotted.split('.').map(Number)
  const [root, second, ...tail] = arcs
  assert(root !== undefined && second !== undefined && arcs.every(Number.isSafeInteger), 'an OID')
  return tlv(tag, ...[root * 40 + second, ...tail].map(base128))
}

function base128(arc: number): Buffer {
  const bytes = [arc % 128]
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
    bytes.unshift((left % 128) | 0x80)
  return Buffer.from(bytes)
}
