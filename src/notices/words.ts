/** The sentences of every message, in both languages. */
import type { Locale } from './notice.ts'
import en from './words/en.json' with { type: 'json' }
import zhCN from './words/zh-CN.json' with { type: 'json' }

export type WordKey = keyof typeof en

const catalogs: Record<Locale, Record<string, string>> = { en, 'zh-CN': zhCN }

export type Say = {
  (key: WordKey, facts?: Readonly<Record<string, string>>): string
  /** The sentence of a key that is put together from data, or undefined when there is none. */
  maybe(key: string, facts?: Readonly<Record<string, string>>): string | undefined
}

export function openWords(locale: Locale): Say {
  const maybe = (key: string, facts: Readonly<Record<string, string>> = {}) => {
    const sentence = Object.hasOwn(catalogs[locale], key) ? catalogs[locale][key] : undefined
    return sentence === undefined ? undefined : fill(sentence, facts)
  }
  const say = (key: WordKey, facts?: Readonly<Record<string, string>>) => maybe(key, facts) ?? key
  return Object.assign(say, { maybe })
}

function fill(sentence: string, facts: Readonly<Record<string, string>>): string {
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? '')
}
