/** `violet rates`: takes a file of exchange rates in, whole or not at all, and says which may be quoted now. */
import { type BadRate, type Rate, rateColumns, ratesAt, readRate } from '../ledger/exchange.ts'
import { addRates, newestRates } from '../ledger/exchange-store.ts'
import { systemClock } from '../platform/clock.ts'
import { CannotStart } from '../platform/process.ts'
import { splitLine } from '../values/csv.ts'
import { decimal } from '../values/money.ts'
import { badReport, textOf, writeRejects } from './csv-file.ts'
import { withDatabase } from './with-database.ts'

type Write = (text: string) => void
type Place = { line: number; text: string }
type Bad = Place & { reason: BadRate | 'columns' | 'twice' | 'differs' }
export type RateFile = { rates: (Rate & Place)[]; bad: Bad[] }

const toStdout: Write = (text) => process.stdout.write(text)

/** @throws CannotStart for a file that can't be read or names no columns. */
export function readRateFile(path: string): RateFile {
  const [header = '', ...lines] = textOf(path).split(/\r?\n/)
  const names = (splitLine(header, ',') ?? []).map((name) => name.trim())
  const missing = rateColumns.filter((name) => !names.includes(name))
  if (missing.length > 0)
    throw new CannotStart(`${path} has no column ${missing.map((one) => `"${one}"`).join(', ')}.`)
  const file: RateFile = { rates: [], bad: [] }
  const seen = new Set<string>()
  for (const [at, text] of lines.entries()) {
    if (text === '') continue
    const place = { line: at + 2, text }
    const cells = splitLine(text, ',')
    const read = cells
      ? readRate(rateColumns.map((name) => cells[names.indexOf(name)] ?? ''))
      : ({ bad: 'columns' } as const)
    if ('bad' in read) {
      file.bad.push({ ...place, reason: read.bad })
      continue
    }
    const key = `${read.from} ${read.into} ${read.asOf.epochMilliseconds}`
    if (seen.has(key)) file.bad.push({ ...place, reason: 'twice' })
    else file.rates.push({ ...read, ...place })
    seen.add(key)
  }
  if (file.rates.length + file.bad.length === 0) throw new CannotStart(`${path} holds no rates.`)
  return file
}

/** 0: every rate is in, or was before; 1: a row is bad, and none was taken in. */
export async function ratesImportCommand(
  url: string,
  path: string,
  file: RateFile,
  { rejects = `${path}.rejects.csv`, json }: { rejects?: string | undefined; json: boolean },
  write = toStdout,
): Promise<number> {
  const bad = [...file.bad]
  let added = 0
  if (bad.length === 0) {
    const done = await withDatabase(url, (db) => addRates(db, file.rates, systemClock.now()))
    added = done.added
    for (const at of done.differing) bad.push({ ...file.rates[at]!, reason: 'differs' })
  }
  if (bad.length > 0) writeRejects(rejects, bad)
  const known = bad.length > 0 ? 0 : file.rates.length - added
  const fields = { added, known, bad: bad.length, rejectsFile: bad.length > 0 ? rejects : null }
  const sentence = `Added: ${added}. Known before: ${known}.\n`
  const report = bad.length > 0 ? badReport(bad, rejects) : sentence
  write(json ? `${JSON.stringify(fields)}\n` : report)
  return bad.length > 0 ? 1 : 0
}

/** The newest of each pair, and whether it is still quoted. */
export async function ratesListCommand(
  url: string,
  json: boolean,
  write = toStdout,
): Promise<void> {
  const rates = await withDatabase(url, newestRates)
  const current = new Set(ratesAt(rates, systemClock.now()))
  const rows = rates.map((rate) => ({
    ...rate,
    atMost: rate.atMost && decimal(rate.atMost),
    asOf: rate.asOf.toString(),
    validUntil: rate.validUntil.toString(),
    current: current.has(rate),
  }))
  if (json) return write(`${JSON.stringify({ rates: rows })}\n`)
  if (rows.length === 0)
    return write('There are no exchange rates: each currency is settled alone.\n')
  for (const { from, into, rate, atMost, source, asOf, validUntil, current: isCurrent } of rows)
    write(
      `1 ${from} = ${rate} ${into}  up to ${atMost} ${from}  ${source}, ${asOf}  ` +
        `${isCurrent ? 'until' : 'OUT OF DATE since'} ${validUntil}\n`,
    )
}
