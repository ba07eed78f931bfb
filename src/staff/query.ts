/** What a member of staff is looking for, read from what they typed. */
import { wordsOf } from '../subscribers/subscriber.ts'

export type Query =
  | { kind: 'newest' }
  | { kind: 'email'; address: string }
  | { kind: 'number'; number: string; prefix: string }
  | { kind: 'reference'; reference: string }
  | { kind: 'name'; words: readonly string[] }

export function readQuery(typed: string): Query {
  const text = typed.trim()
  if (text === '') return { kind: 'newest' }
  if (text.includes('@')) return { kind: 'email', address: text.toLowerCase() }
  if (/^VC-/i.test(text)) return { kind: 'reference', reference: text.toUpperCase() }
  const digits = text.replace(/[\s().-]/g, '')
  if (/^\+?\d{4,15}$/.test(digits))
    return { kind: 'number', number: e164(digits), prefix: `${e164(digits)}%` }
  return { kind: 'name', words: wordsOf(text) }
}

const e164 = (digits: string) => `+${digits.replace('+', '')}`
