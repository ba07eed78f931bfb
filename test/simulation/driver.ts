/** Turns the world: one thing happens at a time, chosen by the dice; when nothing can, the clock moves to what is due. */
import { codeOfError, isExplained } from './errors.ts'
import { brokenRules, type Broken } from './invariants.ts'
import { goOnWith, meet, type Outcome, perform, type SimNode, thaw } from './node.ts'
import { serve } from './charging.ts'
import { emailOf, mindOf } from './mind.ts'
import { live } from './people.ts'
import { endPlan, keep, review } from './staff.ts'
import { least } from './partners.ts'
import { release } from './platform.ts'
import { jobsDue, jobsOfTheDead } from './queue.ts'
import { knownOf, readableStill } from './erased.ts'
import { brokenAtRest, unanswered, unheardBanks } from './rest.ts'
import { awake, deliver, goOn, nextWakeMs, revive, type Runner, runnerOf } from './running.ts'
import { dayMs, start } from './story.ts'
import { faultsMax, type World } from './world.ts'

type Turn = { act: () => Promise<void> }

const ticksMax = 12_000
const farMs = Date.UTC(9000, 0)
/** Longer than a bank thinks, twice as long as an account is waited for, and a week for late records. */
const patienceMs = 150 * dayMs
const keeper = 'admin'
/** Two approve a refund above the limit, and who rejected a case is neither of them after an appeal. */
const staff = ['reviewer@violet.example', 'reviewer2@violet.example', 'admin@violet.example']

/** Plays a world to its end; the first rule that broke, or nothing. */
export async function play(world: World): Promise<Broken | undefined> {
  const runners = whoLives(world)
  const weather = [...world.story.weather].sort((a, b) => a.afterMs - b.afterMs)
  const lastMs = Math.max(
    0,
    ...world.story.people.flatMap(({ intents }) => intents.map((i) => i.afterMs)),
  )
  world.faultsUntilMs = start.epochMilliseconds + lastMs + 4 * dayMs
  const state = {
    runners,
    weather,
    ticks: 0,
    checked: 0,
    money: 0,
    upkeptMs: world.nowMs,
    isWork: false,
    isLater: false,
  }
  const leapsMs = weather.reduce((sum, one) => sum + (one.kind === 'leap' ? one.byMs : 0), 0)
  const first = await turn(world, state, world.faultsUntilMs + leapsMs + patienceMs)
  if (first) return first
  // What nobody waits for is done once a minute.
  world.faultsUntilMs = 0
  await sweepAll(world, release.upkeep)
  // A job that is given up writes nothing, so that no tick was looked at after it.
  const [astray] = [...(await brokenRules(world, true)), ...(await brokenAtRest(world))]
  if (astray) return astray
  const known = await knownOf(world)
  // The months in which numbers rest and records are kept.
  world.faultsMax = world.met.length + faultsMax.later
  world.faultsUntilMs = Infinity
  const keepers = runners.filter(({ who }) => who === keeper)
  const afterwards = { ...state, runners: keepers, isLater: true }
  const later = await turn(world, afterwards, world.nowMs + 400 * dayMs)
  if (later) return later
  world.faultsUntilMs = 0
  await sweepAll(world, [...release.sweeps, ...release.upkeep])
  const [left] = [
    ...(await brokenRules(world, true)),
    ...(await unheardBanks(world)),
    ...(await unanswered(world.eyes)),
    ...(await readableStill(world, known)),
  ]
  return left
}

type State = {
  runners: Runner[]
  weather: World['story']['weather']
  ticks: number
  /** How often a process had written when the rules were last looked at. */
  checked: number
  money: number
  upkeptMs: number
  isWork: boolean
  /** The months after everybody is done. */
  isLater: boolean
}

async function turn(world: World, state: State, untilMs: number): Promise<Broken | undefined> {
  for (; state.ticks < ticksMax; state.ticks += 1) {
    const turns = await possible(world, state)
    if (turns.length === 0) {
      if (!(await moveOn(world, state, untilMs))) return undefined
    } else {
      setTime(world, world.nowMs + 1 + world.chance.between(0, 9, 'tick', state.ticks))
      await world.chance.pick(turns, 'turn', state.ticks).act()
    }
    const [trouble] = world.troubles
    if (trouble) return trouble
    if (world.commits === state.checked) continue
    state.checked = world.commits
    const [broken] = await brokenRules(world, world.money !== state.money)
    state.money = world.money
    if (broken) return broken
  }
  return { rule: 'the world does not come to rest', what: `after ${ticksMax} ticks` }
}

function whoLives(world: World): Runner[] {
  const { story, seed, chance } = world
  const people = story.people.flatMap((person) => {
    const digits = chance.between(10 ** 9, 10 ** 10 - 1, person.name, 'eid')
    const base = BigInt(`89044000000000000000${digits}00`)
    const eid = String(base + 98n - (base % 97n))
    const mind = mindOf(emailOf(person.name, seed), person.locale, eid)
    const own = runnerOf(person.name, live(person, mind), { eid, staff: false })
    if (!person.intents.some(({ kind }) => kind === 'session')) return own
    const network = runnerOf(`${person.name}-net`, serve(person, mind), { eid, staff: false })
    return [own, network]
  })
  const reviewers = staff.map((email, index) => {
    const rejects = (reference: string, again: boolean) =>
      chance.happens(0.12, 'rejects', reference, again ? 'again' : 'first')
    const asks = (reference: string) => chance.happens(0.35, 'asks', reference)
    const program = review(email, { rejects, asks })
    return runnerOf(`reviewer${index + 1}`, program, { eid: '', staff: true })
  })
  const { bulk, hold } = story
  const operator = { eid: '', staff: false }
  const ending = bulk && endPlan('finance@violet.example', bulk, start.epochMilliseconds)
  const keeping = hold && keep('admin@violet.example', hold)
  return [
    ...people,
    ...reviewers,
    ...(ending ? [runnerOf('finance', ending, operator)] : []),
    // Nobody waits for it: it goes on when all others are done.
    ...(keeping ? [runnerOf(keeper, keeping, operator)] : []),
  ]
}

async function possible(world: World, { runners, weather, isWork }: State): Promise<Turn[]> {
  const { nowMs } = world
  const people = runners
    .filter(
      ({ ended, wakeMs, staff: isStaff, pending }) =>
        !ended && wakeMs <= nowMs && (!isStaff || isWork || pending !== null),
    )
    .map((runner): Turn => ({ act: () => goOn(world, runner) }))
  const messages = world.partners.messages
    .filter(({ dueMs }) => dueMs <= nowMs)
    .map((message): Turn => ({ act: () => deliver(world, message) }))
  const jobs = (await world.queue.ready(nowMs)).map((queue): Turn => ({
    act: () => work(world, queue),
  }))
  const thaws = world.nodes
    .filter(({ frozenUntilMs, frozen }) => frozen && (frozenUntilMs ?? 0) <= nowMs)
    .map((node): Turn => ({
      act: async () => {
        world.say(node.name, 'goes on where it froze')
        const { label, outcome } = await thaw(node)
        await conclude(world, node, label, outcome)
      },
    }))
  const answers = world.nodes
    .filter(({ frozenUntilMs }) => frozenUntilMs === null)
    .flatMap((node) => node.slow.map((waiting) => ({ node, waiting })))
    .filter(({ waiting }) => waiting.untilMs <= nowMs)
    .map(({ node, waiting }): Turn => ({
      act: async () => {
        const { label, outcome } = await goOnWith(node, waiting)
        await conclude(world, node, label, outcome)
      },
    }))
  const due = weather.filter(({ afterMs }) => start.epochMilliseconds + afterMs <= nowMs)
  const skies = due.map((one): Turn => ({
    act: async () => {
      weather.splice(weather.indexOf(one), 1)
      await change(world, one)
    },
  }))
  return [...people, ...messages, ...jobs, ...thaws, ...answers, ...skies]
}

async function change(world: World, weather: World['story']['weather'][number]): Promise<void> {
  if (weather.kind === 'outage') {
    world.say(weather.partner, `is away for ${Math.round(weather.forMs / 60_000)} minutes`)
    const untilMs = world.nowMs + weather.forMs
    world.outages.push({ partner: weather.partner, untilMs })
  } else if (weather.kind === 'leap') {
    const minutes = Math.round(weather.byMs / 60_000)
    world.say(
      'clock',
      minutes < 0 ? `is set back by ${-minutes} minutes` : `leaps by ${minutes} minutes`,
    )
    setTime(world, world.nowMs + weather.byMs)
  } else {
    world.say('database', 'restarts')
    await world.database.restart()
  }
}

/** Takes one job as a worker does: fetched, run, and reported to the queue, with a process that may end in between. */
async function work(world: World, queue: string): Promise<void> {
  const fetched = await world.queue.fetch(queue)
  if (!fetched) return
  const node = awake(world, 'worker')
  const dead = queue.endsWith('.dead')
  const job = node.life.services.jobs.get(dead ? queue.slice(0, -'.dead'.length) : queue)
  if (!job) throw new Error(`nobody works on ${queue}`)
  const brokenBefore = world.breaks()
  const outcome = await perform(world, node, queue, async () => {
    try {
      if (dead) await job.gaveUp(fetched.data, 'failed too often', fetched.id)
      else await job.run(fetched.data)
    } catch (error) {
      if (!isExplained(error) && world.breaks() === brokenBefore)
        world.troubles.push(bugOf(queue, error))
      return world.queue.fail(queue, fetched, error)
    }
    await meet('the job is done', ['crash'])
    await world.queue.complete(queue, fetched)
  })
  await conclude(world, node, queue, outcome)
}

async function conclude(
  world: World,
  node: SimNode,
  label: string,
  outcome: Outcome<unknown>,
): Promise<void> {
  if (outcome.kind === 'died') await revive(world, node)
  if (outcome.kind === 'failed' && !isExplained(outcome.error))
    world.troubles.push(bugOf(label, outcome.error))
}

const bugOf = (label: string, error: unknown): Broken => ({
  rule: 'an error that no fault explains',
  what: `${label}: ${codeOfError(error)}`,
})

const untold = `select 1 from usage where state = 'new' limit 1`

/** Moves the clock to the next thing that is due; false when there is nothing, or it is too far away. */
async function moveOn(world: World, state: State, untilMs: number): Promise<boolean> {
  const { dues, jobs, work: waiting, open } = await lookAhead(world)
  state.isWork = waiting
  const done = state.runners.every(
    ({ ended, staff: isStaff, who }) => ended || isStaff || who === keeper,
  )
  // A record that the network has not told of yet is heard before anybody looks.
  const told = world.partners.databases.network.all(untold).length === 0
  if (!state.isLater && done && told && !open && (await world.queue.ready(farMs)).length === 0)
    return false
  const next = least([
    ...Object.values(dues).map(msOf),
    nextWakeMs(state.runners, waiting),
    ...world.partners.messages.map(({ dueMs }) => dueMs),
    world.partners.nextDueMs(),
    ...world.nodes.flatMap(({ frozenUntilMs, slow }) =>
      frozenUntilMs === null ? slow.map(({ untilMs }) => untilMs) : frozenUntilMs,
    ),
    ...state.weather.map(({ afterMs }) => start.epochMilliseconds + afterMs),
    jobs?.epochMilliseconds,
  ])
  if (next === undefined || next > untilMs) return false
  const late = world.chance.between(0, 900, 'late', state.ticks)
  setTime(world, Math.max(world.nowMs + 200, next + late))
  world.partners.work()
  if (jobs && jobs.epochMilliseconds <= world.nowMs)
    for (const queue of (await lookAhead(world)).dead) await world.queue.supervise(queue)
  await sweepAll(
    world,
    release.sweeps.filter(({ name }) => isDue(dues, name, world.nowMs)),
  )
  if (world.nowMs - state.upkeptMs > dayMs) {
    state.upkeptMs = world.nowMs
    await sweepAll(world, release.upkeep)
  }
  return true
}

async function sweepAll(world: World, sweeps = release.sweeps): Promise<void> {
  for (const sweep of sweeps) {
    const node = awake(world, 'worker')
    const label = sweep.name
    const outcome = await perform(world, node, label, () => sweep(node.life.services.app))
    await conclude(world, node, label, outcome)
  }
}

function setTime(world: World, ms: number): void {
  world.nowMs = ms
  world.queue.setTime(ms)
}

type Due = {
  /** When each sweep has something to do. */
  dues: Record<string, string | null>
  jobs: Temporal.Instant | null
  dead: string[]
  work: boolean
  open: boolean
}

const msOf = (text: string | null) => (text === null ? null : Date.parse(text))

function isDue(dues: Due['dues'], sweep: string, nowMs: number): boolean {
  const due = dues[sweep]
  if (due === undefined)
    throw new Error(`the world does not know when ${sweep} has something to do`)
  return (msOf(due) ?? Infinity) <= nowMs
}

async function lookAhead({ eyes, clock }: World): Promise<Due> {
  const asked = { name: 'due', text: dueSql, values: [clock.now().toString()] }
  const { rows } = await eyes.query<Due>(asked)
  return rows[0]!
}

const dueSql = `
  select (select jsonb_object_agg(sweep, due) from (
      select 'sweepClosures' as sweep, min(wake_at) as due from closure_case
      union all select 'sweepIntakes', min(wake_at) from closure_intake
      union all select 'sweepBulk', min(wake_at) from closure_bulk
        where state in ('running', 'cancelled')
      union all select 'sweepRenewals', min(due_at) from line
      union all select 'sweepAddons', min(due_at) from line_addon
      union all select 'sweepPayments', min(due_at) from payment_order
      union all select 'sweepNotices', min(due_at) from notice
      union all select 'sweepHolds', min(expires_at) from ledger_hold where state = 'placed'
      union all select 'sweepSessions', min(sessions_due_at) from purse
      union all select 'sweepNumbers', min(quarantined_until) from phone_number
        where state = 'quarantined'
      union all select 'sweepPorts', min(wake_at) from port_out
      union all select 'sweepArrivals', min(wake_at) from port_in
      union all select 'sweepAccess', min(access_due_at) from line
      union all select 'sweepRetention', min(keep_until) from retention
        where erased_at is null and held_at is null and category in ('usage', 'contacts')
          and (category <> 'contacts' or not exists (select from notice n
            where n.subscriber_id = retention.subscriber_id and n.state = 'queued'))) d) as dues,
    ${jobsDue} as jobs, ${jobsOfTheDead} as dead,
    exists (select from closure_case where state in ('in_review', 'needs_attention', 'frozen'))
      or exists (select from closure_bulk where state = 'proposed') as work,
    exists (select from closure_case
      where state not in ('draft', 'closed', 'withdrawn', 'rejected', 'needs_customer'))
      or exists (select from closure_bulk where state in ('proposed', 'running'))
      or exists (select from notice where state = 'queued')
      or exists (select from pgboss.job where state = 'active') as open`
