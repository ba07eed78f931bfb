/** `violet closure`: proposes that many lines close, shows how far that is, and writes what became of each. */
import { readFileSync, type WriteStream } from 'node:fs'
import { basename } from 'node:path'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '../platform/app.ts'
import { systemClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { type Db, openDatabase, openPool } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { openLog } from '../platform/log.ts'
import { problemOf } from '../platform/problem.ts'
import { CannotStart } from '../platform/process.ts'
import { openProgress } from '../platform/progress.ts'
import { openQueue } from '../platform/queue.ts'
import {
  type BulkFile,
  type BulkMoney,
  type BulkTotals,
  type BulkView,
  endNotBefore,
  fingerprintOf,
  isOver,
  type OpenedLine,
  outcomeCells,
  outcomeColumns,
  readBulkFile,
  whyNotOn,
} from '../closure/bulk.ts'
import { bulkMoney } from '../closure/bulk-wire.ts'
import { linesOfBrand, linesOfPlan, resolveLines } from '../closure/bulk-lines-store.ts'
import { callOffBulk } from '../closure/bulk-off-store.ts'
import { dryRun } from '../closure/bulk-open-store.ts'
import {
  pauseBulk,
  propose,
  type Proposed,
  type ProposedLine,
  resumeBulk,
} from '../closure/bulk-store.ts'
import { outcomesOf, seeBulk } from '../closure/bulk-view-store.ts'
import { csvRow } from '../values/csv.ts'
import { isRefusal } from '../values/refusal.ts'
import { writingTo } from './csv-file.ts'
import { allQueues } from './wiring.ts'

type Write = (text: string) => void
const toStdout: Write = (text) => process.stdout.write(text)
const figure = new Intl.NumberFormat('en')
const byCli = 'violet closure'

export type BulkFlags = {
  brand?: string | undefined
  plan?: string | undefined
  on?: string | undefined
  reason?: string | undefined
  money?: string | undefined
  dryRun: boolean
  outcomes?: string | undefined
  cohort: string
  lanes: string
  calls: string
  networkRate?: string | undefined
  paymentsRate?: string | undefined
  json: boolean
}
export type Wanted = {
  file: BulkFile | undefined
  source: string
  fingerprint: string
  endsAt: Temporal.Instant
  /** False: nothing was said, so it is counted from now. */
  isDaySaid: boolean
  money: BulkMoney | null
}

/**
 * Reads what was asked for before anything is opened.
 * @throws CannotStart with what to do instead.
 */
export function bulkWanted(path: string | undefined, flags: BulkFlags): Wanted {
  const given = [path, flags.brand, flags.plan].filter((one) => one !== undefined)
  if (given.length !== 1) throw new CannotStart('Give one of: a file, --brand NAME, --plan ID.')
  if (!flags.dryRun && !flags.reason)
    throw new CannotStart('Say why with --reason: every subscriber is told.')
  const endsAt = dayOf(flags.on)
  const file = path === undefined ? undefined : readFile(path)
  const source =
    path !== undefined
      ? basename(path)
      : flags.brand !== undefined
        ? `brand ${flags.brand}`
        : `plan ${flags.plan}`
  const money = moneyOf(flags.money)
  const fingerprint = fingerprintOf(file ?? source, money)
  return { file, source, fingerprint, endsAt, isDaySaid: flags.on !== undefined, money }
}

function moneyOf(text: string | undefined): BulkMoney | null {
  if (text === undefined) return null
  const money = bulkMoney.find((one) => one === text)
  if (!money) throw new CannotStart(`--money is one of ${bulkMoney.join(', ')}; not "${text}".`)
  return money
}

function readFile(path: string): BulkFile {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : code
    throw new CannotStart(`${path} cannot be read (${why}).`)
  }
  const file = readBulkFile(text)
  if (!file)
    throw new CannotStart(`${path} has no column lineId, msisdn, iccid or imsi in its first line.`)
  if (file.asked.length === 0) throw new CannotStart(`${path} names no lines.`)
  return file
}

const noticeDays = 30

function dayOf(on: string | undefined): Temporal.Instant {
  const now = systemClock.now()
  if (on === undefined) return now.add({ hours: 24 * noticeDays })
  if (on === 'now') return now
  let why: string
  try {
    const day = on.includes('T')
      ? Temporal.Instant.from(on)
      : Temporal.PlainDate.from(on).toZonedDateTime('UTC').toInstant()
    const off = whyNotOn(day, now)
    if (off === undefined) return endNotBefore(day, now)
    why =
      off === 'past'
        ? `--on ${on} has passed; say "now" to end service at once.`
        : `--on ${on} is more than a year ahead.`
  } catch {
    throw new CannotStart(`--on is a date such as 2027-01-31, a moment, or "now"; not "${on}".`)
  }
  throw new CannotStart(why)
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value <= most) return value
  throw new CannotStart(`--${name} is a whole number from 1 to ${figure.format(most)}.`)
}

/** 0: proposed, or shown; 1: some rows name no line of ours. */
export async function bulkCommand(
  config: Config,
  wanted: Wanted,
  flags: BulkFlags,
  write = toStdout,
): Promise<number> {
  const cohortSize = wholeNumber('cohort', flags.cohort, 5000)
  const lanes = wholeNumber('lanes', flags.lanes, 16)
  const calls = wholeNumber('calls', flags.calls, 256)
  const rate = (name: string, text: string | undefined) =>
    text === undefined ? null : wholeNumber(name, text, 100_000)
  const networkRate = rate('network-rate', flags.networkRate)
  const paymentsRate = rate('payments-rate', flags.paymentsRate)
  const outcomes = flags.outcomes === undefined ? undefined : writingTo(flags.outcomes)
  return withDatabase(config, async (db) => {
    const { lines, rejects } = await linesFor(db, wanted, flags)
    const totals = await tryOut(db, lines, wanted.endsAt, outcomes)
    if (flags.dryRun) {
      const shown = { ...totals, rejects: rejects.length, endsAt: wanted.endsAt.toString() }
      write(flags.json ? `${JSON.stringify(shown)}\n` : totalsText(totals, rejects.length))
      return rejects.length > 0 ? 1 : 0
    }
    const proposed = await propose(
      { db, ids: systemIds(), clock: systemClock },
      {
        ...wanted,
        reason: flags.reason ?? '',
        cohortSize,
        lanes,
        networkRate,
        paymentsRate,
        totals,
        calls,
        actor: { kind: 'system', id: byCli },
      },
      lines,
      rejects,
    )
    if (isRefusal(proposed)) throw new CannotStart(problemOf(proposed, 'en').detail)
    write(flags.json ? proposedJson(proposed) : proposedText(proposed, config))
    return proposed.rejects.length > 0 ? 1 : 0
  })
}

function proposedJson({ bulk: { bulkId, endsAt, totals }, isNew, rejects }: Proposed): string {
  const fields = { bulkId, isNew, endsAt: endsAt.toString(), totals, rejects: rejects.length }
  return `${JSON.stringify(fields)}\n`
}

function proposedText({ bulk, isNew, rejects }: Proposed, { publicUrl }: Config): string {
  const { bulkId, endsAt, totals, state } = bulk
  const said = isNew ? `Proposed as ${bulkId}.` : `The same was proposed before, as ${bulkId}.`
  const next =
    state === 'proposed'
      ? `Two members of staff approve it in the console: ${publicUrl}/console/bulk/${bulkId}`
      : `It is ${state}: ${publicUrl}/console/bulk/${bulkId}`
  return `${totalsText(totals, rejects.length)}\n${said} Service ends ${endsAt}.\n${next}\n`
}

async function linesFor(db: Db, { file, money }: Wanted, { brand, plan }: BulkFlags) {
  if (file) {
    const bar = openProgress('Finding', file.asked.length)
    const { lines, rejects } = await resolveLines(db, file.by, file.asked, money, (done) =>
      bar.at(done),
    )
    bar.end()
    return { lines, rejects: [...file.rejects, ...rejects] }
  }
  const lines =
    brand === undefined
      ? await linesOfPlan(db, plan ?? '', money)
      : await linesOfBrand(db, brand, money)
  if (lines.length === 0) throw new CannotStart('There is no line to close.')
  return { lines, rejects: [] }
}

async function tryOut(
  db: Db,
  lines: readonly ProposedLine[],
  endsAt: Temporal.Instant,
  file: WriteStream | undefined,
): Promise<BulkTotals> {
  const bar = openProgress('Dry run', lines.length)
  file?.write(csvRow(['row', 'lineId', 'outcome', 'refund', 'currency']))
  let done = 0
  const totals = await dryRun({ db, clock: systemClock }, lines, endsAt, (line, opened) => {
    bar.at((done += 1))
    file?.write(csvRow([String(line.place), line.lineId, ...cellsOf(opened)]))
  })
  bar.end()
  file?.end()
  if (file) await finished(file)
  return totals
}

function cellsOf(opened: OpenedLine): (string | null)[] {
  if ('refusal' in opened) return [opened.refusal, null, null]
  const refund = opened.quote.wire.currencies.find(({ refund: { amount } }) => Number(amount) > 0)
  return ['closes', refund?.refund.amount ?? '0', refund?.refund.currency ?? null]
}

function totalsText({ lines, refused, ...sums }: BulkTotals, rejects: number): string {
  const money = (amounts: BulkTotals['refund']) =>
    amounts.map(({ amount, currency }) => `${amount} ${currency}`).join(', ') || 'nothing'
  const rows = [
    ['Lines that close', figure.format(lines)],
    ...Object.entries(refused).map(([why, count]) => [`Not: ${why}`, figure.format(count)]),
    ['Rows without a line', figure.format(rejects)],
    ['Goes back', money(sums.refund)],
    ['Stays as credit', money(sums.kept ?? [])],
    ['Go on to the last paid day', figure.format(sums.spending ?? 0)],
    ['Promotions that end', money(sums.forfeited)],
    ['Earned until then', money(sums.earned)],
  ]
  return rows.map(([name, value]) => `${name!.padEnd(28)}${value}\n`).join('')
}

/** Shows a bulk closure; with `watch` until it has ended. */
export async function bulkShowCommand(
  config: Config,
  bulkId: string,
  { watch, json }: { watch: boolean; json: boolean },
  write = toStdout,
): Promise<number> {
  return withDatabase(config, async (db) => {
    let view = await viewOf(db, bulkId)
    if (watch) {
      const bar = openProgress('Closing', view.progress.lines)
      while (!isOver(view)) {
        bar.at(endedOf(view))
        await sleep(1000)
        view = await viewOf(db, bulkId)
      }
      bar.end()
    }
    write(json ? `${JSON.stringify({ ...view, totals: view.totals })}\n` : viewText(view))
    return 0
  })
}

async function viewOf(db: Db, bulkId: string): Promise<BulkView> {
  const view = await seeBulk(db, bulkId)
  if (!view) throw new CannotStart(`There is no bulk closure ${bulkId}.`)
  return view
}

function endedOf({ progress: { refused, states } }: BulkView): number {
  const ended = ['closed', 'withdrawn', 'rejected'].map((state) => states[state] ?? 0)
  return [...ended, ...Object.values(refused)].reduce((sum, count) => sum + count, 0)
}

function viewText(view: BulkView): string {
  const { progress } = view
  const rows = [
    ['State', view.state],
    ['Asked for', view.source],
    ['Service ends', view.endsAt.toString()],
    ['Approved by', view.approvals.map(({ name }) => name).join(', ') || 'nobody yet'],
    ['Waiting', figure.format(progress.waiting)],
    ...(progress.givingBack > 0
      ? [['Still being given back', figure.format(progress.givingBack)]]
      : []),
    ...Object.entries(progress.states).map(([state, count]) => [state, figure.format(count)]),
    ...Object.entries(progress.refused).map(([why, count]) => [
      `Not: ${why}`,
      figure.format(count),
    ]),
    ['Rows without a line', figure.format(view.rejects)],
  ]
  return rows.map(([name, value]) => `${name!.padEnd(24)}${value}\n`).join('')
}

/** Writes what became of each row as CSV. */
export async function bulkOutcomesCommand(
  config: Config,
  bulkId: string,
  out: string | undefined,
): Promise<number> {
  return withDatabase(config, async (db) => {
    await viewOf(db, bulkId)
    const target = out === undefined ? process.stdout : writingTo(out)
    target.write(csvRow(outcomeColumns))
    for await (const part of outcomesOf(db, bulkId))
      target.write(part.map((outcome) => csvRow(outcomeCells(outcome))).join(''))
    if (out !== undefined) {
      target.end()
      await finished(target)
    }
    return 0
  })
}

const acts = { pause: pauseBulk, resume: resumeBulk, 'call-off': callOffBulk }
export type BulkAct = keyof typeof acts

export async function bulkActCommand(
  config: Config,
  act: BulkAct,
  bulkId: string,
  write = toStdout,
): Promise<number> {
  // Owners are told, so what is personal is sealed.
  const use = async (db: Db) => {
    const log = openLog(config, 'closure')
    const queue = await openQueue(config.databaseUrl, log, allQueues)
    const app = { config, db, clock: systemClock, ids: systemIds(), log, queue } as App
    try {
      await viewOf(db, bulkId)
      const done = await acts[act](app, bulkId, { kind: 'system', id: byCli })
      if (isRefusal(done)) throw new CannotStart(`${bulkId} is not in a state for that.`)
      write(viewText(await viewOf(db, bulkId)))
      return 0
    } finally {
      await queue.close()
    }
  }
  return withDatabase(config, use)
}

async function withDatabase<T>(config: Config, use: (db: Db) => Promise<T>): Promise<T> {
  const db = openDatabase(openPool(config.databaseUrl, 4), config)
  try {
    return await use(db)
  } finally {
    await db.destroy()
  }
}
