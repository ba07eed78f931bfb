/** `violet numbers`: takes a file of numbers in, whole or not at all, and says what the inventory holds. */
import { createHash } from 'node:crypto'
import { type BadNumber, type NewNumber, numberColumns, readNumber } from '../lines/number.ts'
import { addNumbers, numberStock, recordImport, type Stock } from '../lines/number-store.ts'
import { systemClock } from '../platform/clock.ts'
import type { Db } from '../platform/database.ts'
import { systemIds } from '../platform/ids.ts'
import { CannotStart } from '../platform/process.ts'
import { openProgress } from '../platform/progress.ts'
import { badReport, textOf, writeRejects } from './csv-file.ts'
import { withDatabase } from './with-database.ts'

type Write = (text: string) => void
type Row = NewNumber & { line: number; text: string }
type Bad = { line: number; reason: BadNumber; text: string }
export type NumberFile = { rows: Row[]; bad: Bad[]; fingerprint: string }
export type ImportFlags = { rejects: string | undefined; json: boolean }

const numbersAtOnce = 10_000
const toStdout: Write = (text) => process.stdout.write(text)

/**
 * Reads the file before anything is opened.
 * @throws CannotStart for a file that can't be read or has no column of numbers.
 */
export function readNumberFile(path: string): NumberFile {
  const text = textOf(path)
  const [header = '', ...lines] = text.split(/\r?\n/)
  const columns = numberColumns(header)
  if (!columns)
    throw new CannotStart(`${path} has no column "msisdn": the first line names the columns.`)
  const rows: Row[] = []
  const bad: Bad[] = []
  const seen = new Set<string>()
  for (const [at, line] of lines.entries()) {
    if (line === '') continue
    const read = readNumber(line, columns)
    const place = { line: at + 2, text: line }
    if ('bad' in read) bad.push({ ...place, reason: read.bad })
    else if (seen.has(read.msisdn)) bad.push({ ...place, reason: 'twice' })
    else rows.push({ ...read, ...place })
    if (!('bad' in read)) seen.add(read.msisdn)
  }
  if (rows.length + bad.length === 0) throw new CannotStart(`${path} holds no numbers.`)
  const fingerprint = createHash('sha256').update(text).digest('hex').slice(0, 24)
  return { rows, bad, fingerprint }
}

/** 0: every number is in, or was before; 1: a row is bad, and none was taken in. */
export async function numbersImportCommand(
  url: string,
  path: string,
  file: NumberFile,
  { rejects = `${path}.rejects.csv`, json }: ImportFlags,
  write = toStdout,
): Promise<number> {
  const { added, bad } = await withDatabase(url, (db) => takeIn(db, file))
  const known = bad.length === 0 ? file.rows.length - added : 0
  if (bad.length > 0) writeRejects(rejects, bad)
  const fields = { added, known, bad: bad.length, rejectsFile: bad.length > 0 ? rejects : null }
  write(json ? `${JSON.stringify(fields)}\n` : reportOf(fields, bad))
  return bad.length > 0 ? 1 : 0
}

/** Thrown to undo a transaction that turned out to hold bad rows. */
class Undone extends Error {}

async function takeIn(db: Db, { rows, bad, fingerprint }: NumberFile) {
  if (bad.length > 0) return { added: 0, bad }
  const bar = openProgress('Numbers', rows.length)
  const differing: Bad[] = []
  try {
    const added = await db.transaction().execute(async (trx) => {
      let sum = 0
      for (let at = 0; at < rows.length; at += numbersAtOnce) {
        const part = rows.slice(at, at + numbersAtOnce)
        const done = await addNumbers(trx, part)
        const names = new Set(done.differing)
        for (const { msisdn, line, text } of part)
          if (names.has(msisdn)) differing.push({ line, text, reason: 'differs' })
        sum += done.added
        bar.at(at + part.length)
      }
      if (differing.length > 0) throw new Undone()
      const known = rows.length - sum
      await recordImport(trx, systemIds(), systemClock.now(), { fingerprint, added: sum, known })
      return sum
    })
    return { added, bad: differing }
  } catch (error) {
    if (error instanceof Undone) return { added: 0, bad: differing }
    throw error
  } finally {
    bar.end()
  }
}

type Fields = { added: number; known: number; bad: number; rejectsFile: string | null }

function reportOf({ added, known, bad: count, rejectsFile }: Fields, bad: readonly Bad[]): string {
  const figure = new Intl.NumberFormat('en')
  if (count === 0) return `Added: ${figure.format(added)}. Known before: ${figure.format(known)}.\n`
  return badReport(bad, rejectsFile)
}

export async function numbersListCommand(url: string, json: boolean, write = toStdout) {
  const stock = await withDatabase(url, numberStock)
  write(json ? `${JSON.stringify({ stock })}\n` : tableOf(stock))
}

const states = ['available', 'reserved', 'assigned', 'quarantined', 'portedOut'] as const

function tableOf(stock: readonly Stock[]): string {
  if (stock.length === 0) return 'There are no numbers yet.\n'
  const figure = new Intl.NumberFormat('en')
  const rows = stock.map((one) => [
    one.country,
    one.kind,
    ...states.map((s) => figure.format(one[s])),
  ])
  const heads = states.map((state) => (state === 'portedOut' ? 'ported-out' : state))
  const table = [['country', 'type', ...heads], ...rows]
  const widths = table[0]!.map((_, at) => Math.max(...table.map((row) => row[at]!.length)))
  const line = (row: string[]) =>
    row
      .map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd()
  return `${table.map(line).join('\n')}\n`
}
