/** One world: a database, a queue, partners, processes, people, and a clock that only the driver moves. */
import pg from 'pg'
import { openDatabase, openPool, type Db } from '../../src/platform/database.ts'
import { openIds, type Ids } from '../../src/platform/ids.ts'
import { dice, type Dice } from './dice.ts'
import { beginLife, bury, makeNode, type SimNode, within } from './node.ts'
import { openPartners, type Partners } from './partners.ts'
import { config, openServices, putAway } from './platform.ts'
import { openRestarting, type Restarting } from './restart.ts'
import { openSimQueue, type SimQueue } from './queue.ts'
import { type Fault, hourMs, type Partner, start, type Story } from './story.ts'

export type Visit = { place: string; nth: number; kinds: readonly string[] }
export type Said = { at: Temporal.Instant; who: string; what: string }

export type World = {
  readonly seed: number
  readonly story: Story
  readonly chance: Dice
  readonly ids: Ids
  readonly clock: { now(): Temporal.Instant }
  nowMs: number
  readonly pool: pg.Pool
  /** For the checks: no process, so it never fails. */
  readonly eyes: pg.Pool
  readonly db: Db
  readonly database: Restarting
  /** How often a process has written. */
  commits: number
  /** How often of these in the ledger. */
  money: number
  readonly queue: SimQueue
  readonly partners: Partners
  readonly nodes: readonly SimNode[]
  /** Whose subscriber is whose. */
  readonly members: Map<string, string>
  /** What was given to whom, by its kind and name. */
  readonly given: Map<string, string>
  readonly said: Said[]
  readonly visits: Visit[]
  readonly met: Fault[]
  faultsUntilMs: number
  faultsMax: number
  outages: { partner: Partner; untilMs: number }[]
  /** What went wrong that no rule of the database shows: a bug, a 500, an answer about somebody else. */
  readonly troubles: { rule: string; what: string }[]
  /** Errors the platform logged. */
  readonly log: string[]
  say(who: string, what: string): void
  faultAt(place: string, kinds: readonly string[]): Fault | undefined
  /** How many connections broke so far: what explains an error. */
  breaks(): number
  isAway(partner: Partner): boolean
  restart(node: SimNode): Promise<void>
  close(): Promise<void>
}

/** In the days of its people, and in the months afterwards. */
export const faultsMax = { first: 60, later: 25 }
const slowForMs = [1200, 4800]
const frozenForMs = [15_000, 120_000, 40 * 60_000, 3 * hourMs]

function withParameters(url: string, parameters: Record<string, string>): string {
  const given = new URL(url)
  for (const [name, value] of Object.entries(parameters)) given.searchParams.set(name, value)
  return given.href
}

/** Opens a world on a database of its own, a copy of the template. */
export async function openWorld(
  story: Story,
  database: { url: string; drop(): void },
): Promise<World> {
  const { seed } = story
  const chance = dice(seed)
  const settings = '-c timezone=UTC -c jit=off -c pgboss.test_clock=on'
  const url = withParameters(database.url, { options: settings })
  const pool = openPool(url, 12)
  // The clock on the wall decides nothing in a world, however long a machine sleeps.
  pool.options.connectionTimeoutMillis = 0
  // One connection, so that what is asked after every tick is planned once.
  const planned = `${settings} -c plan_cache_mode=force_generic_plan`
  const eyes = openPool(withParameters(url, { options: planned, application_name: 'eyes' }), 1)
  eyes.options.connectionTimeoutMillis = 0
  const clock = { now: () => Temporal.Instant.fromEpochMilliseconds(world.nowMs) }
  const ids = openIds(() => world.nowMs, chance.bytes)
  const nowMs = start.epochMilliseconds
  const queue = await openSimQueue(database.url, eyes, nowMs, chance)
  const names = ['server-1', 'server-2', 'worker-1', 'worker-2', 'worker-3']
  const visited = new Map<string, number>()
  const world: World = {
    seed,
    story,
    chance,
    ids,
    clock,
    nowMs,
    pool,
    eyes,
    db: openDatabase(eyes, config),
    database: openRestarting(eyes, () => [pool, queue.pool]),
    commits: 0,
    money: 0,
    queue,
    partners: openPartners(clock, ids),
    nodes: names.map(makeNode),
    members: new Map(),
    given: new Map(),
    said: [],
    visits: [],
    met: [],
    faultsUntilMs: Infinity,
    faultsMax: faultsMax.first,
    outages: [],
    troubles: [],
    log: [],
    say: (who, what) => world.said.push({ at: clock.now(), who, what }),
    faultAt(place, kinds) {
      const nth = (visited.get(place) ?? 0) + 1
      visited.set(place, nth)
      world.visits.push({ place, nth, kinds })
      const fault = faultOf(world, { place, nth, kinds })
      if (fault) world.met.push(fault)
      return fault
    },
    breaks: () =>
      world.met.filter(({ kind }) => kind === 'break').length + world.database.restarts(),
    isAway: (partner) =>
      world.outages.some((one) => one.partner === partner && world.nowMs < one.untilMs),
    async restart(node) {
      if (node.life?.services) await putAway(node.life.services, false)
      node.life = beginLife(node)
      node.frozen = null
      node.slow = []
      node.frozenUntilMs = null
      const kind = node.name.startsWith('server') ? 'server' : 'worker'
      node.life.services = await within(world, node, 'starts', () => openServices(kind))
    },
    async close() {
      for (const { life, frozen, slow } of world.nodes)
        await putAway(life.services, !life.ended && frozen === null && slow.length === 0)
      // What a frozen process holds would be waited for.
      for (const { life } of world.nodes) await bury(life)
      await queue.close()
      await pool.end()
      await eyes.end()
      database.drop()
    },
  }
  for (const node of world.nodes) await world.restart(node)
  return world
}

function faultOf(world: World, { place, nth, kinds }: Visit): Fault | undefined {
  const { faults } = world.story
  if ('given' in faults) {
    const given = faults.given.find(
      (one) => one.place === place && one.nth === nth && kinds.includes(one.kind),
    )
    return given?.kind === 'freeze' && !maySpareOne(world) ? undefined : given
  }
  if (world.nowMs >= world.faultsUntilMs || world.met.length >= world.faultsMax) return undefined
  const { chance } = world
  if (kinds.length === 0) return undefined
  if (!chance.happens(faults.rate * weightOf(place), 'fault', place, nth)) return undefined
  const kind = chance.pick(kinds, 'kind of fault', place, nth)
  if (kind === 'freeze' && !maySpareOne(world)) return undefined
  const waits = kind === 'slow' ? slowForMs : frozenForMs
  return { place, nth, kind, ms: chance.pick(waits, 'frozen for', place, nth) }
}

/** Where a case is closed a fault teaches most; a sweep comes again anyway. */
function weightOf(place: string): number {
  if (place.startsWith('closure.advance')) return 3
  return place.startsWith('sweep') ? 0.2 : 1
}

/** Somebody of each kind must be left to do the work. */
function maySpareOne({ nodes }: World): boolean {
  const awake = (kind: string) =>
    nodes.filter(({ name, frozenUntilMs }) => name.startsWith(kind) && frozenUntilMs === null)
  return awake('server').length > 1 && awake('worker').length > 1
}
