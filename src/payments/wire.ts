/** Orders and the statement, as the API shows them. */
import { z } from 'zod'
import { adjustmentWire } from '../plans/wire.ts'
import { instantWire, moneyWire } from '../values/wire.ts'

export const orderRequestWire = z.object({
  planId: z.string().max(60),
  adjustment: adjustmentWire
    .optional()
    .describe('Only for an adjustable plan; the included steps if left out'),
  nickname: z.string().trim().min(1).max(40).optional(),
})
const steps = z.coerce.number().int().min(0).max(100_000).optional()
export const orderQuoteQueryWire = z.object({
  planId: z.string().max(60),
  data: steps,
  voice: steps,
  sms: steps,
})
export const orderQuoteWire = z
  .object({
    price: moneyWire.describe('What is to be paid now'),
    percentOff: z.int().describe('Off it, because its owner has several lines'),
  })
  .meta({ id: 'OrderQuote' })
export const topUpWire = z.object({
  amount: moneyWire.describe('5.00 to 200.00 in the line’s currency'),
})

export const creditMoveWire = z.object({
  toLineId: z.string().min(1).max(60).describe('Another line of the same subscriber and currency'),
  amount: moneyWire,
  atClosing: z
    .enum(['returns', 'stays'])
    .optional()
    .describe(
      'When that line closes, what is left of it comes back or stays; left out: asked then',
    ),
})

export const instrumentWire = z
  .object({ brand: z.string(), last4: z.string(), expMonth: z.int(), expYear: z.int() })
  .meta({ id: 'Instrument' })

export const orderWire = z
  .object({
    orderId: z.string(),
    kind: z.enum(['plan', 'top-up']),
    state: z.enum(['open', 'processing', 'paid', 'failed', 'expired']),
    amount: moneyWire,
    checkoutUrl: z.string().nullable().describe('The provider’s page, while the order is open'),
    failure: z
      .enum([
        'card_declined',
        'insufficient_funds',
        'authentication_failed',
        'expired_card',
        'provider_unavailable',
      ])
      .nullable(),
    lineId: z
      .string()
      .nullable()
      .describe('The line it is for; a plan order gets its line when it is paid'),
    planId: z.string().nullable(),
    instrument: instrumentWire.nullable(),
    createdAt: instantWire,
    paidAt: instantWire.nullable(),
  })
  .meta({ id: 'Order' })

export const statementEntryWire = z
  .object({
    transferId: z.string(),
    at: instantWire,
    kind: z.enum([
      'top-up',
      'plan-payment',
      'plan-days-used',
      'plan-change',
      'plan-return',
      'plan-renewal',
      'addon',
      'addon-used',
      'credit-move',
      'usage',
      'promotion',
      'settlement',
      'refund',
      'refund-failed',
      'late-usage',
      'chargeback',
      'arrears-paid',
      'exchange',
    ]),
    lineId: z.string().nullable(),
    detail: z.record(z.string(), z.string()),
    amount: moneyWire.describe(
      'Effect on what the subscriber holds: credit, prepaid plans, refunds on their way',
    ),
    moved: moneyWire
      .nullable()
      .describe(
        'What moved between credit, prepaid plans and lines, where that is all that happened',
      ),
    tax: moneyWire.describe('Tax contained in what was charged; zero where nothing was earned'),
  })
  .meta({ id: 'StatementEntry' })
export const statementWire = z.object({
  items: z.array(statementEntryWire),
  nextCursor: z.string().nullable(),
})
