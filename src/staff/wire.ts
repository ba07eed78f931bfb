/** What staff see and decide, as the API shows it. */
import { z } from 'zod'
import { closureWire, caseStateWire, scopeWire } from '../closure/wire.ts'
import { ticketWire } from '../tickets/wire.ts'
import { codeWire, instantWire, localeWire, moneyWire } from '../values/wire.ts'

export const roleWire = z.enum(['reviewer', 'support', 'finance', 'admin', 'auditor']).meta({ id: 'Role' })
export const staffWire = z
  .object({ staffId: z.string(), name: z.string(), email: z.string(), role: roleWire, locale: localeWire })
  .meta({ id: 'Staff' })
export const staffSignInWire = z.object({ email: z.email().max(254), code: codeWire })
export const staffAskCodeWire = z.object({ email: z.email().max(254), locale: localeWire.default('en') })

export const riskWire = z.enum(['low', 'medium', 'high'])
export const queueRowWire = z
  .object({
    caseId: z.string(),
    reference: z.string(),
    scope: scopeWire,
    state: caseStateWire,
    subscriberName: z.string(),
    country: z.string(),
    risk: riskWire,
    refund: moneyWire.nullable(),
    dueAt: instantWire.nullable(),
    claimedBy: z.string().nullable(),
    submittedAt: instantWire.nullable(),
  })
  .meta({ id: 'QueueRow' })
export const queueWire = z.object({
  items: z.array(queueRowWire),
  nextCursor: z.string().nullable(),
  counts: z.record(z.string(), z.int()).describe('Cases by state'),
})

export const eventWire = z
  .object({
    seq: z.int(),
    at: instantWire,
    kind: z.string(),
    actorKind: z.enum(['subscriber', 'staff', 'system']),
    actor: z.string(),
    detail: z.record(z.string(), z.string()),
  })
  .meta({ id: 'ClosureEvent' })

export const staffCaseWire = z
  .object({
    closure: closureWire,
    version: z.int().describe('Give it back with the decision'),
    subscriber: z.object({
      subscriberId: z.string(), name: z.string(), country: z.string().nullable(), locale: z.string(),
      since: instantWire, lines: z.int(), contacts: z.array(z.object({ kind: z.string(), masked: z.string(), verifiedAt: instantWire.nullable() })),
    }),
    risk: z.object({ level: riskWire, signals: z.array(z.object({ key: z.string(), at: instantWire.nullable() })) }),
    checks: z.array(z.object({ key: z.string(), ok: z.boolean(), detail: z.string() })),
    events: z.array(eventWire),
    chainIntact: z.boolean().describe('The hash chain of the timeline holds'),
    attention: z.object({ step: z.string(), what: z.string(), advice: z.string(), since: instantWire }).nullable(),
    claimedBy: z.string().nullable(),
    mayDecide: z.boolean(),
  })
  .meta({ id: 'StaffCase' })

export const decisionWire = z.object({
  decision: z.enum(['approve', 'reject']),
  version: z.int(),
  reasonCode: z.enum(['identity-doubt', 'fraud-suspected', 'open-dispute', 'not-entitled']).optional().describe('Needed to reject'),
  note: z.string().trim().max(1000).default(''),
})

export const refundRowWire = z
  .object({
    refundId: z.string(), reference: z.string(), subscriberName: z.string(), amount: moneyWire,
    state: z.enum(['requested', 'pending', 'succeeded', 'failed', 'unclaimed']),
    instrument: z.string(), failure: z.string().nullable(), requestedAt: instantWire, endedAt: instantWire.nullable(),
  })
  .meta({ id: 'RefundRow' })
export const refundListWire = z.object({ items: z.array(refundRowWire), nextCursor: z.string().nullable() })

export const staffSubscriberWire = z
  .object({
    subscriberId: z.string(), name: z.string(), country: z.string().nullable(), state: z.string(), since: instantWire,
    contacts: z.array(z.object({ kind: z.string(), value: z.string() })),
    lines: z.array(z.object({ lineId: z.string(), nickname: z.string(), state: z.string(), msisdn: z.string().nullable(), planName: z.record(z.string(), z.string()) })),
    closures: z.array(z.object({ caseId: z.string(), reference: z.string(), state: caseStateWire })),
  })
  .meta({ id: 'StaffSubscriber' })
export const subscriberListWire = z.object({ items: z.array(staffSubscriberWire), nextCursor: z.string().nullable() })

export const auditRowWire = z
  .object({
    auditId: z.string(), at: instantWire, actorKind: z.string(), actor: z.string(), action: z.string(),
    subjectKind: z.string(), subjectId: z.string(), reason: z.string(),
  })
  .meta({ id: 'AuditRow' })
export const auditListWire = z.object({ items: z.array(auditRowWire), nextCursor: z.string().nullable() })

export const statisticsWire = z
  .object({
    byState: z.record(z.string(), z.int()),
    perDay: z.array(z.object({ day: z.string(), submitted: z.int(), closed: z.int(), withdrawn: z.int() })),
    medianHoursToClose: z.number().nullable(),
    straightThroughShare: z.number().nullable().describe('0 to 1'),
    refunded: z.array(moneyWire),
    reasons: z.record(z.string(), z.int()),
    activeSubscribers: z.int(),
    activeLines: z.int(),
  })
  .meta({ id: 'Statistics' })

export const policyWire = z
  .object({ country: z.string(), version: z.int(), publishedAt: instantWire, document: z.record(z.string(), z.unknown()) })
  .meta({ id: 'Policy' })
export const staffTicketWire = ticketWire.extend({ subscriberName: z.string(), subscriberId: z.string() }).meta({ id: 'StaffTicket' })
export const staffTicketListWire = z.object({ items: z.array(staffTicketWire), nextCursor: z.string().nullable() })
