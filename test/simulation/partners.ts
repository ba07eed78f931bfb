/** The outside world in the same process: the simulators' own books and APIs, reached over a road that loses things. */
import type { FastifyInstance } from 'fastify'
import { openDatabase } from '../../simulators/database.ts'
import { openFaults } from '../../simulators/faults.ts'
import { openHost, silentLog } from '../../simulators/host.ts'
import { addNetworkApi } from '../../simulators/network/api.ts'
import {
  openRegister,
  recordAnswer,
  type Register,
  schema as networkSchema,
} from '../../simulators/network/register.ts'
import type { Outbox as MessageQueue } from '../../simulators/outbox.ts'
import { addPaymentApi } from '../../simulators/payments/api.ts'
import { addPortingApi } from '../../simulators/porting/api.ts'
import { openClearing, schema as portingSchema } from '../../simulators/porting/clearing.ts'
import { openProvider, type Provider } from '../../simulators/payments/provider.ts'
import { schema as paymentsSchema } from '../../simulators/payments/store.ts'
import type { Timer } from '../../simulators/timer.ts'
import type { CallSmdp } from '../../src/esim/order-gateway.ts'
import type { Delivery, Mail, Outbox, Sms } from '../../src/notices/gateway.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Ids } from '../../src/platform/ids.ts'
import type { CallPartner, PartnerAnswer, PartnerCall } from '../../src/platform/partner.ts'
import { Fault } from '../../src/values/fault.ts'
import { type Bank, openBank } from './bank.ts'
import { busily, current, meet } from './node.ts'
import { hourMs, type Partner } from './story.ts'

export const partnerKey = 'simulated'

/** Partners with a server and books of their own. */
export type Simulator = 'payments' | 'network' | 'porting'

/** A message of a partner on its way to the platform. */
export type Message = {
  partner: Simulator
  messageId: string
  body: string
  dueMs: number
  tries: number
}
export type Sent = { id: string; to: string; text: string; subject: string; count: number }

export type Partners = {
  provider: Provider
  register: Register
  bank: Bank
  databases: { payments: ReturnType<typeof openDatabase>; network: ReturnType<typeof openDatabase> }
  messages: Message[]
  delivered(message: Message, answer: unknown): void
  /** Everything that arrived in somebody's mailbox or phone, by its identity. */
  inbox: Map<string, Sent>
  calls: number
  nextDueMs(): number | undefined
  work(): void
  servers: Record<Simulator, FastifyInstance>
}

type Timed = { due: () => number | undefined; work: () => void }

export function openPartners(clock: Clock, ids: Ids): Partners {
  const timers: Timed[] = []
  const messages: Message[] = []
  const timer = (_: Clock, due: () => number | undefined, work: () => void): Timer => {
    timers.push({ due, work })
    return { schedule() {}, stop() {} }
  }
  const queueOf = (partner: Message['partner']): MessageQueue => ({
    post({ messageId, body, afterMs = 0 }) {
      const dueMs = clock.now().epochMilliseconds + afterMs
      messages.push({ partner, messageId, body, dueMs, tries: 0 })
    },
    wake() {},
    waiting: () => messages.length,
    recent: () => [],
    close: async () => {},
  })
  const payments = openDatabase(undefined, 'payments', paymentsSchema)
  const network = openDatabase(undefined, 'network', networkSchema)
  const pace = { refundMs: 3 * 60_000, lateMs: 8000, expiresMs: 30 * 60_000, timeoutMs: 0 }
  const baseUrl = () => 'https://pay.example'
  const provider = openProvider({
    db: payments,
    clock,
    ids,
    outbox: queueOf('payments'),
    pace,
    baseUrl,
    timer,
  })
  const register = openRegister({
    db: network,
    clock,
    ids,
    outbox: queueOf('network'),
    idleMs: 10_000,
    usageDelayMs: () => 5000,
    timer,
  })
  const bank = openBank(payments, provider, clock)
  timers.push(bank)
  const servers = {
    payments: openHost(silentLog),
    network: openHost(silentLog),
    porting: openHost(silentLog),
  }
  addPortingBooks(servers.porting, { clock, ids, outbox: queueOf('porting'), timer })
  const paymentFaults = openFaults(payments)
  addPaymentApi(servers.payments, {
    db: payments,
    provider,
    clock,
    faults: paymentFaults,
    key: partnerKey,
    hangMs: 0,
    baseUrl,
  })
  addNetworkApi(servers.network, {
    register,
    faults: openFaults(network),
    key: partnerKey,
    hangMs: 0,
  })
  const nowMs = () => clock.now().epochMilliseconds
  return {
    provider,
    register,
    bank,
    databases: { payments, network },
    messages,
    delivered: ({ partner, messageId }, answer) => {
      if (partner === 'network') recordAnswer(network, messageId, answer)
    },
    inbox: new Map(),
    calls: 0,
    nextDueMs: () => least(timers.map(({ due }) => due())),
    work() {
      for (const { due, work } of timers) if ((due() ?? Infinity) <= nowMs()) work()
    },
    servers,
  }
}

/** The other operators: a number moves a few hours after it was asked for. */
function addPortingBooks(
  server: FastifyInstance,
  means: Omit<Parameters<typeof openClearing>[0], 'db' | 'leadMs'>,
): void {
  const db = openDatabase(undefined, 'porting', portingSchema)
  const clearing = openClearing({ ...means, db, leadMs: 5 * hourMs })
  addPortingApi(server, { clearing, faults: openFaults(db), key: partnerKey, hangMs: 0 })
}

export function least(times: readonly (number | null | undefined)[]): number | undefined {
  const known = times.filter((ms) => ms !== undefined && ms !== null)
  return known.length > 0 ? Math.min(...known) : undefined
}

/** Longer than a provider remembers what it did under which key; the SM-DP+ is asked every few minutes meanwhile. */
const awayMs = (partner: Partner) => (partner === 'smdp' ? 2 : 26) * hourMs

/** Carries a call of the process that makes it: lost on the way there, done and lost on the way back, or answered. */
export const reach: CallPartner = async ({ name }, call) => {
  const partner = name as Simulator
  const path = call.path.replace(/[?].*$|\d{6,}|port_\w+/g, '')
  const place = `${partner} ${call.method} ${path}`
  const answer = await travel(
    partner,
    place,
    elsewhere(() => ask(partner, call)),
  )
  if (answer.status >= 500) throw new Fault(name, 'unknown', `answered ${answer.status}`)
  return answer
}

/**
 * The SM-DP+ is the platform's own, and still at the other end of a connection. What it does it does in this process,
 * where each of its commits may freeze: only what these wait for takes real time.
 */
export const reachSmdp =
  (call: CallSmdp): CallSmdp =>
  (name, body) =>
    travel('smdp', `smdp ${name}`, () => call(name, body))

async function ask(
  partner: Simulator,
  { method, path, body, idempotencyKey }: PartnerCall,
): Promise<PartnerAnswer> {
  const { statusCode, payload } = await current().world.partners.servers[partner].inject({
    method,
    url: path,
    headers: {
      authorization: `Bearer ${partnerKey}`,
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
  return { status: statusCode, body: payload === '' ? undefined : JSON.parse(payload) }
}

/** What a partner does takes real time, and stops at none of the places of this process. */
const elsewhere =
  <Answer>(act: () => Promise<Answer>) =>
  () =>
    busily(current().life, act)

async function travel<Answer>(partner: Partner, place: string, act: () => Promise<Answer>) {
  const { world } = current()
  world.partners.calls += 1
  if (world.isAway(partner)) throw new Fault(partner, 'unknown', 'did not answer (away)')
  const there = await meet(place, ['crash', 'freeze', 'unreachable', 'lost'])
  if (there === 'unreachable') throw new Fault(partner, 'not-done', 'refused the connection')
  if (there === 'lost') throw new Fault(partner, 'unknown', 'did not answer (lost)')
  if (world.isAway(partner)) throw new Fault(partner, 'unknown', 'did not answer (away)')
  const answer = await act()
  const kinds = ['crash', 'freeze', 'slow', 'answer-lost']
  // What asks for an effect and is not answered for longer than its key is known has to look first.
  if (partner === 'smdp' || place.includes(' POST ')) kinds.push('goes-away')
  const back = await meet(`${place}, answered`, kinds)
  if (back === 'goes-away') world.outages.push({ partner, untilMs: world.nowMs + awayMs(partner) })
  if (back) throw new Fault(partner, 'unknown', 'did not answer (answer lost)')
  return answer
}

/** Mailboxes and phones: what arrives twice under one identity is one message there. */
export const letterbox: Outbox = {
  mail: ({ messageId, to, text, subject }: Mail) =>
    travel(
      'mail',
      'mail',
      elsewhere(() => arrive(messageId, to, text, subject)),
    ),
  sms: ({ id, to, text }: Sms) =>
    travel(
      'mail',
      'sms',
      elsewhere(() => arrive(id, to, text, '')),
    ),
  close() {},
}

async function arrive(id: string, to: string, text: string, subject: string): Promise<Delivery> {
  const { inbox } = current().world.partners
  const before = inbox.get(id)
  inbox.set(id, { id, to, text, subject, count: (before?.count ?? 0) + 1 })
  return { outcome: 'sent' }
}
