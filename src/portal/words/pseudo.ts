/** A language for trying pages: English with accents and half as long again, so that what has no room is seen. */
import type { Compiled } from '../message.ts'

const letters = 'aceinosuyAEIOUCNSYgdlrtz'
const accented = 'áçéíñóšúýÅÉÍÓÚÇÑŠÝğđłŕťž'

export function pseudo(messages: Record<string, Compiled>): Record<string, Compiled> {
  const entries = Object.entries(messages).map(([key, message]): [string, Compiled] => {
    const longer = Math.ceil(lengthOf(message) / 2)
    return [key, ['[', ...message.map(disguise), ' ', pad(longer), ']']]
  })
  return Object.fromEntries(entries)
}

/** Breaks between words, as a longer language would. */
function pad(length: number): string {
  return 'ßœþ žłøŧ '.repeat(Math.ceil(length / 9)).slice(0, length)
}

function lengthOf(message: Compiled): number {
  return message.reduce((sum, token) => sum + (typeof token === 'string' ? token.length : 5), 0)
}

function disguise(token: Compiled[number]): Compiled[number] {
  if (typeof token === 'string') {
    return token.replace(/[a-z]/gi, (letter) => accented[letters.indexOf(letter)] ?? letter)
  }
  const [name, type, forms] = token
  if (!forms) return token
  const told = Object.entries(forms).map(([form, inner]) => [
    form,
    Array.isArray(inner) ? inner.map(disguise) : inner,
  ])
  return [name, type ?? '', Object.fromEntries(told)]
}
