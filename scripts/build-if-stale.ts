/** Builds the pages before a start or a test run, if something they were made of has changed. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Built } from './build.ts'

const root = join(import.meta.dirname, '..')

// Not part of any page, but decides how they are made.
const settings = ['package.json', 'vite.config.ts', 'index.html', 'console.html']

/** Why the pages must be built, or nothing when they are as their sources are. */
export function whyStale(from = root): string | undefined {
  const built = readBuilt(join(from, 'dist', '.built.json'))
  if (!built) return 'not built yet'
  return [...settings, ...built.files].find((file) => {
    const found = statSync(join(from, file), { throwIfNoEntry: false })
    if (!found) return built.files.includes(file)
    return found.mtimeMs > built.beganMs
  })
}

function readBuilt(path: string): Built | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Built
  } catch {
    return undefined
  }
}

if (import.meta.main && whyStale() !== undefined) {
  process.stderr.write('Building the pages…\n')
  // Vite takes a second to load, and most starts need no build.
  const { buildPages, failBuild } = await import('./build.ts')
  await buildPages().catch(failBuild)
}
