/** `npm run simulate`: plays worlds by their seeds, and tells the shortest story of the first one that fails. */
import { parseArgs } from 'node:util'
import { shrink } from './shrink.ts'
import { type Ending, openStage } from './stage.ts'
import { storyOf } from './story.ts'
import { summaryOf, told } from './tell.ts'

const help = `Plays months of a simulated operator in seconds, with crashes, lost calls and late messages, and checks every rule
after every tick. The same seed always gives the same story.

  npm run simulate -- --seeds 500          the first 500 worlds
  npm run simulate -- --seeds 500 --minutes 10
                                           as many of them as ten minutes allow
  npm run simulate -- --seed 41            one world; its story is told when it fails
  npm run simulate -- --seed 41 --verbose  one world, and its story in any case

  --list        a line for each world
  --all         go on after a world that failed
  --from N      begin the worlds of --seeds at N instead of 1
  --lanes N     worlds played side by side (3)
  --replays N   how often a failing story is replayed to shorten it (120; 0: not at all)

Exit code 0: every rule held; 1: a rule broke; 2: the options are wrong.`

type Options = {
  seeds: number[]
  verbose: boolean
  list: boolean
  all: boolean
  minutes: number
  lanes: number
  replays: number
}

function readOptions(): Options | string {
  const number = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const options = { seed: number, seeds: number, from: number, minutes: number, lanes: number }
  const parsed = parseArgs({
    options: { ...options, replays: number, verbose: flag, list: flag, all: flag, help: flag },
  })
  const { values } = parsed
  if (values.help) return help
  const whole = (name: keyof typeof options | 'replays', otherwise: number, least = 1) => {
    const text = values[name] ?? String(otherwise)
    if (!/^\d{1,9}$/.test(text) || Number(text) < least)
      throw new Error(`--${name} must be a whole number from ${least}, not "${text}".`)
    return Number(text)
  }
  const from = whole('from', 1)
  const seeds =
    values.seed === undefined
      ? Array.from({ length: whole('seeds', 20) }, (_, index) => from + index)
      : [whole('seed', 1)]
  return {
    seeds,
    verbose: values.verbose,
    list: values.list,
    all: values.all,
    minutes: whole('minutes', 24 * 60),
    lanes: whole('lanes', 3),
    replays: whole('replays', 120, 0),
  }
}

const total = { worlds: 0, cases: 0, days: 0, faults: 0, calls: 0 }

function count({ cases, days, met, calls }: Ending) {
  total.worlds += 1
  total.cases += cases
  total.days += days
  total.faults += met.length
  total.calls += calls
}

function totals(seconds: number): string {
  const { worlds, cases, days, faults, calls } = total
  const shown = (value: number) => Math.round(value).toLocaleString('en')
  return (
    `${shown(worlds)} worlds, ${shown(cases)} closure cases, ${shown(days)} simulated days, ` +
    `${shown(faults)} faults injected, ${shown(calls)} partner calls, in ${shown(seconds)} s`
  )
}

async function main(options: Options): Promise<number> {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const stage = await openStage()
  const waiting = [...options.seeds]
  const failures: Ending[] = []
  const lane = async () => {
    while ((options.all || failures.length === 0) && seconds() < options.minutes * 60) {
      const seed = waiting.shift()
      if (seed === undefined) return
      const ending = await stage.tell(storyOf(seed))
      count(ending)
      if (ending.broken) failures.push(ending)
      if (options.verbose) console.log(told(ending))
      else if (options.list) console.log(summaryOf(ending))
      progress(options.seeds.length, seconds())
    }
  }
  await Promise.all(Array.from({ length: options.lanes }, lane))
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  const [failure] = failures.sort((a, b) => a.story.seed - b.story.seed)
  for (const other of failures.slice(1)) console.log(summaryOf(other))
  if (failure) await tellShortest(stage, failure, options.replays)
  await stage.close()
  console.log(totals(seconds()))
  if (waiting.length > 0 && !failure) console.log(`${waiting.length} worlds were left unplayed.`)
  return failure ? 1 : 0
}

async function tellShortest(
  stage: Awaited<ReturnType<typeof openStage>>,
  failure: Ending,
  replays: number,
) {
  console.log(summaryOf(failure))
  const { ending, replays: used } = await shrink(stage, failure, replays)
  console.log(told(ending))
  console.log(
    `Shortened in ${used} replays. Again: npm run simulate -- --seed ${failure.story.seed}`,
  )
}

function progress(many: number, seconds: number) {
  if (!process.stderr.isTTY) {
    if (total.worlds % 25 === 0)
      process.stderr.write(`${total.worlds} of ${many} worlds, ${Math.round(seconds)} s\n`)
    return
  }
  const done = Math.round((total.worlds / many) * 30)
  const bar = `${'█'.repeat(done)}${'░'.repeat(30 - done)}`
  process.stderr.write(`\r${bar} ${total.worlds}/${many}  ${Math.round(seconds)} s`)
}

let options: Options | string
try {
  options = readOptions()
} catch (error) {
  process.stderr.write(`${(error as Error).message} See --help.\n`)
  process.exit(2)
}
if (typeof options === 'string') console.log(options)
else process.exitCode = await main(options)
