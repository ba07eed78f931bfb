/** A process of the platform that can be killed, frozen and started again, at the places where that hurts. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import type { Services } from './platform.ts'
import type { World } from './world.ts'

/** One life of a process, from its start to its end. */
export type Life = {
  readonly node: SimNode
  services: Services
  ended: boolean
  /** Calls and statements under way: a process is quiet when there are none. */
  busy: number
  /** Transactions that are open now. */
  transactions: number
  /** Those of them that hold locks: a frozen process would keep them from everybody. */
  locks: number
  thaws: (() => void)[]
  /** What the kernel does when a process dies: its connections break and roll back. */
  readonly cleanups: Set<() => Promise<void>>
  readonly died: Promise<void>
  die: () => void
  parked: Promise<void>
  park: () => void
}

export type SimNode = {
  readonly name: string
  life: Life
  frozenUntilMs: number | null
  /** What was under way when it froze. */
  frozen: UnderWay | null
  /** What waits for a partner that is slow, while the process goes on with other things. */
  slow: (UnderWay & { untilMs: number })[]
}

type UnderWay = { label: string; done: Promise<Outcome<unknown>>; activity: Activity }

export type Outcome<Value> =
  | { kind: 'done'; value: Value }
  | { kind: 'failed'; error: unknown }
  | { kind: 'died' }
  | { kind: 'frozen' }
  | { kind: 'slow' }

type Activity = {
  world: World
  life: Life
  label: string
  /** Told that it waits for an answer, until when, and how to wake it. */
  rested: Promise<void>
  rest: () => void
  untilMs: number
  wakes: (() => void)[]
}
const activities = new AsyncLocalStorage<Activity>()

/** What a dead process waits for. */
const never = new Promise<never>(() => {})

export function current(): Activity {
  const activity = activities.getStore()
  if (!activity) throw new Error('outside of every process')
  return activity
}

export const worldNow = () => activities.getStore()?.world
export const isProcess = () => activities.getStore() !== undefined

export function within<Value>(world: World, node: SimNode, label: string, work: () => Value) {
  return activities.run(activityOf(world, node, label), work)
}

function activityOf(world: World, { life }: SimNode, label: string): Activity {
  return { world, life, label, ...resting() }
}

function resting() {
  const { promise: rested, resolve: rest } = Promise.withResolvers<void>()
  return { rested, rest, untilMs: 0, wakes: [] }
}

export function makeNode(name: string): SimNode {
  const node = { name, frozenUntilMs: null, frozen: null, slow: [] } as unknown as SimNode
  node.life = beginLife(node)
  return node
}

export function beginLife(node: SimNode): Life {
  const died = Promise.withResolvers<void>()
  return {
    node,
    services: undefined as unknown as Services,
    ended: false,
    busy: 0,
    transactions: 0,
    locks: 0,
    thaws: [],
    cleanups: new Set(),
    died: died.promise,
    die: died.resolve,
    ...parking(),
  }
}

function parking() {
  const parked = Promise.withResolvers<void>()
  return { parked: parked.promise, park: parked.resolve }
}

/** Runs something on a process until it is done, or the process dies or freezes. */
export async function perform<Value>(
  world: World,
  node: SimNode,
  label: string,
  work: () => Promise<Value>,
): Promise<Outcome<Value>> {
  // Awaited inside, or what is lazy would begin outside of the process.
  const activity = activityOf(world, node, label)
  const done = activities
    .run(activity, async () => await work())
    .then(
      (value): Outcome<Value> => ({ kind: 'done', value }),
      (error: unknown): Outcome<Value> => ({ kind: 'failed', error }),
    )
  return settle(activity, done)
}

/** Lets a frozen process go on with what it was doing, on facts that may be old by now. */
export async function thaw(node: SimNode): Promise<{ label: string; outcome: Outcome<unknown> }> {
  const { frozen, life } = node
  if (!frozen) throw new Error(`${node.name} is not frozen`)
  const { label, done, activity } = frozen
  node.frozen = null
  node.frozenUntilMs = null
  Object.assign(life, parking())
  const thaws = life.thaws.splice(0)
  for (const wake of thaws) wake()
  return { label, outcome: await settle(activity, done) }
}

/** What waited for a slow partner has its answer. */
export async function goOnWith(
  node: SimNode,
  waiting: SimNode['slow'][number],
): Promise<{ label: string; outcome: Outcome<unknown> }> {
  const { label, done, activity } = waiting
  node.slow.splice(node.slow.indexOf(waiting), 1)
  const wakes = activity.wakes.splice(0)
  Object.assign(activity, resting())
  for (const wake of wakes) wake()
  return { label, outcome: await settle(activity, done) }
}

async function settle<Value>(activity: Activity, done: Promise<Outcome<Value>>) {
  const { life, label } = activity
  const first = await Promise.race([
    done,
    life.died.then((): Outcome<Value> => ({ kind: 'died' })),
    life.parked.then((): Outcome<Value> => ({ kind: 'frozen' })),
    activity.rested.then((): Outcome<Value> => ({ kind: 'slow' })),
  ])
  if (first.kind === 'died') await bury(life)
  if (first.kind === 'frozen') {
    await quiet(life)
    life.node.frozen = { label, done, activity }
  }
  if (first.kind === 'slow') {
    await quiet(life)
    life.node.slow.push({ label, done, activity, untilMs: activity.untilMs })
  }
  return first
}

/** Gives back what a process held. */
export async function bury(life: Life): Promise<void> {
  life.ended = true
  for (const cleanup of life.cleanups) await cleanup()
  life.cleanups.clear()
}

/** Everything that was under way besides has come to rest. */
async function quiet(life: Life): Promise<void> {
  for (let calm = 0; calm < 3; calm += 1) {
    await turn()
    if (life.busy > 0) calm = 0
  }
}

/** Does something that takes real time; in a process that has ended it never begins, and never answers. */
export async function busily<Value>(life: Life, work: () => Promise<Value>): Promise<Value> {
  if (life.ended) return never
  life.busy += 1
  try {
    return await work()
  } finally {
    life.busy -= 1
    if (life.ended) await never
  }
}

/** Waits, for which no locks may be held. */
const holds = new Set(['freeze', 'slow'])
/** A partner that takes longer is not waited for: that is a lost answer. */
const slowMsMax = 4900

/**
 * A place where the world may fail. A crash ends the process here and now; a freeze holds it until it is thawed; what
 * is returned is for the caller to act out.
 */
export async function meet(place: string, kinds: readonly string[]): Promise<string | undefined> {
  const activity = current()
  const { world, life, label } = activity
  if (life.ended) return never
  const possible = life.locks > 0 ? kinds.filter((kind) => !holds.has(kind)) : kinds
  const fault = world.faultAt(`${label}: ${place}`, possible)
  if (!fault) return undefined
  world.say(life.node.name, `${fault.kind} at ${label}: ${place}`)
  if (fault.kind === 'crash') {
    life.ended = true
    life.die()
    return never
  }
  if (fault.kind === 'freeze') {
    life.node.frozenUntilMs = world.nowMs + fault.ms
    const thawed = Promise.withResolvers<void>()
    life.thaws.push(thawed.resolve)
    life.park()
    await thawed.promise
    return undefined
  }
  if (fault.kind === 'slow') {
    activity.untilMs = world.nowMs + Math.min(fault.ms, slowMsMax)
    const answered = Promise.withResolvers<void>()
    activity.wakes.push(answered.resolve)
    activity.rest()
    await answered.promise
    return life.ended ? never : undefined
  }
  return fault.kind
}
