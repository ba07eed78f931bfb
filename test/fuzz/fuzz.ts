/** `npm run fuzz -- --seed 41 --cases 100000`: damaged messages for every function; a finding is replayed by its case. */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { record, readRecordings, recordingFile } from './recording.ts'
import { damaged, fuzz } from './run.ts'
import { es2Targets } from './es2-targets.ts'
import { type Target, targetsOf } from './targets.ts'

const usage = `npm run fuzz -- --seed <n> [--cases <n>] [--function <name>] [--case <n>]

--seed      what damage is done; the same seed does the same
--cases     damaged messages per function and curve (default 50000: 100000 per function)
--function  only this one
--case      only this case, and print its message
--record    record the valid messages anew (they are in test/fuzz/recorded.json)`

function numberOf(text: string | undefined, name: string, otherwise: number): number {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`--${name} ${text}: a whole number is expected`)
  return number
}

function main(): number {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      cases: { type: 'string' },
      function: { type: 'string' },
      case: { type: 'string' },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  if (values.record) {
    const recordings = (['prime256v1', 'brainpoolP256r1'] as const).map(record)
    writeFileSync(recordingFile, `${JSON.stringify(recordings, null, 1)}\n`)
    return 0
  }
  const seed = numberOf(values.seed, 'seed', 1)
  const cases = numberOf(values.cases, 'cases', 50_000)
  const only = values.case === undefined ? undefined : numberOf(values.case, 'case', 0)
  const groups: Group[] = [
    ...readRecordings().map((one) => ({ label: one.curve, targets: targetsOf(one), cases })),
    // Orders know no curve, so they have the cases of both.
    { label: 'ES2+', targets: es2Targets(), cases: cases * 2 },
  ]
  const isChosen = ({ name }: Target) => !values.function || name === values.function
  if (!groups.some(({ targets }) => targets.some(isChosen)))
    throw new RangeError(`--function ${values.function}: there is none`)
  let found = 0
  for (const group of groups)
    for (const target of group.targets.filter(isChosen))
      if (!play(group, target, seed, only)) found++
  return found === 0 ? 0 : 1
}

type Group = { label: string; targets: Target[]; cases: number }

/** Plays a target's cases, or only one, and says how it went; false when there is a finding. */
function play({ label, targets, cases }: Group, target: Target, seed: number, only?: number) {
  if (only !== undefined) console.log(JSON.stringify(damaged(target, targets, seed, only)))
  const began = performance.now()
  const [from, to] = only === undefined ? [0, cases] : [only, only + 1]
  const finding = fuzz(target, targets, seed, from, to)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const what = `${label.padEnd(16)} ${target.name.padEnd(28)}`
  console.log(
    finding
      ? `${what} case ${finding.index} of seed ${seed}: ${finding.problem}`
      : `${what} ${to - from} damaged messages, all refused or harmless, ${seconds} s`,
  )
  return finding === undefined
}

try {
  process.exitCode = main()
} catch (error) {
  // A command that cannot be understood; anything else is a bug and keeps its stack.
  const misused =
    error instanceof RangeError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  if (!misused) throw error
  process.stderr.write(`${(error as Error).message}\n\n${usage}\n`)
  process.exitCode = 2
}
