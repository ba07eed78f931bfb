/** `npm run bench -- NAME [--json]`: runs one of the measurements beside this file; without a name it lists them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, Mark, Options } from './contract.ts'

const folder = import.meta.dirname

async function all(): Promise<Bench[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'bench.ts')
  const modules = await Promise.all(
    files.sort().map((name) => import(join(folder, name)) as Promise<{ bench?: Bench }>),
  )
  return modules.flatMap(({ bench }) => bench ?? [])
}

function isMet({ atLeast = -Infinity, atMost = Infinity }: Mark, ratio: number | undefined) {
  return ratio !== undefined && ratio >= atLeast && ratio <= atMost
}

function show(part: number, text: string): void {
  if (!process.stderr.isTTY) return
  const filled = Math.round(Math.min(part, 1) * 24)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(24 - filled)}`
  process.stderr.write(`\r\x1b[K${bar} ${Math.floor(part * 100)} %  ${text}`)
}

function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[at]!)))
        .join('  '),
    )
    .join('\n')
}

async function runBench(bench: Bench, options: Omit<Options, 'progress'>, json: boolean) {
  const startedAt = performance.now()
  const result = await bench.run({ ...options, progress: show })
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  const { figures, ratios, marks } = result
  const out = json ? process.stderr : process.stdout
  const verdicts = marks.map((mark) => {
    const ratio = ratios[mark.ratio]
    const wanted =
      mark.atLeast === undefined ? `at most ${mark.atMost}` : `at least ${mark.atLeast}`
    const stretch = mark.stretch === undefined ? '' : `, stretch ${mark.stretch}`
    const met = isMet(mark, ratio)
    out.write('')
    return {
      ...mark,
      met,
      text: `${met ? 'met   ' : 'MISSED'}  ${mark.ratio}: ${ratio?.toFixed(2)} (${wanted}${stretch})`,
    }
  })
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  out.write(`${bench.name}: ${bench.summary}\n\n${table(result.table)}\n\n`)
  out.write(`${verdicts.map(({ text }) => text).join('\n')}\n${seconds} s\n`)
  if (!json) return
  const shown = verdicts.map(({ text: _, ...mark }) => mark)
  const passed = verdicts.every(({ met }) => met)
  process.stdout.write(
    `${JSON.stringify({ name: bench.name, figures, ratios, marks: shown, passed })}\n`,
  )
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  process.stderr.write(`--${name} is a whole number above 0.\n`)
  return process.exit(2)
}

if (import.meta.main) {
  const options = {
    json: { type: 'boolean' },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    help: { type: 'boolean' },
  } as const
  let parsed
  try {
    parsed = parseArgs({ options, allowPositionals: true })
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(2)
  }
  const { values, positionals } = parsed
  const benches = await all()
  const [name] = positionals
  if (name === undefined || values.help) {
    const rows = benches.map((bench) => [bench.name, bench.summary])
    process.stdout.write(`npm run bench -- NAME [--json] [--rows N] [--rounds N]\n\n`)
    for (const [one, summary] of rows) process.stdout.write(`  ${one!.padEnd(18)} ${summary}\n`)
    process.exit(0)
  }
  const bench = benches.find((one) => one.name === name)
  if (!bench) {
    process.stderr.write(
      `There is no bench "${name}": ${benches.map((one) => one.name).join(', ')}.\n`,
    )
    process.exit(2)
  }
  const rows = numberOf('rows', values.rows)
  const rounds = numberOf('rounds', values.rounds) ?? 3
  await runBench(bench, { rows, rounds }, values.json === true)
  process.exit(0)
}
