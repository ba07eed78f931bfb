/** Bulk closures as staff see them over the API. */
import { z } from 'zod'
import { instantWire, moneyWire } from '../values/wire.ts'

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
        forfeited: z.array(moneyWire),
        earned: z.array(moneyWire),
      })
      .describe('What the dry run said'),
  })
  .meta({ id: 'BulkClosure' })

export const bulkListWire = z.object({
  items: z.array(bulkWire),
  nextCursor: z.string().nullable(),
})

export const bulkViewWire = bulkWire
  .extend({
    rejects: z.int().describe('Rows that name no line, or one twice'),
    progress: z.object({ lines: z.int(), waiting: z.int(), refused: counts, states: counts }),
    approvals: z.array(z.object({ name: z.string(), at: instantWire })),
    approvalsNeeded: z.int(),
    mayApprove: z.boolean().describe('Whether who asks can approve it now'),
    networkRate: z.int().nullable().describe('Calls a second to the network; null: no limit'),
    paymentsRate: z.int().nullable().describe('Calls a second to the payment provider'),
  })
  .meta({ id: 'BulkClosureView' })
