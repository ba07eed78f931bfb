/** A reviewer asks whose closure it is, who answers: in between the clock of the review stands, and nothing ends by silence. */
import type { App, StaffMember } from '../platform/app.ts'
import type { Actor } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { leftMsOf } from '../policy/policy.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { mayAnswer, openQuestion, pinOf, type Question, type StoredCase } from './case.ts'
import { askedUntil, reviewedBy } from './closure.ts'
import { againParams, tell } from './enter-store.ts'
import { loadFacts } from './facts-store.ts'
import type { Facts } from './facts.ts'
import { endQuestion, insertQuestion, questionsOf } from './question-store.ts'
import { claimOf, mayNotDecide, withCase } from './review-store.ts'
import { changeCase, lockCase } from './store.ts'
import { isAnothers, missingFacts } from './way-store.ts'

/** By who may decide: the case is theirs, and the time for the review that is left is kept. */
export async function ask(
  app: App,
  caseId: string,
  staff: StaffMember,
  text: string,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { subscriberId, c }) => {
    if (openQuestion(await questionsOf(trx, c))) return refuse('question-open')
    if (c.state !== 'in_review') return refuse('already-decided')
    const no = await mayNotDecide(trx, c, staff, now)
    if (no) return no
    if (!mayAnswer(c)) return refuse('asker-cannot-sign-in')
    const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
    if (!facts) return missingFacts(trx, subscriberId)
    const leftMs = leftMsOf(facts.policy, 'reviewSla', now, c.dueAt ?? now)
    const questionId = app.ids.make('question')
    await insertQuestion(trx, c, { questionId, text, askedAt: now, leftMs, by: staff.staffId })
    const change = { ...askedUntil(now), ...claimOf(staff.staffId, now) }
    await changeCase(
      trx,
      app,
      c,
      { ...change, state: 'needs_customer' },
      {
        now,
        actor: actorOf(staff),
        reason: 'the reviewer asks its owner',
        events: [{ kind: 'question-asked' }],
      },
    )
    await tell(trx, app, c, facts, 'closure-question', againParams(app, c, facts))
    return true
  })
}

export async function withdrawQuestion(
  app: App,
  caseId: string,
  staff: StaffMember,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { subscriberId, c }) => {
    const asked = await waitingFor(trx, c)
    if (!asked) return refuse('no-open-question')
    const no = await mayNotDecide(trx, c, staff, now)
    if (no) return no
    const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
    if (!facts) return missingFacts(trx, subscriberId)
    await endQuestion(trx, c, now)
    await goOn(
      trx,
      app,
      { c, facts, asked },
      {
        now,
        actor: actorOf(staff),
        claimedBy: staff.staffId,
        reason: 'the reviewer took the question back',
        kind: 'question-withdrawn',
      },
    )
    return true
  })
}

export type Answer = { text: string; questionId?: string | undefined }

/** Said twice in the same words it was said once. */
export async function answer(
  app: App,
  subscriberId: string,
  caseId: string,
  { text, questionId }: Answer,
  actor: Actor = { kind: 'subscriber', id: subscriberId },
): Promise<true | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const c = await lockCase(trx, subscriberId, caseId)
    if (!c) return refuse('not-found')
    const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
    if (!facts) return missingFacts(trx, subscriberId)
    if (isAnothers(facts, actor)) return refuse('representative-acts')
    const asked = await waitingFor(trx, c)
    if (!asked || (questionId !== undefined && questionId !== asked.questionId)) {
      const last = (await questionsOf(trx, c)).findLast(({ endedAt }) => endedAt !== null)
      return last?.answer === text ? true : refuse('no-open-question')
    }
    await endQuestion(trx, c, now, { questionId: asked.questionId, answer: text })
    await goOn(
      trx,
      app,
      { c, facts, asked },
      {
        now,
        actor,
        claimedBy: c.claimedBy,
        reason: 'its owner answered the reviewer',
        kind: 'question-answered',
      },
    )
    return true
  })
}

/** What is open, unless the case is stopped meanwhile. */
async function waitingFor(trx: Trx, c: StoredCase): Promise<Question | undefined> {
  return c.state === 'needs_customer' ? openQuestion(await questionsOf(trx, c)) : undefined
}

type Asked = { c: StoredCase; facts: Facts; asked: Question }
type Over = {
  now: Temporal.Instant
  actor: Actor
  claimedBy: string | null
  reason: string
  kind: 'question-answered' | 'question-withdrawn'
}

/** The clock goes on with what was left of it; who asked looks first, for as long as a claim lasts. */
async function goOn(
  trx: Trx,
  app: App,
  { c, facts, asked: { leftMs } }: Asked,
  { now, actor, claimedBy, reason, kind }: Over,
): Promise<void> {
  const receivedAt = c.submittedAt ?? now
  const dueAt = reviewedBy(facts.policy, { receivedAt, from: now, leftMs })
  await changeCase(
    trx,
    app,
    c,
    { state: 'in_review', dueAt, attention: null, ...claimOf(claimedBy, now) },
    { now, actor, reason, events: [{ kind }], wake: true },
  )
}

const actorOf = ({ staffId }: StaffMember): Actor => ({ kind: 'staff', id: staffId })
