/** Bulk closures as staff see them over the API. */
import { z } from 'zod'
import { instantWire, moneyWire } from '../values/wire.ts'

/** What becomes of paid credit, in the order that is best for its owner: theirs in hand, theirs here, used up. */
export const bulkMoney = ['refund', 'keep', 'spend'] as const

const counts = z.record(z.string(), z.int())

export const bulkWire = z
  .object({
    bulkId: z.string(),
    source: z.string().describe('The file, the name or the plan that was asked for'),
    reason: z.string(),
    state: z.enum(['proposed', 'running', 'paused', 'done', 'cancelled']),
    endsAt: instantWire.describe('When service ends'),
    proposedBy: z.string(),
    proposedAt: instantWire,
    startedAt: instantWire.nullable(),
    endedAt: instantWire.nullable(),
    totals: z
      .object({
        lines: z.int(),
        refused: counts,
        refund: z.array(moneyWire),
        kept: z.array(moneyWire).optional().describe('What stays as credit on accounts'),
        spending: z.int().optional().describe('Lines that go on to their last paid day'),
        forfeited: z.array(moneyWire),
        earned: z.array(moneyWire),
      })
      .describe('What the dry run said'),
  })
  .meta({ id: 'BulkClosure' })

const upTo = (most: number) => z.int().min(1).max(most)

/** What staff or an integration propose; exactly one of `values`, `brand` and `planId`. */
export const proposeBulkWire = z
  .object({
    reason: z.string().trim().min(1).max(500).describe('Every subscriber is told'),
    endsAt: instantWire
      .optional()
      .describe('When service ends, from now to a year ahead; left out: in 30 days'),
    identifier: z.enum(['lineId', 'msisdn', 'iccid', 'imsi']).default('lineId'),
    values: z.array(z.string().trim().min(1).max(80)).min(1).max(20_000).optional(),
    brand: z.string().min(1).max(80).optional(),
    planId: z.string().min(1).max(80).optional(),
    money: z
      .enum(bulkMoney)
      .optional()
      .describe('What becomes of paid credit; left out: the first that each policy offers'),
    dryRun: z.boolean().default(false).describe('Says what would happen and writes nothing'),
    cohort: upTo(5000).default(1000),
    lanes: upTo(16).default(2),
    calls: upTo(256).default(16),
    networkRate: upTo(100_000).optional(),
    paymentsRate: upTo(100_000).optional(),
  })
  .refine(
    ({ values, brand, planId }) =>
      [values, brand, planId].filter((given) => given !== undefined).length === 1,
    'exactly one of values, brand and planId',
  )

export const proposedBulkWire = z.object({
  bulkId: z.string().nullable().describe('Null after a dry run'),
  isNew: z.boolean().describe('False: the same stands proposed, and this is what it says'),
  endsAt: bulkWire.shape.endsAt,
  totals: bulkWire.shape.totals,
  rejects: z.array(z.object({ row: z.string(), reason: z.string() })),
})

export const bulkListWire = z.object({
  items: z.array(bulkWire),
  nextCursor: z.string().nullable(),
})

export const bulkViewWire = bulkWire
  .extend({
    rejects: z.int().describe('Rows that name no line, or one twice'),
    progress: z.object({
      lines: z.int(),
      waiting: z.int(),
      givingBack: z.int().describe('Called off, and not given back yet'),
      refused: counts,
      states: counts,
    }),
    approvals: z.array(z.object({ name: z.string(), at: instantWire })),
    approvalsNeeded: z.int(),
    mayApprove: z.boolean().describe('Whether who asks can approve it now'),
    networkRate: z.int().nullable().describe('Calls a second to the network; null: no limit'),
    paymentsRate: z.int().nullable().describe('Calls a second to the payment provider'),
  })
  .meta({ id: 'BulkClosureView' })
