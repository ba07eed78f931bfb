/** A case's public reference, made to be read out on the telephone: no 0/O, 1/I/L, U. */
import assert from 'node:assert/strict'

const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `VC-7K3M-92QF` from eight random bytes. */
export function makeReference(random: Uint8Array): string {
  assert(random.length >= 8, 'a reference takes eight random bytes')
  const letters = [...random.subarray(0, 8)]
    .map((byte) => alphabet[byte % alphabet.length])
    .join('')
  return `VC-${letters.slice(0, 4)}-${letters.slice(4)}`
}

/** What a person typed, in its written form; undefined when it can't be a reference. */
export function parseReference(typed: string): string | undefined {
  const letters = typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/^VC/, '')
  const known = letters.length === 8 && [...letters].every((letter) => alphabet.includes(letter))
  return known ? `VC-${letters.slice(0, 4)}-${letters.slice(4)}` : undefined
}
