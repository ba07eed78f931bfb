/** The closure of a line or an account, as the API shows it. */
import { z } from 'zod'
import { contactWire } from '../subscribers/wire.ts'
import { codeWire, instantWire, moneyWire } from '../values/wire.ts'
import { choicesWire, quoteWire } from './quote-wire.ts'

export const caseStates = [
  'draft',
  'submitted',
  'verifying',
  'cooling_off',
  'in_review',
  'approved',
  'scheduled',
  'executing',
  'settling',
  'closed',
  'needs_customer',
  'on_hold',
  'withdrawn',
  'rejected',
  'needs_attention',
  'frozen',
] as const
export const caseStateWire = z.enum(caseStates).meta({ id: 'ClosureState' })

export const reasonCodes = [
  'too-expensive',
  'bad-coverage',
  'changed-phone',
  'travel-over',
  'other-operator',
  'privacy',
  'other',
] as const
export const reasonWire = z.enum(reasonCodes)

export const scopeWire = z.enum(['line', 'account'])

/** One row of the readiness checklist. */
export const readinessRowWire = z
  .object({
    key: z.enum([
      'identity',
      'arrears',
      'balance',
      'open-session',
      'other-lines',
      'backup',
      'unbind',
      'port',
      'dependants',
      'shared',
      'dispute',
      'settling',
    ]),
    state: z.enum(['fine', 'to-do', 'next-step', 'blocks', 'unknown']),
    detail: z
      .record(z.string(), z.string())
      .describe('Facts for the sentence: amounts as decimal, dates as RFC 3339'),
    action: z.enum([
      'verify-contact',
      'pay',
      'export',
      'end-session',
      'see-number',
      'see-line',
      'ask',
      'none',
    ]),
  })
  .meta({ id: 'ReadinessRow' })

/** One refund, followed until the money has arrived. */
export const refundWire = z
  .object({
    refundId: z.string(),
    instrument: z.string().describe('visa 4471'),
    amount: moneyWire,
    state: z
      .enum(['requested', 'pending', 'needs-account', 'paying-out', 'succeeded', 'unclaimed'])
      .describe('needs-account: the card refused; name an account of your own'),
    failure: z.string().nullable().describe('Why the card refused, as the provider says'),
    requestedAt: instantWire,
    endedAt: instantWire.nullable(),
    accountUntil: instantWire.nullable().describe('Until when an account can be named'),
    accountEnding: z.string().nullable(),
    accountFailure: z.string().nullable().describe('Why the account named before was not taken'),
    isLate: z.boolean().describe('On its way still, though the promised day is over'),
  })
  .meta({ id: 'ClosureRefund' })

/** One row of the timeline; what is done has `at`, what is to come has `due` where it is known. */
export const timelineRowWire = z
  .object({
    key: z.enum([
      'received',
      'announced',
      'guardian',
      'identity-checked',
      'own-consent',
      'waiting-time',
      'question',
      'review',
      'appeal',
      'approved',
      'scheduled',
      'texts-only',
      'service-ends',
      'number-kept',
      'number-port',
      'other-closures',
      'money-settled',
      'late-usage',
      'bank-decides',
      'refund',
      'certificate',
      'signed-out',
      'closed',
      'withdrawn',
      'rejected',
      'needs-attention',
      'frozen',
    ]),
    state: z.enum(['done', 'now', 'to-come', 'late']),
    at: instantWire.nullable(),
    due: instantWire.nullable(),
    detail: z.record(z.string(), z.string()),
  })
  .meta({ id: 'TimelineRow' })

/** What a reviewer asked, and what was said to it. */
export const questionWire = z
  .object({
    questionId: z.string(),
    text: z.string(),
    askedAt: instantWire,
    answer: z.string().nullable(),
    endedAt: instantWire.nullable().describe('Answered, or taken back; null: it is open'),
  })
  .meta({ id: 'ClosureQuestion' })

export const closureWire = z
  .object({
    caseId: z.string(),
    reference: z.string().describe('VC-7K3M-92QF'),
    scope: scopeWire,
    lineId: z.string().nullable(),
    lineName: z.string().nullable(),
    msisdn: z.string().nullable(),
    state: caseStateWire,
    policy: z.object({
      country: z.string(),
      version: z.int(),
      reasonMode: z.enum(['none', 'optional', 'required']),
      reviewed: z.boolean().describe('A person reviews; false: straight through'),
      ifLate: z.enum(['approved', 'escalated']),
      buttonLabels: z
        .record(z.string(), z.record(z.string(), z.string()))
        .describe('Prescribed labels by slot and locale'),
    }),
    readiness: z.array(readinessRowWire),
    choices: choicesWire,
    reason: reasonWire.nullable(),
    reasonText: z.string().nullable(),
    quote: quoteWire.nullable().describe('Current while a draft; as agreed afterwards'),
    codeContacts: z
      .array(contactWire)
      .describe('Channels the confirmation code may go to: never the line being closed'),
    timeline: z.array(timelineRowWire),
    waitsFor: z
      .enum(['owner', 'guardian', 'representative'])
      .nullable()
      .describe('Who has to say something before it goes on'),
    questions: z.array(questionWire).describe('What a reviewer asked, the oldest first'),
    canWithdraw: z.boolean(),
    dueAt: instantWire.nullable(),
    createdAt: instantWire,
    submittedAt: instantWire.nullable(),
    serviceEndedAt: instantWire.nullable(),
    closedAt: instantWire.nullable(),
    rejection: z
      .object({
        code: z.string(),
        note: z.string(),
        canAppeal: z.boolean().describe('Once, to a reviewer who did not decide before'),
      })
      .nullable(),
    certificate: z
      .object({ signedAt: instantWire, jsonUrl: z.string(), pdfUrl: z.string() })
      .nullable(),
    kept: z.array(
      z.object({
        category: z.string(),
        basis: z.string(),
        until: instantWire.nullable(),
        erasedAt: instantWire.nullable(),
      }),
    ),
    refunds: z.array(refundWire).describe('Where each refund is'),
    finalStatement: quoteWire.shape.currencies
      .nullable()
      .describe('What happened to the money, once it has'),
  })
  .meta({ id: 'Closure' })

export const startClosureWire = z.object({
  scope: scopeWire,
  lineId: z.string().max(60).optional(),
})
export const changeClosureWire = z.object({
  choices: choicesWire.optional(),
  reason: reasonWire.nullable().optional(),
  reasonText: z.string().trim().max(500).nullable().optional(),
})
export const askClosureCodeWire = z.object({ contactId: z.string().max(60).optional() })
const iban = z.string().trim().max(42).describe('ISO 13616')
export const accountWire = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('iban'), iban }),
  z.object({
    kind: z.literal('account'),
    country: z.string().regex(/^[A-Z]{2}$/),
    bankCode: z.string().regex(/^[0-9A-Za-z-]{3,20}$/),
    accountNumber: z.string().regex(/^[0-9A-Za-z-]{4,34}$/),
  }),
])
export const freezeWire = z.object({ token: z.string().max(200) })
export const frozenWire = z
  .object({
    reference: z.string(),
    state: caseStateWire,
    frozen: z.boolean(),
    asked: z.boolean().optional().describe('Asked for without signing in; nothing has begun'),
  })
  .meta({ id: 'FrozenClosure' })

export const appealWire = z.object({ text: z.string().trim().min(1).max(500) })
const asked = z.string().trim().min(1).max(2000)
export const questionTextWire = z.object({ text: asked })
export const answerWire = z.object({
  text: asked,
  questionId: z.string().max(60).optional().describe('Refused where another one is open by now'),
})
export const nameAccountWire = z.object({
  account: accountWire.describe('An account in one’s own name'),
  code: codeWire,
})
export const submitClosureWire = z.object({
  quoteHash: z.string().max(100),
  code: codeWire,
  understood: z.literal(true).describe('The subscriber ticked that it cannot be undone'),
})

/** What a guardian, or who acts for an estate, sees of a closure. */
export const actingWire = z
  .object({
    closure: closureWire,
    kind: z.enum(['guardian', 'estate']),
    name: z.string(),
    subscriberName: z.string(),
    maskedTo: z.string().describe('Where the code goes'),
    decides: z.boolean().describe('It waits for them'),
    numbers: z
      .array(z.object({ lineId: z.string(), name: z.string(), msisdn: z.string() }))
      .describe('Numbers that heirs can take along'),
  })
  .meta({ id: 'ActingClosure' })
export const startedWire = z.object({ caseId: z.string(), reference: z.string() })

/** Progress by reference, for anybody who has it: nothing personal, no amounts, no names, no numbers. */
export const publicClosureWire = z
  .object({
    reference: z.string(),
    scope: scopeWire,
    state: caseStateWire,
    timeline: z.array(timelineRowWire.omit({ detail: true })),
    dueAt: instantWire.nullable(),
    ifLate: z.enum(['approved', 'escalated']),
    operator: z.string(),
    proof: z
      .enum(['needed', 'judged', 'not-shown'])
      .nullable()
      .describe('Asked for without signing in: how far it is shown who asks; null: it is'),
  })
  .meta({ id: 'PublicClosure' })
