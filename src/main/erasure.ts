/** `violet erasure`: proves that nothing readable of a closed account is left, or says where it is. */
import { erasureOf, type ErasureFacts } from '../closure/erasure-view-store.ts'
import { rowsEstimated, scanSlice, searchFor } from '../closure/scan-store.ts'
import type { Leftover } from '../closure/trace-store.ts'
import type { Config } from '../platform/config.ts'
import { type Db, openDatabase, openPool } from '../platform/database.ts'
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
  const wanted = await searchFor(db, config, subscriberId, value)
  if (!wanted) {
    throw new CannotStart(
      'There is nothing to look for: what was known of this account has been forgotten; give --value.',
    )
  }
  const progress: { bar?: ReturnType<typeof openProgress> } = {}
  const estimate = await rowsEstimated(db)
  const onRows = (rows: number) => {
    progress.bar ??= openProgress('Erasure', Math.max(estimate, rows))
    progress.bar.at(rows)
    return false
  }
  const { next: _, ...found } = await scanSlice(db, config.dataDir, wanted.search, {
    from: null,
    onRows,
  })
  progress.bar?.end()
  return { subscriberId, erasure, soughtFor: wanted.sought, ...found }
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
