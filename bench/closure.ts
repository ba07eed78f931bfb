/** Many lines closed by one bulk closure, against the same steps with one transaction per step and case. */
import { runCohort } from '../src/closure/bulk-steps.ts'
import { openCohort } from '../src/closure/bulk-open-store.ts'
import { cohortsOf, findBulk, propose, type ProposedLine } from '../src/closure/bulk-store.ts'
import { advance } from '../src/closure/steps.ts'
import { hasEnded } from '../src/closure/closure.ts'
import { findCase } from '../src/closure/store.ts'
import { isRefusal } from '../src/values/refusal.ts'
import type { MadeLine } from '../test/charging.ts'
import { type Bench, median, type Options } from './contract.ts'
import { openWorld, type World } from './closure/world.ts'

const cohortSize = 1000
const cohortsAtOnce = 2
const callersAtOnce = 16

/** A bulk closure as the two approved it: every case is open, and the day has come. */
async function opened({ app }: World, lines: readonly MadeLine[]): Promise<string> {
  const named: ProposedLine[] = lines.map(({ subscriberId, lineId }, index) => ({
    subscriberId,
    lineId,
    place: index + 1,
    money: null,
  }))
  const proposed = await propose(
    app,
    {
      source: 'bench',
      fingerprint: lines[0]!.lineId,
      reason: 'This brand ends.',
      endsAt: app.clock.now(),
      isDaySaid: true,
      cohortSize,
      lanes: cohortsAtOnce,
      networkRate: null,
      paymentsRate: null,
      totals: { lines: 0, refused: {}, refund: [], forfeited: [], earned: [] },
      calls: 16,
      actor: { kind: 'system', id: 'bench' },
    },
    named,
    [],
  )
  if (isRefusal(proposed)) throw new Error(proposed.refused)
  const { bulk } = proposed
  await app.db
    .updateTable('closure_bulk')
    .set({ state: 'running' })
    .where('bulk_id', '=', bulk.bulkId)
    .execute()
  return bulk.bulkId
}

async function openAll({ app }: World, bulkId: string): Promise<void> {
  const bulk = await findBulk(app.db, bulkId)
  if (!bulk) throw new Error('the bulk closure is gone')
  const cohorts = await cohortsOf(app.db, bulk)
  for (let cohort = 0; cohort < cohorts; cohort += 1)
    await app.db.transaction().execute((trx) => openCohort(trx, app, bulk, cohort))
}

/** Lines a second by cohorts, side by side as the queue would run them. */
async function byCohort(world: World, bulkId: string, count: number): Promise<number> {
  const { app, partners } = world
  const cohorts = Math.ceil(count / cohortSize)
  let next = 0
  const beganMs = performance.now()
  const lane = async () => {
    while (next < cohorts) {
      const cohort = next
      next += 1
      await runCohort(app, partners, { bulkId, cohort: String(cohort) })
    }
  }
  await Promise.all(Array.from({ length: cohortsAtOnce }, lane))
  return perSecond(count, beganMs)
}

/** Lines a second when each case makes each move in a transaction of its own. */
async function byStep(world: World, bulkId: string, count: number): Promise<number> {
  const { app, partners } = world
  const cases = await app.db
    .selectFrom('closure_case')
    .select(['subscriber_id', 'case_id'])
    .where('bulk_id', '=', bulkId)
    .execute()
  const waiting = cases.map((row) => ({ subscriberId: row.subscriber_id, caseId: row.case_id }))
  const beganMs = performance.now()
  const lane = async () => {
    for (let key = waiting.pop(); key; key = waiting.pop()) {
      for (;;) {
        const c = await findCase(app.db, key.subscriberId, key.caseId)
        if (!c || hasEnded(c.state)) break
        await advance(app, partners, key)
      }
    }
  }
  await Promise.all(Array.from({ length: callersAtOnce }, lane))
  return perSecond(count, beganMs)
}

function perSecond(count: number, beganMs: number): number {
  return (count * 1000) / (performance.now() - beganMs)
}

async function run({ rows = 100_000, rounds, progress }: Options) {
  const world = await openWorld()
  try {
    const perRound = Math.ceil(rows / (rounds + 1))
    const alone = Math.min(200, perRound)
    const rates = { cohort: [] as number[], step: [] as number[], open: [] as number[] }
    let sold = 0
    // The first round warms up and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const part = round / (rounds + 1)
      progress(part, `round ${round} of ${rounds}: selling ${perRound + alone} lines`)
      const many = await world.sell(sold, perRound)
      const few = await world.sell(sold + perRound, alone)
      sold += perRound + alone
      progress(part, `round ${round} of ${rounds}: ${perRound} lines by cohort`)
      const bulkId = await opened(world, many)
      const beganMs = performance.now()
      await openAll(world, bulkId)
      const open = perSecond(perRound, beganMs)
      const cohort = await byCohort(world, bulkId, perRound)
      progress(part, `round ${round} of ${rounds}: ${alone} lines step by step`)
      const single = await opened(world, few)
      await openAll(world, single)
      const step = await byStep(world, single, alone)
      if (round === 0) continue
      rates.cohort.push(cohort)
      rates.step.push(step)
      rates.open.push(open)
    }
    await check(world, sold)
    const ratio = median(rates.cohort.map((rate, index) => rate / rates.step[index]!))
    const figures = {
      linesPerSecond: median(rates.cohort),
      stepByStepPerSecond: median(rates.step),
      openedPerSecond: median(rates.open),
      lines: sold,
    }
    const whole = (value: number) => Math.round(value).toLocaleString('en')
    return {
      figures,
      ratios: { againstSteps: ratio },
      marks: [{ ratio: 'againstSteps', atLeast: 12 }],
      table: [
        ['', 'lines/s'],
        [
          `cohorts of ${whole(cohortSize)}, ${cohortsAtOnce} at once`,
          whole(figures.linesPerSecond),
        ],
        [`one transaction per step, ${callersAtOnce} at once`, whole(figures.stepByStepPerSecond)],
        ['opening the cases, notices included', whole(figures.openedPerSecond)],
      ],
    }
  } finally {
    await world.close()
  }
}

/** Every line closed, one refund each, the books zero-sum and nothing alive. */
async function check({ app, partners, prove }: World, sold: number): Promise<void> {
  const { closed } = await app.db
    .selectFrom('closure_case')
    .select((build) => build.fn.countAll<bigint>().as('closed'))
    .where('state', '=', 'closed')
    .executeTakeFirstOrThrow()
  if (Number(closed) !== sold) throw new Error(`${closed} of ${sold} lines closed`)
  const twice = [...partners.refunds.values()].filter((count) => count !== 1).length
  if (twice > 0 || partners.refunds.size !== sold)
    throw new Error(`${partners.refunds.size} refunds for ${sold} lines, ${twice} more than once`)
  if (partners.deleted.size !== sold) throw new Error('a line is still in the network')
  await prove()
}

export const bench: Bench = {
  name: 'closure',
  summary: 'closing many lines in cohorts, against one transaction per step and case',
  run,
}
