/** Nchf_ConvergedCharging over HTTP/2 (3GPP TS 32.291 §6.1.3): create, update, release. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../../platform/app.ts'
import { CannotStart } from '../../platform/process.ts'
import type { Charger } from './batch-store.ts'
import { keepText, keepUncharged, keepUnreadable } from './reject-store.ts'
import { type Cause, isProblem, type NchfProblem, problem } from './problem.ts'
import { parseRanges, type Range } from './rating-group.ts'
import { parseRef, type Ref, refOf, sessionIdOf } from './ref.ts'
import { type Asked, readAsked } from './request.ts'
import type { Operation } from './state.ts'
import { refusedUses } from './uncharged.ts'

export const nchfRoot = '/nchf-convergedcharging/v3'
export const nchfBodyLimitBytes = 256 * 1024

export function registerNchfRoutes(server: FastifyInstance, app: App, charger: Charger) {
  const { url, ratingGroups } = app.config.nchf
  const ranges = parseRanges(ratingGroups)
  if (!ranges) {
    throw new CannotStart(
      `VIOLET_NCHF_RATING_GROUPS must be like "1-999=data,1000=voice,2000=sms", not "${ratingGroups}".`,
    )
  }
  readJson(server, app)
  server.setErrorHandler((error: FastifyError, request, reply) =>
    answerError(app, error, request, reply),
  )
  server.setNotFoundHandler((_, reply) =>
    refuse(reply, problem('RESOURCE_URI_STRUCTURE_NOT_FOUND')),
  )

  const collection = `${nchfRoot}/chargingdata`
  server.post(collection, async (request, reply) => {
    const { body } = request
    const asked = readFor('create', body, ranges)
    if (isProblem(asked)) {
      await keepUnreadable(app, { operation: 'create', name: '', body, ranges })
      return refuse(reply, asked)
    }
    const taken = await charger.create(asked)
    if (isProblem(taken)) return refuse(reply, taken)
    const { ref, answer } = taken
    return reply
      .code(answer.status)
      .header('location', `${url}${collection}/${refOf(ref)}`)
      .type('application/json')
      .send(answer.body)
  })
  only(server, collection)

  for (const operation of ['update', 'release'] as const) {
    const path = `${collection}/:chargingDataRef/${operation}`
    server.post(path, async (request, reply) => {
      const { chargingDataRef } = request.params as { chargingDataRef: string }
      const { body } = request
      const asked = readFor(operation, body, ranges)
      if (isProblem(asked)) {
        await keepUnreadable(app, { operation, name: chargingDataRef, body, ranges })
        return refuse(reply, asked)
      }
      const ref = parseRef(chargingDataRef)
      if (!ref) return refuse(reply, await nowhere(app, chargingDataRef, operation, asked))
      return answered(reply, await continued(charger, operation, ref, asked))
    })
    only(server, path)
  }
}

/** Only JSON, and what says it is and is not is kept before it is refused. */
function readJson(server: FastifyInstance, app: App) {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (_request, text, done) => {
      let body: unknown
      try {
        body = JSON.parse(text)
      } catch {
        const refusal = Object.assign(new Error('The body is not JSON'), { statusCode: 400 })
        const kept = text.trim() === '' ? Promise.resolve() : keepText(app, text)
        void kept.then(() => done(refusal), done)
        return
      }
      done(null, body)
    },
  )
}

function continued(charger: Charger, operation: 'update' | 'release', ref: Ref, asked: Asked) {
  return operation === 'update' ? charger.update(ref, asked) : charger.release(ref, asked)
}

function readFor(operation: Operation, body: unknown, ranges: readonly Range[]) {
  const asked = readAsked(body, ranges)
  if (isProblem(asked) || operation !== 'create' || asked.identity) return asked
  const reason = 'imsi-… or, in servedGPSI too, msisdn-…'
  const invalidParams = [{ param: '/subscriberIdentifier', reason }]
  return problem('MANDATORY_IE_MISSING', { invalidParams })
}

/** A name that can't be one of ours. */
async function nowhere(app: App, name: string, operation: Operation, asked: Asked) {
  const sessionId = sessionIdOf(name, asked.contentHash)
  const refusal = problem('CONTEXT_NOT_FOUND')
  const told = { sessionId, line: undefined, operation, asked }
  await keepUncharged(app, told, refusedUses(asked, refusal))
  return refusal
}

function answered(reply: FastifyReply, taken: Awaited<ReturnType<Charger['update']>>) {
  if (isProblem(taken)) return refuse(reply, taken)
  const { status, body } = taken.answer
  if (body === null) return reply.code(status).send()
  return reply.code(status).type('application/json').send(body)
}

/** Every other method of a resource that there is (RFC 9110 §15.5.6). */
function only(server: FastifyInstance, url: string) {
  server.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url,
    handler: (_, reply) => refuse(reply.header('allow', 'POST'), problem('METHOD_NOT_ALLOWED')),
  })
}

function refuse(reply: FastifyReply, refusal: NchfProblem) {
  return reply.code(refusal.status).type('application/problem+json').send(JSON.stringify(refusal))
}

const causes: Readonly<Record<number, Cause>> = {
  400: 'INVALID_MSG_FORMAT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
}

function answerError(app: App, error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const cause = causes[error.statusCode ?? 500]
  // HTTP/2 knows no such header; Fastify sets it where a body is too large.
  reply.removeHeader('connection')
  if (cause) return refuse(reply, problem(cause))
  app.log.error({ err: error, route: request.routeOptions.url }, 'charging request failed')
  return refuse(reply, problem('SYSTEM_FAILURE'))
}
