/** An appeal against a rejection: once, with the owner's words, to a reviewer who did not decide before. */
import type { App } from '../platform/app.ts'
import type { Actor } from '../platform/audit.ts'
import { lockSubscriber } from '../subscribers/store.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { mayAppeal, pinOf } from './case.ts'
import { reviewedBy } from './closure.ts'
import { startClosing } from './enter-store.ts'
import { loadFacts } from './facts-store.ts'
import { changeCase, lockCase } from './store.ts'
import { openBeside } from './way-store.ts'

/** What had begun to close does again, and the review has its time anew, as far as the law leaves it any. */
export async function appeal(
  app: App,
  subscriberId: string,
  caseId: string,
  text: string,
  actor: Actor = { kind: 'subscriber', id: subscriberId },
): Promise<true | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    await lockSubscriber(trx, subscriberId)
    const c = await lockCase(trx, subscriberId, caseId)
    if (!c) return refuse('not-found')
    if (!mayAppeal(c)) return refuse('nothing-to-appeal')
    const beside = await openBeside(trx, c)
    if (beside) return beside
    const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
    if (!facts || facts.lines.every(({ state }) => state === 'closed'))
      return refuse('nothing-to-appeal')
    // A line that has closed by itself since then has its own certificate, and its own money.
    const open = facts.lines.filter(({ state }) => state !== 'closed')
    const closingLines = open.map(({ lineId }) => lineId)
    // An account ends with all of its lines, and no line ends that its owner did not agree to end.
    if (c.scope === 'account' && facts.staying.length > 0) return refuse('line-added-since')
    await changeCase(
      trx,
      app,
      c,
      {
        state: 'in_review',
        closingLines,
        appealedAt: now,
        appealText: text,
        dueAt: reviewedBy(facts.policy, { receivedAt: c.submittedAt ?? now, from: now }),
      },
      {
        now,
        actor,
        reason: `${actor.kind === 'subscriber' ? 'the subscriber' : 'who acts for them'} appealed`,
        events: [{ kind: 'appealed' }],
        wake: true,
      },
    )
    await startClosing(trx, { ...c, closingLines })
    return true
  })
}
