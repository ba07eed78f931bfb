/** What is wrong with a policy file, and what is worth a second look, each with the path of the value. */
import { z } from 'zod'
import type { StaffLocale } from '../values/locale.ts'
import { isCurrency, fromWire } from '../values/money.ts'
import { calendarOf } from './business-days.ts'
import { firstSchema, upgrade } from './first-format.ts'
import { combinations } from './combinations.ts'
import { exceeded } from './length.ts'
import { complete, defaultRules } from './packs.ts'
import { type Finding, pathOf } from './places.ts'
import {
  type DayUnit,
  isDuration,
  packSchema,
  type Policy,
  policySchema,
  withLaterRules,
} from './schema.ts'
import { isPolicyWord, type Say, sayIn } from './words/catalogs.ts'

export type Linted = { country: string | null; errors: Finding[]; warnings: Finding[] }

/** `today` tells what is not in force any more; what held only before it is not looked at. */
export function lint(
  document: unknown,
  today: Temporal.PlainDate,
  locale: StaffLocale = 'en',
): Linted {
  const say = sayIn(locale)
  const named = (document as { country?: unknown } | null)?.country
  const country = typeof named === 'string' ? named : null
  const read = parse(document, locale)
  if ('issues' in read)
    return { country, errors: read.issues.flatMap((issue) => findingsOf(issue, say)), warnings: [] }
  const { policy, own } = read
  const endless = tooLong(policy, own, say)
  // Nothing can be counted with them, so nothing more is looked for.
  if (endless.length > 0)
    return { country, errors: [...perRule(policy, own, say), ...endless], warnings: [] }
  const together = combinations(policy, today, say)
  return {
    country,
    errors: [...perRule(policy, own, say), ...together.errors],
    warnings: [
      ...secondLook(policy, own, say),
      ...together.warnings,
      ...expiring(policy, today, say),
    ],
  }
}

/** The policy of a document, a pack or a document of the first format; it throws where lint finds it malformed. */
export function completeDocument(document: unknown): Policy {
  const read = parse(document)
  if ('issues' in read) throw new Error('malformed: lint it first')
  return read.policy
}

type Issue = z.core.$ZodIssue
/** The names of the rules that stand in the file itself; the others are inherited. */
type Read = { policy: Policy; own: ReadonlySet<string> } | { issues: readonly Issue[] }

/** What zod says of a shape, in the language of whoever reads it. */
const shapes = { en: z.locales.en(), 'zh-CN': z.locales.zhCN() }

function parse(document: unknown, locale: StaffLocale = 'en'): Read {
  const words = { error: shapes[locale].localeError }
  const isObject = typeof document === 'object' && document !== null
  const own = (rules: object) => new Set(Object.keys(rules))
  if (isObject && 'inherits' in document) {
    const pack = packSchema.safeParse(document, words)
    if (!pack.success) return { issues: pack.error.issues }
    return { policy: complete(pack.data), own: own(pack.data.rules) }
  }
  if (isObject && 'rules' in document && !('format' in document)) {
    const first = firstSchema.safeParse(document, words)
    if (!first.success) return { issues: first.error.issues }
    const upgraded = policySchema.safeParse(upgrade(first.data), words)
    if (!upgraded.success) return { issues: upgraded.error.issues }
    return { policy: upgraded.data, own: own(first.data.rules) }
  }
  const whole = policySchema.safeParse(withLaterRules(document), words)
  if (!whole.success) return { issues: whole.error.issues }
  return { policy: whole.data, own: own(whole.data.rules) }
}

function findingsOf(issue: Issue, say: Say): Finding[] {
  const path = pathOf(issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: pathOf([...issue.path, key]),
      message: say('unknown-field'),
    }))
  const message = isPolicyWord(issue.message) ? say(issue.message) : issue.message
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined
  return [{ path, message: isMissing ? say('missing', { what: message }) : message }]
}

type Facts = {
  value: unknown
  source: string
  confidence: string
  validFrom?: string
  validTo?: string
  segment?: readonly string[]
  plan?: readonly string[]
  days?: DayUnit
}
type Rule = Facts & { variants?: readonly Facts[] }

/** Every rule and variant of the file with its path. */
function placed({ rules }: Policy, own: ReadonlySet<string>): { path: string; facts: Facts }[] {
  return Object.entries(rules as unknown as Record<string, Rule>)
    .filter(([name]) => own.has(name))
    .flatMap(([name, rule]) => [
      { path: `rules.${name}`, facts: rule },
      ...(rule.variants ?? []).map((facts, at) => ({
        path: `rules.${name}.variants[${at}]`,
        facts,
      })),
    ])
}

const ownDefault = /^Violet default/

function perRule(policy: Policy, own: ReadonlySet<string>, words: Say): Finding[] {
  return placed(policy, own).flatMap(({ path, facts }) => {
    const { source, confidence, validFrom, validTo, segment: who, plan: how } = facts
    const found: Finding[] = []
    const say = (at: string, message: string) => found.push({ path: `${path}${at}`, message })
    if (validFrom && validTo && validTo < validFrom)
      say('.validTo', words('before-from', { to: validTo, from: validFrom }))
    if (confidence === 'D' && !ownDefault.test(source))
      say('.confidence', words('no-default', { source }))
    if (confidence !== 'D' && ownDefault.test(source))
      say('.confidence', words('no-law', { confidence }))
    if (path.endsWith(']') && !who && !how && !validFrom && !validTo)
      say('', words('for-everybody'))
    for (const message of badAmounts(path, facts.value, words)) say('.value', message)
    return found
  })
}

/**
 * Lengths of time that are no misprint of anything. They are found here and not by the schema, which reads what was published
 * too: a version that nobody can close under must stay readable, or no better one could follow it.
 */
function tooLong(policy: Policy, own: ReadonlySet<string>, words: Say): Finding[] {
  return placed(policy, own).flatMap(({ path, facts }) => {
    return lengthsIn(facts.value, `${path}.value`).flatMap(({ path: at, length }) => {
      const most = exceeded(length, facts.days)
      return most ? [{ path: at, message: words('too-long', { value: length, most }) }] : []
    })
  })
}

function lengthsIn(value: unknown, path: string): { path: string; length: string }[] {
  if (typeof value === 'string') return isDuration(value) ? [{ path, length: value }] : []
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => lengthsIn(inner, `${path}.${name}`))
}

function badAmounts(path: string, value: unknown, words: Say): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (/\.(refundFee|refundFeeMax|lateUsageCap|secondReviewAbove)\b/.test(path))
    return unknownCurrencies(value, words)
  if (path.includes('.etfRule') && 'amount' in value)
    return unknownCurrencies(value.amount ?? {}, words)
  if (path.includes('.buttonLabels'))
    return Object.values(value).flatMap((labels: object) =>
      Object.keys(labels)
        .filter((tag) => !isLanguage(tag))
        .map((tag) => words('no-language', { tag })),
    )
  if (!path.includes('.driftTolerance')) return []
  return Object.entries(value)
    .filter(([currency, amount]) => {
      const parsed = fromWire({ amount: String(amount), currency })
      return parsed === undefined || parsed.minor < 0n
    })
    .map(([currency, amount]) => words('no-amount', { amount: String(amount), currency }))
}

function unknownCurrencies(amounts: object, words: Say): string[] {
  return Object.keys(amounts)
    .filter((code) => !isCurrency(code))
    .map((code) => words('no-currency', { code }))
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

const doubts = ['S?', '2', 'P', 'D'] as const

/** What a person should look at before relying on the file. */
function secondLook(policy: Policy, own: ReadonlySet<string>, words: Say): Finding[] {
  const facts = placed(policy, own)
  const doubtful = doubts.flatMap((confidence) => {
    const names = facts
      .filter((each) => each.facts.confidence === confidence)
      .map(({ path }) => path.replace('rules.', ''))
    if (names.length === 0) return []
    const message = words(`doubt.${confidence}`, { names: names.join(', ') })
    return [{ path: 'rules', message }]
  })
  const inherited = Object.keys(defaultRules).filter((name) => !own.has(name))
  if (inherited.length > 0)
    doubtful.push({ path: 'rules', message: words('inherited', { names: inherited.join(', ') }) })
  return doubtful
}

function expiring(policy: Policy, today: Temporal.PlainDate, words: Say): Finding[] {
  const every = new Set(Object.keys(policy.rules))
  const past = placed(policy, every)
    .filter(({ facts: { validTo } }) => validTo !== undefined && validTo < today.toString())
    .map(({ path, facts }) => ({
      path: `${path}.validTo`,
      message: words('over', { day: facts.validTo ?? '' }),
    }))
  const name = policy.rules.holidayCalendar.value
  const { announced } = calendarOf(name)
  const soon = today.add({ days: 90 }).toString()
  if (announced === undefined || announced.until > soon) return past
  const message = words('announced', { name, day: announced.until })
  return [...past, { path: 'rules.holidayCalendar.value', message }]
}
