/** DER as SGP.22 uses it: reading that keeps the bytes received, so that signatures are verified over them. */

/** What was received is not the DER it should be. The message names the place, never the content. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

export type Tlv = {
  /** All bytes of the tag as one number: 0x30, 0xbf38, 0x5f37. */
  readonly tag: number
  /** Tag, length and value, as received. */
  readonly raw: Buffer
  readonly value: Buffer
  /** What a constructed element holds; empty for a primitive one. */
  readonly children: readonly Tlv[]
}

export type DerLimits = { readonly bytesMax: number; readonly depthMax: number }

/** No message from a phone is longer; a profile package is read with limits of its own. */
export const messageLimits: DerLimits = { bytesMax: 65_536, depthMax: 16 }

type Header = { tag: number; constructed: boolean; start: number; end: number }

/**
 * Reads exactly one element.
 * @throws DerError when a length lies, is indefinite or not the shortest, when bytes are left over,
 *   and when the limits are passed.
 */
export function readDer(bytes: Uint8Array, limits: DerLimits = messageLimits): Tlv {
  const elements = readElements(bytes, limits)
  const [first] = elements
  if (!first) throw new DerError('nothing to read')
  if (elements.length > 1) throw new DerError('bytes after the end')
  return first
}

/** Reads elements that follow each other, as profile elements do, until the bytes end. */
export function readElements(bytes: Uint8Array, limits: DerLimits = messageLimits): Tlv[] {
  if (bytes.length > limits.bytesMax) throw new DerError('too long')
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return readLevel(source, 0, source.length, limits.depthMax)
}

function readLevel(source: Buffer, from: number, to: number, depthLeft: number): Tlv[] {
  if (depthLeft === 0) throw new DerError('nested too deep')
  const elements: Tlv[] = []
  for (let at = from; at < to;) {
    const { tag, constructed, start, end } = readHeader(source, at, to)
    const children = constructed ? readLevel(source, start, end, depthLeft - 1) : []
    elements.push({
      tag,
      raw: source.subarray(at, end),
      value: source.subarray(start, end),
      children,
    })
    at = end
  }
  return elements
}

function readHeader(source: Buffer, from: number, to: number): Header {
  let at = from
  const next = () => {
    if (at >= to) throw new DerError('cut off')
    return source.readUInt8(at++)
  }
  const first = next()
  let tag = first
  if ((first & 0x1f) === 0x1f) {
    const second = next()
    // X.690 §8.1.2.4: high tag numbers begin at 31 and carry no leading zeros.
    if (second < 0x1f || second === 0x80) throw new DerError('tag is not the shortest')
    tag = (tag << 8) | second
    if (second & 0x80) {
      const third = next()
      if (third & 0x80) throw new DerError('tag is too long')
      tag = (tag << 8) | third
    }
  }
  const length = readLength(next)
  if (length > to - at) throw new DerError('length is more than there is')
  return { tag, constructed: (first & 0x20) !== 0, start: at, end: at + length }
}

function readLength(next: () => number): number {
  const first = next()
  if (first < 0x80) return first
  const size = first & 0x7f
  if (size === 0) throw new DerError('length is indefinite')
  if (size > 3) throw new DerError('length is too long')
  let length = 0
  for (let index = 0; index < size; index++) length = length * 256 + next()
  const shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
  if (size !== shortest) throw new DerError('length is not the shortest')
  return length
}

/** Takes what a constructed element holds, in the order of the specification. */
export type Fields = {
  /** @throws DerError when the next element is another one. */
  readonly need: (tag: number) => Tlv
  readonly may: (tag: number) => Tlv | undefined
  readonly rest: () => readonly Tlv[]
  /** @throws DerError when something is left. */
  readonly end: () => void
}

/** @throws DerError when the element has another tag. */
export function fieldsOf(element: Tlv, tag: number): Fields {
  if (element.tag !== tag) throw new DerError(`expected ${name(tag)}, found ${name(element.tag)}`)
  const { children } = element
  let at = 0
  const may = (wanted: number) => (children[at]?.tag === wanted ? children[at++] : undefined)
  return {
    may,
    need: (wanted) => {
      const found = may(wanted)
      if (!found) throw new DerError(`${name(wanted)} is missing in ${name(tag)}`)
      return found
    },
    rest: () => children.slice(at),
    end: () => {
      if (at < children.length) throw new DerError(`more than expected in ${name(tag)}`)
    },
  }
}

/** The one element an explicit tag or a CHOICE holds. */
export function onlyChild(element: Tlv): Tlv {
  const [only, ...more] = element.children
  if (!only || more.length > 0) throw new DerError(`${name(element.tag)} holds one element`)
  return only
}

/** The one element inside, which is of this kind. */
export function onlyChildOf(element: Tlv, tag: number): Tlv {
  const only = onlyChild(element)
  if (only.tag !== tag) throw new DerError(`expected ${name(tag)}, found ${name(only.tag)}`)
  return only
}

/** A whole number that JavaScript can count; cards pad their counters with zeros. @throws DerError */
export function integerOf({ value }: Tlv): number {
  const first = value[0]
  if (first === undefined) throw new DerError('empty integer')
  if (first & 0x80) throw new DerError('negative integer')
  const start = value.findIndex((byte) => byte !== 0)
  const digits = value.subarray(start < 0 ? value.length - 1 : start)
  if (digits.length > 6) throw new DerError('integer is too great')
  return digits.readUIntBE(0, digits.length)
}

export function booleanOf({ value }: Tlv): boolean {
  if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) throw new DerError('no boolean')
  return value[0] === 0xff
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws DerError when the bytes are not UTF-8. */
export function textOf({ value }: Tlv): string {
  try {
    return utf8.decode(value)
  } catch {
    throw new DerError('text is not UTF-8')
  }
}

/** An octet string of a length the specification fixes. */
export function octetsOf({ value }: Tlv, bytesMin: number, bytesMax = bytesMin): Buffer {
  if (value.length < bytesMin || value.length > bytesMax) throw new DerError('octets: wrong length')
  return value
}

/** The set bits of a BIT STRING, bit 0 first. */
export function bitsOf({ value }: Tlv): number[] {
  const unused = value[0]
  if (unused === undefined || unused > 7 || (value.length === 1 && unused > 0))
    throw new DerError('no bit string')
  const count = (value.length - 1) * 8 - unused
  const isSet = (bit: number) => ((value[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0
  return Array.from({ length: count }, (_, bit) => bit).filter(isSet)
}

/** Dotted decimal of an OBJECT IDENTIFIER (X.690 §8.19), or of one that an implicit tag names. */
export function oidOf({ tag, value }: Tlv, expected = 0x06): string {
  if (tag !== expected) throw new DerError('no object identifier')
  if (value.length === 0 || value.length > 64 || (value.at(-1) ?? 0) & 0x80)
    throw new DerError('no object identifier')
  const arcs: number[] = []
  let arc = 0
  let fresh = true
  for (const byte of value) {
    if (fresh && byte === 0x80) throw new DerError('object identifier is padded')
    arc = arc * 128 + (byte & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER / 256) throw new DerError('object identifier is too great')
    fresh = !(byte & 0x80)
    if (fresh) arcs.push(arc)
    if (fresh) arc = 0
  }
  const [head = 0, ...tail] = arcs
  const root = Math.min(Math.floor(head / 40), 2)
  return [root, head - root * 40, ...tail].join('.')
}

const name = (tag: number) => tag.toString(16).toUpperCase().padStart(2, '0')
