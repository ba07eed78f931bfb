/** Turns a refusal into an RFC 9457 problem in the language of the request. */
import type { FastifyReply } from 'fastify'
import { acceptedLocale, type Locale } from '../values/locale.ts'
import { type Refusal, refusalStatus } from '../values/refusal.ts'
import { filled } from '../values/writing.ts'
import { catalogs } from './words/catalogs.ts'

export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  code: string
  [extension: string]: unknown
}

export function problemOf(refusal: Refusal, locale: Locale): Problem {
  const { title, detail } = catalogs[locale][refusal.refused]
  return {
    type: `urn:violet:problem:${refusal.refused}`,
    title,
    status: refusalStatus[refusal.refused],
    detail: filled(detail, refusal.facts, locale),
    code: refusal.refused,
    ...refusal.extension,
  }
}

/** Answers with the problem of a refusal, in the language of the request. */
export function refused(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = problemOf(refusal, acceptedLocale(reply.request.headers['accept-language']))
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem)
}

export function internalProblem(locale: Locale): Problem {
  const { title, detail } = catalogs[locale].internal
  return { type: 'urn:violet:problem:internal', title, status: 500, detail, code: 'internal' }
}
