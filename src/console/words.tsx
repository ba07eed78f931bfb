/** The console's words: its own catalog beside the portal's, so that parts of the portal speak
 * here too. */
import { type ReactNode } from 'react'
import { type Locale, staffLocales } from '../values/locale.ts'
import { addWords, oneOf, useWords } from '../portal/words.tsx'
import type { ConsoleKey } from './words/keys.ts'

type Values = Record<string, string | number>
type Catalog = { default: object }

/** Both catalogs live in one store; the mark keeps their keys apart. */
const mark = 'console:'

function marked({ default: words }: Catalog): Catalog {
  const entries = Object.entries(words).map(([key, text]) => [mark + key, text])
  return { default: Object.fromEntries(entries) }
}

export function layConsoleWords(): void {
  const own = oneOf(import.meta.glob<Catalog>('./words/*.json'))
  addWords(staffLocales, async (locale) => marked(await own(locale)))
}

type ConsoleWords = {
  t: (key: ConsoleKey, values?: Values) => string
  rich: (key: ConsoleKey, elements: Record<string, ReactNode>, values?: Values) => ReactNode
  /** The word for a code of the API, or the code itself when it is newer than this console. */
  code: (group: string, code: string, values?: Values) => string
  locale: Locale
  choose: (locale: Locale) => Promise<void>
}

export function useConsoleWords(): ConsoleWords {
  const words = useWords()
  const translate = words.t as (key: string, values?: Values) => string
  const rich = words.rich as unknown as ConsoleWords['rich']
  return {
    t: (key, values) => translate(mark + key, values),
    rich: (key, elements, values) => rich((mark + key) as ConsoleKey, elements, values),
    code: (group, name, values) => {
      const key = `${mark}${group}.${name}`
      const text = translate(key, values)
      return text === key ? name : text
    },
    locale: words.locale,
    choose: words.choose,
  }
}
