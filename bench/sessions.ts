/** Online charging, durable before the answer: natural micro-batches against one transaction for each request. */
import { openKeyedPool } from '../src/platform/copy.ts'
import { openDatabase } from '../src/platform/database.ts'
import { openCharger } from '../src/usage/nchf/batch-store.ts'
import { openWorld, seedLines, type World } from './charging/world.ts'
import { type Bench, median, type Options } from './contract.ts'
import { runLimit } from './sessions/limit.ts'
import { drive, type Outcome, usedBytes } from './sessions/load.ts'
import { openNaive, prepareNaive } from './sessions/naive.ts'
import { openServed } from './sessions/served.ts'

const callers = 64
const seconds = 6

/** Every session gave back what it held, and lines, records and ledger agree. */
async function prove({ query }: World, sessions: number): Promise<void> {
  const { rows } = await query(`
    select (select count(*) from usage_record)::int8 as records, (select sum(quantity) from usage_record)::int8 as used,
      (select sum(from_bucket) from usage_record)::int8 as drawn,
      (select sum(charged_minor) from usage_record)::int8 as charged,
      (select sum(absorbed_minor) from usage_record)::int8 as absorbed,
      (select sum(granted[1] - remaining[1]) from purse)::int8 as gone,
      (select sum(reserved[1]) from purse)::int8 as reserved, (select sum(held_minor) from purse)::int8 as held,
      (select sum(open_sessions) from purse)::int8 as open,
      (select -sum(minor) from ledger_posting where account in ('paid-credit', 'promotional-credit')
        and minor < 0)::int8 as posted`)
  const found = rows[0] as Record<string, bigint>
  const wanted: Record<string, bigint> = {
    records: BigInt(sessions) * 2n,
    used: BigInt(sessions) * BigInt(usedBytes.update + usedBytes.release),
    drawn: found['gone']!,
    charged: found['posted']!,
    absorbed: 0n,
    reserved: 0n,
    held: 0n,
    open: 0n,
  }
  for (const [name, value] of Object.entries(wanted))
    if (found[name] !== value) throw new Error(`${name}: ${found[name]} instead of ${value}`)
}

type Round = Record<'batches' | 'naive' | 'served', Outcome> & {
  limit: ReturnType<typeof runLimit>
}
type Way = Exclude<keyof Round, 'limit'>

async function measure(world: World, lines: number, { rounds, progress }: Options) {
  const db = openDatabase(openKeyedPool(world.url, 8))
  const charger = openCharger({ ...world.app, db })
  const naive = await openNaive(world)
  const served = await openServed(world, charger)
  const measured: Round[] = []
  let sessions = 0
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const what = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`
      const load = (seed: number) => ({ seconds, callers, lines, seed: round * 3 + seed })
      const at = (part: number, name: string) =>
        progress(0.1 + (0.9 * (round + part)) / (rounds + 1), `${what}: ${name}`)
      at(0, 'batches')
      const batches = await drive(charger, load(0))
      at(0.33, 'a transaction a request')
      const one = await drive(naive.charger, load(1))
      at(0.66, 'batches, over HTTP/2')
      const whole = await served.drive(load(2))
      const limit = runLimit(world)
      sessions += batches.sessions + one.sessions + whole.sessions
      if (round > 0) measured.push({ batches, naive: one, served: whole, limit })
    }
  } finally {
    await served.close()
    await naive.close()
    await db.destroy()
  }
  await prove(world, sessions)
  return measured
}

const whole = (value: number) => Math.round(value).toLocaleString('en')

export const bench: Bench = {
  name: 'sessions',
  summary: `create, update, release, ${callers} requests in flight, durable; against a transaction a request`,
  async run(options) {
    const lines = options.rows ?? 1_000_000
    const world = await openWorld()
    try {
      options.progress(0, `${whole(lines)} lines are made`)
      await seedLines(world, 0, lines)
      await prepareNaive(world)
      const measured = await measure(world, lines, options)
      const of = (which: Way, what: keyof Outcome) =>
        median(measured.map((one) => one[which][what]))
      const to = (which: Way) =>
        median(measured.map((one) => one[which].perSecond / one.naive.perSecond))
      const synced = (what: 'perSecond' | 'p50' | 'p99') =>
        median(measured.map(({ limit }) => limit[what]))
      const row = (name: string, which: Way, cpu: boolean) => [
        name,
        whole(of(which, 'perSecond')),
        to(which).toFixed(1),
        of(which, 'p50').toFixed(1),
        of(which, 'p99').toFixed(1),
        cpu ? of(which, 'cpuUs').toFixed(0) : '',
      ]
      return {
        figures: {
          requestsPerSecond: of('batches', 'perSecond'),
          p99Ms: of('batches', 'p99'),
          transactionPerRequestPerSecond: of('naive', 'perSecond'),
          transactionPerRequestP99Ms: of('naive', 'p99'),
          overHttp2PerSecond: of('served', 'perSecond'),
          overHttp2P99Ms: of('served', 'p99'),
          nodeMicrosecondsPerRequest: of('batches', 'cpuUs'),
          syncedPagesPerSecond: synced('perSecond'),
          syncedPageP50Ms: synced('p50'),
          syncedPageP99Ms: synced('p99'),
        },
        ratios: {
          toTransactionPerRequest: to('batches'),
          p99Ms: of('batches', 'p99'),
          overHttp2ToTransactionPerRequest: to('served'),
        },
        marks: [
          { ratio: 'toTransactionPerRequest', atLeast: 6 },
          { ratio: 'p99Ms', atMost: 20 },
        ],
        table: [
          ['', 'requests/s', 'ratio', 'p50 ms', 'p99 ms', 'Node µs'],
          row(`batches, ${whole(lines)} lines`, 'batches', true),
          row('  a transaction a request, 16 connections', 'naive', true),
          row('  batches over HTTP/2, the caller beside it', 'served', false),
          [
            '  the disk alone: one page after another made safe',
            whole(synced('perSecond')),
            '',
            synced('p50').toFixed(1),
            synced('p99').toFixed(1),
            '',
          ],
        ],
      }
    } finally {
      await world.close()
    }
  },
}
