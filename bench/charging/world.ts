/** A database with many lines, as the platform would have made them, and files of usage for them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import { seedCatalog } from '../../src/plans/store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { startCluster } from '../../src/platform/cluster.ts'
import type { Config } from '../../src/platform/config.ts'
import { openDatabase, openPool, poolOf } from '../../src/platform/database.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { migrate } from '../../src/platform/migrate.ts'
import { ownCpuUs, serverCpuUs } from './cpu.ts'
import { proveLedger } from '../../src/ledger/store.ts'
import type { Tools } from '../../src/usage/commit-store.ts'

/** The platform's own PostgreSQL with its own settings: fsync and synchronous_commit on. */
export async function openWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'violet-charging-'))
  const cluster = await startCluster({
    folder: join(folder, 'postgres'),
    port: 0,
    logFile: join(folder, 'postgres.log'),
  })
  const url = cluster.url()
  await migrate(url)
  const db = openDatabase(openPool(url, 20))
  await seedCatalog(db, systemClock.now())
  const config = { publicUrl: 'http://localhost', databaseUrl: url } as Config
  const queue = { send: async () => undefined } as unknown as Tools['queue']
  const app = {
    db,
    clock: systemClock,
    ids: systemIds(),
    queue,
    config,
    log: pino({ level: 'silent' }),
  }
  const { rows } = await poolOf(db).query(
    `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit')`,
  )
  if (rows.some(({ setting }) => setting !== 'on')) throw new Error('the bench syncs to disk')
  return {
    app,
    db,
    url,
    folder,
    cpuUs: () => ({ node: ownCpuUs(), server: serverCpuUs(cluster.pid) }),
    query: (text: string, values: unknown[] = []) => poolOf(db).query(text, values),
    async close() {
      await db.destroy()
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
export type World = Awaited<ReturnType<typeof openWorld>>

const dayMs = 86_400_000
/** When the lines of the world began, and the first day of usage. */
export const startMs = Math.floor((Date.now() - 20 * dayMs) / dayMs) * dayMs

export const imsiOf = (line: number): string => `23499${String(line).padStart(10, '0')}`
const hex = (n: string) => `lpad(to_hex(${n}), 32, '0')`

/** Lines with a bucket of 3 GB, £5 of promotional and £200 of paid credit each; in sets, triggers aside. */
export async function seedLines(
  { url }: Pick<World, 'url'>,
  first: number,
  count: number,
): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const began = new Date(startMs - 30 * dayMs).toISOString()
  const series = `generate_series(${first}, ${first + count - 1}) as n`
  const ids = `'sub_' || ${hex('n')} as subscriber_id, 'line_' || ${hex('n')} as line_id`
  // Postings as a top-up would have made them; their trigger would move the credit a second time.
  await client.query(
    `set session_replication_role = replica; set synchronous_commit = off;
    insert into subscriber (subscriber_id, name, country, created_at)
      select 'sub_' || ${hex('n')}, '', 'GB', '${began}' from ${series};
    insert into line (subscriber_id, line_id, state, plan_id, plan_version, currency, imsi, iccid, ordered_at, activated_at,
        period_start, period_end)
      select ${ids}, 'active', 'japan-3gb-7d', 1, 'GBP', '23499' || lpad(n::text, 10, '0'), '89' || n, '${began}',
        '${began}', '${began}', '${began}'::timestamptz + interval '90 days' from ${series};
    insert into line_index (imsi, line_id, subscriber_id)
      select '23499' || lpad(n::text, 10, '0'), 'line_' || ${hex('n')}, 'sub_' || ${hex('n')} from ${series};
    insert into ledger_transfer (subscriber_id, transfer_id, key, kind, posted_at)
      select 'sub_' || ${hex('n')}, 'transfer_' || ${hex('n')}, 'seed', 'top-up', '${began}' from ${series};
    insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor)
      select 'sub_' || ${hex('n')}, 'transfer_' || ${hex('n')}, s, a, case when s < 2 then 'line_' || ${hex('n')} else '' end,
        'GBP', m
      from ${series} cross join (values (0, 'promotional-credit', 500), (1, 'paid-credit', 20000),
        (2, 'promotions-granted', -500), (3, 'payments-clearing', -20000)) as v (s, a, m);
    insert into purse (subscriber_id, line_id, currency, promotional_minor, paid_minor, bucket_ids, kinds, priorities, granted,
        remaining, reserved, expires_us, noticed, line_state, plan_id, plan_version, activated_us, country)
      select ${ids}, 'GBP', 500, 20000, array['bucket_' || ${hex('n')}], '{data}', '{0}', '{3000000000}', '{3000000000}',
        '{0}', array[(extract(epoch from '${began}'::timestamptz + interval '90 days') * 1000000)::int8], '{0}', 'active',
        'japan-3gb-7d', 1, (extract(epoch from '${began}'::timestamptz) * 1000000)::int8, 'GB'
      from ${series}`,
  )
  // Now, and not while something is measured.
  await client.query(
    'vacuum (analyze) subscriber, line, line_index, purse, ledger_transfer, ledger_posting',
  )
  await client.query('checkpoint')
  await client.end()
}

export type Usage = {
  id: string
  imsi: string
  kind: 'data' | 'voice' | 'sms'
  quantity: number
  startedMs: number
  endedMs: number
  mcc: string
  mnc: string
}

/** A number that has nothing to do with its neighbours', nor with any stride through them: Knuth's multiplicative hash. */
const mixed = (n: number): number => (Math.imul(n + 1, 0x9e3779b1) >>> 0) >>> 16

/**
 * The n-th record of a world: nine of ten are data inside the plan, the rest is paid from credit (data in India,
 * calls, messages). `slot` is how many records the line had before; its records follow each other in time.
 */
export function usageOf(n: number, line: number, slot: number, slotMs = 120_000): Usage {
  const startedMs = startMs + slot * slotMs + (line % 60) * 1000
  const common = {
    id: `use_${startedMs.toString(16).padStart(12, '0')}${n.toString(16).padStart(20, '0')}`,
    imsi: imsiOf(line),
  }
  const choice = mixed(n) % 40
  if (choice < 36) {
    const quantity = 40_000 + ((n * 7919) % 900_000)
    return {
      ...common,
      kind: 'data',
      quantity,
      startedMs,
      endedMs: startedMs + slotMs / 2,
      mcc: '440',
      mnc: '10',
    }
  }
  if (choice < 38) {
    const quantity = 1_000 + ((n * 104_729) % 1_900_000)
    return {
      ...common,
      kind: 'data',
      quantity,
      startedMs,
      endedMs: startedMs + slotMs / 2,
      mcc: '404',
      mnc: '10',
    }
  }
  const kind = choice === 38 ? 'voice' : 'sms'
  const quantity = kind === 'voice' ? 1 + (n % 60) : 1
  const endedMs = startedMs + (kind === 'voice' ? Math.min(quantity * 1000, slotMs / 2) : 0)
  return { ...common, kind, quantity, startedMs, endedMs, mcc: '440', mnc: '10' }
}

/** Writes a file of `count` records spread over lines in no order that anybody could use. */
export async function writeUsage(
  path: string,
  { count, lines, before }: { count: number; lines: number; before: number },
): Promise<void> {
  const file = await open(path, 'w')
  const perLine = Math.ceil(count / lines)
  let text = 'id,imsi,kind,quantity,started_at,ended_at,mcc,mnc\n'
  // A step that shares no factor with the number of lines visits each once a round.
  const step = coprime(lines)
  for (let n = 0; n < count; n += 1) {
    const line = (n * step) % lines
    const slot = before + (lines === 1 ? n : Math.floor(n / lines))
    const one = usageOf(before * lines + n, line, slot, lines === 1 ? 1000 : 120_000)
    text += `${one.id},${one.imsi},${one.kind},${one.quantity},${iso(one.startedMs)},${iso(one.endedMs)},${one.mcc},${one.mnc}\n`
    if (text.length > 1 << 20) {
      await file.write(text)
      text = ''
    }
  }
  await file.write(text)
  await file.close()
  if (perLine < 1) throw new Error('no records')
}

const iso = (ms: number) => new Date(ms).toISOString()

function coprime(count: number): number {
  let step = Math.floor(count * 0.618) | 1
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
  while (divisor(step, count) !== 1) step += 2
  return step
}

/** Credit and a bucket that last for a file with one line. */
export async function fillLine({ query, app }: World, line: number): Promise<void> {
  const imsi = imsiOf(line)
  await query(
    `update purse set granted = '{3000000000000}', remaining = array[remaining[1] + 2997000000000]
     where line_id = (select line_id from line_index where imsi = $1)`,
    [imsi],
  )
  const id = app.ids.make('transfer')
  await query(
    `insert into ledger_transfer (subscriber_id, transfer_id, key, kind, posted_at)
     select subscriber_id, $1, $1, 'usage', now() - interval '1 day' from line_index where imsi = $2`,
    [id, imsi],
  )
  await query(
    `insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor)
     select subscriber_id, $1, s, a, case when s = 0 then line_id else '' end, 'GBP', m from line_index
     cross join (values (0, 'paid-credit', 100000000), (1, 'payments-clearing', -100000000)) as v (s, a, m)
     where imsi = $2`,
    [id, imsi],
  )
}

/** Throws unless the ledger proves itself. */
export async function proveLines({ db }: World): Promise<void> {
  const { unbalanced, drifted } = await proveLedger(db)
  if (unbalanced.length + drifted.length > 0) throw new Error('the ledger does not prove')
}

/** Throws unless the books are right: the ledger's proof, and usage against postings and buckets. */
export async function proveWorld(world: World, records: number): Promise<void> {
  await proveLines(world)
  const { query } = world
  const { rows } = await query(`
    select (select count(*) from usage_record)::int8 as records,
      (select coalesce(sum(charged_minor), 0) from usage_record)::int8 as charged,
      (select coalesce(-sum(minor), 0) from ledger_posting where minor < 0
        and account in ('paid-credit', 'promotional-credit'))::int8 as posted,
      (select coalesce(sum(from_bucket), 0) from usage_record where from_bucket > 0)::int8 as used,
      (select coalesce(sum(granted[1] - remaining[1]), 0) from purse)::int8 as drawn,
      (select coalesce(sum(absorbed_minor), 0) from usage_record)::int8 as absorbed`)
  const { records: found, charged, posted, used, drawn, absorbed } = rows[0]
  if (found !== BigInt(records)) throw new Error(`${found} records instead of ${records}`)
  if (charged !== posted) throw new Error(`charged ${charged}, posted ${posted}`)
  if (used !== drawn) throw new Error(`used ${used}, drawn ${drawn}`)
  if (absorbed !== 0n) throw new Error('somebody ran out of credit')
}
