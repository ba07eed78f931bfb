/** What staff see of a case and decide, as the API shows it. */
import { z } from 'zod'
import { instantWire, moneyWire } from '../values/wire.ts'
import { caseStateWire, closureWire, scopeWire } from './wire.ts'

export const riskWire = z.enum(['low', 'high'])
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
    approvedFirstBy: z.string().nullable().describe('Who gave the first of two approvals'),
    submittedAt: instantWire.nullable(),
    refundLate: z.boolean().describe('A refund is on its way still, though its day is over'),
  })
  .meta({ id: 'QueueRow' })
export const queueWire = z.object({
  items: z.array(queueRowWire),
  nextCursor: z.string().nullable(),
  counts: z
    .record(z.string(), z.int())
    .describe('Cases by state; intakes: requests made without signing in that wait for a reviewer'),
})

export const eventWire = z
  .object({
    seq: z.int(),
    at: instantWire,
    kind: z.string(),
    actorKind: z.enum(['subscriber', 'staff', 'system', 'representative']),
    actor: z.string(),
    detail: z.record(z.string(), z.string()),
  })
  .meta({ id: 'ClosureEvent' })

export const staffCaseWire = z
  .object({
    closure: closureWire,
    version: z.int().describe('Give it back with the decision'),
    subscriber: z.object({
      subscriberId: z.string(),
      name: z.string(),
      country: z.string().nullable(),
      locale: z.string(),
      since: instantWire,
      lines: z.int(),
      contacts: z.array(
        z.object({ kind: z.string(), masked: z.string(), verifiedAt: instantWire.nullable() }),
      ),
    }),
    risk: z.object({
      level: riskWire,
      signals: z.array(z.object({ key: z.string(), at: instantWire.nullable() })),
    }),
    checks: z.array(z.object({ key: z.string(), ok: z.boolean(), detail: z.string() })),
    events: z.array(eventWire),
    chainIntact: z.boolean().describe('The hash chain of the timeline holds'),
    appeal: z
      .object({ at: instantWire, text: z.string() })
      .nullable()
      .describe('What its owner says to the rejection'),
    attention: z
      .object({ step: z.string(), what: z.string(), advice: z.string(), since: instantWire })
      .nullable(),
    approvals: z
      .object({
        whyTwo: z.array(z.enum(['refund', 'risk'])).describe('Empty: one approval is enough'),
        first: z.object({ by: z.string(), at: instantWire }).nullable(),
      })
      .describe('Two people approve where much money goes back or much looks odd'),
    barred: z
      .enum(['requester-cannot-decide', 'rejected-by-you', 'approved-by-you'])
      .nullable()
      .describe('Why this member of staff does not decide it'),
    claimedBy: z.string().nullable(),
    mayDecide: z.boolean(),
    mayReject: z.boolean().describe('Who rejected it may only come to approve it'),
    mayTakeBack: z.boolean().describe('The first of two approvals is this member of staff’s'),
    mayWithdraw: z.boolean().describe('It is stopped, and service has not begun to end'),
    mayAsk: z.boolean().describe('Whoever may decide; who asked can sign in and answer'),
    mayWithdrawQuestion: z.boolean(),
    reviewLeftMs: z
      .int()
      .nullable()
      .describe('Of the time for the review, as long as its clock stands, in business time'),
  })
  .meta({ id: 'StaffCase' })

export const decisionWire = z.object({
  decision: z.enum(['approve', 'reject']),
  version: z.int(),
  reasonCode: z
    .enum(['identity-doubt', 'fraud-suspected', 'open-dispute', 'not-entitled'])
    .optional()
    .describe('Needed to reject'),
  note: z.string().trim().max(1000).default(''),
})

export const statisticsWire = z
  .object({
    byState: z.record(z.string(), z.int()),
    perDay: z.array(
      z.object({ day: z.string(), submitted: z.int(), closed: z.int(), withdrawn: z.int() }),
    ),
    medianHoursToClose: z.number().nullable(),
    straightThroughShare: z.number().nullable().describe('0 to 1'),
    refunded: z.array(moneyWire),
    reasons: z.record(z.string(), z.int()),
    activeSubscribers: z.int(),
    activeLines: z.int(),
  })
  .meta({ id: 'Statistics' })
