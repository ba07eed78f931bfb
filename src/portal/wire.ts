/** The shapes the API answers with: types only, taken from the schemas the server itself checks
 * against. */
import type { z } from 'zod'
import type * as addons from '../addons/wire.ts'
import type * as quote from '../closure/quote-wire.ts'
import type * as closure from '../closure/wire.ts'
import type * as intake from '../closure/intake-wire.ts'
import type * as lines from '../lines/wire.ts'
import type * as notices from '../notices/wire.ts'
import type * as payments from '../payments/wire.ts'
import type * as porting from '../porting/wire.ts'
import type * as arrivals from '../porting/in-wire.ts'
import type * as methods from '../payments/method-wire.ts'
import type * as plans from '../plans/wire.ts'
import type * as renewals from '../renewals/wire.ts'
import type * as passkeys from '../subscribers/passkey-wire.ts'
import type * as subscribers from '../subscribers/wire.ts'
import type * as tickets from '../tickets/wire.ts'

export type Operator = z.output<typeof subscribers.operatorWire>
export type Subscriber = z.output<typeof subscribers.subscriberWire>
export type Contact = z.output<typeof subscribers.contactWire>
export type Device = z.output<typeof subscribers.deviceWire>
export type Passkey = z.output<typeof passkeys.passkeyWire>
export type CreationOptions = z.output<typeof passkeys.creationOptionsWire>
export type RequestOptions = z.output<typeof passkeys.requestOptionsWire>
export type CodeSent = z.output<typeof subscribers.codeSentWire>
export type NoticeTopic = z.output<typeof notices.noticeTopicWire>
export type Plan = z.output<typeof plans.planWire>
export type Dial = z.output<typeof plans.dialWire>
export type Coverage = z.output<typeof plans.coverageWire>
export type Zone = z.output<typeof plans.zoneWire>
export type PlanList = z.output<typeof plans.planListWire>
export type Adjustment = z.output<typeof plans.adjustmentWire>
export type Allowance = z.output<typeof plans.allowanceWire>
export type Line = z.output<typeof lines.lineWire>
export type Bucket = z.output<typeof lines.bucketWire>
export type UsageSums = z.output<typeof lines.usageSumsWire>
export type Installation = z.output<typeof lines.installationWire>
export type Addons = z.output<typeof addons.addonsWire>
export type Renewal = z.output<typeof renewals.renewalWire>
export type ChangeQuote = z.output<typeof renewals.changeQuoteWire>
export type PortIn = z.output<typeof arrivals.portInWire>
export type PortOut = z.output<typeof porting.portOutWire>
export type Leaving = z.output<typeof porting.leavingWire>
export type Order = z.output<typeof payments.orderWire>
export type OrderQuote = z.output<typeof payments.orderQuoteWire>
export type PaymentMethod = z.output<typeof methods.paymentMethodWire>
export type CardSetup = z.output<typeof methods.setupWire>
export type StatementEntry = z.output<typeof payments.statementEntryWire>
export type StatementPage = z.output<typeof payments.statementWire>
export type Closure = z.output<typeof closure.closureWire>
export type Acting = z.output<typeof closure.actingWire>
export type ClosureChoices = z.output<typeof quote.choicesWire>
export type Disposition = z.output<typeof quote.dispositionWire>
export type Quote = z.output<typeof quote.quoteWire>
export type QuoteEntry = z.output<typeof quote.quoteEntryWire>
export type QuoteCurrency = Quote['currencies'][number]
export type ReadinessRow = z.output<typeof closure.readinessRowWire>
export type Reason = z.output<typeof closure.reasonWire>
export type StartIntake = z.output<typeof intake.startIntakeWire>
export type IntakeStarted = z.output<typeof intake.intakeStartedWire>
export type Intake = z.output<typeof intake.intakeWire>
export type PublicClosure = z.output<typeof closure.publicClosureWire>
export type TicketMessage = z.output<typeof tickets.ticketMessageWire>
export type Ticket = z.output<typeof tickets.ticketWire>
export type { RefusalCode } from '../values/refusal.ts'
