/** Where worlds are played: one throw-away PostgreSQL, a seeded template, and a copy of it for each world. */
import pg from 'pg'
import { pino } from 'pino'
import { seedNumbers } from '../../src/lines/number-store.ts'
import { allQueues } from '../../src/main/wiring.ts'
import { createCoupon } from '../../src/payments/coupon-store.ts'
import { catalogNumbers, catalogPlans } from '../../src/plans/catalog.ts'
import { seedAddons } from '../../src/addons/store.ts'
import { seedCatalog } from '../../src/plans/store.ts'
import { startThrowAwayCluster } from '../../src/platform/cluster.ts'
import { type Db, openDatabase, openPool } from '../../src/platform/database.ts'
import { systemIds } from '../../src/platform/ids.ts'
import { makePlatformKeys } from '../../src/platform/key-life.ts'
import { migrate } from '../../src/platform/migrate.ts'
import { openQueue } from '../../src/platform/queue.ts'
import { packOf } from '../../src/policy/packs.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { seedPolicies } from '../../src/policy/store.ts'
import { seedStaff } from '../../src/staff/store.ts'
import { money } from '../../src/values/money.ts'
import { booksOf } from './books.ts'
import { play } from './driver.ts'
import { codeOfError } from './errors.ts'
import type { Broken } from './invariants.ts'
import { isProcess } from './node.ts'
import { config } from './platform.ts'
import { couponCode, euroPlan, start, type Fault, type Story } from './story.ts'
import { moveWall } from './wall.ts'
import { openWorld, type Said, type Visit } from './world.ts'

export type Ending = {
  story: Story
  broken: Broken | undefined
  said: readonly Said[]
  met: readonly Fault[]
  visits: readonly Visit[]
  /** The state at the end, for comparing ways that should lead to it. */
  books: string
  days: number
  cases: number
  calls: number
}

export type Stage = Awaited<ReturnType<typeof openStage>>

export async function openStage() {
  quietErrors()
  moveWall()
  const cluster = await startThrowAwayCluster()
  const [admin, cleaner] = await Promise.all([connectTo(cluster), connectTo(cluster)])
  await admin.query('create database template_world')
  await fill(cluster.url('template_world'))
  let made = 0
  let dropped: Promise<unknown> = Promise.resolve()
  const database = async () => {
    const name = `world_${(made += 1)}`
    await admin.query(`create database ${name} template template_world strategy file_copy`)
    return {
      url: cluster.url(name),
      // On a connection of its own, so that the next world need not wait for it.
      drop() {
        dropped = cleaner.query(`drop database ${name} with (force)`)
      },
    }
  }
  return {
    /** Plays a story once, on a fresh world. */
    async tell(story: Story): Promise<Ending> {
      const world = await openWorld(story, await database())
      try {
        const broken = await play(world).catch(thrown)
        const { rows } = await world.pool.query<{ n: bigint }>(
          `select count(*)::int8 as n from closure_case where submitted_at is not null`,
        )
        return {
          story,
          broken,
          said: world.said,
          met: world.met,
          visits: world.visits,
          books: await booksOf(world),
          days: (world.nowMs - start.epochMilliseconds) / 86_400_000,
          cases: Number(rows[0]?.n ?? 0n),
          calls: world.partners.calls,
        }
      } finally {
        await world.close()
      }
    },
    async close() {
      await dropped
      await Promise.all([admin.end(), cleaner.end()])
      await cluster.stop()
    },
  }
}

/** A world that throws has failed as one that broke a rule has: with its seed and its story, to be shortened. */
const thrown = (error: unknown): Broken => ({
  rule: 'the world could not be played on',
  what: codeOfError(error),
})

async function connectTo(cluster: { url(database: string): string }): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: cluster.url('postgres') })
  await client.connect()
  return client
}

// A library that meets a fault tells the console; here that is every second request.
function quietErrors(): void {
  const { error } = console
  console.error = (...said: unknown[]) => (isProcess() ? undefined : error(...said))
}

async function fill(url: string): Promise<void> {
  await migrate(url)
  const db = openDatabase(openPool(url, 2), config)
  await makePlatformKeys(db, config)
  await seedCatalog(db, start)
  await seedAddons(db, start)
  await seedNumbers(db, catalogNumbers())
  await sellInEuro(db)
  const soon = start.add({ hours: 24 * 200 })
  const coupon = { code: couponCode, amount: money(300n, 'GBP'), expiresAt: soon, usesMax: 5 }
  await createCoupon(db, systemIds(), start, { ...coupon, note: 'the worlds' })
  await seedPolicies(db, start)
  await publishMalta(db)
  await seedStaff(db, start)
  await db.destroy()
  const queue = await openQueue(url, pino({ level: 'silent' }), allQueues)
  await queue.close()
}

/** A plan like another, at the same figures in another currency. */
async function sellInEuro(db: Db): Promise<void> {
  const like = catalogPlans().find(({ planId }) => planId === 'europe-5gb-15d')
  const document = JSON.parse(JSON.stringify(like?.document).replaceAll('"GBP"', '"EUR"')) as object
  await db
    .insertInto('plan_version')
    .values({ plan_id: euroPlan, version: 1, document, valid_from: start, told_at: start })
    .execute()
}

/** As in the United Kingdom, but up to three pounds wait a week for records that come late. */
async function publishMalta(db: Db): Promise<void> {
  const pack = packOf('GB')
  const source = 'the worlds'
  const rules: Policy['rules'] = {
    ...pack.rules,
    lateUsageCap: { value: { GBP: 300, EUR: 300 }, source, confidence: 'D' },
    lateUsageWindow: { value: 'P7D', source, confidence: 'D' },
  }
  const document = { ...pack, country: 'MT', version: 1, rules }
  await db
    .insertInto('policy_version')
    .values({ country: 'MT', version: 1, document, published_at: start })
    .execute()
}
