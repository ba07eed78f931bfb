/** Reads all that a page about a case shows, in one snapshot. */
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { stillPossible } from './choices.ts'
import { loadFacts } from './facts-store.ts'
import { refundsOf } from '../payments/payout-store.ts'
import { finalTables } from './final-statement.ts'
import { readiness } from './readiness.ts'
import { isEditable, pinOf, type StoredCase } from './case.ts'
import { questionsOf } from './question-store.ts'
import { casesOf, doneStepsOf, findCase } from './store.ts'
import { eventsOf } from './timeline-store.ts'
import { type ClosureView, type Seen, viewOf } from './view.ts'
import { isForGuardian, quoteNow } from './way-store.ts'

/** Undefined when the subscriber has no such case. `sessionOpen` is what the network answered, if it was asked. */
export async function seeCase(
  app: App,
  subscriberId: string,
  caseId: string,
  sessionOpen?: boolean,
): Promise<Seen | undefined> {
  return app.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const c = await findCase(trx, subscriberId, caseId)
      return c && see(trx, app, c, sessionOpen)
    })
}

/** The cases of a subscriber that are more than an abandoned draft, newest first. */
export async function seeCases(app: App, subscriberId: string): Promise<ClosureView[]> {
  return app.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const cases = (await casesOf(trx, subscriberId)).filter(
        (c) => c.submittedAt !== null || c.state === 'draft',
      )
      const seen = []
      for (const c of cases.slice(0, 20)) seen.push(await see(trx, app, c))
      return seen.flatMap((one) => (one ? [viewOf(one)] : []))
    })
}

async function see(
  trx: Trx,
  app: App,
  stored: StoredCase,
  sessionOpen?: boolean,
): Promise<Seen | undefined> {
  const now = app.clock.now()
  const facts = await loadFacts(
    trx,
    stored.subscriberId,
    stored,
    pinOf(stored, now),
    stored.state === 'closed',
  )
  if (!facts) return undefined
  const questions = await questionsOf(trx, stored)
  const isOpen = isEditable(stored, questions)
  const events = await eventsOf(trx, stored.subscriberId, stored.caseId)
  // A guardian agrees to what was chosen, and chooses nothing.
  const isChosen = !isOpen || isForGuardian(stored, facts, events, now)
  const c = isChosen ? stored : { ...stored, choices: stillPossible(facts, stored.choices) }
  const certificate = await trx
    .selectFrom('closure_certificate')
    .select('signed_at')
    .where('subscriber_id', '=', c.subscriberId)
    .where('case_id', '=', c.caseId)
    .executeTakeFirst()
  const kept = await trx
    .selectFrom('retention')
    .select(['category', 'basis', 'keep_until', 'erased_at'])
    .where('subscriber_id', '=', c.subscriberId)
    .where('case_id', '=', c.caseId)
    .orderBy('category')
    .execute()
  return {
    c,
    facts,
    events,
    rows: isOpen ? readiness(facts, sessionOpen) : [],
    quote: isOpen ? quoteNow(c, facts, now).wire : c.quote,
    certificateSignedAt: certificate?.signed_at ?? null,
    kept: kept.map(({ category, basis, keep_until, erased_at }) => ({
      category,
      basis,
      until: keep_until,
      erasedAt: erased_at,
    })),
    questions,
    ...(await moneyOf(trx, c)),
  }
}

async function moneyOf(trx: Trx, c: StoredCase) {
  const refunds = await refundsOf(trx, c.subscriberId, c.caseId)
  const accounts = new Map(refunds.map(({ refundId, payoutTo }) => [refundId, payoutTo]))
  const doneOf = await doneStepsOf(trx, [c])
  return { refunds, finalStatement: finalTables(doneOf(c), accounts) }
}
