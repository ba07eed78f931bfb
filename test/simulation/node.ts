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
  /** Transactions that are open now; a frozen process would keep their locks from everybody. */
  transactions: number
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
  frozen: { label: string; done: Promise<Outcome<unknown>> } | null
}

export type Outcome<Value> =
  | { kind: 'done'; value: Value }
  | { kind: 'failed'; error: unknown }
  | { kind: 'died' }
  | { kind: 'frozen' }

type Activity = { world: World; life: Life; label: string }
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
  return activities.run({ world, life: node.life, label }, work)
}

export function makeNode(name: string): SimNode {
  const node = { name, frozenUntilMs: null, frozen: null } as unknown as SimNode
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
  const done = within(world, node, label, async () => await work()).then(
    (value): Outcome<Value> => ({ kind: 'done', value }),
    (error: unknown): Outcome<Value> => ({ kind: 'failed', error }),
  )
  return settle(node.life, label, done)
}

/** Lets a frozen process go on with what it was doing, on facts that may be old by now. */
export async function thaw(node: SimNode): Promise<{ label: string; outcome: Outcome<unknown> }> {
  const { frozen, life } = node
  if (!frozen) throw new Error(`${node.name} is not frozen`)
  node.frozen = null
  node.frozenUntilMs = null
  Object.assign(life, parking())
  const thaws = life.thaws.splice(0)
  for (const wake of thaws) wake()
  return { label: frozen.label, outcome: await settle(life, frozen.label, frozen.done) }
}

async function settle<Value>(life: Life, label: string, done: Promise<Outcome<Value>>) {
  const first = await Promise.race([
    done,
    life.died.then((): Outcome<Value> => ({ kind: 'died' })),
    life.parked.then((): Outcome<Value> => ({ kind: 'frozen' })),
  ])
  if (first.kind === 'died') await bury(life)
  if (first.kind === 'frozen') {
    await quiet(life)
    life.node.frozen = { label, done }
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

/**
 * A place where the world may fail. A crash ends the process here and now; a freeze holds it until it is thawed; what
 * is returned is for the caller to act out.
 */
export async function meet(place: string, kinds: readonly string[]): Promise<string | undefined> {
  const { world, life, label } = current()
  if (life.ended) return never
  const possible = life.transactions > 0 ? kinds.filter((kind) => kind !== 'freeze') : kinds
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
  return fault.kind
}
