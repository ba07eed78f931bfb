/** The shapes the staff API answers with: types only, taken from the schemas the server checks
 * against. */
import type { z } from 'zod'
import type * as bulk from '../closure/bulk-wire.ts'
import type * as intake from '../closure/intake-wire.ts'
import type * as erasure from '../closure/erasure-wire.ts'
import type * as replay from '../closure/replay-wire.ts'
import type * as review from '../closure/staff-wire.ts'
import type * as lines from '../lines/wire.ts'
import type * as unclaimed from '../payments/unclaimed-wire.ts'
import type * as porting from '../porting/wire.ts'
import type * as staff from '../staff/wire.ts'
import type * as usage from '../usage/staff-wire.ts'

export type Staff = z.output<typeof staff.staffWire>
export type Role = z.output<typeof staff.roleWire>
export type Risk = z.output<typeof review.riskWire>
export type QueueRow = z.output<typeof review.queueRowWire>
export type QueuePage = z.output<typeof review.queueWire>
export type CaseEvent = z.output<typeof review.eventWire>
export type StaffCase = z.output<typeof review.staffCaseWire>
export type Decision = z.input<typeof review.decisionWire>
export type ReasonCode = NonNullable<Decision['reasonCode']>
export type IntakeRow = z.output<typeof intake.intakeRowWire>
export type IntakePage = z.output<typeof intake.intakeListWire>
export type StaffIntake = z.output<typeof intake.staffIntakeWire>
export type IntakeDecision = z.input<typeof intake.intakeDecisionWire>
export type BulkClosure = z.output<typeof bulk.bulkWire>
export type ErasureRow = z.output<typeof erasure.erasureRowWire>
export type ErasurePage = z.output<typeof erasure.erasureListWire>
export type Erasure = z.output<typeof erasure.erasureWire>
export type ErasureScan = z.output<typeof erasure.scanWire>
export type BulkPage = z.output<typeof bulk.bulkListWire>
export type BulkView = z.output<typeof bulk.bulkViewWire>
export type Refund = z.output<typeof staff.refundRowWire>
export type RefundPage = z.output<typeof staff.refundListWire>
export type Unclaimed = z.output<typeof unclaimed.unclaimedWire>
export type UnclaimedPage = z.output<typeof unclaimed.unclaimedListWire>
export type StaffSubscriber = z.output<typeof staff.staffSubscriberWire>
export type SubscriberPage = z.output<typeof staff.subscriberListWire>
export type NumberStock = z.output<typeof lines.stockWire>
export type StaffPort = z.output<typeof porting.staffPortWire>
export type StaffLine = z.output<typeof lines.staffLineWire>
export type AuditRow = z.output<typeof staff.auditRowWire>
export type AuditPage = z.output<typeof staff.auditListWire>
export type Statistics = z.output<typeof review.statisticsWire>
export type Policy = z.output<typeof staff.policyWire>
export type PolicyDraft = z.output<typeof staff.policyDraftWire>
export type PolicyVersions = z.output<typeof staff.policyVersionsWire>
export type PolicyReplay = z.output<typeof replay.replayWire>
export type StaffTicket = z.output<typeof staff.staffTicketWire>
export type TicketPage = z.output<typeof staff.staffTicketListWire>
export type UsageReject = z.output<typeof usage.rejectWire>
export type RejectPage = z.output<typeof usage.rejectListWire>
export type ReplayAnswer = z.output<typeof usage.replayAnswerWire>
export type ReplayAllAnswer = z.output<typeof usage.replayAllAnswerWire>
export type CaseState = QueueRow['state']
export type Money = { amount: string; currency: string }
