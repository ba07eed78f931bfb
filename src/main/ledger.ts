/** `violet ledger`: what finance and auditors ask of the books. */
import { isClean, reportFields, reportOf } from '../ledger/check.ts'
import { checkLedger } from '../ledger/check-store.ts'
import { openDatabase, openPool } from '../platform/database.ts'
import { openProgress } from '../platform/progress.ts'

type Write = (text: string) => void

/** The exit code: 0 when the books are proven, 1 when they are not. */
export async function ledgerCheckCommand(
  databaseUrl: string,
  json: boolean,
  write: Write = (text) => process.stdout.write(text),
): Promise<number> {
  const db = openDatabase(openPool(databaseUrl, 1))
  const progress: { bar?: ReturnType<typeof openProgress> } = {}
  try {
    const check = await checkLedger(db, {
      onProgress(postings, estimate) {
        progress.bar ??= openProgress('Ledger', estimate)
        progress.bar.at(postings)
      },
    })
    progress.bar?.end()
    write(`${json ? JSON.stringify(reportFields(check)) : reportOf(check)}\n`)
    return isClean(check) ? 0 : 1
  } finally {
    await db.destroy()
  }
}
