/** Turns a refusal into an RFC 9457 problem in the language of the request. */
import type { FastifyReply } from 'fastify'
import { type Refusal, type RefusalCode, refusalStatus } from '../values/refusal.ts'
import en from './words/en.json' with { type: 'json' }
import zhCN from './words/zh-CN.json' with { type: 'json' }

export type Locale = 'en' | 'zh-CN'
type ProblemWords = Record<RefusalCode | 'internal', { title: string; detail: string }>

const words: Record<Locale, ProblemWords> = { en, 'zh-CN': zhCN }

/** The best supported language of an Accept-Language header (RFC 9110 §12.5.4); English when none fits. */
export function localeOf(acceptLanguage: string | undefined): Locale {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', q] = part.trim().split(';q=')
      return { tag: tag.toLowerCase(), weight: q === undefined ? 1 : Number(q) || 0 }
    })
    .sort((a, b) => b.weight - a.weight)
  for (const { tag } of wanted) {
    if (tag.startsWith('zh')) return 'zh-CN'
    if (tag.startsWith('en')) return 'en'
  }
  return 'en'
}

export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  code: string
  [extension: string]: unknown
}

export function problemOf(refusal: Refusal, locale: Locale): Problem {
  const { title, detail } = words[locale][refusal.refused]
  return {
    type: `urn:violet:problem:${refusal.refused}`,
    title,
    status: refusalStatus[refusal.refused],
    detail: fill(detail, refusal.facts),
    code: refusal.refused,
    ...refusal.extension,
  }
}

/** Answers with the problem of a refusal, in the language of the request. */
export function refused(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = problemOf(refusal, localeOf(reply.request.headers['accept-language']))
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem)
}

export function internalProblem(locale: Locale): Problem {
  const { title, detail } = words[locale].internal
  return { type: 'urn:violet:problem:internal', title, status: 500, detail, code: 'internal' }
}

function fill(sentence: string, facts: Readonly<Record<string, string>>): string {
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? '')
}
