/** What personal data is recognised by when its owner is erased: addresses, numbers and phrases, as keyed hashes only. */
import { createHmac } from 'node:crypto'

export type TraceKind = 'email' | 'phone' | 'phrase' | 'word'
/** `word` begins a phrase of so many words, which is only then put together and looked up. */
export type Trace = { readonly kind: TraceKind; readonly token: string; readonly words: number }
export type Found = { readonly kind: Exclude<TraceKind, 'word'>; readonly words: number }

/** Longer texts are recognised by pieces of this many words. */
const pieceWords = 6
const piecesMax = 40
const emailShape = /[^\s"'<>()=,;:\\]+@[^\s"'<>()=,;:\\]+\.[a-z]{2,}/gi
const numberShape = /\d{8,15}/g
const letters = /[\p{L}\p{N}]+/gu

const hash = (key: Uint8Array, kind: TraceKind, text: string) =>
  createHmac('sha256', key).update(`${kind}\n${text}`).digest('base64url').slice(0, 24)

const spelled = (text: string) => text.normalize('NFKC').toLowerCase()
const wordsIn = (text: string) => spelled(text).match(letters) ?? []

/**
 * The traces of one value. A single word would be found everywhere, so it leaves none, unless it is somebody's name
 * (`oneWord`) and not short.
 */
export function tracesOf(key: Uint8Array, value: string, oneWord = false): Trace[] {
  const text = value.trim()
  if (/^\S+@\S+\.\S+$/.test(text))
    return [{ kind: 'email', token: hash(key, 'email', spelled(text)), words: 1 }]
  if (/^\+?\d{8,15}$/.test(text))
    return [{ kind: 'phone', token: hash(key, 'phone', text.replace('+', '')), words: 1 }]
  const words = wordsIn(text)
  if (words.length === 0 || (words.length === 1 && !(oneWord && words[0]!.length >= 4))) return []
  return pieces(words).flatMap((piece) => [
    { kind: 'phrase', token: hash(key, 'phrase', piece.join(' ')), words: piece.length },
    { kind: 'word', token: hash(key, 'word', piece[0]!), words: piece.length },
  ])
}

function pieces(words: readonly string[]): string[][] {
  if (words.length <= pieceWords) return [[...words]]
  const count = Math.min(piecesMax, Math.floor(words.length / pieceWords))
  return Array.from({ length: count }, (_, at) =>
    words.slice(at * pieceWords, (at + 1) * pieceWords),
  )
}

/** Tells what of the traced values a text holds. It remembers words it has seen, since most of a database repeats itself. */
export function openSearch(key: Uint8Array, traces: readonly Trace[]) {
  const of = (kind: TraceKind) => traces.filter((trace) => trace.kind === kind)
  const tokens = new Set(
    traces.filter(({ kind }) => kind !== 'word').map(({ kind, token }) => `${kind} ${token}`),
  )
  const lengths = Map.groupBy(of('word'), ({ token }) => token)
  const beginnings = new Map<string, readonly number[]>()
  const rememberedMax = 500_000
  const begins = (word: string): readonly number[] => {
    const known = beginnings.get(word)
    if (known) return known
    if (beginnings.size > rememberedMax) beginnings.clear()
    const found = lengths.get(hash(key, 'word', word))?.map(({ words }) => words) ?? []
    beginnings.set(word, found)
    return found
  }
  const has = (kind: Exclude<TraceKind, 'word'>, text: string) =>
    tokens.has(`${kind} ${hash(key, kind, text)}`)
  const seeksEmail = of('email').length > 0
  const seeksPhone = of('phone').length > 0
  return (text: string): Found | undefined => {
    if (seeksEmail && text.includes('@')) {
      const emails = text.match(emailShape) ?? []
      if (emails.some((one) => has('email', spelled(one)))) return { kind: 'email', words: 1 }
    }
    if (seeksPhone) {
      const numbers = text.match(numberShape) ?? []
      if (numbers.some((one) => has('phone', one))) return { kind: 'phone', words: 1 }
    }
    const words = wordsIn(text)
    for (const [at, word] of words.entries()) {
      for (const length of begins(word)) {
        const piece = words.slice(at, at + length)
        if (piece.length === length && has('phrase', piece.join(' ')))
          return { kind: 'phrase', words: length }
      }
    }
    return undefined
  }
}

const jwsShape = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}/g

/** A text, and what is only written otherwise in it: payloads of signatures, bytes in hexadecimal. */
export function readings(text: string): string[] {
  const signed = text.match(jwsShape) ?? []
  const payloads = signed.map((jws) =>
    Buffer.from(jws.split('.')[1]!, 'base64url').toString('utf8'),
  )
  const bytes = /^\\x[0-9a-f]*$/.test(text) ? [Buffer.from(text.slice(2), 'hex').toString()] : []
  return bytes.length > 0 ? bytes : [text, ...payloads]
}
