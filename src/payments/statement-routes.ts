/** The statement: by page for the portal, and a period of it as PDF or CSV to keep. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { renderPdfAside } from '../platform/documents-thread.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { operator } from '../platform/operator.ts'
import { subscriberById } from '../subscribers/store.ts'
import { knownLocale, type Locale } from '../values/locale.ts'
import { add, type Money, zero } from '../values/money.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { localeWire, pageQuery, problemWire } from '../values/wire.ts'
import { type Period, readPeriod } from './period.ts'
import { statementTables } from './statement.ts'
import { balanceRow, csvHead, movementRow } from './statement-csv.ts'
import { statementPage } from './statement-page.ts'
import {
  eachMovement,
  heldAround,
  lineNames,
  shownMovements,
  statementOf,
} from './statement-store.ts'
import { formatDay } from './statement-words.ts'
import { statementWire } from './wire.ts'

// More single charges than this are summed by day, line and country on paper; the CSV has them all.
const printedUsageMax = 400

const periodQuery = z.object({
  from: z.string().max(10).describe('First day, `YYYY-MM-DD`, where the operator is'),
  to: z.string().max(10).describe('The day after the last; at most a year later'),
  locale: localeWire.optional().describe('Language; by default yours'),
})

export function registerStatementRoutes(http: Http, app: App) {
  http.get(
    '/v1/statement',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['Money'],
        summary: 'Every change of what you hold, newest first',
        querystring: pageQuery,
        response: { 200: statementWire, '4xx': problemWire },
      },
    },
    async (request) => statementOf(app.db, request.subscriberId, request.query),
  )
  registerPdf(http, app)
  registerCsv(http, app)
}

function registerPdf(http: Http, app: App) {
  http.get(
    '/v1/statement.pdf',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags: ['Money'],
        summary: 'Your statement of a period, to keep or print (PDF)',
        querystring: periodQuery,
      },
    },
    async (request, reply) => {
      const { subscriberId, query } = request
      const period = readPeriod(query, operator.timeZone)
      if (isRefusal(period)) return refused(reply, period)
      const subscriber = await subscriberById(app.db, subscriberId)
      if (!subscriber) return refused(reply, refuse('not-found'))
      const locale = query.locale ?? knownLocale(subscriber.locale)
      const madeAt = app.clock.now()
      const { tables, lines } = await inSnapshot(app, async (trx) => {
        const options = { rowsMax: printedUsageMax, zone: operator.timeZone }
        const movements = await shownMovements(trx, subscriberId, period, options)
        const held = await heldAround(trx, subscriberId, period)
        return {
          tables: statementTables(movements, held),
          lines: await lineNames(trx, subscriberId),
        }
      })
      const about = { operator, subscriber, period, madeAt, lines }
      const pdf = await renderPdfAside({
        template: readFileSync(new URL('statement.typ', import.meta.url), 'utf8'),
        page: statementPage(tables, about, locale),
        inputs: {},
        at: madeAt,
      })
      return reply
        .type('application/pdf')
        .header('content-disposition', `attachment; filename="${fileName(period)}.pdf"`)
        .header('cache-control', 'no-store')
        .send(Buffer.from(pdf))
    },
  )
}

function registerCsv(http: Http, app: App) {
  http.get(
    '/v1/statement.csv',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags: ['Money'],
        summary: 'Your statement of a period, every movement a row (CSV, RFC 4180)',
        querystring: periodQuery,
      },
    },
    async (request, reply) => {
      const { subscriberId, query } = request
      const period = readPeriod(query, operator.timeZone)
      if (isRefusal(period)) return refused(reply, period)
      const subscriber = await subscriberById(app.db, subscriberId)
      if (!subscriber) return refused(reply, refuse('not-found'))
      const locale = query.locale ?? knownLocale(subscriber.locale)
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${fileName(period)}.csv"`)
        .header('cache-control', 'no-store')
        .send(Readable.from(csvOf(app, subscriberId, period, locale)))
    },
  )
}

const fileName = ({ firstDay, lastDay }: Period) => `statement-${firstDay}-${lastDay}`

/** One moment of the books for all that is read, whatever is posted meanwhile. */
function inSnapshot<T>(app: App, read: (trx: Trx) => Promise<T>): Promise<T> {
  return app.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(read)
}

/** Written while it is read; a batch of movements at a time, so a year of any length fits in memory. */
async function* csvOf(app: App, subscriberId: string, period: Period, locale: Locale) {
  // A transaction cannot outlive its callback, so the snapshot is held by a controlled one.
  const trx = await app.db
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute()
  try {
    const { opening, closing } = await heldAround(trx, subscriberId, period)
    const lines = await lineNames(trx, subscriberId)
    const balances = new Map(opening.map((amount) => [amount.currency as string, amount]))
    const day = {
      first: formatDay(period.firstDay, locale),
      last: formatDay(period.lastDay, locale),
    }
    yield csvHead
    const start = (amount: Money) => balanceRow('opening', period.from, amount, day.first, locale)
    for (const amount of opening) yield start(amount)
    for await (const movement of eachMovement(trx, subscriberId, period)) {
      const { currency } = movement.amount
      const before = balances.get(currency)
      if (!before) yield start(zero(currency))
      const balance = add(before ?? zero(currency), movement.amount)
      balances.set(currency, balance)
      yield movementRow(movement, balance, lines, locale)
    }
    for (const [code, balance] of [...balances].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const end = closing
        .filter(({ amount }) => amount.currency === code)
        .reduce((sum, { amount }) => add(sum, amount), zero(code))
      if (end.minor !== balance.minor) throw new Error(`the statement of ${code} does not add up`)
      yield balanceRow('closing', period.to, end, day.last, locale)
    }
  } finally {
    await trx.rollback().execute()
  }
}
