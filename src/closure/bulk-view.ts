/** Bulk closures in the shapes of the API. */
import type { z } from 'zod'
import type { Bulk, BulkView } from './bulk.ts'
import type { bulkViewWire, bulkWire } from './bulk-wire.ts'

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
