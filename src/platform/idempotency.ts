/** Idempotency-Key: the same key and body get the stored answer, the same key with another body is refused. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from '../values/refusal.ts'
import type { App } from './app.ts'
import { refused } from './problem.ts'
import { seal, sealIvBytes, sealKey, unseal } from './seal.ts'

const keyShape = /^[\x21-\x7e]{8,100}$/
/** Answers are kept for those who ask again, and hold what was personal in them: a day is enough. */
const keptHours = 24
/** After this long an unanswered request is taken to have died with its process. */
const abandonedAfterMs = 30_000

declare module 'fastify' {
  interface FastifyRequest {
    idempotency: { owner: string; key: string } | null
  }
  interface FastifyContextConfig {
    /** The answer holds what no table may hold readable: it is kept sealed. */
    secretAnswer?: boolean
  }
}

export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  return typeof key === 'string' && keyShape.test(key) ? key : undefined
}

export async function sweepIdempotency({ db, clock }: Pick<App, 'db' | 'clock'>): Promise<void> {
  await db
    .deleteFrom('idempotency_key')
    .where('created_at', '<', clock.now().subtract({ hours: keptHours }))
    .execute()
}

export function addIdempotency(server: FastifyInstance, app: App) {
  server.decorateRequest('idempotency', null)
  server.addHook('preHandler', async (request, reply) => {
    const key = idempotencyKeyOf(request)
    if (!key || request.method === 'GET' || request.method === 'HEAD') return
    // Keys belong to whoever asks, so that nobody can read another's answer by guessing a key.
    const owner = hash(sessionOf(request.headers.cookie) ?? request.ip)
    return claim(app, request, reply, owner, key)
  })
  server.addHook('onSend', async (request, reply, payload) => {
    const { idempotency, routeOptions } = request
    const secret = routeOptions.config?.secretAnswer === true
    if (idempotency) await keep(app, idempotency, reply.statusCode, payload, secret)
    return payload
  })
}

async function claim(
  app: App,
  request: FastifyRequest,
  reply: FastifyReply,
  owner: string,
  key: string,
) {
  const requestHash = hash(`${request.method} ${request.url}\n${request.rawBody}`)
  const now = app.clock.now()
  const claimed = await app.db
    .insertInto('idempotency_key')
    .values({ owner_id: owner, key, request_hash: requestHash, created_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(['owner_id', 'key'])
        .doUpdateSet({ created_at: now })
        .where('idempotency_key.status', 'is', null)
        .where('idempotency_key.created_at', '<', now.subtract({ milliseconds: abandonedAfterMs })),
    )
    .returning('key')
    .executeTakeFirst()
  if (claimed) {
    request.idempotency = { owner, key }
    return
  }
  const stored = await app.db
    .selectFrom('idempotency_key')
    .select(['request_hash', 'status', 'response'])
    .where('owner_id', '=', owner)
    .where('key', '=', key)
    .executeTakeFirst()
  if (!stored) return refused(reply, refuse('still-in-progress'))
  if (stored.request_hash !== requestHash) return refused(reply, refuse('idempotency-key-reused'))
  if (stored.status === null) return refused(reply, refuse('still-in-progress'))
  const type = stored.status >= 400 ? 'application/problem+json' : 'application/json'
  return reply
    .code(stored.status)
    .header('idempotency-replayed', 'true')
    .type(type)
    .serializer(JSON.stringify)
    .send(opened(app, { owner, key }, stored.response))
}

type Claim = { owner: string; key: string }
const about = ({ owner, key }: Claim) => `answer ${owner} ${key}`

function opened(app: App, claimed: Claim, response: unknown): unknown {
  const isSealed = typeof response === 'object' && response !== null && 'sealed' in response
  if (!isSealed) return response
  const text = unseal(
    sealKey(app.config.masterKey, 'answer'),
    about(claimed),
    String(response.sealed),
  )
  return JSON.parse(text)
}

function sealed(app: App, claimed: Claim, text: string): string {
  const key = sealKey(app.config.masterKey, 'answer')
  return JSON.stringify({ sealed: seal(key, app.ids.random(sealIvBytes), about(claimed), text) })
}

async function keep(
  app: App,
  { owner, key }: Claim,
  status: number,
  payload: unknown,
  secret: boolean,
) {
  const where = app.db
    .updateTable('idempotency_key')
    .where('owner_id', '=', owner)
    .where('key', '=', key)
  const text = typeof payload === 'string' ? payload : ''
  // A refusal may become a yes later (a right code, a paid debt), so only what was done is kept.
  if (status >= 400) {
    await app.db
      .deleteFrom('idempotency_key')
      .where('owner_id', '=', owner)
      .where('key', '=', key)
      .execute()
    return
  }
  const kept = secret ? sealed(app, { owner, key }, text) : text
  await where.set({ status, response: text === '' ? null : kept }).execute()
}

// Only the session's own cookie: the cached copies beside it change from request to request.
function sessionOf(cookies: string | undefined): string | undefined {
  return cookies?.match(/violet[\w.-]*session_token=[^;]+/)?.[0]
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
