/** Bulk closures as staff see them over the API. */
import { z } from 'zod'
import { instantWire, moneyWire } from '../values/wire.ts'
import type { Bulk, BulkView } from './bulk.ts'

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

export function bulkToWire(bulk: Bulk): z.infer<typeof bulkWire> {
  return {
    bulkId: bulk.bulkId,
    source: bulk.source,
    reason: bulk.reason,
    state: bulk.state,
    endsAt: bulk.endsAt.toString(),
    proposedBy: bulk.proposedBy,
    proposedAt: bulk.proposedAt.toString(),
    startedAt: bulk.startedAt?.toString() ?? null,
    endedAt: bulk.endedAt?.toString() ?? null,
    totals: bulk.totals,
  }
}

export function bulkViewToWire(
  view: BulkView,
  approvalsNeeded: number,
  mayApprove: boolean,
): z.infer<typeof bulkViewWire> {
  return {
    ...bulkToWire(view),
    rejects: view.rejects,
    progress: view.progress,
    approvals: view.approvals.map(({ name, at }) => ({ name, at: at.toString() })),
    approvalsNeeded,
    mayApprove,
    networkRate: view.networkRate,
    paymentsRate: view.paymentsRate,
  }
}
