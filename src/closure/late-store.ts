/** What is late is marked and told, each thing once: a review, an answer, a refund. */
import { markLate } from '../payments/payout-store.ts'
import type { App } from '../platform/app.ts'
import { system } from '../platform/audit.ts'
import { decimal } from '../values/money.ts'
import { silence } from './ask-again-store.ts'
import type { StoredCase } from './case.ts'
import type { Move } from './closure.ts'
import { caseUrl, tellAll, tellReviewLate } from './enter-store.ts'
import type { Facts } from './facts.ts'
import { auditRefunds } from './steps/refund.ts'
import { type CaseKey, changeCases, type SetCommit } from './store.ts'

type At<Kind extends Move['kind']> = {
  c: StoredCase
  facts: Facts
  move: Extract<Move, { kind: Kind }>
}

export async function markLateAll(app: App, late: readonly At<'late'>[]): Promise<void> {
  if (late.length === 0) return
  const commit = { now: app.clock.now(), actor: system, waking: 'caller' } as const
  const isAnswer = ({ event }: At<'late'>['move']) => event === 'answer-late'
  const changes = late.map(({ c, move }) => ({
    c,
    change: { wakeAt: null, ...(isAnswer(move) && { attention: silence(c, commit.now) }) },
    reason: isAnswer(move) ? 'nobody has answered' : 'the review deadline passed',
    events: [{ kind: move.event }],
  }))
  await app.db.transaction().execute(async (trx) => {
    const changed = await changeCases(trx, app, changes, commit)
    const reviews = late.filter(({ c, move }) => !isAnswer(move) && changed.has(c.caseId))
    await tellReviewLate(trx, app, reviews)
  })
}

/** The case goes on as before: where it is stuck it stays so, and no money moves. Gives those that go on at once. */
export async function markRefundsLate(
  app: App,
  all: readonly At<'late-refunds'>[],
  { waking }: Pick<SetCommit, 'waking'>,
): Promise<CaseKey[]> {
  if (all.length === 0) return []
  const now = app.clock.now()
  const reason = 'it has not arrived by the day that was promised'
  const changes = all.map(({ c, move }) => ({
    c,
    change: { wakeAt: move.wakeAt },
    reason,
    events: move.refunds.map(({ refund: { refundId }, promisedAt }) => ({
      kind: 'refund-late',
      detail: { refund: refundId, promised: promisedAt.toString() },
    })),
    wake: c.state === 'settling',
  }))
  return app.db.transaction().execute(async (trx) => {
    const changed = await changeCases(trx, app, changes, { now, actor: system, waking })
    const marked = all.filter(({ c }) => changed.has(c.caseId))
    const late = marked.flatMap(({ c, facts, move }) =>
      move.refunds.map((one) => ({ c, facts, ...one })),
    )
    const keys = late.map(({ c: { subscriberId }, refund: { refundId } }) => ({
      subscriberId,
      refundId,
    }))
    await markLate(trx, now, keys)
    const audited = keys.map((key) => ({ ...key, state: 'late' as const, reason }))
    await auditRefunds(trx, app, now, audited)
    const told = late.map(({ c, facts, refund: { refundId, amount }, promisedAt }) => ({
      c,
      facts,
      params: {
        reference: c.reference,
        amount: `${decimal(amount)} ${amount.currency}`,
        refundBy: promisedAt.toString(),
        url: caseUrl(app, c),
      },
      about: refundId,
    }))
    await tellAll(trx, app, 'refund-late', told)
    return marked.flatMap(({ c }) => (c.state === 'settling' ? [c] : []))
  })
}
