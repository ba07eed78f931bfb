/** A database with many lines to close, and partners that answer at once and count what they were asked. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { pino } from 'pino'
import { openDocuments } from '../../src/closure/document-gateway.ts'
import type { Partners } from '../../src/closure/steps/step.ts'
import { proveLedger } from '../../src/ledger/store.ts'
import { allQueues } from '../../src/main/wiring.ts'
import type { App } from '../../src/platform/app.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { startCluster } from '../../src/platform/cluster.ts'
import type { Config } from '../../src/platform/config.ts'
import { openDatabase, openPool } from '../../src/platform/database.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { makePlatformKeys } from '../../src/platform/key-life.ts'
import { migrate } from '../../src/platform/migrate.ts'
import { openQueue } from '../../src/platform/queue.ts'
import { openSigner } from '../../src/platform/signing.ts'
import { seedCatalog } from '../../src/plans/store.ts'
import { seedPolicies } from '../../src/policy/store.ts'
import { makeLines, type MadeLine } from '../../test/charging.ts'

/** The platform's own PostgreSQL with its own settings: fsync and synchronous_commit on. */
export async function openWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'violet-closure-'))
  const cluster = await startCluster({
    folder: join(folder, 'postgres'),
    port: 0,
    logFile: join(folder, 'postgres.log'),
  })
  const url = cluster.url()
  await migrate(url)
  const config = {
    dataDir: folder,
    publicUrl: 'http://localhost',
    databaseUrl: url,
    masterKey: Buffer.alloc(32, 9),
  } as Config
  const db = openDatabase(openPool(url, 20), config)
  await makePlatformKeys(db, config)
  const now = systemClock.now()
  await seedCatalog(db, now)
  await seedPolicies(db, now)
  const log = pino({ level: 'silent' })
  // Jobs are written as ever; nobody takes them, so that each way is driven by the bench alone.
  const queue = await openQueue(url, log, allQueues)
  const app = { config, db, clock: systemClock, ids: systemIds(), log, queue } as App
  const documents = openDocuments(config, await openSigner(config))
  return {
    app,
    partners: atOnce(documents),
    sell: (from: number, count: number) => sell(app, from, count),
    prove: () => prove(app),
    async close() {
      await queue.close()
      await db.destroy()
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
export type World = Awaited<ReturnType<typeof openWorld>>
export type CountingPartners = Partners & { refunds: Map<string, number>; deleted: Set<string> }

function atOnce(documents: Partners['documents']): CountingPartners {
  const refunds = new Map<string, number>()
  const deleted = new Set<string>()
  return {
    refunds,
    deleted,
    documents,
    orders: { cancel: async () => 'cancelled' as const },
    network: {
      find: async (imsi) => (deleted.has(imsi) ? undefined : { imsi, state: 'active' as const }),
      cancelLocation: async () => undefined,
      delete: async (imsi) => void deleted.add(imsi),
    } as Partners['network'],
    payments: {
      findRefund: async (name) =>
        refunds.has(name) ? { refundId: `r_${name}`, state: 'succeeded' } : undefined,
      async refund({ key }) {
        refunds.set(key, (refunds.get(key) ?? 0) + 1)
        return { refundId: `r_${key}`, state: 'succeeded' }
      },
    } as Partners['payments'],
  }
}

const seedAtOnce = 20_000

/** Active lines in the middle of a paid period, with credit, a number, a profile and somebody to tell. */
async function sell({ db }: App, from: number, count: number): Promise<MadeLine[]> {
  const at = systemClock.now().subtract({ hours: 60 })
  const lines: MadeLine[] = []
  for (let done = 0; done < count; done += seedAtOnce) {
    const part = Math.min(seedAtOnce, count - done)
    const made = await makeLines(db, { count: part, from: from + done, paidMinor: 500n, at })
    const [first, last] = [made[0]!.lineId, made.at(-1)!.lineId]
    const own = sql`(select * from line where line_id between ${first} and ${last}) l`
    await db.transaction().execute(async (trx) => {
      await sql`update line set msisdn = '+4475' || right(imsi, 8) where line_id between ${first} and ${last}`.execute(
        trx,
      )
      await sql`insert into phone_number (msisdn, country, state, subscriber_id, line_id)
        select msisdn, 'GB', 'assigned', subscriber_id, line_id from ${own}`.execute(trx)
      await sql`insert into profile (subscriber_id, iccid, line_id, imsi, matching_id, state, released_at)
        select subscriber_id, iccid, line_id, imsi, 'M' || substr(line_id, 6), 'released', ${at} from ${own}`.execute(
        trx,
      )
      await sql`insert into profile_index (iccid, subscriber_id, line_id)
        select iccid, subscriber_id, line_id from ${own}`.execute(trx)
      await sql`insert into profile_stock (iccid, imsi, profile_type, owner, state, taken, matching_id, seal_about)
        select iccid, imsi, 'violet-test-usim', '2.999.20', 'released', true, 'M' || substr(line_id, 6), iccid
        from ${own}`.execute(trx)
      await sql`insert into subscriber_contact (subscriber_id, contact_id, kind, value, added_at, verified_at)
        select subscriber_id, 'contact_' || substr(line_id, 6), 'email', substr(line_id, 30) || '@example.com', ${at}, ${at}
        from ${own}`.execute(trx)
      await sql`insert into payment_order (subscriber_id, order_id, kind, state, minor, currency, instrument, payment_id,
          created_at, paid_at, line_id)
        select subscriber_id, 'order_' || substr(line_id, 6), 'plan', 'paid', 1500, currency,
          '{"brand":"visa","last4":"4242"}', 'pay_' || substr(line_id, 6), ${at}, ${at}, line_id from ${own}`.execute(
        trx,
      )
      await sql`insert into ledger_transfer (subscriber_id, transfer_id, key, kind, posted_at)
        select subscriber_id, 'transfer_p' || substr(line_id, 7), 'plan:test', 'plan-payment', ${at} from ${own}`.execute(
        trx,
      )
      await sql`insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor)
        select subscriber_id, 'transfer_p' || substr(line_id, 7), s,
          case s when 0 then 'payments-clearing' else 'plan-prepaid' end, case s when 0 then '' else line_id end, currency,
          case s when 0 then -1000 else 1000 end from ${own}, generate_series(0, 1) s`.execute(trx)
    })
    lines.push(...made)
  }
  await sql`vacuum analyze`.execute(db)
  return lines
}

/** Throws unless the books are sound and nothing of a closed line is alive. */
async function prove({ db }: App): Promise<void> {
  const { unbalanced, drifted } = await proveLedger(db)
  const { rows } = await sql<{ what: string; count: bigint }>`
    select what, count(*) as count from (
      select 'money' as what from ledger_balance b join line l using (subscriber_id, line_id)
        where l.state = 'closed' and b.minor <> 0
      union all
      select 'profile' from profile p join line l using (subscriber_id, line_id)
        where l.state = 'closed' and p.state <> 'unavailable'
      union all
      select 'number' from phone_number n join line l using (subscriber_id, line_id) where l.state = 'closed'
      union all
      select 'certificate' from closure_case c where c.state = 'closed' and not exists (
        select from closure_certificate t where t.subscriber_id = c.subscriber_id and t.case_id = c.case_id)
      union all
      select 'refund' from refund where state <> 'succeeded'
    ) wrong group by what`.execute(db)
  if (unbalanced.length + drifted.length > 0) throw new Error('the ledger is not sound')
  const [wrong] = rows
  if (wrong) throw new Error(`${wrong.count} × ${wrong.what} of closed lines is alive`)
}
