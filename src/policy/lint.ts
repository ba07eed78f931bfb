/** What is wrong with a policy file, and what is worth a second look, each with the path of the value. */
import { z } from 'zod'
import type { StaffLocale } from '../values/locale.ts'
import { isCurrency, fromWire } from '../values/money.ts'
import { calendarOf } from './business-days.ts'
import { firstSchema, upgrade } from './first-format.ts'
import { comparedFrom as start, exceeded } from './length.ts'
import { complete, defaultRules } from './packs.ts'
import { pathOf } from './places.ts'
import { endOf, endOfAny, ruleFor, type Whom } from './rule-for.ts'
import { segmentWire as segment } from '../values/wire.ts'
import {
  type DayUnit,
  isDuration,
  packSchema,
  plan,
  type Policy,
  policySchema,
  withLaterRules,
} from './schema.ts'
import { isPolicyWord, type Say, sayIn } from './words/catalogs.ts'

export type Finding = { path: string; message: string }
export type Linted = { country: string | null; errors: Finding[]; warnings: Finding[] }

/** `today` tells what is not in force any more. */
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
  const errors = [...perRule(policy, own, say), ...combinations(policy, say)]
  return {
    country,
    errors,
    warnings: [
      ...secondLook(policy, own, say),
      ...cutNotices(policy, say),
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

const everybody: Whom[] = segment.options.flatMap((each) =>
  plan.options.map((how) => ({ segment: each, plan: how })),
)

/** Rules that cannot hold together, for anybody; said once. */
function combinations(policy: Policy, words: Say): Finding[] {
  const found = everybody.flatMap((whom) => [...clashes(policy, whom, words)])
  return [...new Map(found.map((each) => [`${each.path} ${each.message}`, each])).values()]
}

function clashes(policy: Policy, whom: Whom, words: Say): Finding[] {
  const rule = <Name extends keyof Policy['rules']>(name: Name) => ruleFor(policy, name, whom)
  const found: Finding[] = []
  const say = (name: keyof Policy['rules'], message: string) =>
    found.push({ path: `rules.${name}.value`, message })
  const longer = (a: Length, b: Length) =>
    a.value !== null &&
    b.value !== null &&
    Temporal.Instant.compare(
      endOf(policy, { ...a, value: a.value }, start),
      endOf(policy, { ...b, value: b.value }, start),
    ) > 0
  const min = rule('quarantineMin')
  const max = rule('quarantineMax')
  const against = (value: Length, name: keyof Policy['rules'], other: Length) => ({
    value: String(value.value),
    name,
    other: String(other.value),
  })
  const [after, latest] = [rule('portAfterEnd'), rule('maxCloseTime')]
  const [waiting, odd] = [rule('coolingOff'), rule('riskWait')]
  if (longer(min, max)) say('quarantineMax', words('shorter', against(max, 'quarantineMin', min)))
  if (longer(after, min))
    say('quarantineMin', words('shorter', against(min, 'portAfterEnd', after)))
  if (longer(waiting, latest))
    say('coolingOff', words('longer', against(waiting, 'maxCloseTime', latest)))
  if (longer(odd, latest)) say('riskWait', words('longer', against(odd, 'maxCloseTime', latest)))
  for (const message of wayOut(policy, whom, words)) say('paidDispositions', message)
  if (rule('promoRefundable').value) say('promoRefundable', words('promo-stays'))
  for (const [currency, most] of Object.entries(rule('refundFeeMax').value ?? {})) {
    const fee = rule('refundFee').value[currency] ?? 0
    if (fee > most)
      say('refundFee', words('fee-above', { fee: String(fee), currency, most: String(most) }))
  }
  return found
}

/** What becomes of prepaid credit: what the law gives is offered, nothing it prohibits, and an account can end. */
function wayOut(policy: Policy, whom: Whom, words: Say): string[] {
  if (whom.plan !== 'prepaid') return []
  const right = ruleFor(policy, 'refundRight', whom).value
  const offered = ruleFor(policy, 'paidDispositions', whom).value
  const isRefunded = offered.includes('refund')
  if (right === 'prohibited' && isRefunded) return [words('offers-prohibited')]
  // A right that comes with a port needs no offer without one.
  if (right === 'any_end' && !isRefunded) return [words('offers-none', { right })]
  // To keep, to move and to spend need an account or a line that stays.
  if (isRefunded || offered.includes('donate')) return []
  return [words(right === 'prohibited' ? 'no-way-out.prohibited' : 'no-way-out')]
}

type Length = { value: string | null; days?: Policy['rules']['coolingOff']['days'] }

const doubts = ['S?', '2', 'P', 'D'] as const

/** What a person should look at before relying on the file. */
function secondLook(policy: Policy, own: ReadonlySet<string>, words: Say): Finding[] {
  const { rules } = policy
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
  const { reviewSla, autoApprove, ifLate, maxCloseTime, coolingOff } = rules
  if (!autoApprove.value && ifLate.value === 'approved' && reviewSla.value === 'PT0S')
    doubtful.push({ path: 'rules.reviewSla.value', message: words('no-time') })
  if (maxCloseTime.value !== null && !autoApprove.value) {
    const reviewed = endOf(policy, reviewSla, endOf(policy, coolingOff, start))
    const latest = endOf(policy, { ...maxCloseTime, value: maxCloseTime.value }, start)
    if (Temporal.Instant.compare(reviewed, latest) > 0)
      doubtful.push({
        path: 'rules.maxCloseTime.value',
        message: words('less-time', { time: reviewSla.value }),
      })
  }
  return doubtful
}

/** Both may be law, as where one is of a switch: the shorter of them holds. */
function cutNotices(policy: Policy, words: Say): Finding[] {
  const messages = segment.options.flatMap((each) => {
    const whom: Whom = { segment: each, plan: 'postpaid' }
    const [notice, latest] = [
      ruleFor(policy, 'noticeRule', whom),
      ruleFor(policy, 'maxCloseTime', whom),
    ]
    const [until, by] = [endOfAny(policy, notice, start), endOfAny(policy, latest, start)]
    const isCut = until && by && Temporal.Instant.compare(until, by) > 0
    return isCut ? [words('cut', { value: String(notice.value), other: String(latest.value) })] : []
  })
  return [...new Set(messages)].map((each) => ({ path: 'rules.noticeRule.value', message: each }))
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
