/** Words: the catalogs of the chosen language, a typed `t`, and sentences with elements inside. */
import { createContext, Fragment, type ReactNode, use, useState } from 'react'
import { directionOf, type Locale, localeFrom, locales } from '../values/locale.ts'
import { type Compiled, say, type Values } from './message.ts'
import type { WordKey } from './words/keys.ts'

export type Translate = (key: WordKey, values?: Values) => string

type Catalog = { default: object }
type Layer = (locale: Locale) => Promise<Catalog>

/** The catalogs of a folder, each fetched when it is asked for. */
export const oneOf =
  (catalogs: Readonly<Record<string, () => Promise<Catalog>>>): Layer =>
  (locale) => {
    const open = catalogs[`./words/${locale}.json`]
    if (!open) throw new Error(`no words in ${locale}`)
    return open()
  }

/** The shop's words come with the first view, the rest with the first page behind it. */
const first = oneOf(import.meta.glob<Catalog>('./words/*.json', { query: '?first' }))
const rest = oneOf(import.meta.glob<Catalog>('./words/*.json', { query: '?rest' }))

let layers: Layer[] = [first]
let offered: readonly Locale[] = locales
let messages: Record<string, Compiled> = {}
let spoken: Locale = 'en'

export async function openWords(locale: Locale): Promise<void> {
  const catalogs = await Promise.all(layers.map((layer) => layer(locale)))
  messages = await disguised(Object.assign({}, ...catalogs.map((catalog) => catalog.default)))
  spoken = locale
  document.documentElement.lang = locale
  document.documentElement.dir = directionOf(locale)
}

/** Pages are tried in longer words before a language needs the room. */
async function disguised(words: Record<string, Compiled>) {
  if (localStorage.getItem('violet.trial') === null) return words
  const { pseudo } = await import('./words/pseudo.ts')
  return pseudo(words)
}

/** Every page but the first waits for these. */
export async function openAllWords(): Promise<void> {
  if (layers.includes(rest)) return
  const catalog = await rest(spoken)
  if (!layers.includes(rest)) layers.push(rest)
  Object.assign(messages, await disguised(catalog.default as Record<string, Compiled>))
}

/** Another shell's words, laid over all of the portal's, in the languages it has; before `openWords`. */
export function addWords(has: readonly Locale[], more: Layer): void {
  layers = [first, rest, more]
  offered = has
}

/** The one chosen on this device, else the first of the browser's that is spoken here. */
export function startLocale(): Locale {
  const wanted = [localStorage.getItem('violet.locale') ?? '', ...navigator.languages]
  const known = wanted.map(localeFrom).find((locale) => locale && offered.includes(locale))
  return known ?? 'en'
}

type Words = {
  locale: Locale
  offered: readonly Locale[]
  choose: (locale: Locale) => Promise<void>
}
const WordsContext = createContext<Words>({
  locale: 'en',
  offered,
  choose: async () => {},
})

export function WordsProvider({ children }: { children: ReactNode }) {
  const [locale, setLocale] = useState(startLocale)
  const choose = async (next: Locale) => {
    await openWords(next)
    localStorage.setItem('violet.locale', next)
    setLocale(next)
  }
  return <WordsContext value={{ locale, offered, choose }}>{children}</WordsContext>
}

const mark = '\u0001'

export function useWords() {
  const { locale, offered, choose } = use(WordsContext)
  const t: Translate = (key, values = {}) => say(messages[key] ?? [key], values, locale)

  /** `t` where some values are elements: each lands where its placeholder stands. */
  const rich = (key: WordKey, elements: Record<string, ReactNode>, values?: Values): ReactNode => {
    const names = Object.keys(elements)
    const holders = Object.fromEntries(names.map((name) => [name, `${mark}${name}${mark}`]))
    return t(key, { ...values, ...holders })
      .split(mark)
      .map((part, at) => <Fragment key={at}>{at % 2 === 1 ? elements[part] : part}</Fragment>)
  }
  return { t, rich, locale, offered, choose }
}
