/** A database with profiles to download, and a process of its own that answers phones: both are measured. */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { iccidOf, imsiOf, matchingIdOf } from '../../src/esim/iccid.ts'
import { sealedMatchingId } from '../../src/esim/seal-store.ts'
import { startCluster } from '../../src/platform/cluster.ts'
import {
  type Db,
  insertRows,
  openDatabase,
  openPool,
  rowsParameter,
} from '../../src/platform/database.ts'
import { migrate } from '../../src/platform/migrate.ts'
import { personal } from '../../src/platform/personal.ts'
import { serverCpuUs } from '../charging/cpu.ts'

export type Cpu = { readonly nodeMs: number; readonly postgresMs: number }

export type World = {
  address: string
  dataDir: string
  cpu(): Promise<Cpu>
  /** Profiles ready for download, each of a line and a subscriber of its own; their matching ids. */
  sell(from: number, count: number): Promise<string[]>
  /** What all downloads so far have left behind. */
  left(): Promise<Left>
  close(): Promise<void>
}
export type Left = { installed: number; entries: number; jobs: number }

const masterKey = Buffer.alloc(32, 9)

export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'violet-bench-'))
  const cluster = await startCluster({
    folder: join(folder, 'postgres'),
    port: 0,
    logFile: join(folder, 'log'),
  })
  const url = cluster.url()
  await migrate(url)
  // Lines whose plan nobody looks at: no foreign keys, no triggers.
  const db = openDatabase(openPool(url, 1, ['session_replication_role=replica']), { masterKey })
  // The parent's flags are its own: the server runs as it does when the platform is started.
  const child = fork(join(import.meta.dirname, 'server.ts'), [url, folder], { execArgv: [] })
  child.setMaxListeners(0)
  const { address } = await said<{ address: string }>(child)
  return {
    address,
    dataDir: folder,
    async cpu() {
      child.send('cpu')
      const { cpuMs } = await said<{ cpuMs: number }>(child)
      return { nodeMs: cpuMs, postgresMs: serverCpuUs(cluster.pid) / 1000 }
    },
    sell: (from, count) => sell(db, from, count),
    left: () => leftIn(db),
    async close() {
      child.disconnect()
      await db.destroy()
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const said = <Message>(child: ChildProcess) =>
  new Promise<Message>((done, fail) => {
    child.once('message', (message) => done(message as Message))
    child.once('exit', (code) => fail(new Error(`the server ended with ${code}`)))
  })

async function sell(db: Db, from: number, count: number): Promise<string[]> {
  const matchingIds = Array.from({ length: count }, () => matchingIdOf(randomBytes(16)))
  const sold = Array.from({ length: count }, (_, index) => {
    const n = BigInt(from + index + 1)
    return {
      subscriber_id: `sub_${n.toString(16).padStart(32, '0')}`,
      line_id: `line_${n.toString(16).padStart(32, '0')}`,
      iccid: iccidOf(n),
      imsi: imsiOf(n),
      matching_id: sealedMatchingId(masterKey, matchingIds[index]!),
    }
  })
  const now = Temporal.Now.instant()
  await db.transaction().execute(async (trx) => {
    const lines = sold.map(({ matching_id: _, ...line }, index) => ({
      ...line,
      nickname: nickname(line.subscriber_id, line.line_id),
      msisdn: `+4477009${String(from + index).padStart(5, '0')}`,
    }))
    const stock = sold.map(({ iccid, imsi, matching_id }) => ({
      iccid,
      imsi,
      matching_id,
      profile_type: 'violet-test-usim',
      owner: '2.999.20',
      state: 'released',
      taken: true,
      seal_about: iccid,
      version: 0,
      confirmation_failures: 0,
      download_attempts: 0,
    }))
    const profiles = sold.map((one) => ({
      ...one,
      state: 'released',
      removal: 'unconfirmed',
      released_at: now,
      version: 0,
      last_seq: 0,
      order_attempt: 1,
    }))
    await sql`
      insert into line (subscriber_id, line_id, iccid, imsi, nickname, msisdn, state, plan_id, plan_version, currency, ordered_at)
      select subscriber_id, line_id, iccid, imsi, nickname, msisdn, 'ordered', 'plan', 1, 'GBP', ${now}::timestamptz
      from jsonb_to_recordset(${rowsParameter(lines)}) as x
        (subscriber_id text, line_id text, iccid text, imsi text, nickname text, msisdn text)`.execute(
      trx,
    )
    await insertRows(trx, 'profile_stock', stock)
    await insertRows(trx, 'profile', profiles)
    const index = sold.map(({ iccid, subscriber_id, line_id }) => ({
      iccid,
      subscriber_id,
      line_id,
    }))
    await insertRows(trx, 'profile_index', index)
  })
  return matchingIds
}

const nickname = (subscriberId: string, lineId: string) =>
  personal(
    { subscriberId, category: 'contacts', field: 'line.nickname', record: lineId },
    'Everyday',
  )

async function leftIn(db: Db): Promise<Left> {
  const { rows } = await sql<Left>`
    select (select count(*)::int from profile p join profile_stock s on s.iccid = p.iccid
        where p.state = 'installed' and s.state = 'installed' and s.binding is null) as installed,
      (select count(*)::int from audit_entry
        where action in ('profile-downloaded', 'profile-installed')) as entries,
      (select count(distinct singleton_key)::int from pgboss.job where name = 'lines.activate') as jobs`.execute(
    db,
  )
  return rows[0]!
}
