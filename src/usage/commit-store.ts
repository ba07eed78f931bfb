/** Charges written: purses by their versions, records, transfers and postings, in one transaction or not at all. */
import type { App } from '../platform/app.ts'
import {
  allByKey,
  copyText,
  copyTransaction,
  type CopyWork,
  eachByKey,
  manyRows,
  setLocal,
} from '../platform/copy.ts'
import { type Tax, taxOfCountry } from '../ledger/tax-store.ts'
import type { Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import type { Charge, LineChange } from './intake.ts'
import type { Bucket } from './purse.ts'
import { tellOwners } from './notice-store.ts'
import { postingsOf, transfersOf } from './transfer.ts'

/** A usage id is stored already: look at what is known, and decide again. */
export class UsageTwice extends Error {}
class Stale extends Error {}

export type Tools = Pick<App, 'db' | 'clock' | 'ids' | 'queue' | 'config'>

/**
 * Writes what was decided, with whatever `more` adds to the same transaction. `stale`: somebody else changed one of the
 * lines meanwhile, nothing was written; load, decide, try again. Throws UsageTwice when a usage id is there already.
 */
export async function commitCharges(
  app: Tools,
  changes: readonly LineChange[],
  more?: (trx: Trx, work: CopyWork) => Promise<void>,
): Promise<'committed' | 'stale'> {
  const ordered = changes.length > 1 ? [...changes].sort(byLine) : changes
  try {
    const settings = ordered.length < manyRows ? eachByKey : allByKey
    await copyTransaction(app.db, settings, async (work) => {
      if (ordered.length > 0) await writeCharges(app, work, ordered)
      await more?.(work.trx, work)
    })
    return 'committed'
  } catch (error) {
    if (error instanceof Stale) return 'stale'
    const { code, constraint } = error as { code?: string; constraint?: string }
    // Two that wait for each other: one was rolled back and may try again.
    if (code === '40P01' || code === '40001') return 'stale'
    if (code === '23505' && constraint?.startsWith('usage_record')) throw new UsageTwice()
    throw error
  }
}

/** The same inside a transaction of the caller's; throws where `commitCharges` answers `stale`. */
async function writeCharges(app: Tools, work: CopyWork, changes: readonly LineChange[]) {
  await writePurses(app, work, changes)
  // What follows, and the triggers it wakes, goes row by row again.
  if (changes.length >= manyRows) await setLocal(work.client, eachByKey)
  const now = app.clock.now()
  const rows = rowsOf(changes, taxesAt(now), app.ids, now.toString())
  if (rows.records.length > 0) await work.copy(copyRecords, rows.records)
  if (rows.transfers.length > 0) await work.copy(copyTransfers, rows.transfers)
  if (rows.postings.length > 0) await work.copy(copyPostings, rows.postings)
  const told = changes.filter((change) => change.told.length > 0 || change.capTold !== null)
  if (told.length > 0) await tellOwners(work.trx, app, told)
}

const byVersion = `p.subscriber_id = c.subscriber_id and p.line_id = c.line_id and p.currency = c.currency
  and p.version = c.version`
// Says nothing new, but lets the index be read once for all; by both keys, since one subscriber may have thousands of lines.
const ofAll = 'p.subscriber_id = any($1::text[]) and p.line_id = any($2::text[]) and'

// Most have no block that is begun.
const startedOf = `case when c.started = '{}' then '{}'::jsonb else c.started::jsonb end`

const usePurses = (where: string) => `
  update purse p set version = p.version + 1, remaining = c.remaining::int8[], spent_minor = c.spent,
    started = ${startedOf}, used_until_us = c.used_until::int8[]
  from unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[], $6::int8[], $7::text[], $8::text[])
    as c (subscriber_id, line_id, currency, version, remaining, spent, started, used_until)
  where ${where}`

const changePurses = (where: string) => `
  update purse p set version = p.version + 1, remaining = c.remaining::int8[], spent_minor = c.spent,
    started = ${startedOf}, used_until_us = c.used_until::int8[], reserved = c.reserved::int8[],
    noticed = c.noticed::int[], held_minor = c.held,
    exhausted_at = case when c.exhausted then coalesce(p.exhausted_at, $13::timestamptz) end
  from unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[], $6::int8[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::int8[], $12::bool[])
    as c (subscriber_id, line_id, currency, version, remaining, spent, started, used_until, reserved, noticed, held,
      exhausted)
  where ${where}`

const statements = {
  use: { few: usePurses(byVersion), many: usePurses(`${ofAll} ${byVersion}`) },
  change: { few: changePurses(byVersion), many: changePurses(`${ofAll} ${byVersion}`) },
} as const

async function writePurses(app: Tools, { client }: CopyWork, changes: readonly LineChange[]) {
  // Most batches only use what there is, and then four columns fewer are sent and read.
  const isPlain = changes.every(isPlainUse)
  const column = (of: (change: LineChange) => string | bigint) => joined(changes, of)
  const values = [
    column(({ line }) => line.subscriberId),
    column(({ line }) => line.lineId),
    column(({ line }) => line.currency),
    column(({ line }) => line.version),
    column(({ purse }) => quotedList(purse.buckets, ({ remaining }) => remaining)),
    column(({ purse }) => purse.spent),
    column(({ purse }) => startedText(purse.started)),
    column(({ usedUntil }) => `"{${usedUntil.data},${usedUntil.voice},${usedUntil.sms}}"`),
  ]
  if (!isPlain) {
    values.push(
      column(({ purse }) => quotedList(purse.buckets, ({ reserved }) => reserved)),
      column(({ purse }) => quotedList(purse.buckets, ({ noticed }) => noticed)),
      column(({ purse }) => purse.held),
      column(({ exhausted }) => (exhausted ? 't' : 'f')),
      app.clock.now().toString(),
    )
  }
  const what = isPlain ? 'use' : 'change'
  const size = changes.length < manyRows ? 'few' : 'many'
  const { rowCount } = await client.query({
    name: `usage-${what}-purses-of-${size}`,
    text: statements[what][size],
    values,
  })
  if (rowCount !== changes.length) throw new Stale()
}

function isPlainUse({ line, purse, told, exhausted }: LineChange): boolean {
  if (told.length > 0 || exhausted !== line.exhausted || purse.held !== line.purse.held)
    return false
  return purse.buckets.every(({ reserved }, at) => reserved === line.purse.buckets[at]!.reserved)
}

/** An array of what needs no quotes, our own ids and figures, or brings its own. */
function joined(
  changes: readonly LineChange[],
  of: (change: LineChange) => string | bigint,
): string {
  let text = '{'
  for (const change of changes) text += text.length > 1 ? `,${of(change)}` : `${of(change)}`
  return `${text}}`
}

function quotedList(buckets: readonly Bucket[], of: (bucket: Bucket) => bigint | number): string {
  if (buckets.length === 1) return `"{${of(buckets[0]!)}}"`
  return `"{${buckets.map(of).join(',')}}"`
}

function startedText(started: ReadonlyMap<string, bigint>): string {
  if (started.size === 0) return '"{}"'
  let text = ''
  for (const [key, left] of started) text += `${text && ','}\\"${key}\\":\\"${left}\\"`
  return `"{${text}}"`
}

const copyRecords = `copy usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc,
  country, outcome, from_bucket, charged_minor, absorbed_minor, currency, received_at, transfer_id) from stdin`
const copyTransfers =
  'copy ledger_transfer (subscriber_id, transfer_id, key, kind, detail, posted_at) from stdin'
const copyPostings =
  'copy ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor) from stdin'

/** The tax of a country at a moment, looked up once for all that pay it. */
export function taxesAt(now: Temporal.Instant): (country: string | null) => Tax {
  const known = new Map<string | null, Tax>()
  return (country) => {
    const tax = known.get(country) ?? taxOfCountry(country, now)
    known.set(country, tax)
    return tax
  }
}

function rowsOf(
  changes: readonly LineChange[],
  taxes: (country: string | null) => Tax,
  ids: Ids,
  now: string,
) {
  let [records, transfers, postings] = ['', '', '']
  for (const change of changes) {
    const { line } = change
    let paidBy: Map<Charge, string> | undefined
    for (const transfer of transfersOf(change, taxes(line.country))) {
      const id = ids.make('transfer')
      paidBy ??= new Map()
      for (const charge of transfer.charges) paidBy.set(charge, id)
      const detail = copyText(JSON.stringify(transfer.detail))
      transfers += `${line.subscriberId}\t${id}\t${copyText(transfer.key)}\tusage\t${detail}\t${now}\n`
      for (const [seq, { account, lineId, minor }] of postingsOf(transfer).entries()) {
        postings += `${line.subscriberId}\t${id}\t${seq}\t${account}\t${lineId}\t${line.currency}\t${minor}\n`
      }
    }
    for (const charge of change.charges) {
      records += recordRow(line, charge, now, paidBy?.get(charge) ?? '\\N')
    }
  }
  return { records, transfers, postings }
}

function recordRow(
  { subscriberId, lineId, currency }: LineChange['line'],
  { record, rated }: Charge,
  now: string,
  transferId: string,
): string {
  const { usageId, kind, quantity, startedUs, endedUs, mcc, mnc, country } = record
  const { outcome, fromBucket, promotional, paid, absorbed } = rated
  return (
    `${subscriberId}\t${copyText(usageId)}\t${lineId}\t${kind}\t${quantity}\t${timeText(startedUs)}\t` +
    `${timeText(endedUs)}\t${mcc}\t${mnc}\t${country}\t${outcome}\t${fromBucket}\t${promotional + paid}\t` +
    `${absorbed}\t${currency}\t${now}\t${transferId}\n`
  )
}

// Records of one batch are close in time: the minute is written once.
const minutes = new Map<number, string>()

function timeText(us: number): string {
  const minute = Math.floor(us / 60_000_000)
  let text = minutes.get(minute)
  if (text === undefined) {
    if (minutes.size > 10_000) minutes.clear()
    text = new Date(minute * 60_000).toISOString().slice(0, 17)
    minutes.set(minute, text)
  }
  const rest = us - minute * 60_000_000
  const seconds = Math.floor(rest / 1_000_000)
  const micros = rest - seconds * 1_000_000
  const whole = seconds < 10 ? `${text}0${seconds}` : `${text}${seconds}`
  return micros === 0 ? `${whole}Z` : `${whole}.${String(micros).padStart(6, '0')}Z`
}

function byLine(a: LineChange, b: LineChange): number {
  if (a.line.subscriberId !== b.line.subscriberId)
    return a.line.subscriberId < b.line.subscriberId ? -1 : 1
  return a.line.lineId < b.line.lineId ? -1 : 1
}
