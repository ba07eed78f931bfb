/** Changing and renewing a plan, as the API shows it. */
import { z } from 'zod'
import { adjustmentWire, allowanceWire, planWire } from '../plans/wire.ts'
import { instantWire, moneyWire, wordsWire } from '../values/wire.ts'

const steps = z.coerce.number().int().min(0).max(100_000)
const version = z.coerce.number().int().min(1).max(1_000_000)

const planId = z.string().min(1).max(60)

export const whenWire = z
  .enum(['now', 'renewal'])
  .describe('now: the rest of this period, or a new one where it is over')

/** In the address, so that a quote can be read again and again. */
export const changeQueryWire = z.object({
  when: whenWire,
  data: steps.optional(),
  voice: steps.optional(),
  sms: steps.optional(),
  version: version.optional().describe('A newer version of the same plan; at renewal'),
  planId: planId.optional().describe('Another plan; at renewal, or once the period is over'),
})

export const changeRequestWire = z.object({
  when: whenWire,
  adjustment: adjustmentWire.nullable().describe('Null for a plan without dials'),
  version: z.int().min(1).optional(),
  planId: planId.optional(),
  quoteHash: z.string().max(60),
})

const grantedWire = z
  .object({
    dataBytes: z.string().regex(/^-?\d+$/),
    voiceSeconds: z.int(),
    smsMessages: z.int(),
  })
  .describe('What is added now; negative: taken')

export const changeQuoteWire = z
  .object({
    hash: z.string(),
    kind: z.enum(['now', 'renewal', 'period']).describe('period: a new one begins'),
    planId: z.string(),
    version: z.int(),
    steps: adjustmentWire.nullable(),
    from: instantWire,
    until: instantWire,
    days: z.int().describe('Whole days that are paid for'),
    ofDays: z.int().describe('Days of a whole period'),
    periodDays: z.int(),
    priceBefore: moneyWire.describe('For a whole period, as it is now'),
    priceAfter: moneyWire,
    percentOff: z.int().describe('Off `priceAfter`, because its owner has several lines'),
    rest: moneyWire.describe('The days left at the new price'),
    paidAlready: moneyWire,
    due: moneyWire.describe('Leaves the credit now; negative: comes back to it'),
    credit: moneyWire.describe('Paid credit that can be used'),
    missing: moneyWire.nullable().describe('To be topped up before it can be confirmed'),
    granted: grantedWire,
    allowance: allowanceWire.describe('Of a whole period'),
    endsScheduled: z.boolean().describe('A change that waits for renewal is dropped'),
  })
  .meta({ id: 'PlanChangeQuote' })

export const renewalWire = z
  .object({
    autoRenew: z.boolean(),
    at: instantWire.nullable().describe('When this period is over'),
    price: moneyWire.describe('What the next period costs'),
    percentOff: z.int().describe('Off `price`, because its owner has several lines'),
    credit: moneyWire,
    missing: moneyWire.nullable(),
    waiting: z.boolean().describe('The period is over, and the next waits for credit'),
    waitsUntil: instantWire.nullable(),
    steps: adjustmentWire.nullable(),
    scheduled: z
      .object({
        planId: z.string(),
        name: wordsWire,
        steps: adjustmentWire.nullable(),
        version: z.int(),
        allowance: allowanceWire,
      })
      .nullable()
      .describe('What the next period begins with, where it was chosen to be something else'),
    plan: planWire.describe('The version that the line has; nobody changes it'),
    newer: planWire.nullable().describe('The version on sale, where it is another'),
  })
  .meta({ id: 'Renewal' })

export const renewalPatchWire = z.object({
  autoRenew: z.boolean().optional(),
  scheduled: z.null().optional().describe('Null: the next period is the same again'),
})
