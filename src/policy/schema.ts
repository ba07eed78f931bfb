/** The shape of a policy document: every rule closing follows in one country, with its source and how sure that is. */
import { z } from 'zod'
import { calendarNames } from './business-days.ts'
import { segmentWire as segment } from '../values/wire.ts'
import type { PolicyWord } from './words/catalogs.ts'

/** S statute seen · S? statute named, not read · C court · R regulator · 2 secondary · P practice · D Violet's default, no source. */
export const confidence = z.enum(['S', 'S?', 'C', 'R', '2', 'P', 'D'])
export const dayUnit = z.enum(['calendar', 'business', 'business_incl_saturday'])
export const plan = z.enum(['prepaid', 'postpaid'])

const iso = /^P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/
const duration = z.string().regex(iso, 'duration' satisfies PolicyWord)
export const isDuration = (text: string): boolean => iso.test(text)
const date = z.iso.date()
const amounts = z.record(z.string().regex(/^[A-Z]{3}$/), z.int().min(0))
const labels = z.record(z.string(), z.string().min(1))
const keep = z.strictObject({
  for: duration,
  basis: z.string().min(1),
  confidence: confidence.optional(),
})

function factsOf<Value extends z.ZodType>(value: Value) {
  return {
    value,
    source: z.string().min(1),
    confidence,
    validFrom: date.optional(),
    validTo: date.optional(),
  }
}

/** The value for a consumer on a prepaid plan, and variants for whom it differs. */
function rule<Value extends z.ZodType>(value: Value) {
  const facts = factsOf(value)
  const whom = {
    segment: z.array(segment).min(1).optional(),
    plan: z.array(plan).min(1).optional(),
  }
  return z.strictObject({
    ...facts,
    variants: z
      .array(z.strictObject({ ...facts, ...whom }))
      .min(1)
      .optional(),
  })
}

/** A length of time, whose days are calendar days unless it says otherwise. */
function timeRule<Value extends z.ZodType>(value: Value) {
  const facts = { ...factsOf(value), days: dayUnit.optional() }
  const whom = {
    segment: z.array(segment).min(1).optional(),
    plan: z.array(plan).min(1).optional(),
  }
  return z.strictObject({
    ...facts,
    variants: z
      .array(z.strictObject({ ...facts, ...whom }))
      .min(1)
      .optional(),
  })
}

export const evidenceKinds = [
  'one_time_code',
  'account_sign_in',
  'name',
  'postal_address',
  'email',
  'contract_reference',
  'line_number',
  'line_possession',
  'account_pin',
  'sim_serial',
  'tax_code',
  'id_document',
] as const

const months = z.int().min(1)
const earlyFee = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }).meta({ description: 'Leaving early costs nothing.' }),
  z.strictObject({ kind: z.literal('contract') }).meta({ description: 'What the contract says.' }),
  z
    .strictObject({ kind: z.literal('no_early_exit') })
    .meta({ description: 'No right to leave inside the initial term.' }),
  z
    .strictObject({
      kind: z.literal('free_after'),
      months,
      handsetSharePercent: z.int().min(0).max(100),
    })
    .meta({ description: 'The fees left to that month; afterwards a share of the rest at most.' }),
  z
    .strictObject({ kind: z.literal('months_max'), months })
    .meta({ description: 'At most so many average monthly fees.' }),
  z
    .strictObject({
      kind: z.literal('lesser_of'),
      amount: amounts,
      taxExcluded: z.boolean(),
      months,
    })
    .meta({ description: 'The lower of an amount and so many monthly fees.' }),
  z
    .strictObject({ kind: z.literal('remaining_less_savings') })
    .meta({ description: 'The fees left, less what the operator saves.' }),
  z
    .strictObject({ kind: z.literal('pro_rata'), termMonthsMax: months })
    .meta({ description: 'The benefit given, by the time left of the term.' }),
  z
    .strictObject({ kind: z.literal('equipment_pro_rata') })
    .meta({ description: 'The lower of the equipment’s value left and the fees left.' }),
])

const ruleShapes = {
  loginGateAllowed: rule(z.enum(['no', 'existing_account_only', 'yes'])).describe(
    'Whether signing in may be asked for before closing can be declared.',
  ),
  identityEvidence: rule(z.array(z.enum(evidenceKinds)).min(1)).describe(
    'What identifies who closes; nothing else may be asked.',
  ),
  idCopyForRefundAllowed: rule(z.boolean()).describe('Whether a copy of an ID may be a condition.'),
  buttonLabels: rule(
    z.strictObject({
      'close.open': labels,
      'close.confirm': labels,
      'withdraw.open': labels,
      'withdraw.confirm': labels,
    }),
  ).describe('Prescribed words by language; none where a slot is empty.'),
  reasonMode: rule(z.enum(['none', 'optional', 'required'])),
  saveOfferMax: rule(
    z.strictObject({
      closing: z.int().min(0).nullable(),
      port: z.int().min(0).nullable(),
      onlyBesideCancel: z.boolean(),
    }),
  ).describe('Offers to stay; null: no number found, then Violet’s own limit of one holds.'),
  coolingOff: timeRule(duration).describe('After the request, while it can be taken back.'),
  withdrawalWindow: timeRule(duration.nullable()).describe(
    'Statutory right to withdraw from a fresh contract.',
  ),
  noticeRule: timeRule(duration.nullable()).describe('The longest notice that may be asked for.'),
  maxCloseTime: timeRule(duration.nullable()).describe('From the request until service has ended.'),
  arrearsBlocks: rule(
    z.strictObject({ close: z.boolean().nullable(), port: z.boolean().nullable() }),
  ).describe('Null: nothing found; then arrears do not block.'),
  etfRule: rule(earlyFee).describe('The most that leaving early may cost.'),
  deathWaivesEtf: rule(z.boolean()),
  refundRight: rule(z.enum(['none', 'prohibited', 'on_port_only', 'any_end'])),
  refundFee: rule(amounts).describe('What the operator keeps for a refund; never above the most.'),
  refundFeeMax: rule(amounts.nullable()).describe(
    'Null: no figure; cost-based where a fee is due.',
  ),
  refundClaimWindow: timeRule(duration.nullable()).describe('Null: no limit of its own.'),
  refundDeadline: timeRule(duration),
  promoRefundable: rule(z.boolean()),
  portAfterEnd: timeRule(duration.nullable()).describe('How long an ended number can still leave.'),
  portCodeTtl: timeRule(duration.nullable()),
  quarantineMin: rule(duration),
  quarantineMax: rule(duration.nullable()),
  graceMax: timeRule(duration.nullable()).describe(
    'How long an ending line may go on receiving texts, free, if its owner wants; null: not offered.',
  ),
  lateUsageCap: rule(amounts.nullable()),
  lateUsageWindow: timeRule(duration.nullable()),
  retention: rule(
    z.strictObject({
      invoices: keep,
      usage: keep,
      certificate: keep,
      contacts: keep,
      contract: keep.optional(),
      identity: keep.optional(),
      complaints: keep.optional(),
    }),
  ).describe('What is kept after closing, how long and why; a category left out is not kept.'),
  holidayCalendar: rule(z.enum(calendarNames)),
  reviewSla: timeRule(duration),
  autoApprove: rule(z.boolean()),
  secondReviewAbove: rule(amounts.nullable()).describe(
    'What may be paid back under one reviewer’s approval, for each currency; one not named: nothing. Null: any amount.',
  ),
  riskWindow: rule(duration).describe(
    'A contact, device or SIM that changed within this time before a closure makes its risk high.',
  ),
  riskWait: timeRule(duration).describe(
    'How long a closure of high risk waits at least, for whoever is told to say that it was not them.',
  ),
  ifLate: rule(z.enum(['approved', 'escalated'])),
  paidDispositions: rule(
    z.array(z.enum(['refund', 'spend', 'move', 'keep', 'donate'])).min(1),
  ).describe(
    'Spend: service goes on until the paid days are over. Keep: as credit of the account.',
  ),
  promotionalDispositions: rule(z.array(z.enum(['move', 'give-up'])).min(1)),
  driftTolerance: rule(z.record(z.string(), z.string())),
  unclaimedRule: rule(
    z
      .strictObject({
        after: duration.nullable(),
        to: z.enum(['operator', 'state', 'fund']),
      })
      .nullable(),
  ).describe('Money nobody could be paid: when it stops being owed, and who gets it.'),
  adultAge: rule(z.int().min(14).max(25)),
}

export const rulesSchema = z.strictObject(ruleShapes)
export type RuleName = keyof typeof ruleShapes

const head = {
  format: z.literal(2),
  country: z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'place' satisfies PolicyWord),
  version: z.int().min(1),
  review: z.literal('operator: have this reviewed'),
  timeZone: z.string().refine(isZone, 'time-zone' satisfies PolicyWord),
  notes: z.array(z.string().min(1)),
}

/** A published document: complete, so that a case pinned to it needs nothing else. */
export const policySchema = z.strictObject({ ...head, rules: rulesSchema })
/** A file in packs/: what was found for one country; the rest comes from what it inherits. */
export const packSchema = z.strictObject({
  ...head,
  inherits: z.enum(['EU', 'US', 'default']),
  rules: rulesSchema.partial(),
})

export type Policy = z.infer<typeof policySchema>
export type Pack = z.infer<typeof packSchema>
export type DayUnit = z.infer<typeof dayUnit>
export type Plan = z.infer<typeof plan>

/** A document from before a rule was there says of it what Violet's default is. */
export function withLaterRules(document: unknown): unknown {
  if (typeof document !== 'object' || document === null) return document
  const { rules } = document as { rules?: unknown }
  if (typeof rules !== 'object' || rules === null) return document
  return {
    ...document,
    rules: { ...laterRules, ...rules },
  }
}

/** What a document says that was published before there were these rules. */
export const laterRules = {
  graceMax: {
    value: null,
    source: 'Violet default: an operator offers it where its network can bar what goes out',
    confidence: 'D',
  },
  secondReviewAbove: {
    value: null,
    source: 'Violet default for what was published before there was a limit',
    confidence: 'D',
  },
  riskWindow: { value: 'P7D', source: 'Violet default', confidence: 'D' },
  riskWait: { value: 'PT24H', source: 'Violet default', confidence: 'D' },
} as const

function isZone(text: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text)
    return true
  } catch {
    return false
  }
}

/** JSON Schema 2020-12, as published in docs/schemas. */
export function publishedSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(policySchema, { reused: 'ref' })
  return {
    $schema,
    $id: 'urn:violet:schema:policy.v2',
    title: 'Policy',
    description:
      'The rules of one country that closing follows. Amounts are whole minor units by currency, times ISO 8601 durations. ' +
      'A value is that of a consumer on a prepaid plan; variants say for whom it differs. ' +
      'Beyond this schema: violet policy lint.',
    ...schema,
  }
}
