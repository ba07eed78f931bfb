/** `violet erasure`: proves that nothing readable of a closed account is left, or says where it is. */
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { erasureOf, type ErasureFacts } from '../closure/erasure-view-store.ts'
import { openSearch, tracesOf } from '../closure/trace.ts'
import { type Leftover, scanTables, searchLine, tracesKept } from '../closure/trace-store.ts'
import type { Config } from '../platform/config.ts'
import { type Db, openDatabase, openPool } from '../platform/database.ts'
import { reportKey } from '../platform/key-life.ts'
import { CannotStart } from '../platform/process.ts'
import { openProgress } from '../platform/progress.ts'

export type ReportOptions = { case?: string; value?: string[]; json?: boolean }
type Write = (text: string) => void
export type Report = {
  subscriberId: string
  erasure: ErasureFacts
  soughtFor: number
  tables: number
  rows: number
  logs: number
  lines: number
  leftovers: Leftover[]
}

/** The exit code: 0 when nothing was found, 1 when something was. */
export async function erasureReportCommand(
  config: Config,
  subscriber: string | undefined,
  options: ReportOptions,
  write: Write = (text) => process.stdout.write(text),
): Promise<number> {
  const db = openDatabase(openPool(config.databaseUrl, 2), config)
  try {
    const report = await erasureReport(db, config, subscriber, options)
    write(options.json ? `${JSON.stringify(report)}\n` : reportText(report))
    return report.leftovers.length === 0 ? 0 : 1
  } finally {
    await db.destroy()
  }
}

async function erasureReport(
  db: Db,
  config: Config,
  subscriber: string | undefined,
  { case: reference, value = [] }: ReportOptions,
): Promise<Report> {
  const erasure = await named(db, subscriber, reference)
  const { subscriberId } = erasure
  const key = await reportKey(db, config)
  const traces = [
    ...(await tracesKept(db, subscriberId)),
    ...value.flatMap((one) => tracesOf(key, one)),
  ]
  if (traces.length === 0) {
    throw new CannotStart(
      'There is nothing to look for: what was known of this account has been forgotten; give --value.',
    )
  }
  const search = openSearch(key, traces)
  const progress: { bar?: ReturnType<typeof openProgress> } = {}
  const estimate = await rowsEstimated(db)
  const scanned = await scanTables(db, search, (rows) => {
    progress.bar ??= openProgress('Erasure', Math.max(estimate, rows))
    progress.bar.at(rows)
  })
  progress.bar?.end()
  const logs = await scanLogs(join(config.dataDir, 'logs'), search)
  return {
    subscriberId,
    erasure,
    soughtFor: traces.filter(({ kind }) => kind !== 'word').length,
    tables: scanned.tables,
    rows: scanned.rows,
    logs: logs.files,
    lines: logs.lines,
    leftovers: [...scanned.leftovers, ...logs.leftovers],
  }
}

async function named(db: Db, subscriber: string | undefined, reference: string | undefined) {
  if ((subscriber === undefined) === (reference === undefined))
    throw new CannotStart('Name the subscriber, or a closure with --case REFERENCE.')
  const found = await erasureOf(
    db,
    subscriber ? { subscriberId: subscriber } : { reference: reference! },
  )
  if (!found)
    throw new CannotStart(
      `There is no ${subscriber ? 'subscriber' : 'closure'} ${subscriber ?? reference}.`,
    )
  if (found.account === 'active')
    throw new CannotStart(
      'This account is open: its owner’s data are meant to be readable to them.',
    )
  return found
}

async function rowsEstimated(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select coalesce(sum(n_live_tup), 0)::int as n from pg_stat_user_tables`.execute(db)
  return rows[0]?.n ?? 0
}

async function scanLogs(folder: string, search: ReturnType<typeof openSearch>) {
  const found = { files: 0, lines: 0, leftovers: [] as Leftover[] }
  const files = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []
  for (const file of files.filter((one) => one.isFile())) {
    found.files += 1
    let number = 0
    const input = createReadStream(join(folder, file.name), 'utf8')
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1
      const hit = searchLine(search, line)
      if (hit)
        found.leftovers.push({ where: `logs/${file.name}`, row: `line ${number}`, what: hit.kind })
    }
    found.lines += number
  }
  return found
}

const whats: Record<string, string> = {
  email: 'an e-mail address',
  phone: 'a telephone number',
  phrase: 'a name or words',
}

function reportText({ subscriberId, erasure, ...report }: Report): string {
  const kept = erasure.retention.map(
    ({ category, basis, until, erasedAt, held }) =>
      `  ${category.padEnd(12)} ${erasedAt ? `erased ${erasedAt}` : `${held ? 'held beyond' : 'until'} ${until ?? '-'}, ${basis}`}\n`,
  )
  const looked = `Looked for ${report.soughtFor} values in ${report.tables} tables (${report.rows} rows) and ${report.logs} log files (${report.lines} lines).\n`
  const found = report.leftovers.map(
    ({ where, row, what }) => `  ${where} ${row}: ${whats[what] ?? what}\n`,
  )
  const verdict =
    found.length === 0
      ? 'Nothing readable is left.\n'
      : `${found.length} readable ${found.length === 1 ? 'leftover' : 'leftovers'}:\n${found.join('')}`
  return `${subscriberId}, erasure ${erasure.state ?? 'not begun'}\n${kept.join('')}${looked}${verdict}`
}
