/** An answer that a case waits for: asked for once more by the same message, and in the end a person is told. */
import type { App } from '../platform/app.ts'
import { system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { waitsFor } from './acting.ts'
import { askActing } from './ask-acting-store.ts'
import { type Attention, openQuestion, type StoredCase } from './case.ts'
import type { Move } from './closure.ts'
import { againParams, tell } from './enter-store.ts'
import type { Facts } from './facts.ts'
import { questionsOf } from './question-store.ts'
import { changeCase } from './store.ts'
import { eventsOf } from './timeline-store.ts'

export type Reminding = { c: StoredCase; facts: Facts; move: Extract<Move, { kind: 'remind' }> }

export async function remindAll(app: App, reminding: readonly Reminding[]): Promise<void> {
  for (const one of reminding)
    await app.db.transaction().execute((trx) => askOnceMore(trx, app, one))
}

/** What was asked last, by its event, and the message that asks it. */
const questions = {
  'quote-drifted': 'closure-agree-again',
  'port-asked': 'closure-port-stayed',
  'own-consent-asked': 'closure-of-age',
  'number-ported': 'closure-port-choose',
} as const

const isQuestion = (kind: string): kind is keyof typeof questions => kind in questions

async function askOnceMore(trx: Trx, app: App, { c, facts, move }: Reminding): Promise<void> {
  const { dueAt, wakeAt } = move
  const commit = { now: app.clock.now(), actor: system, reason: 'nobody has answered yet' }
  const events = await eventsOf(trx, c.subscriberId, c.caseId)
  const change = { dueAt, wakeAt, attention: null }
  const told = [{ kind: 'reminded', detail: { until: dueAt.toString() } }]
  if (!(await changeCase(trx, app, c, change, { ...commit, events: told }))) return
  const next = { ...c, version: c.version + 1 }
  if (waitsFor(c, facts, events) === 'guardian') return askActing(trx, app, next, facts)
  const kind = events.map((event) => event.kind).findLast(isQuestion) ?? 'quote-drifted'
  const asked = openQuestion(await questionsOf(trx, c)) ? 'closure-question' : questions[kind]
  await tell(trx, app, next, facts, asked, againParams(app, c, facts))
}

/** What a person is told of a case whose owner does not answer; the question stays open for them all the same. */
export function silence(c: StoredCase, now: Temporal.Instant): Attention {
  return {
    step: 'answer',
    what: `nobody has answered by ${c.dueAt?.toString() ?? now.toString()}, asked twice`,
    advice: 'reach the subscriber another way; retry asks them once more',
    since: now.toString(),
    resume: c.state,
  }
}
