/** Closing asked for without signing in, as the API shows it to who asks and to staff. */
import { z } from 'zod'
import { codeWire, countryWire, instantWire, localeWire } from '../values/wire.ts'
import { caseStateWire, publicClosureWire, reasonWire, scopeWire } from './wire.ts'

export const intakeStates = [
  'received',
  'waiting',
  'in-review',
  'opened',
  'refused',
  'expired',
  'stopped',
  'withdrawn',
] as const
/** What of a policy’s `identityEvidence` can be written down and judged by a person. */
export const typedEvidence = [
  'name',
  'postal_address',
  'email',
  'contract_reference',
  'line_number',
  'account_pin',
  'sim_serial',
  'tax_code',
  'id_document',
] as const

export const evidenceWire = z.enum(typedEvidence)
export const askable = [...typedEvidence, 'id_copy'] as const
export const answersWire = z
  .partialRecord(evidenceWire, z.string().trim().min(1).max(200))
  .describe('Only what `evidence` names')

export const startIntakeWire = z.object({
  scope: scopeWire,
  by: z.enum(['number', 'email', 'iccid']).describe('What names the line or the account'),
  value: z.string().trim().min(1).max(254).describe('Of an ICCID the last eight digits are enough'),
  country: countryWire,
  region: z
    .string()
    .regex(/^[A-Z0-9]{1,3}$/)
    .optional(),
  contact: z
    .string()
    .trim()
    .min(1)
    .max(254)
    .describe('An e-mail address or a telephone number where an answer arrives now'),
  reason: reasonWire.optional(),
  locale: localeWire.default('en'),
})
export const intakeStartedWire = z
  .object({
    reference: z.string(),
    token: z.string().describe('Who has it goes on with this request'),
    dueAt: instantWire.describe('Until when it has to be shown who asks'),
  })
  .meta({ id: 'IntakeStarted' })

const token = z.string().max(200)
export const intakeLinkWire = z.object({ token })
export const intakeCodeWire = z.object({ token, code: codeWire })
export const intakeAnswersWire = z.object({ token, answers: answersWire })

/** What who asked sees: what they gave themselves, and nothing about whether it leads to anybody. */
export const intakeWire = z
  .object({
    reference: z.string(),
    scope: scopeWire,
    state: caseStateWire,
    proof: publicClosureWire.shape.proof,
    receivedAt: instantWire,
    dueAt: instantWire,
    maskedTo: z.string().describe('Where they said they are reached'),
    evidence: z.array(evidenceWire).describe('What may be answered so that a person judges'),
    answered: z.boolean(),
    asked: z
      .object({ what: z.array(z.enum(askable)), note: z.string() })
      .nullable()
      .describe('What a reviewer asks for since the last answer'),
    canWithdraw: z.boolean(),
  })
  .meta({ id: 'Intake' })

export const intakeRowWire = z
  .object({
    caseId: z.string(),
    reference: z.string(),
    scope: scopeWire,
    state: z.enum(intakeStates),
    residence: z.string(),
    matched: z.boolean(),
    receivedAt: instantWire,
    dueAt: instantWire,
    reviewBy: instantWire.nullable().describe('By when a person judges it; null: nobody has to'),
  })
  .meta({ id: 'IntakeRow' })
export const intakeListWire = z.object({
  items: z.array(intakeRowWire),
  nextCursor: z.string().nullable(),
  waiting: z.int().describe('Requests that wait for a reviewer'),
})

export const intakeRefusals = ['no-match', 'not-shown', 'fraud-suspected'] as const

export const staffIntakeWire = intakeRowWire
  .extend({
    version: z.int().describe('Give it back with the decision'),
    by: startIntakeWire.shape.by,
    value: z.string(),
    contact: z.string(),
    reason: reasonWire.nullable(),
    subscriber: z
      .object({ subscriberId: z.string(), name: z.string(), lineName: z.string().nullable() })
      .nullable()
      .describe('Whom it is about; null: what was given leads to nobody'),
    codeCanGo: z.boolean().describe('The way they are reached now is one we had verified'),
    evidence: z.array(evidenceWire),
    idCopyAllowed: z.boolean().describe('`idCopyForRefundAllowed` of the policy'),
    answers: z.array(
      z.object({
        kind: evidenceWire,
        given: z.string(),
        agrees: z.boolean().nullable().describe('With what is known; null: nothing is'),
      }),
    ),
    asked: z.array(z.string()),
    note: z.string(),
    refusal: z.string().nullable(),
    mayDecide: z.boolean(),
    closureId: z.string().nullable().describe('The closure it became'),
  })
  .meta({ id: 'StaffIntake' })

export const intakeDecisionWire = z
  .object({
    decision: z.enum(['accept', 'refuse', 'ask']),
    version: z.int(),
    reasonCode: z.enum(intakeRefusals).optional().describe('Needed to refuse'),
    ask: z.array(z.enum(askable)).max(9).optional().describe('Needed to ask'),
    note: z.string().trim().max(500).default(''),
  })
  .meta({ id: 'IntakeDecision' })
