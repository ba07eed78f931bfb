/** `violet ledger`: what finance and auditors ask of the books. */
import { isClean, reportFields, reportOf } from '../ledger/check.ts'
import { checkLedger } from '../ledger/check-store.ts'
import { type AccountSum, operatorBalances, resealDays } from '../ledger/operator-store.ts'
import { systemClock } from '../platform/clock.ts'
import { openProgress } from '../platform/progress.ts'
import { decimal } from '../values/money.ts'
import { withDatabase } from './with-database.ts'

type Write = (text: string) => void

const toStdout: Write = (text) => process.stdout.write(text)

/** The exit code: 0 when the books are proven, 1 when they are not. */
export function ledgerCheckCommand(url: string, json: boolean, write = toStdout): Promise<number> {
  return withDatabase(url, async (db) => {
    const progress: { bar?: ReturnType<typeof openProgress> } = {}
    const check = await checkLedger(db, {
      onProgress(postings, estimate) {
        progress.bar ??= openProgress('Ledger', estimate)
        progress.bar.at(postings)
      },
    })
    progress.bar?.end()
    write(`${json ? JSON.stringify(reportFields(check)) : reportOf(check)}\n`)
    return isClean(check) ? 0 : 1
  })
}

/** What each account holds over all subscribers; `again` sums every day anew first. */
export function ledgerBalancesCommand(
  url: string,
  { json, again }: { json: boolean; again: boolean },
  write = toStdout,
): Promise<void> {
  return withDatabase(url, async (db) => {
    if (again) await resealDays({ db, clock: systemClock })
    const sums = await operatorBalances(db)
    write(json ? `${JSON.stringify({ accounts: sums.map(fieldsOf) })}\n` : tableOf(sums))
  })
}

function fieldsOf({ account, taxCountry, amount }: AccountSum) {
  return {
    account,
    ...(taxCountry && { country: taxCountry }),
    amount: decimal(amount),
    currency: amount.currency,
  }
}

function tableOf(sums: readonly AccountSum[]): string {
  if (sums.length === 0) return 'No money has moved yet.\n'
  const rows = sums.map(({ account, taxCountry, amount }) => ({
    name: [account, taxCountry].filter(Boolean).join(' '),
    figure: decimal(amount),
    currency: amount.currency,
  }))
  const nameWidth = Math.max(...rows.map(({ name }) => name.length))
  const figureWidth = Math.max(...rows.map(({ figure }) => figure.length))
  return rows
    .map(
      ({ name, figure, currency }) =>
        `${name.padEnd(nameWidth)}  ${figure.padStart(figureWidth)} ${currency}\n`,
    )
    .join('')
}
