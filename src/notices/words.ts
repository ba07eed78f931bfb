/** The sentences of every message, in each language. */
import type { Locale } from '../values/locale.ts'
import { filled } from '../values/writing.ts'
import { catalogs, type Words } from './words/catalogs.ts'

export type WordKey = keyof Words

export type Say = {
  (key: WordKey, facts?: Readonly<Record<string, string>>): string
  /** The sentence of a key that is put together from data, or undefined when there is none. */
  maybe(key: string, facts?: Readonly<Record<string, string>>): string | undefined
}

export function openWords(locale: Locale): Say {
  const words: Readonly<Record<string, string>> = catalogs[locale]
  const maybe = (key: string, facts: Readonly<Record<string, string>> = {}) => {
    const sentence = Object.hasOwn(words, key) ? words[key] : undefined
    return sentence === undefined ? undefined : filled(sentence, facts, locale)
  }
  const say = (key: WordKey, facts?: Readonly<Record<string, string>>) => maybe(key, facts) ?? key
  return Object.assign(say, { maybe })
}
