/** The HTTP server every feature adds its routes to: JSON in and out, RFC 9457 problems, who is asking, idempotency. */
import swagger from '@fastify/swagger'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { Webhook } from 'standardwebhooks'
import type { SubscriberId } from '../values/ids.ts'
import { acceptedLocale } from '../values/locale.ts'
import { refuse } from '../values/refusal.ts'
import type { App, Role, StaffMember } from './app.ts'
import { addIdempotency } from './idempotency.ts'
import { internalProblem, refused } from './problem.ts'
import { isDataError, oddText } from './storable.ts'

export { refused }

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `signedIn`; reading it on a route without that guard is a bug. */
    subscriberId: SubscriberId
    /** Set by `staffOnly`. */
    staff: StaffMember
    rawBody: string
  }
  interface FastifyContextConfig {
    /** The route looks itself at texts that PostgreSQL can't hold. */
    takesOddText?: boolean
  }
}

const bodyLimitBytes = 64 * 1024

export async function openHttp(app: App) {
  const server = Fastify({
    bodyLimit: bodyLimitBytes,
    trustProxy: app.config.trustProxy ?? false,
    loggerInstance: app.log.child({ part: 'http' }, { level: 'warn' }) as FastifyBaseLogger,
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<ZodTypeProvider>()
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  server.decorateRequest('subscriberId', '' as SubscriberId)
  server.decorateRequest('staff', null as unknown as StaffMember)
  server.decorateRequest('rawBody', '')
  keepRawBody(server)
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Violet API',
        version: '1',
        description: 'Join, change, and leave. Errors are RFC 9457 problems with a stable `code`.',
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  server.addHook('onRequest', async (request, reply) => {
    // Answers are somebody's own: no browser and no proxy keeps one, unless a route says otherwise.
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'no-store')
    if (isForeign(request, app.config.publicUrl)) return refused(reply, refuse('foreign-origin'))
  })
  // Before anything is stored: sealed, such a text would be found out only by what reads it later.
  server.addHook('preHandler', async ({ params, query, body, routeOptions }, reply) => {
    if (routeOptions.config.takesOddText) return
    const path = oddText(params) ?? oddText(query) ?? oddText(body)
    if (path !== undefined)
      return refusedFor(reply, [{ path, message: 'text without control codes' }])
  })
  addIdempotency(server, app)
  server.setErrorHandler((error: FastifyError, request, reply) =>
    answerError(app, error, request, reply),
  )
  return server
}

export type Http = Awaited<ReturnType<typeof openHttp>>

/** Guard: only a signed-in subscriber; `fresh` asks the database and not a cached cookie (closing, money). */
export function signedIn(app: App, fresh = false) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const subscriberId = await app.sessions.subscriberOf(request.headers, fresh)
    if (!subscriberId) return refused(reply, refuse('not-signed-in'))
    request.subscriberId = subscriberId
  }
}

/** Guard: only staff with one of the roles; no role named means any of them. */
export function staffOnly(app: App, ...roles: Role[]) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const staff = await app.sessions.staffOf(request.headers)
    if (!staff) return refused(reply, refuse('staff-not-signed-in'))
    if (roles.length > 0 && !roles.includes(staff.role))
      return refused(reply, refuse('not-your-role'))
    request.staff = staff
  }
}

// Webhook signatures are over the bytes received, so they are kept beside the parsed body.
function keepRawBody(server: Pick<FastifyInstance, 'addContentTypeParser'>) {
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    (request: FastifyRequest, body: string, done) => {
      request.rawBody = body
      if (body === '') return done(null, undefined)
      try {
        done(null, JSON.parse(body, dropPrototype))
      } catch {
        done(Object.assign(new Error('not JSON'), { statusCode: 400 }))
      }
    },
  )
}

function dropPrototype(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value
}

/** A browser names the site that sent a request that changes something; another site's is turned away. */
function isForeign(request: FastifyRequest, publicUrl: string): boolean {
  const { origin } = request.headers
  if (origin === undefined || request.method === 'GET' || request.method === 'HEAD') return false
  return origin !== new URL(publicUrl).origin
}

function refusedFor(reply: FastifyReply, errors: { path: string; message: string }[]) {
  return refused(reply, refuse('invalid-request', {}, { errors }))
}

function answerError(app: App, error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
      message: message ?? '',
    }))
    return refusedFor(reply, errors)
  }
  if (error.statusCode === 413) {
    const limit = `${(request.routeOptions.bodyLimit ?? bodyLimitBytes) / 1024} KiB`
    return refused(reply, refuse('body-too-large', { limit }))
  }
  if (error.statusCode === 415) return refused(reply, refuse('unsupported-media-type'))
  if (error.statusCode === 429) return refused(reply, refuse('too-many-requests', { minutes: '1' }))
  if (error.statusCode === 400) return refused(reply, refuse('not-json'))
  app.log.error(
    { err: error, method: request.method, route: request.routeOptions.url },
    'request failed',
  )
  // Nothing was done, and the same request never can be; a cursor is the usual one.
  if (isDataError(error))
    return refusedFor(reply, [{ path: '', message: 'a value that is none of its kind' }])
  const problem = internalProblem(acceptedLocale(request.headers['accept-language']))
  return reply.code(500).type('application/problem+json').serializer(JSON.stringify).send(problem)
}

/** A guard before a body is looked at: whoever did not sign it learns nothing of it (Standard Webhooks). */
export function signedWith(secret: string) {
  const webhook = new Webhook(secret)
  return async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      webhook.verify(request.rawBody, request.headers as Record<string, string>)
    } catch {
      return refused(reply, refuse('bad-signature'))
    }
  }
}
