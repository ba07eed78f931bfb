/** What a page of the portal loads beside its entry, named in the page itself: a file asked for late costs a slow network a round trip. */
import type { Locale } from '../values/locale.ts'

/** Written by the build. */
export type Ahead = {
  /** Of each address, as the router spells it, the files of its page. */
  pages: { path: string; files: string[] }[]
  /** The words of the shop, and those of all other pages. */
  words: { first: Record<string, string>; rest: Record<string, string> }
}

/** Nothing for an address that no page has. */
export function filesAhead({ pages, words }: Ahead, path: string, locale: Locale): string[] {
  const first = words.first[locale]
  if (path === '/') return first ? [first] : []
  const page = pages.find((one) => fits(one.path, path))
  if (!page) return []
  return [...page.files, ...[first, words.rest[locale]].flatMap((file) => file ?? [])]
}

export function preloads(files: readonly string[]): string {
  return files.map((file) => `<link rel="modulepreload" crossorigin href="/${file}">`).join('\n')
}

function fits(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.replace(/\/$/, '').split('/')]
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => part === given[at] || (part.startsWith('$') && given[at] !== ''))
  )
}
