/** `npm run simulate:steps`: plays the whole way once for each kind of fault at each place of each durable step. */
import { parseArgs } from 'node:util'
import { faultsOf, placesOf, tellWith, wholeWay } from './harness.ts'
import { openStage } from './stage.ts'
import type { Fault } from './story.ts'

const help = `Makes one thing fail in each play: before, between and after the calls and commits of every durable step, of every
request that changes something, and of every sweep. Each play has to come to the same books as the one without a fault.

  npm run simulate:steps                    every kind of fault at every place
  npm run simulate:steps -- --part 3/10     the third of ten shares
  npm run simulate:steps -- --only TEXT     places that have TEXT in their name
  npm run simulate:steps -- --list          the places and kinds, without playing them

  --lanes N     plays side by side (2)

Exit code 0: every play came to the same end; 1: one did not; 2: the options are wrong.`

type Options = {
  share: number
  shares: number
  only: string
  lanes: number
  list: boolean
  help: boolean
}

function readOptions(): Options {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    options: { part: text, only: text, lanes: text, list: flag, help: flag },
  })
  const { part = '1/1', only = '', lanes = '2', list, help: wantsHelp } = values
  const [, share, shares] = (/^(\d{1,4})\/(\d{1,4})$/.exec(part) ?? []).map(Number)
  if (!share || !shares || share > shares)
    throw new Error(`--part must be like 3/10, not "${part}".`)
  if (!/^[1-9]\d?$/.test(lanes))
    throw new Error(`--lanes must be a whole number from 1, not "${lanes}".`)
  return { share, shares, only, lanes: Number(lanes), list, help: wantsHelp }
}

async function main({ share, shares, only, lanes, list }: Options): Promise<number> {
  const began = performance.now()
  const stage = await openStage()
  try {
    const whole = await stage.tell(wholeWay)
    if (whole.broken) {
      console.log(`✗ without any fault: ${whole.broken.rule}: ${whole.broken.what}`)
      return 1
    }
    const all = placesOf(whole).flatMap(faultsOf)
    const named = all.filter(({ place }) => place.includes(only))
    // Every so manieth, so that each share has some of every workflow.
    const chosen = named.filter((_, index) => index % shares === share - 1)
    if (list) for (const { kind, place } of chosen) console.log(`${kind.padEnd(14)} ${place}`)
    console.log(`${chosen.length} of ${all.length} faults`)
    if (list) return 0
    if (chosen.length === 0) throw new Error(`No place has "${only}" in its name; see --list.`)
    let [played, wrong] = [0, 0]
    const waiting = [...chosen]
    const lane = async () => {
      for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
        const { broken, books } = await tellWith(stage, [fault])
        played += 1
        const said = broken
          ? `${broken.rule}: ${broken.what}`
          : books === whole.books
            ? undefined
            : `${books}\n  instead of ${whole.books}`
        if (said) {
          wrong += 1
          console.log(`✗ ${nameOf(fault)}: ${said}`)
        }
        progress(played, chosen.length, (performance.now() - began) / 1000)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    const seconds = Math.round((performance.now() - began) / 1000)
    console.log(`${played - wrong} of ${played} came to the same end, in ${seconds} s`)
    return wrong === 0 ? 0 : 1
  } finally {
    await stage.close()
  }
}

const nameOf = ({ kind, place }: Fault) => `${kind} at ${place}`

function progress(played: number, many: number, seconds: number) {
  const text = `${played} of ${many} plays, ${Math.round(seconds)} s`
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
  else if (played % 20 === 0) process.stderr.write(`${text}\n`)
}

try {
  const options = readOptions()
  if (options.help) console.log(help)
  else process.exitCode = await main(options)
} catch (error) {
  process.stderr.write(`${(error as Error).message} See --help.\n`)
  process.exitCode = 2
}
