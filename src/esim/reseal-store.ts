/** Seals anew what a former master key sealed of profiles, and what an older version left readable: a batch a transaction. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { rowsParameter, type Trx } from '../platform/database.ts'
import { codeSeal } from './order-store.ts'
import { sealedConfirmationHash } from './rsp-store.ts'
import { answerSeal, matchingIdSealedAnew, sealed, sealedAnew } from './seal-store.ts'

type Means = Pick<App, 'config' | 'db' | 'ids'>

const rowsAtOnce = 500

/** How many profiles. Goes on where it stopped. */
export async function resealProfiles(app: Means): Promise<number> {
  let count = 0
  for (let after: string | undefined = ''; after !== undefined;) {
    const from: string = after
    const done = await app.db.transaction().execute((trx) => resealBatch(trx, app, from))
    count += done.changed
    after = done.last
  }
  return count
}

async function resealBatch(trx: Trx, app: Means, after: string) {
  const { rows } = await sql<StockSeals>`
    select iccid, seal_about, matching_id, confirmation_hash, subscription, binding, last_answer
    from profile_stock where iccid > ${after} order by iccid limit ${rowsAtOnce} for update`.execute(
    trx,
  )
  const stock = changedOf(rows, (row) => stockAnew(app, row))
  await sql`
    update profile_stock s set matching_id = x.matching_id, confirmation_hash = x.confirmation_hash,
      subscription = x.subscription, binding = x.binding, last_answer = x.last_answer
    from jsonb_to_recordset(${rowsParameter(stock)}) as x(iccid text, matching_id text, confirmation_hash text,
      subscription text, binding text, last_answer jsonb)
    where s.iccid = x.iccid`.execute(trx)
  const profiles = await resealOrders(trx, app, rows)
  const changed = new Set([...stock, ...profiles].map(({ iccid }) => iccid)).size
  return { changed, last: rows.length < rowsAtOnce ? undefined : rows.at(-1)?.iccid }
}

/** The same row where nothing is to be sealed anew. */
const changedOf = <Row>(rows: readonly Row[], anew: (row: Row) => Row): Row[] =>
  rows
    .map((row) => [row, anew(row)] as const)
    .flatMap(([row, now]) => (isSame(row, now) ? [] : now))

const isSame = (row: unknown, now: unknown) => JSON.stringify(row) === JSON.stringify(now)

type StockSeals = {
  iccid: string
  seal_about: string
  matching_id: string | null
  confirmation_hash: string | null
  subscription: string | null
  binding: string | null
  last_answer: unknown
}

function stockAnew(app: Means, row: StockSeals): StockSeals {
  const { seal_about: sealAbout, matching_id, confirmation_hash: hash, subscription, binding } = row
  const anew = (what: string, text: string | null) =>
    text && sealedAnew(app, `${sealAbout} ${what}`, text)
  return {
    ...row,
    matching_id: matching_id && matchingIdSealedAnew(app, matching_id),
    // Base64 of 32 bytes ends so, a seal never.
    confirmation_hash: hash?.endsWith('=')
      ? sealedConfirmationHash(app, { sealAbout }, hash)
      : anew('confirmation', hash),
    subscription: anew('subscription', subscription),
    binding: anew('binding', binding),
    last_answer: answerAnew(app, sealAbout, row.last_answer),
  }
}

function answerAnew(app: Means, sealAbout: string, answer: unknown): unknown {
  if (answer === null) return null
  const about = answerSeal(sealAbout)
  return typeof answer === 'string' ? sealedAnew(app, about, answer) : sealed(app, about, answer)
}

type OrderSeals = {
  subscriber_id: string
  iccid: string
  matching_id: string
  confirmation_code: string | null
}

/** What lines know of the same profiles; locked after the stock, as everybody does. */
async function resealOrders(trx: Trx, app: Means, stock: readonly { iccid: string }[]) {
  const { rows } = await sql<OrderSeals>`
    select p.subscriber_id, p.iccid, p.matching_id, p.confirmation_code
    from profile_index i join profile p on p.subscriber_id = i.subscriber_id and p.iccid = i.iccid
    where i.iccid = any(${stock.map(({ iccid }) => iccid)}::text[]) order by p.iccid for update of p`.execute(
    trx,
  )
  const changed = changedOf(rows, (row) => {
    const { subscriber_id: subscriberId, iccid, matching_id, confirmation_code: code } = row
    return {
      ...row,
      matching_id: matchingIdSealedAnew(app, matching_id),
      confirmation_code: code && sealedAnew(app, codeSeal({ subscriberId, iccid }), code),
    }
  })
  await sql`
    update profile p set matching_id = x.matching_id, confirmation_code = x.confirmation_code
    from jsonb_to_recordset(${rowsParameter(changed)})
      as x(subscriber_id text, iccid text, matching_id text, confirmation_code text)
    where p.subscriber_id = x.subscriber_id and p.iccid = x.iccid`.execute(trx)
  return changed
}

const taskName = 'seal-matching-ids'

/** Once, for a database that an older version has written. */
export async function sealProfiles(app: Means): Promise<void> {
  const done = await app.db
    .selectFrom('upgrade_done')
    .select('name')
    .where('name', '=', taskName)
    .executeTakeFirst()
  if (done) return
  await resealProfiles(app)
  await app.db
    .insertInto('upgrade_done')
    .values({ name: taskName })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
