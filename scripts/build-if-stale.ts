/** Builds the pages before a start or a test run, only when one of their sources is newer than dist/. */
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const stamp = join(root, 'dist', '.built')

const files = ['vite.config.ts', 'package.json', 'index.html', 'console.html']
const pageFolders = ['portal', 'console']

/** The newest change among everything the pages are made of. */
export function newestSource(from = root): number {
  const features = folders(join(from, 'src'))
  const places = features.flatMap((feature) => {
    if (pageFolders.includes(feature) || feature === 'values') return [join(from, 'src', feature)]
    return pageFolders.map((page) => join(from, 'src', feature, page))
  })
  const times = [...files.map((name) => join(from, name)), ...places].map(newest)
  return Math.max(0, ...times)
}

function newest(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return 0
  if (!found.isDirectory()) return found.mtimeMs
  // A folder's own time moves when a file in it goes away.
  const inside = readdirSync(path).map((name) => newest(join(path, name)))
  return Math.max(found.mtimeMs, ...inside)
}

const folders = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)

if (import.meta.main) {
  const newestMs = newestSource()
  const builtMs = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (newestMs > builtMs) {
    process.stderr.write('Building the pages…\n')
    // Vite takes a second to load, and most starts need no build.
    const { buildPages, failBuild } = await import('./build.ts')
    if (await buildPages().catch(failBuild)) {
      writeFileSync(stamp, '')
      // What changed while building is newer than this.
      utimesSync(stamp, newestMs / 1000, newestMs / 1000)
    }
  }
}
