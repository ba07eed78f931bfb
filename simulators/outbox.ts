/** Sends signed messages to the platform until it takes them: the queue outlives the process. */
import { Webhook } from 'standardwebhooks'
import type { Clock } from '../src/platform/clock.ts'
import type { Database } from './database.ts'
import type { Faults } from './faults.ts'
import type { Log } from './host.ts'

export type Posted = { messageId: string; type: string; body: string; afterMs?: number }

export type Delivery = {
  id: number
  message_id: string
  type: string
  body: string
  due_ms: number
  attempts: number
  state: 'waiting' | 'delivered' | 'given-up'
  last_answer: string
  created_ms: number
}

export type Outbox = {
  /** Queues a message; call it in the transaction that caused it, and `wake` after the commit. */
  post(message: Posted): void
  wake(): void
  waiting(): number
  recent(limit: number): Delivery[]
  close(): Promise<void>
}

type Options = {
  db: Database
  clock: Clock
  faults: Faults
  log: Log
  target: () => string
  secret?: string // unsigned when left out
  inOrder?: boolean // one after the other; what is refused for good (4xx) is given up
  backoffMs?: readonly number[]
  /** Taken, or refused for good. */
  answered?: (delivery: Delivery, answer: unknown, isRefused: boolean) => void
}

const BACKOFF_MS = [500, 1000, 2000, 5000, 15_000, 60_000]
const TRIES_FOR_MS = 3 * 24 * 3600_000
const SEND_MS_MAX = 10_000
const AT_ONCE = 4

const schema = `create table if not exists outbox (
  id integer primary key,
  message_id text not null,
  type text not null,
  body text not null,
  due_ms integer not null,
  attempts integer not null default 0,
  state text not null default 'waiting',
  last_answer text not null default '',
  created_ms integer not null
) strict`
const index = `create index if not exists outbox_due on outbox (due_ms, id) where state = 'waiting'`

export function openOutbox({ db, clock, ...rest }: Options): Outbox {
  db.run(schema)
  db.run(index)
  const nowMs = () => clock.now().epochMilliseconds
  // The platform was probably away as well, so what was put off is tried at once.
  db.run(`update outbox set due_ms = :now where state = 'waiting' and attempts > 0`, {
    now: nowMs(),
  })
  const order = rest.inOrder ? 'id' : 'due_ms, id'
  const atOnce = rest.inOrder ? 1 : AT_ONCE
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> | undefined

  const schedule = () => {
    clearTimeout(timer)
    if (stopping.signal.aborted || sending) return
    const next = db.get<Delivery>(
      `select * from outbox where state = 'waiting' order by ${order} limit 1`,
    )?.due_ms
    if (next === undefined) return
    // Not longer than a second: a test moves the clock without telling us.
    timer = setTimeout(pump, Math.min(1000, Math.max(0, next - nowMs())))
  }
  const pump = () => {
    const due = db
      .all<Delivery>(
        `select * from outbox where state = 'waiting' order by ${order} limit ${atOnce}`,
      )
      .filter(({ due_ms }) => due_ms <= nowMs())
    if (due.length === 0) return schedule()
    sending = Promise.all(
      due.map((delivery) => attempt({ db, nowMs, ...rest }, delivery, stopping.signal)),
    ).then(() => {
      sending = undefined
      schedule()
    })
  }
  schedule()

  return {
    post: ({ messageId, type, body, afterMs = 0 }) => {
      db.run(
        `insert into outbox (message_id, type, body, due_ms, created_ms)
         values (:messageId, :type, :body, :due, :now)`,
        {
          messageId,
          type,
          body,
          due: nowMs() + afterMs + rest.faults.read().delayWebhooksMs,
          now: nowMs(),
        },
      )
    },
    wake: schedule,
    waiting: () =>
      db.get<{ n: number }>(`select count(*) as n from outbox where state = 'waiting'`)?.n ?? 0,
    recent: (limit) =>
      db.all<Delivery>('select * from outbox order by id desc limit :limit', { limit }),
    async close() {
      clearTimeout(timer)
      stopping.abort()
      await sending
    },
  }
}

type Means = Omit<Options, 'clock'> & { nowMs: () => number }

async function attempt(means: Means, delivery: Delivery, stop: AbortSignal): Promise<void> {
  const { db, faults, log, nowMs, backoffMs = BACKOFF_MS } = means
  const isLost = faults.take('loseWebhooks')
  const sent = isLost
    ? { ok: false, said: 'never sent (fault)', answer: undefined }
    : faults.take('dropWebhooks')
      ? { ok: false, said: 'lost on the way (fault)', answer: undefined }
      : await send(means, delivery, stop)
  if (stop.aborted && !sent.ok) return
  if (sent.ok && faults.read().duplicateWebhooks) await send(means, delivery, stop)
  const attempts = delivery.attempts + 1
  const waitMs = backoffMs[Math.min(attempts - 1, backoffMs.length - 1)] ?? 60_000
  const old = nowMs() - delivery.created_ms > TRIES_FOR_MS
  const refused = Boolean(means.inOrder) && /^4(?!08|29)\d\d$/.test(sent.said)
  const state = sent.ok ? 'delivered' : old || refused || isLost ? 'given-up' : 'waiting'
  db.transaction(() => {
    db.run(
      `update outbox set state = :state, attempts = :attempts, due_ms = :due, last_answer = :said
       where id = :id`,
      { state, attempts, due: nowMs() + waitMs, said: sent.said, id: delivery.id },
    )
    if (sent.ok || refused) means.answered?.(delivery, sent.answer, refused)
  })
  if (!sent.ok) log.info({ type: delivery.type, said: sent.said, attempts }, 'not delivered yet')
}

type Sent = { ok: boolean; said: string; answer: unknown }

async function send({ target, secret }: Means, it: Delivery, stop: AbortSignal): Promise<Sent> {
  try {
    const response = await fetch(target(), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret === undefined ? {} : signature(secret, it)),
      },
      body: it.body,
      redirect: 'manual',
      signal: AbortSignal.any([stop, AbortSignal.timeout(SEND_MS_MAX)]),
    })
    const text = await response.text()
    return { ok: response.ok, said: String(response.status), answer: parse(text) }
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    return { ok: false, said: cause?.code ?? name, answer: undefined }
  }
}

function signature(secret: string, { message_id, body }: Delivery): Record<string, string> {
  // The wall clock of both sides, which a moved test clock is not.
  const at = new Date()
  return {
    'webhook-id': message_id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(message_id, at, body),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
