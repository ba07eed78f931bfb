/** `violet network reconcile`: compares our lines with the network's register, mends what differs, and says what it did. */
import type { Outcome, Difference } from '../lines/reconcile.ts'
import { remedies } from '../lines/reconcile.ts'
import { reconcile, type Reconciled } from '../lines/reconcile-steps.ts'
import type { Network } from '../lines/gateway.ts'
import { openConfiguredNetwork } from '../lines/network-gateway.ts'
import { systemClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { CannotStart } from '../platform/process.ts'
import { openProgress, type Progress } from '../platform/progress.ts'
import { Fault } from '../values/fault.ts'

export type ReconcileFlags = { dryRun: boolean; most: number; json: boolean }
type Write = (text: string) => void

const shownMax = 200

/** 0: both say the same, or it was mended; 1: something still differs. */
export async function networkReconcileCommand(
  config: Config,
  { dryRun, most, json }: ReconcileFlags,
  write: Write = (text) => process.stdout.write(text),
  network: Network = openConfiguredNetwork(config.network),
): Promise<number> {
  const db = openDatabase(openPool(config.databaseUrl, 8), config)
  const ids = systemIds()
  let bar: (Progress & { total: number }) | undefined
  try {
    const done = await reconcile({ db, config, clock: systemClock, ids }, network, {
      repair: !dryRun,
      strangersMax: most,
      runId: ids.make('run'),
      onProgress(at, total) {
        if (bar?.total !== total) {
          bar?.end()
          bar = { ...openProgress('Network', total), total }
        }
        bar.at(at)
      },
    })
    bar?.end()
    write(json ? `${JSON.stringify(fieldsOf(done))}\n` : reportOf(done, dryRun))
    return done.outcomes.every(({ done: how }) => how === 'repaired') ? 0 : 1
  } catch (error) {
    bar?.end()
    if (error instanceof Fault)
      throw new CannotStart(`The network can't be read: ${error.message}.`)
    throw error
  } finally {
    await db.destroy()
  }
}

/** How many strangers may be deleted. */
export function parseMost(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new CannotStart(`--most must be a whole number, not "${text}".`)
}

function fieldsOf({ listed, lines, outcomes, tooManyStrangers }: Reconciled) {
  const count = (wanted: Outcome['done']) => outcomes.filter(({ done }) => done === wanted).length
  return {
    lines,
    listed,
    found: count('found'),
    repaired: count('repaired'),
    failed: count('failed'),
    ...(tooManyStrangers !== undefined && { tooManyStrangers }),
    differences: outcomes.map(({ difference: { kind, imsi, line }, done, why }) => ({
      kind,
      imsi,
      ...(line && { lineId: line.lineId }),
      outcome: done,
      ...(why !== undefined && { why }),
    })),
  }
}

function reportOf(done: Reconciled, dryRun: boolean): string {
  const { listed, lines, outcomes, tooManyStrangers } = done
  const figure = new Intl.NumberFormat('en')
  const head = `Lines here: ${figure.format(lines)}. Subscribers in the register: ${figure.format(listed)}.`
  if (outcomes.length === 0) return `${head} They agree.\n`
  const rows = outcomes.slice(0, shownMax).map(rowOf)
  const more = outcomes.length - rows.length
  const count = (wanted: Outcome['done']) =>
    figure.format(outcomes.filter(({ done: how }) => how === wanted).length)
  const end =
    tooManyStrangers !== undefined
      ? `Nothing was changed: the register holds ${figure.format(tooManyStrangers)} subscribers that no line here has. ` +
        `If it is the right register, say --most ${tooManyStrangers}.`
      : dryRun
        ? `Nothing was changed: ${count('found')} would be repaired.`
        : `${count('repaired')} repaired, ${count('failed')} failed.`
  return [head, ...rows, ...(more > 0 ? [`… and ${figure.format(more)} more`] : []), end, ''].join(
    '\n',
  )
}

function rowOf({ difference, done, why }: Outcome): string {
  const { found, repaired } = remedies[difference.kind]
  const what = { found, repaired: `${found}: ${repaired}`, failed: `${found}: failed, ${why}` }[
    done
  ]
  return `${nameOf(difference)}  ${difference.kind.padEnd(13)}  ${what}`
}

const nameOf = ({ imsi, line }: Difference) => (line ? line.lineId : `IMSI ${imsi}`).padEnd(37)
