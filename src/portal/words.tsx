/** Words: the catalogs of the chosen language, a typed `t`, and sentences with elements inside. */
import { createContext, Fragment, type ReactNode, use, useState } from 'react'
import { type Compiled, say, type Values } from './message.ts'
import type { WordKey } from './words/keys.ts'

export const locales = ['en', 'zh-CN'] as const
export type Locale = (typeof locales)[number]
export const localeNames: Record<Locale, string> = { en: 'English', 'zh-CN': '简体中文' }

const directions: Record<Locale, 'ltr' | 'rtl'> = { en: 'ltr', 'zh-CN': 'ltr' }

export type Translate = (key: WordKey, values?: Values) => string

type Layer = Record<Locale, () => Promise<{ default: object }>>

/** The shop's words come with the first view, the rest with the first page behind it. */
const first: Layer = {
  en: () => import('./words/en.json?first'),
  'zh-CN': () => import('./words/zh-CN.json?first'),
}
const rest: Layer = {
  en: () => import('./words/en.json?rest'),
  'zh-CN': () => import('./words/zh-CN.json?rest'),
}

const layers: Layer[] = [first]
let messages: Record<string, Compiled> = {}
let spoken: Locale = 'en'

export async function openWords(locale: Locale): Promise<void> {
  const catalogs = await Promise.all(layers.map((layer) => layer[locale]()))
  messages = await disguised(Object.assign({}, ...catalogs.map((catalog) => catalog.default)))
  spoken = locale
  document.documentElement.lang = locale
  document.documentElement.dir = trial() === 'mirrored' ? 'rtl' : directions[locale]
}

/** Pages are tried in longer words, and from right to left, before a language needs either. */
function trial(): string | null {
  return localStorage.getItem('violet.trial')
}

async function disguised(words: Record<string, Compiled>) {
  if (trial() === null) return words
  const { pseudo } = await import('./words/pseudo.ts')
  return pseudo(words)
}

/** Every page but the first waits for these. */
export async function openAllWords(): Promise<void> {
  if (layers.includes(rest)) return
  const catalog = await rest[spoken]()
  if (!layers.includes(rest)) layers.push(rest)
  Object.assign(messages, await disguised(catalog.default as Record<string, Compiled>))
}

/** Another shell's words, laid over all of the portal's; before `openWords`. */
export function addWords(more: Layer): void {
  layers.push(rest, more)
}

export function startLocale(): Locale {
  const { lang } = document.documentElement
  return locales.find((locale) => locale === lang) ?? 'en'
}

type Words = { locale: Locale; choose: (locale: Locale) => Promise<void> }
const WordsContext = createContext<Words>({ locale: 'en', choose: async () => {} })

export function WordsProvider({ children }: { children: ReactNode }) {
  const [locale, setLocale] = useState(startLocale)
  const choose = async (next: Locale) => {
    await openWords(next)
    localStorage.setItem('violet.locale', next)
    setLocale(next)
  }
  return <WordsContext value={{ locale, choose }}>{children}</WordsContext>
}

const mark = '\u0001'

export function useWords() {
  const { locale, choose } = use(WordsContext)
  const t: Translate = (key, values = {}) => say(messages[key] ?? [key], values, locale)

  /** `t` where some values are elements: each lands where its placeholder stands. */
  const rich = (key: WordKey, elements: Record<string, ReactNode>, values?: Values): ReactNode => {
    const names = Object.keys(elements)
    const holders = Object.fromEntries(names.map((name) => [name, `${mark}${name}${mark}`]))
    return t(key, { ...values, ...holders })
      .split(mark)
      .map((part, at) => <Fragment key={at}>{at % 2 === 1 ? elements[part] : part}</Fragment>)
  }
  return { t, rich, locale, choose }
}
