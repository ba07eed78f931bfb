/** Builds the pages into dist/, and notes what they were made of. */
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build, type Plugin } from 'vite'
import { noteAhead } from './ahead.ts'
import { firstViewBudget, reached } from './budget.ts'

const root = join(import.meta.dirname, '..')

export const builtFile = join(root, 'dist', '.built.json')
export type Built = { beganMs: number; files: string[] }

/** Runs the build of vite.config.ts; false when this tree has no pages yet. */
export async function buildPages(say = (_line: string) => {}): Promise<boolean> {
  if (!existsSync(join(root, 'index.html'))) return false
  process.env['NODE_ENV'] = 'production'
  // What changes while it builds is newer than this.
  const beganMs = Date.now()
  const files = new Set<string>()
  const kept: string[] = []
  const page = (input: Record<string, string>, plugins: Plugin[], isFirst = false) =>
    build({
      root,
      logLevel: 'warn',
      publicDir: isFirst ? 'src/portal/public' : false,
      build: { emptyOutDir: isFirst, rolldownOptions: { input, output: inOnePiece() } },
      plugins: [noteSources(files), ...plugins],
    })
  // One after the other, so that the portal's first view is not cut where the console shares it.
  const notes = [firstViewBudget(say), noteKept(kept), noteAhead(root)]
  await page({ portal: 'index.html' }, notes, true)
  await page({ console: 'console.html' }, [])
  await buildWorker(kept, files)
  packAssets()
  const built: Built = { beganMs, files: [...files].sort() }
  writeFileSync(builtFile, JSON.stringify(built))
  return true
}

/** Everything that an entry imports statically is one file: it packs better, and is asked for once. */
function inOnePiece() {
  const first = new Set<string>()
  const follow = (id: string, modules: Modules): void => {
    if (first.has(id)) return
    first.add(id)
    for (const next of modules.getModuleInfo(id)?.importedIds ?? []) follow(next, modules)
  }
  const name = (id: string, modules: Modules) => {
    if (first.size === 0) follow(join(root, 'src/portal/main.tsx'), modules)
    return first.has(id) && /\.[jt]sx?$/.test(id) ? 'first' : null
  }
  return { codeSplitting: { groups: [{ debugName: 'first view', name }] } }
}

type Modules = { getModuleInfo(id: string): { importedIds: readonly string[] } | null }

/** What home is made of: the entry, its page, the styles, and the type of Latin letters. */
function noteKept(kept: string[]): Plugin {
  return {
    name: 'violet:kept',
    // Only what was written has its last name.
    writeBundle(_options, bundle) {
      const parts = Object.values(bundle)
      const chunks = parts.filter((part) => part.type === 'chunk')
      const entry = chunks.find(({ moduleIds }) =>
        moduleIds.some((id) => id.endsWith('/src/portal/main.tsx')),
      )
      const home = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith('/home-page.tsx'))
      if (!entry || !home) this.error('The build has no entry or no home to keep.')
      const code = [entry, home].flatMap(({ fileName }) => reached(chunks, fileName))
      const names = new Set(code.map(({ fileName }) => fileName))
      for (const { fileName } of parts) {
        if (/^assets\/(.*\.css|inter-latin-wght.*\.woff2|icon-.*\.svg)$/.test(fileName))
          names.add(fileName)
      }
      kept.push(...[...names].sort().map((name) => `/${name}`))
    },
  }
}

/** The service worker is one file of its own at the root; what it keeps is written into it. */
async function buildWorker(kept: readonly string[], sources: Set<string>): Promise<void> {
  const files = [...kept, '/manifest.webmanifest', '/icons/icon-192.png']
  const version = createHash('sha256').update(files.join()).digest('hex').slice(0, 12)
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    define: { KEPT: JSON.stringify({ version, files }) },
    plugins: [noteSources(sources)],
    build: {
      outDir: 'dist',
      emptyOutDir: false,
      target: 'es2024',
      rolldownOptions: {
        input: 'src/portal/offline/worker.ts',
        output: { entryFileNames: 'sw.js', format: 'iife' },
      },
    },
  })
}

/** Beside each file its packed forms, so that the server packs nothing while somebody waits. */
function packAssets(): void {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
  for (const name of globSync('dist/assets/*.{js,css,svg}', { cwd: root })) {
    const file = join(root, name)
    const bytes = readFileSync(file)
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, quality))
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  }
}

function noteSources(files: Set<string>): Plugin {
  return {
    name: 'violet:sources',
    moduleParsed({ id }) {
      const file = relative(root, id.split('?')[0] ?? '')
      if (
        !file.startsWith('..') &&
        !file.startsWith('node_modules') &&
        existsSync(join(root, file))
      ) {
        files.add(file)
      }
    },
  }
}

/** Says what stands in the way of a build in a few lines, and ends with code 1. */
export function failBuild(error: unknown): never {
  const text = error instanceof Error ? error.message : String(error)
  const plain = stripVTControlCharacters(text)
  const said = plain.split('\n')
  const causes = said.filter(
    (line, at) => /^(Build failed|\[|\w*Error)/.test(line) || said[at - 1]?.startsWith('[plugin'),
  )
  const shown = causes.length > 0 ? causes : said
  process.stderr.write(`The pages could not be built.\n${shown.slice(0, 12).join('\n')}\n`)
  process.exit(1)
}

if (import.meta.main) {
  const began = performance.now()
  const built = await buildPages(console.log).catch(failBuild)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(built ? `Built the pages in ${seconds} s.` : 'There are no pages to build.')
}
