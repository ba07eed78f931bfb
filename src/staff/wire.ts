/** What staff see and decide, as the API shows it. */
import { z } from 'zod'
import { representativeWire } from '../subscribers/wire.ts'
import { ticketWire } from '../tickets/wire.ts'
import { codeWire, instantWire, moneyWire, staffLocaleWire, segmentWire } from '../values/wire.ts'

export const roleWire = z
  .enum(['reviewer', 'support', 'finance', 'admin', 'auditor'])
  .meta({ id: 'Role' })
export const staffWire = z
  .object({
    staffId: z.string(),
    name: z.string(),
    email: z.string(),
    role: roleWire,
    locale: staffLocaleWire,
  })
  .meta({ id: 'Staff' })
export const staffSignInWire = z.object({ email: z.email().max(254), code: codeWire })
export const staffAskCodeWire = z.object({
  email: z.email().max(254),
  locale: staffLocaleWire.default('en'),
})

export const refundRowWire = z
  .object({
    refundId: z.string(),
    reference: z.string(),
    subscriberName: z.string(),
    amount: moneyWire,
    state: z.enum(['requested', 'pending', 'succeeded', 'failed', 'unclaimed']),
    instrument: z.string(),
    failure: z.string().nullable(),
    requestedAt: instantWire,
    endedAt: instantWire.nullable(),
    isLate: z.boolean().describe('On its way still, though the promised day is over'),
  })
  .meta({ id: 'RefundRow' })
export const refundListWire = z.object({
  items: z.array(refundRowWire),
  nextCursor: z.string().nullable(),
})

export const staffSubscriberWire = z
  .object({
    subscriberId: z.string(),
    name: z.string(),
    country: z.string().nullable(),
    segment: segmentWire,
    state: z.string(),
    since: instantWire,
    contacts: z.array(z.object({ kind: z.string(), value: z.string() })),
    lines: z.array(
      z.object({
        lineId: z.string(),
        nickname: z.string(),
        state: z.string(),
        suspensions: z.array(z.string()),
        msisdn: z.string().nullable(),
        planName: z.record(z.string(), z.string()),
      }),
    ),
    representative: representativeWire.nullable(),
    closures: z.array(z.object({ caseId: z.string(), reference: z.string(), state: z.string() })),
  })
  .meta({ id: 'StaffSubscriber' })
export const subscriberListWire = z.object({
  items: z.array(staffSubscriberWire),
  nextCursor: z.string().nullable(),
})

export const auditRowWire = z
  .object({
    auditId: z.string(),
    at: instantWire,
    actorKind: z.string(),
    actor: z.string(),
    action: z.string(),
    subjectKind: z.string(),
    subjectId: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'AuditRow' })
export const auditListWire = z.object({
  items: z.array(auditRowWire),
  nextCursor: z.string().nullable(),
})

export const policyWire = z
  .object({
    country: z.string(),
    version: z.int(),
    publishedAt: instantWire,
    document: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Policy' })
const findingWire = z.object({ path: z.string(), message: z.string(), line: z.int() })
export const policyDraftWire = z
  .object({
    country: z.string(),
    published: policyWire.nullable(),
    text: z.string().describe('As it was typed; what stands, where nothing is being written.'),
    version: z.int().describe('0: nothing is being written.'),
    editedBy: z.string().nullable(),
    editedAt: instantWire.nullable(),
    errors: z.array(findingWire),
    warnings: z.array(findingWire),
    document: z.record(z.string(), z.unknown()).nullable().describe('Null while there are errors.'),
    changes: z.array(z.string()),
    held: z
      .enum(['errors', 'nothing-changed', 'own-edit', 'outdated'])
      .nullable()
      .describe('Why whoever asks can’t publish it.'),
  })
  .meta({ id: 'PolicyDraft' })
export const policyTextMax = 100_000
export const savePolicyDraftWire = z.object({
  text: z.string().min(1).max(policyTextMax),
  version: z.int().min(0).describe('The version that was looked at; 0 where there was none.'),
})
export const policyVersionsWire = z.object({
  items: z.array(z.object({ version: z.int(), publishedAt: instantWire })),
})
export const staffTicketWire = ticketWire
  .extend({ subscriberName: z.string(), subscriberId: z.string() })
  .meta({ id: 'StaffTicket' })
export const staffTicketListWire = z.object({
  items: z.array(staffTicketWire),
  nextCursor: z.string().nullable(),
})
