/** Builds the pages into dist/, and notes what they were made of. */
import { existsSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { build, type Plugin } from 'vite'

const root = join(import.meta.dirname, '..')

export const builtFile = join(root, 'dist', '.built.json')
export type Built = { beganMs: number; files: string[] }

/** Runs the build of vite.config.ts; false when this tree has no pages yet. */
export async function buildPages(): Promise<boolean> {
  if (!existsSync(join(root, 'index.html'))) return false
  process.env['NODE_ENV'] = 'production'
  // What changes while it builds is newer than this.
  const beganMs = Date.now()
  const files = new Set<string>()
  await build({
    root,
    logLevel: 'warn',
    build: { emptyOutDir: true },
    plugins: [noteSources(files)],
  })
  const built: Built = { beganMs, files: [...files].sort() }
  writeFileSync(builtFile, JSON.stringify(built))
  return true
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
  const causes = plain.split('\n').filter((line) => /^(Build failed|\[|Error)/.test(line))
  const shown = causes.length > 0 ? causes : plain.split('\n')
  process.stderr.write(`The pages could not be built.\n${shown.slice(0, 12).join('\n')}\n`)
  process.exit(1)
}

if (import.meta.main) {
  const began = performance.now()
  const built = await buildPages().catch(failBuild)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(built ? `Built the pages in ${seconds} s.` : 'There are no pages to build.')
}
