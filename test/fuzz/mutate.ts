/** Seeded damage: one number chooses what is changed in a message, and chooses the same again. */

export type Random = {
  readonly below: (limit: number) => number
  readonly bytes: (n: number) => Buffer
}

/** Mulberry32 over seed and case, so that any case can be replayed alone. */
export function randomOf(seed: number, index: number): Random {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number) => next() % Math.max(limit, 1)
  return { below, bytes: (n) => Buffer.from(Array.from({ length: n }, () => below(256))) }
}

type Message = Readonly<Record<string, unknown>>
type Element = { readonly at: number; readonly head: number; readonly end: number }

const nasty: unknown[] = [
  null,
  true,
  7,
  '',
  'x',
  '====',
  'AAA',
  'AAAA',
  [],
  {},
  ['AAAA'],
  { toString: 1 },
  'A'.repeat(200_000),
  '\u0000',
  '__proto__',
]

/** The message with one to three things changed; `donor` lends it elements of another valid message. */
export function mutate(message: Message, donor: Message, random: Random, isText = false): unknown {
  if (random.below(60) === 0) return nasty[random.below(nasty.length)]
  let mutated: Record<string, unknown> = { ...message }
  for (let left = 1 + random.below(3); left > 0; left--)
    mutated = mutateMember(mutated, donor, random, isText)
  return mutated
}

function mutateMember(
  message: Message,
  donor: Message,
  random: Random,
  isText: boolean,
): Record<string, unknown> {
  const names = Object.keys(message)
  const name = names[random.below(names.length)] ?? ''
  const value = message[name]
  const kind = random.below(24)
  if (kind === 0) {
    const { [name]: _, ...others } = message
    return others
  }
  if (isText && kind > 4 && isObject(value))
    return { ...message, [name]: mutateMember(value, donor, random, isText) }
  if (kind === 1 || typeof value !== 'string')
    return { ...message, [name]: nasty[random.below(nasty.length)] }
  if (kind === 2) return { ...message, [name]: donorText(donor, name, random) }
  if (isText || name === 'transactionId' || name === 'smdpAddress')
    return { ...message, [name]: mutateText(value, random) }
  const lent = Buffer.from(donorText(donor, name, random), 'base64')
  const bytes = mutateBytes(Buffer.from(value, 'base64'), lent, random)
  return { ...message, [name]: bytes.toString('base64') }
}

const isObject = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function donorText(donor: Message, name: string, random: Random): string {
  const texts = Object.values(donor).filter((one) => typeof one === 'string')
  const own = donor[name]
  return typeof own === 'string' ? own : (texts[random.below(texts.length)] ?? '')
}

function mutateText(text: string, random: Random): string {
  const at = random.below(text.length)
  const char = String.fromCharCode(32 + random.below(95))
  if (random.below(3) === 0) return text.slice(0, at)
  return text.slice(0, at) + char + text.slice(at + random.below(2))
}

function mutateBytes(bytes: Buffer, lent: Buffer, random: Random): Buffer {
  const elements = elementsOf(bytes)
  const one = elements[random.below(elements.length)] ?? { at: 0, head: 0, end: bytes.length }
  const cut = (from: number, to: number, put: Uint8Array) =>
    Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(to)])
  const place = random.below(bytes.length)
  const theirs = elementsOf(lent)
  const other = theirs[random.below(theirs.length)]
  const changes: (() => Buffer)[] = [
    () => cut(place, place + 1, Buffer.of((bytes[place] ?? 0) ^ (1 << random.below(8)))),
    () => cut(place, place + 1, random.bytes(1)),
    () => bytes.subarray(0, place),
    () => cut(place, place, random.bytes(1 + random.below(8))),
    () => cut(place, place + 1 + random.below(16), Buffer.alloc(0)),
    () => Buffer.concat([bytes, random.bytes(1 + random.below(4))]),
    // One element removed, doubled, emptied, replaced by one of another message.
    () => cut(one.at, one.end, Buffer.alloc(0)),
    () => cut(one.at, one.at, bytes.subarray(one.at, one.end)),
    () => cut(one.head, one.end, Buffer.alloc(0)),
    () => (other ? cut(one.at, one.end, lent.subarray(other.at, other.end)) : cut(0, 1, lent)),
    // Its length or its tag lies.
    () => cut(one.head - 1, one.head, random.bytes(1)),
    () => cut(one.at, one.at + 1, random.bytes(1)),
    () => cut(one.head - 1, one.head, Buffer.of(0x80 + random.below(6))),
    // Its content is other bytes of the same length, so that only its meaning is wrong.
    () => cut(one.head, one.end, random.bytes(one.end - one.head)),
  ]
  return changes[random.below(changes.length)]?.() ?? bytes
}

/** Where elements begin and end, tolerantly: a damaged message is damaged further. */
function elementsOf(bytes: Buffer): Element[] {
  const found: Element[] = []
  const walk = (from: number, to: number, depth: number): void => {
    for (let at = from; at < to && found.length < 400;) {
      let head = at + 1
      if (((bytes[at] ?? 0) & 0x1f) === 0x1f) while ((bytes[head++] ?? 0) & 0x80);
      const first = bytes[head++] ?? 0
      const size = first & 0x80 ? first & 0x7f : 0
      if (size > 3 || head + size > to) return
      const length = size === 0 ? first : bytes.readUIntBE(head, size)
      head += size
      if (head + length > to) return
      found.push({ at, head, end: head + length })
      if ((bytes[at] ?? 0) & 0x20 && depth < 12) walk(head, head + length, depth + 1)
      at = head + length
    }
  }
  walk(0, bytes.length, 0)
  return found
}
