/** A plan: what it costs, what is in it, where it works, and what use beyond it costs in each country. */
import { z } from 'zod'
import { dayUnit, exceeded, isDuration, type Length } from '../policy/policy.ts'
import { fromWire, type Money, toWire } from '../values/money.ts'
import { countryWire, lineKind, moneyWire, writtenWords } from '../values/wire.ts'
import type { planWire, termWire, zoneWire } from './wire.ts'

export type Kind = z.output<typeof lineKind>
/** Bytes, seconds or messages. */
export type Increments = { readonly first: bigint; readonly following: bigint }

/** Where a plan names no rounding, blocks are charged whole: one megabyte, one minute, one message. */
export const blockSize: Readonly<Record<Kind, bigint>> = { data: 1_000_000n, voice: 60n, sms: 1n }

/** Whole units only: bytes, seconds, messages. */
const quantity = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt)
const price = moneyWire.transform((wire, context): Money => {
  const amount = fromWire(wire)
  if (amount && amount.minor >= 0n) return amount
  context.addIssue({ code: 'custom', message: 'not an amount of a known currency' })
  return z.NEVER
})
const dial = z
  .object({
    kind: lineKind,
    step: quantity.refine((step) => step > 0n),
    min: z.int().min(0),
    max: z.int().min(0),
    included: z.int().min(0),
    pricePerStep: price,
  })
  .refine(({ min, included, max }) => min <= included && included <= max, 'min ≤ included ≤ max')

/** What one block costs where the plan does not cover it; blocks are never split. */
const payAsYouGo = z.object({
  countries: z.array(countryWire).min(1),
  dataPerMegabyte: price,
  voicePerMinute: price,
  smsEach: price,
})

/** From so many lines of one owner on, every line with the plan costs less by so many percent. */
const tier = z.object({ lines: z.int().min(2).max(50), percent: z.int().min(1).max(90) })

/** "60/60", "60/1", "1/1": units of the first increment of a use, and of each following one. */
const increments = z
  .string()
  .regex(/^[1-9]\d{0,11}\/[1-9]\d{0,11}$/)
  .transform((name): Increments => {
    const [first, following] = name.split('/').map(BigInt) as [bigint, bigint]
    return { first, following }
  })

/** ISO 8601, in the days it is counted in, as policies say lengths. */
const notice = z
  .strictObject({
    value: z.string().describe('ISO 8601 in whole units, as P1M'),
    days: dayUnit.optional().describe('Which days count; left out: calendar days'),
  })
  .superRefine((length, context) => {
    const message = noticeFault(length)
    if (message) context.addIssue({ code: 'custom', message, path: ['value'] })
  })

function noticeFault({ value, days }: Length): string | undefined {
  if (!isDuration(value)) return 'an ISO 8601 length of whole units, as P1M'
  const most = exceeded(value, days)
  if (most) return `a notice of ${most} at most`
  return Temporal.Duration.from(value).blank ? 'left out where none is asked for' : undefined
}

/** What a contract binds its owner to. What of it holds when they leave is for the policy of their country to say. */
const term = z
  .strictObject({
    months: z
      .int()
      .min(0)
      .max(1200)
      .default(0)
      .describe('From the day its line is in service; 0: only a notice binds'),
    fee: price.optional().describe('Asked by the contract for ending within these months'),
    equipment: price
      .optional()
      .describe('Price of equipment not paid yet; a share falls away with each month'),
    benefit: price.optional().describe('Given for the promise to stay'),
    savedPercent: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe('Of the fees for the months left, what their early end saves the operator'),
    notice: notice.optional().describe('How long before its end that has to be asked for'),
  })
  .refine((own) => own.months !== 0 || own.notice, 'months or a notice')

/** The document of a plan version, as stored and as the catalog writes it. */
export const planDocument = z
  .object({
    kind: z
      .enum(['home', 'travel', 'adjustable', 'companion'])
      .describe('companion: only beside a line of its owner that has a number and is none itself'),
    name: writtenWords,
    summary: writtenWords,
    brand: z
      .string()
      .min(1)
      .max(80)
      .optional()
      .describe('The name it is sold under; left out: the operator’s own'),
    zoneId: z.string().min(1),
    countries: z.array(countryWire).min(1),
    price: price.refine(({ minor }) => minor > 0n, 'a plan has a price'),
    periodDays: z.int().min(1).max(366),
    renews: z.boolean(),
    allowance: z.object({ data: quantity, voice: quantity, sms: quantity }),
    dials: z.array(dial).max(3),
    multiLine: z.array(tier).max(10).default([]),
    numberCountry: countryWire.nullable(),
    unusedRefund: z
      .enum(['days', 'lesser', 'none'])
      .describe('days: unused whole days; lesser: the smaller of unused days and unused data'),
    payAsYouGo: z.array(payAsYouGo).min(1),
    creditOrder: z
      .enum(['promotional-first', 'paid-first'])
      .optional()
      .describe(
        'Which credit use is paid from first; pinned at each top-up. Left out: promotional',
      ),
    rounding: z
      .partialRecord(lineKind, increments)
      .default({})
      .describe('Per kind: each use is rounded up as a whole, in buckets and in credit alike'),
    term: term.optional().describe('Left out: it ends on any day'),
  })
  .superRefine((plan, context) => {
    for (const fault of faultsOf(plan)) context.addIssue({ code: 'custom', message: fault })
  })

export type PlanDocument = z.input<typeof planDocument>
export type TermDocument = z.input<typeof term>
export type PlanTerms = z.output<typeof planDocument>
export type Plan = PlanTerms & { readonly planId: string; readonly version: number }
export type Dial = PlanTerms['dials'][number]
export type PayAsYouGo = PlanTerms['payAsYouGo'][number]

export type Zone = { zoneId: string; name: Record<string, string>; countries: string[] }

function* faultsOf(plan: PlanTerms): Generator<string> {
  const { currency } = plan.price
  const prices = [
    ...plan.dials.map(({ pricePerStep }) => pricePerStep),
    ...plan.payAsYouGo.flatMap((group) => pricesOf(group)),
    ...[plan.term?.fee, plan.term?.equipment, plan.term?.benefit].filter(
      (one) => one !== undefined,
    ),
  ]
  if (prices.some((one) => one.currency !== currency)) yield 'one plan, one currency'
  // What a term costs to leave counts the price as that of a month.
  if (plan.term && plan.term.months > 0 && (plan.periodDays < 28 || plan.periodDays > 31))
    yield 'a minimum term has periods of a month: 28 to 31 days'
  const priced = plan.payAsYouGo.flatMap(({ countries }) => countries)
  if (new Set(priced).size !== priced.length) yield 'a country has one price'
  if (plan.payAsYouGo.flatMap(pricesOf).some(({ minor }) => minor === 0n)) yield 'blocks cost money'
  for (const [kind, { first, following }] of Object.entries(plan.rounding)) {
    const split = plan.payAsYouGo.some((group) => {
      const { minor } = priceOf(group, kind as Kind)
      return (minor * following) % blockSize[kind as Kind] !== 0n
    })
    if (first % following !== 0n) yield `${kind}: the first increment is whole following ones`
    if (split) yield `${kind}: an increment costs whole minor units`
  }
  const rising = plan.multiLine.every(
    ({ lines, percent }, at, all) =>
      at === 0 || (lines > all[at - 1]!.lines && percent > all[at - 1]!.percent),
  )
  if (!rising) yield 'more lines take off more'
  const kinds = plan.dials.map(({ kind }) => kind)
  if (new Set(kinds).size !== kinds.length) yield 'one dial per kind'
  if ((plan.kind === 'adjustable') !== kinds.length > 0) yield 'dials make a plan adjustable'
  for (const { kind, step, included } of plan.dials) {
    if (plan.allowance[kind] !== step * BigInt(included))
      yield `${kind}: allowance ≠ included steps`
  }
  const least = plan.dials.reduce(
    (minor, one) => minor - BigInt(one.included - one.min) * one.pricePerStep.minor,
    plan.price.minor,
  )
  if (least <= 0n) yield 'turned all the way down it still costs something'
}

const pricesOf = (group: PayAsYouGo) => [group.dataPerMegabyte, group.voicePerMinute, group.smsEach]

/** What one block of a kind costs in a country, or nothing where no price is set. */
export function blockPrice(plan: PlanTerms, country: string, kind: Kind): Money | undefined {
  const group = plan.payAsYouGo.find(({ countries }) => countries.includes(country))
  return group && priceOf(group, kind)
}

function priceOf(group: PayAsYouGo, kind: Kind): Money {
  if (kind === 'data') return group.dataPerMegabyte
  return kind === 'voice' ? group.voicePerMinute : group.smsEach
}

/** How a plan rounds a kind, or nothing where it takes buckets to the unit and credit by the block. */
export function incrementsOf(plan: PlanTerms, kind: Kind): Increments | undefined {
  return plan.rounding[kind]
}

export function planShown(plan: Plan): z.output<typeof planWire> {
  const { data, voice, sms } = plan.allowance
  return {
    planId: plan.planId,
    version: plan.version,
    kind: plan.kind,
    name: plan.name,
    summary: plan.summary,
    zoneId: plan.zoneId,
    countries: plan.countries,
    price: toWire(plan.price),
    periodDays: plan.periodDays,
    renews: plan.renews,
    allowance: allowanceShown({ data, voice, sms }),
    dials: plan.dials.map((one) => ({
      ...one,
      step: one.step.toString(),
      pricePerStep: toWire(one.pricePerStep),
    })),
    multiLine: plan.multiLine,
    hasNumber: plan.numberCountry !== null,
    ...(plan.term && { term: termShown(plan.term) }),
  }
}

function termShown({
  months,
  fee,
  equipment,
  benefit,
  savedPercent,
  notice: asked,
}: NonNullable<PlanTerms['term']>): z.output<typeof termWire> {
  return {
    months,
    ...(fee && { fee: toWire(fee) }),
    ...(equipment && { equipment: toWire(equipment) }),
    ...(benefit && { benefit: toWire(benefit) }),
    ...(savedPercent !== undefined && { savedPercent }),
    ...(asked && { notice: { value: asked.value, days: asked.days ?? 'calendar' } }),
  }
}

export type Allowance = Record<Kind, bigint>

export function allowanceShown({ data, voice, sms }: Allowance) {
  return { dataBytes: data.toString(), voiceSeconds: Number(voice), smsMessages: Number(sms) }
}

export function zoneShown({ zoneId, name, countries }: Zone): z.output<typeof zoneWire> {
  return { zoneId, name, countries }
}
