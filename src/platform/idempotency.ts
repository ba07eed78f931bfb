/** Idempotency-Key: the same key and body get the stored answer, the same key with another body is refused. */
import { createHash, hkdfSync } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from '../values/refusal.ts'
import type { App } from './app.ts'
import { refused } from './problem.ts'
import { seal, sealIvBytes, unseal } from './seal.ts'

const keyShape = /^[\x21-\x7e]{8,100}$/
/** Answers are kept for those who ask again, sealed for the session that asked: whoever ends it ends them. */
const keptHours = 24
/** After this long an unanswered request is taken to have died with its process. */
const abandonedAfterMs = 30_000

declare module 'fastify' {
  interface FastifyRequest {
    idempotency: { owner: string; key: string; seal: Buffer } | null
  }
}

export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  return typeof key === 'string' && keyShape.test(key) ? key : undefined
}

/** Before what moves money, which may not happen twice because a browser sent something twice. */
export async function withIdempotencyKey(request: FastifyRequest, reply: FastifyReply) {
  if (!idempotencyKeyOf(request)) return refused(reply, refuse('idempotency-key-missing'))
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
    const who = sessionOf(request.headers.cookie) ?? request.ip
    return claim(app, request, reply, hash(who), key, sealOf(app, who))
  })
  server.addHook('onSend', async (request, reply, payload) => {
    if (request.idempotency) await keep(app, request.idempotency, reply.statusCode, payload)
    return payload
  })
}

async function claim(
  app: App,
  request: FastifyRequest,
  reply: FastifyReply,
  owner: string,
  key: string,
  sealedBy: Buffer,
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
    request.idempotency = { owner, key, seal: sealedBy }
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
    .send(opened(sealedBy, `${owner} ${key}`, stored.response))
}

async function keep(
  app: App,
  { owner, key, seal: sealedBy }: { owner: string; key: string; seal: Buffer },
  status: number,
  payload: unknown,
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
  const iv = app.ids.random(sealIvBytes)
  const response = text === '' ? null : JSON.stringify(seal(sealedBy, iv, `${owner} ${key}`, text))
  await where.set({ status, response }).execute()
}

/** Only who has the session's cookie, or asks from the same place, makes this key again; it is kept nowhere. */
function sealOf({ config }: Pick<App, 'config'>, who: string): Buffer {
  return Buffer.from(hkdfSync('sha256', config.masterKey, who, 'violet stored answer', 32))
}

function opened(sealedBy: Buffer, about: string, response: unknown): unknown {
  return typeof response === 'string' ? JSON.parse(unseal(sealedBy, about, response)) : response
}

// Only the session's own cookie: the cached copies beside it change from request to request.
function sessionOf(cookies: string | undefined): string | undefined {
  return cookies?.match(/violet[\w.-]*session_token=[^;]+/)?.[0]
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
