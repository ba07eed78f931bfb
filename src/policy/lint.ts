/** What is wrong with a policy file, and what is worth a second look, each with the path of the value. */
import type { z } from 'zod'
import { isCurrency, fromWire } from '../values/money.ts'
import { calendarOf } from './business-days.ts'
import { firstSchema, upgrade } from './first-format.ts'
import { complete, defaultRules } from './packs.ts'
import { pathOf } from './places.ts'
import { endOf, ruleFor, type Whom } from './rule-for.ts'
import { packSchema, plan, type Policy, policySchema, segment, withLaterRules } from './schema.ts'

export type Finding = { path: string; message: string }
export type Linted = { country: string | null; errors: Finding[]; warnings: Finding[] }

/** `today` tells what is not in force any more. */
export function lint(document: unknown, today: Temporal.PlainDate): Linted {
  const named = (document as { country?: unknown } | null)?.country
  const country = typeof named === 'string' ? named : null
  const read = parse(document)
  if ('issues' in read) return { country, errors: read.issues.flatMap(findingsOf), warnings: [] }
  const { policy, own } = read
  const errors = [...perRule(policy, own), ...combinations(policy)]
  return { country, errors, warnings: [...secondLook(policy, own), ...expiring(policy, today)] }
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

function parse(document: unknown): Read {
  const isObject = typeof document === 'object' && document !== null
  const own = (rules: object) => new Set(Object.keys(rules))
  if (isObject && 'inherits' in document) {
    const pack = packSchema.safeParse(document)
    if (!pack.success) return { issues: pack.error.issues }
    return { policy: complete(pack.data), own: own(pack.data.rules) }
  }
  if (isObject && 'rules' in document && !('format' in document)) {
    const first = firstSchema.safeParse(document)
    if (!first.success) return { issues: first.error.issues }
    return { policy: upgrade(first.data), own: own(first.data.rules) }
  }
  const whole = policySchema.safeParse(withLaterRules(document))
  if (!whole.success) return { issues: whole.error.issues }
  return { policy: whole.data, own: own(whole.data.rules) }
}

function findingsOf(issue: Issue): Finding[] {
  const path = pathOf(issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: pathOf([...issue.path, key]),
      message: 'unknown field',
    }))
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ path, message: `missing: ${issue.message}` }]
  return [{ path, message: issue.message }]
}

type Facts = {
  value: unknown
  source: string
  confidence: string
  validFrom?: string
  validTo?: string
  segment?: readonly string[]
  plan?: readonly string[]
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

function perRule(policy: Policy, own: ReadonlySet<string>): Finding[] {
  return placed(policy, own).flatMap(({ path, facts }) => {
    const { source, confidence, validFrom, validTo, segment: who, plan: how } = facts
    const found: Finding[] = []
    const say = (at: string, message: string) => found.push({ path: `${path}${at}`, message })
    if (validFrom && validTo && validTo < validFrom)
      say('.validTo', `${validTo} is before validFrom ${validFrom}`)
    if (confidence === 'D' && !ownDefault.test(source))
      say('.confidence', `D is Violet’s own default, but the source is "${source}"`)
    if (confidence !== 'D' && ownDefault.test(source))
      say('.confidence', `a default is D, never ${confidence}: it is no law`)
    if (path.endsWith(']') && !who && !how && !validFrom && !validTo)
      say('', 'a variant for everybody and always: name segment, plan or time')
    for (const message of badAmounts(path, facts.value)) say('.value', message)
    return found
  })
}

function badAmounts(path: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (/\.(refundFee|refundFeeMax|lateUsageCap|secondReviewAbove)\b/.test(path))
    return unknownCurrencies(value)
  if (path.includes('.etfRule') && 'amount' in value) return unknownCurrencies(value.amount ?? {})
  if (path.includes('.buttonLabels'))
    return Object.values(value).flatMap((labels: object) =>
      Object.keys(labels)
        .filter((tag) => !isLanguage(tag))
        .map((tag) => `"${tag}" is no language tag`),
    )
  if (!path.includes('.driftTolerance')) return []
  return Object.entries(value)
    .filter(([currency, amount]) => {
      const parsed = fromWire({ amount: String(amount), currency })
      return parsed === undefined || parsed.minor < 0n
    })
    .map(([currency, amount]) => `"${String(amount)}" is no amount in ${currency}`)
}

function unknownCurrencies(amounts: object): string[] {
  return Object.keys(amounts)
    .filter((code) => !isCurrency(code))
    .map((code) => `${code} is no currency that Violet knows`)
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

/** A Monday morning with no day off near it: lengths are compared from there. */
const start = Temporal.Instant.from('2026-06-08T09:00:00Z')

const everybody: Whom[] = segment.options.flatMap((each) =>
  plan.options.map((how) => ({ segment: each, plan: how })),
)

/** Rules that cannot hold together, for anybody; said once. */
function combinations(policy: Policy): Finding[] {
  const found = everybody.flatMap((whom) => [...clashes(policy, whom)])
  return [...new Map(found.map((each) => [`${each.path} ${each.message}`, each])).values()]
}

function clashes(policy: Policy, whom: Whom): Finding[] {
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
  if (longer(min, max))
    say('quarantineMax', `${max.value} is shorter than quarantineMin ${min.value}`)
  if (longer(rule('portAfterEnd'), min))
    say('quarantineMin', `${min.value} is shorter than portAfterEnd ${rule('portAfterEnd').value}`)
  if (longer(rule('coolingOff'), rule('maxCloseTime')))
    say(
      'coolingOff',
      `${rule('coolingOff').value} is longer than maxCloseTime ${rule('maxCloseTime').value}`,
    )
  const right = rule('refundRight').value
  const isOffered = rule('paidDispositions').value.includes('refund')
  if (whom.plan === 'prepaid' && right === 'prohibited' && isOffered)
    say('paidDispositions', 'offers a refund, which refundRight prohibits')
  if (whom.plan === 'prepaid' && (right === 'any_end' || right === 'on_port_only') && !isOffered)
    say('paidDispositions', `offers no refund, though refundRight is ${right}`)
  for (const [currency, most] of Object.entries(rule('refundFeeMax').value ?? {})) {
    const fee = rule('refundFee').value[currency] ?? 0
    if (fee > most) say('refundFee', `${fee} ${currency} is above refundFeeMax ${most}`)
  }
  return found
}

type Length = { value: string | null; days?: Policy['rules']['coolingOff']['days'] }

const doubts: Record<string, string> = {
  'S?': 'name a statute that nobody has read for this file',
  '2': 'rest on secondary sources',
  P: 'rest on practice, not on law',
  D: 'are Violet’s own defaults, not law',
}

/** What a person should look at before relying on the file. */
function secondLook(policy: Policy, own: ReadonlySet<string>): Finding[] {
  const { rules } = policy
  const facts = placed(policy, own)
  const doubtful = Object.entries(doubts).flatMap(([confidence, what]) => {
    const names = facts
      .filter((each) => each.facts.confidence === confidence)
      .map(({ path }) => path.replace('rules.', ''))
    return names.length > 0 ? [{ path: 'rules', message: `${what}: ${names.join(', ')}` }] : []
  })
  const inherited = Object.keys(defaultRules).filter((name) => !own.has(name))
  if (inherited.length > 0)
    doubtful.push({ path: 'rules', message: `are inherited: ${inherited.join(', ')}` })
  const { reviewSla, autoApprove, ifLate, maxCloseTime, coolingOff } = rules
  if (!autoApprove.value && ifLate.value === 'approved' && reviewSla.value === 'PT0S')
    doubtful.push({ path: 'rules.reviewSla.value', message: 'leaves a reviewer no time at all' })
  if (maxCloseTime.value !== null && !autoApprove.value) {
    const reviewed = endOf(policy, reviewSla, endOf(policy, coolingOff, start))
    const latest = endOf(policy, { ...maxCloseTime, value: maxCloseTime.value }, start)
    if (Temporal.Instant.compare(reviewed, latest) > 0)
      doubtful.push({
        path: 'rules.maxCloseTime.value',
        message: `may leave a review less than ${reviewSla.value}`,
      })
  }
  return doubtful
}

function expiring(policy: Policy, today: Temporal.PlainDate): Finding[] {
  const every = new Set(Object.keys(policy.rules))
  const past = placed(policy, every)
    .filter(({ facts: { validTo } }) => validTo !== undefined && validTo < today.toString())
    .map(({ path, facts }) => ({
      path: `${path}.validTo`,
      message: `not in force since ${facts.validTo}`,
    }))
  const name = policy.rules.holidayCalendar.value
  const { announced } = calendarOf(name)
  const soon = today.add({ days: 90 }).toString()
  if (announced === undefined || announced.until > soon) return past
  const message = `${name} knows announced days off until ${announced.until} only`
  return [...past, { path: 'rules.holidayCalendar.value', message }]
}
