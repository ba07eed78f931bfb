/** What a first visit has to load before it can be used, and the most that it may weigh. */
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Bytes of gzipped JavaScript: the entry and all it imports statically. */
export const firstViewMax = 120_000

/** The parts of a build's chunk that are looked at here. */
export type Chunk = {
  fileName: string
  code: string
  imports: readonly string[]
  moduleIds: readonly string[]
}

type Part = { fileName: string; gzipped: number }

/** The entry and its static imports, heaviest first. */
export function firstView(chunks: readonly Chunk[], entry: string): Part[] {
  return reached(chunks, entry)
    .map(({ fileName, code }) => ({ fileName, gzipped: gzipSync(code, { level: 9 }).length }))
    .toSorted((a, b) => b.gzipped - a.gzipped)
}

export function reached<One extends Pick<Chunk, 'fileName' | 'imports'>>(
  chunks: readonly One[],
  entry: string,
): One[] {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const seen = new Set<string>()
  const open = [entry]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    open.push(...(byName.get(name)?.imports ?? []))
  }
  return [...seen].flatMap((name) => byName.get(name) ?? [])
}

/** What is wrong with a build's first view, one sentence each; nothing when all is well. */
export function overBudget(chunks: readonly Chunk[], entry: string, max = firstViewMax): string[] {
  const parts = firstView(chunks, entry)
  const faults: string[] = []
  const total = sum(parts)
  if (total > max) {
    const heaviest = parts.slice(0, 5).map(({ fileName, gzipped }) => `${fileName} ${kB(gzipped)}`)
    faults.push(
      `The first view loads ${kB(total)} of JavaScript, the most is ${kB(max)}. Heaviest: ${heaviest.join(', ')}.`,
    )
  }
  // A page that the entry imports by mistake costs every visitor.
  const pages = reached(chunks, entry)
    .flatMap(({ moduleIds }) => moduleIds)
    .filter((id) => id.endsWith('-page.tsx') && !id.endsWith('/shop-page.tsx'))
  for (const id of pages) faults.push(`${id.split('/src/')[1]} is loaded with the first view.`)
  return faults
}

export function sayFirstView(chunks: readonly Chunk[], entry: string): string {
  return `First view: ${kB(sum(firstView(chunks, entry)))} of JavaScript, gzipped; the most is ${kB(firstViewMax)}.`
}

function sum(parts: readonly Part[]): number {
  return parts.reduce((total, { gzipped }) => total + gzipped, 0)
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}

/** Stops a build whose first view is too heavy, and says what it weighs. */
export function firstViewBudget(say: (line: string) => void): Plugin {
  return {
    name: 'violet:budget',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((part) => part.type === 'chunk')
      const entry = chunks.find(({ isEntry, name }) => isEntry && name === 'portal')
      if (!entry) this.error('The build has no entry named portal.')
      const faults = overBudget(chunks, entry.fileName)
      if (faults.length > 0) this.error(faults.join('\n'))
      say(sayFirstView(chunks, entry.fileName))
    },
  }
}
