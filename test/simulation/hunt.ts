/** `npm run simulate:mutants`: plants each bug in turn and plays worlds until one finds it. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mutant, mutants } from './mutants.ts'

const help = `Plants named bugs one at a time, and prints for each the seed of the world that found it.

  npm run simulate:mutants                    every bug, at most 200 worlds each
  npm run simulate:mutants -- --only NAME     one of them
  npm run simulate:mutants -- --seeds 50      fewer worlds
  npm run simulate:mutants -- --list          their names

Exit code 0: every bug was found; 1: one was not; 2: the options are wrong.`

type Found = { seed: number; broken: string; seconds: number }

const folder = import.meta.dirname

async function hunt({ name }: Mutant, seeds: number): Promise<Found | undefined> {
  const began = performance.now()
  const child = spawn(
    process.execPath,
    [
      ...['--disable-warning=DeprecationWarning', '--import', join(folder, 'plant.ts')],
      ...[join(folder, 'simulate.ts'), '--seeds', String(seeds), '--replays', '0', '--lanes', '2'],
    ],
    { env: { ...process.env, VIOLET_MUTANT: name }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  const code = await new Promise<number | null>((done) => child.on('close', done))
  const ended = /^\d[\d,]* worlds, /m.test(output)
  if (!ended || (code !== 0 && code !== 1))
    throw new Error(`the simulation ended with ${code}:\n${output}`)
  const [, seed, broken] = /^seed (\d+):.*? ✗ (.*)$/m.exec(output) ?? []
  if (seed === undefined || broken === undefined) return undefined
  return { seed: Number(seed), broken, seconds: (performance.now() - began) / 1000 }
}

function readOptions() {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ options: { only: text, seeds: text, list: flag, help: flag } })
  const seeds = Number(values.seeds ?? 200)
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new Error(`--seeds must be a whole number from 1, not "${values.seeds}".`)
  const chosen = mutants.filter(({ name }) => values.only === undefined || name === values.only)
  if (chosen.length === 0) throw new Error(`No bug is called "${values.only}"; --list names them.`)
  return { ...values, seeds, chosen }
}

async function main(): Promise<number> {
  const { help: wantsHelp, list, seeds, chosen } = readOptions()
  if (wantsHelp) console.log(help)
  else if (list)
    for (const { name, mistake } of mutants) console.log(`${name.padEnd(26)} ${mistake}`)
  if (wantsHelp || list) return 0
  let missed = 0
  for (const mutant of chosen) {
    const found = await hunt(mutant, seeds)
    if (!found) missed += 1
    const how = found
      ? `found by seed ${String(found.seed).padStart(3)} in ${found.seconds.toFixed(0)} s: ${found.broken}`
      : `NOT found by ${seeds} worlds`
    console.log(`${mutant.name.padEnd(26)} ${how}`)
  }
  console.log(`${chosen.length - missed} of ${chosen.length} bugs found`)
  return missed === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 2
}
