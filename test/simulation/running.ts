/** The programs of people and staff in a world: what they ask is carried out, lost answers are asked for again. */
import { Webhook } from 'standardwebhooks'
import { nchfRoot } from '../../src/usage/nchf/routes.ts'
import { codeOfError } from './errors.ts'
import { perform, type SimNode } from './node.ts'
import type { Answer, Ask, Charge, Operator, Outside, Program, Request } from './ask.ts'
import { outside } from './outside.ts'
import { least, type Message } from './partners.ts'
import { release } from './platform.ts'
import { start } from './story.ts'
import type { World } from './world.ts'

export type Runner = {
  who: string
  eid: string
  program: Program
  staff: boolean
  wakeMs: number
  ended: boolean
  /** What the program is told when it goes on. */
  answer: Answer
  /** What it asked that nobody has answered yet. */
  pending: { ask: Ask; key: string; tries: number; sinceMs: number } | null
  cookies: Map<string, string>
  asked: number
  usedCodes: Set<string>
}

const silence: Answer = { status: 0, body: {} }
const triesMax = 8
const nchfAt = `${nchfRoot}/chargingdata`

export function runnerOf(
  who: string,
  program: Program,
  more: { eid: string; staff: boolean },
): Runner {
  return {
    who,
    program,
    ...more,
    wakeMs: 0,
    ended: false,
    answer: silence,
    pending: null,
    cookies: new Map(),
    asked: 0,
    usedCodes: new Set(),
  }
}

/** Lets a program go on until it waits for something. */
export async function goOn(world: World, runner: Runner): Promise<void> {
  for (;;) {
    const ask = runner.pending?.ask ?? next(runner)
    if (!ask) return
    if (ask.do === 'say') {
      world.say(runner.who, ask.what)
      runner.answer = silence
      continue
    }
    if (ask.do === 'wait' || ask.do === 'wait-until') {
      const until = ask.do === 'wait' ? world.nowMs + ask.ms : start.epochMilliseconds + ask.afterMs
      runner.answer = silence
      runner.wakeMs = Math.max(world.nowMs + 1, until)
      return
    }
    runner.asked += runner.pending ? 0 : 1
    const key = `${runner.who}-request-${runner.asked}`
    runner.pending ??= { ask, key, tries: 0, sinceMs: world.nowMs }
    const answer = await carryOut(world, runner, ask)
    if (!answer) return again(world, runner)
    runner.answer = answer
    runner.pending = null
    runner.wakeMs = world.nowMs + 1
    return
  }
}

function next(runner: Runner): Ask | undefined {
  const { value, done } = runner.program.next(runner.answer)
  if (!done) return value
  runner.ended = true
  return undefined
}

/** Nobody answered: asked again after a while, in the end given up. */
function again(world: World, runner: Runner): void {
  const { pending } = runner
  if (!pending) return
  pending.tries += 1
  const patience = pending.ask.do === 'phone' ? 40 : triesMax
  const isMail = pending.ask.do === 'read-code' || pending.ask.do === 'read-link'
  if (!isMail && pending.tries >= patience) {
    runner.answer = silence
    runner.pending = null
  }
  // A mailbox is looked into less and less often.
  const ms = isMail ? 10_000 * Math.min(pending.tries, 9) : 2000 * 2 ** Math.min(pending.tries, 7)
  runner.wakeMs = world.nowMs + ms
}

/** Said again until it is answered; one and the same message, however often. */
async function operator(
  world: World,
  runner: Runner,
  { type, data, dueInMs }: Operator,
): Promise<Answer | undefined> {
  const { sinceMs, key } = runner.pending!
  const dueAt =
    dueInMs === undefined
      ? {}
      : { dueAt: Temporal.Instant.fromEpochMilliseconds(sinceMs + dueInMs).toString() }
  const payload = JSON.stringify({ type, data: { ...data, ...dueAt } })
  const wire = { method: 'POST', url: '/v1/webhooks/porting', payload } as const
  const answer = await send(world, `POST ${wire.url}`, wire, signed(world, key, payload))
  return answer && answer.status < 500 ? answer : undefined
}

function signed({ nowMs }: World, messageId: string, body: string): Record<string, string> {
  const at = new Date(nowMs)
  return {
    'content-type': 'application/json',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(release.secret).sign(messageId, at, body),
  }
}

/** Undefined: no answer yet. */
async function carryOut(world: World, runner: Runner, ask: Ask): Promise<Answer | undefined> {
  if (ask.do === 'request') return request(world, runner, ask)
  if (ask.do === 'pry') return pry(world, runner)
  if (ask.do === 'operator') return operator(world, runner, ask)
  if (ask.do === 'charge') return charge(world, runner, ask)
  if (ask.do === 'phone') {
    const wire = { method: 'POST' as const, url: ask.path, payload: JSON.stringify(ask.body) }
    const answer = await send(world, `phone ${ask.path}`, wire, {
      'content-type': 'application/json',
    })
    return answer && answer.status < 500 ? answer : undefined
  }
  return outside(world, runner, ask as Outside)
}

/** Sent again until it is answered, and then says that it is. */
async function charge(world: World, runner: Runner, ask: Charge): Promise<Answer | undefined> {
  const { operation, ref, sequence, imsi, mccmnc, used } = ask
  const { sinceMs, tries } = runner.pending!
  const container = { localSequenceNumber: sequence, totalVolume: used }
  const body = {
    subscriberIdentifier: `imsi-${imsi}`,
    nfConsumerIdentification: {
      nodeFunctionality: 'SMF',
      nFName: 'smf',
      nFPLMNID: { mcc: mccmnc.slice(0, 3), mnc: mccmnc.slice(3) },
    },
    invocationTimeStamp: Temporal.Instant.fromEpochMilliseconds(sinceMs).toString(),
    invocationSequenceNumber: sequence,
    multipleUnitUsage: [
      {
        ratingGroup: 1,
        ...(used !== null && { usedUnitContainer: [container] }),
        ...(operation !== 'release' && { requestedUnit: {} }),
      },
    ],
    ...(tries > 0 && { retransmissionIndicator: true }),
  }
  const path = operation === 'create' ? '' : `/${ref}/${operation}`
  const wire = { method: 'POST', url: `${nchfAt}${path}`, payload: JSON.stringify(body) } as const
  const json = { 'content-type': 'application/json' }
  const answer = await send(world, `NCHF ${operation}`, wire, json, undefined, 'nchf')
  return answer && answer.status < 500 ? answer : undefined
}

async function request(world: World, runner: Runner, ask: Request): Promise<Answer | undefined> {
  const { method, path, body, clicks } = ask
  const headers = {
    cookie: [...runner.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    'idempotency-key': runner.pending!.key,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const wire = {
    method,
    url: path,
    ...(body !== undefined && { payload: JSON.stringify(body) }),
    remoteAddress: `10.0.0.${runner.who.replace(/\D/g, '') || '9'}`,
  }
  const label = `${method} ${path.replace(/_[0-9a-f]{32}/g, '').replace(/[?].*/, '')}`
  const answer = await send(world, label, wire, headers, runner)
  if (!answer || answer.body?.code === 'still-in-progress') return undefined
  if (clicks === 2 && answer.status < 300) {
    const second = await send(world, label, wire, headers, runner)
    const isOther =
      second && second.status < 500 && (second.status !== answer.status || !same(answer, second))
    if (isOther && second.body?.code !== 'still-in-progress')
      world.troubles.push({ rule: 'one request had two answers', what: label })
  }
  return answer
}

/** Both name the same order, case or line. */
function same({ body: a }: Answer, { body: b }: Answer): boolean {
  return a.orderId === b.orderId && a.caseId === b.caseId
}

/** Asks for what others have been given, or to change it; none of it may be shown, nor done. */
async function pry(world: World, runner: Runner): Promise<Answer> {
  const others = [...world.given].filter(([, owner]) => owner !== runner.who)
  if (others.length === 0) return silence
  const { chance } = world
  const [thing] = chance.pick(others, runner.who, 'pries', runner.asked)
  const [kind, id] = thing.split(' ') as [Thing, string]
  const wanted = chance.pick(reaches(kind, id), runner.who, 'reaches for', runner.asked)
  const answer = await request(world, runner, { do: 'request', ...wanted })
  if (answer && answer.status >= 200 && answer.status < 400)
    world.troubles.push({
      rule: 'somebody saw what is another’s',
      what: `${runner.who}: ${wanted.method} ${wanted.path}`,
    })
  return silence
}

type Thing = 'orderId' | 'caseId' | 'lineId' | 'ticketId'
type Reach = Omit<Request, 'do'>

function reaches(kind: Thing, id: string): Reach[] {
  const see = (path: string): Reach => ({ method: 'GET', path })
  const send = (path: string, body: unknown = {}): Reach => ({ method: 'POST', path, body })
  const change = (path: string, body: unknown): Reach => ({ method: 'PATCH', path, body })
  const [order, closure, line, ticket] = ['orders', 'closures', 'lines', 'tickets'].map(
    (name) => `/v1/${name}/${id}`,
  ) as [string, string, string, string]
  const amount = { amount: '5.00', currency: 'GBP' }
  return {
    orderId: [see(order), send(`${order}/retry`)],
    caseId: [
      see(closure),
      change(closure, { reason: null }),
      send(`${closure}/withdraw`),
      send(`${closure}/code`),
    ],
    lineId: [
      see(line),
      see(`${line}/installation`),
      see(`${line}/renewal`),
      change(line, { nickname: 'mine' }),
      change(`${line}/renewal`, { autoRenew: false }),
      send(`${line}/suspend`),
      send(`${line}/top-ups`, { amount }),
      send('/v1/closures', { scope: 'line', lineId: id }),
    ],
    ticketId: [see(ticket), send(`${ticket}/messages`, { body: 'and?' })],
  }[kind]
}

type Wire = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  url: string
  payload?: string
  remoteAddress?: string
}

const brokenOff = /response destroyed before completion/

/** Sends a request to a server that is awake; undefined when its process died or froze on it. */
async function send(
  world: World,
  label: string,
  wire: Wire,
  headers: Record<string, string>,
  runner?: Runner,
  door: 'http' | 'nchf' = 'http',
): Promise<Answer | undefined> {
  const node = awake(world, 'server')
  const brokenBefore = world.breaks()
  const outcome = await perform(world, node, label, () =>
    node.life.services[door]!.inject({ ...wire, headers }),
  )
  if (outcome.kind === 'died') await revive(world, node)
  // An answer that was on its way when the database went is broken off, as if nobody had answered.
  const isBroken = world.breaks() !== brokenBefore
  if (outcome.kind === 'failed' && !(isBroken && brokenOff.test(String(outcome.error))))
    throw outcome.error
  if (outcome.kind !== 'done') return undefined
  const { statusCode, payload, headers: answered } = outcome.value
  const isJson = String(answered['content-type'] ?? '').includes('json')
  const body: unknown = isJson && payload !== '' ? JSON.parse(payload) : payload
  if (runner) keepCookies(runner, answered['set-cookie'])
  if (runner && !runner.staff) seeOnlyOwn(world, runner, label, payload)
  // A 500 is a bug, unless a fault broke the connection under it.
  if (statusCode === 500 && !isBroken) failed(world, label)
  const { location } = answered
  return { status: statusCode, body, ...(typeof location === 'string' && { location }) }
}

function failed(world: World, label: string): void {
  const line = world.log.at(-1) ?? '{}'
  const { err } = JSON.parse(line) as { err?: { message: string; stack: string; code?: string } }
  const error = Object.assign(new Error(err?.message ?? 'unlogged'), err)
  world.troubles.push({ rule: 'a request failed', what: `${label}: ${codeOfError(error)}` })
}

export function awake(world: World, kind: 'server' | 'worker'): SimNode {
  const free = world.nodes.filter(
    ({ name, frozenUntilMs }) => name.startsWith(kind) && frozenUntilMs === null,
  )
  return world.chance.pick(free, 'who serves', world.nowMs, world.visits.length)
}

export async function revive(world: World, node: SimNode): Promise<void> {
  world.say(node.name, 'starts again')
  await world.restart(node)
}

function keepCookies(runner: Runner, given: string | string[] | undefined) {
  for (const cookie of [given ?? []].flat()) {
    const [pair = ''] = cookie.split(';')
    const at = pair.indexOf('=')
    if (/max-age=0/i.test(cookie)) runner.cookies.delete(pair.slice(0, at))
    else runner.cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

/** No answer holds anything of somebody else. */
function seeOnlyOwn(world: World, { who }: Runner, label: string, payload: string): void {
  if (label === 'PATCH /v1/me' || label === 'GET /v1/me') {
    const id = /"subscriberId":"(\w+)"/.exec(payload)?.[1]
    if (id) world.members.set(who, id)
  }
  for (const [, kind, id] of payload.matchAll(/"(orderId|caseId|lineId|ticketId)":"(\w+)"/g))
    if (!world.given.has(`${kind} ${id}`)) world.given.set(`${kind} ${id}`, who)
  for (const { name } of world.story.people) {
    const id = world.members.get(name)
    const shown = payload.includes(`${name}.${world.seed}@`) || (id && payload.includes(id))
    if (name !== who && shown)
      world.troubles.push({ rule: 'somebody saw what is another’s', what: `${who}: ${label}` })
  }
}

const doors = {
  payments: '/v1/webhooks/payments',
  network: '/v1/usage-records',
  porting: '/v1/webhooks/porting',
}

/** A partner's message arrives, late, twice or not at all this time. */
export async function deliver(world: World, message: Message): Promise<void> {
  const { messages } = world.partners
  messages.splice(messages.indexOf(message), 1)
  const { partner, messageId, body } = message
  const fault = world.faultAt(`message of ${partner}`, ['late', 'twice', 'not-delivered'])
  const later = (ms: number) => messages.push({ ...message, dueMs: world.nowMs + ms })
  if (fault) world.say(partner, `its message comes ${fault.kind}`)
  if (fault?.kind === 'late') return void later(fault.ms)
  if (fault?.kind === 'twice') later(fault.ms)
  if (fault?.kind === 'not-delivered') return void later(60_000)
  const headers = signed(world, messageId, body)
  const url = doors[partner]
  const answer = await send(world, `POST ${url}`, { method: 'POST', url, payload: body }, headers)
  if (answer && answer.status < 300) return world.partners.delivered(message, answer.body)
  const tries = message.tries + 1
  if (tries < 60)
    messages.push({ ...message, tries, dueMs: world.nowMs + 1000 * 2 ** Math.min(tries, 9) })
}

export function nextWakeMs(runners: readonly Runner[], isWork: boolean): number | undefined {
  return least(
    runners
      .filter(({ ended, staff, pending }) => !ended && (!staff || isWork || pending !== null))
      .map(({ wakeMs }) => wakeMs),
  )
}
