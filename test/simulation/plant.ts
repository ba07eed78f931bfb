/** Loaded before everything else: changes one file on its way into the program, so that the tree stays untouched. */
import { registerHooks } from 'node:module'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mutants, plant } from './mutants.ts'

const name = process.env['VIOLET_MUTANT'] ?? ''
const mutant = mutants.find((one) => one.name === name)
if (!mutant) throw new Error(`no bug is called "${name}"`)

const root = new URL('../..', import.meta.url)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.startsWith(root.href)) return loaded
    const file = relative(fileURLToPath(root), fileURLToPath(url))
    const edits = mutant.edits.filter((edit) => edit.file === file)
    if (edits.length === 0) return loaded
    return { ...loaded, source: plant(String(loaded.source), edits) }
  },
})
