/** The operator's people as programs: reviewers, who ends a plan, and who keeps a record for a court. */
import {
  type Answer,
  type Ask,
  get,
  hours,
  insist,
  ok,
  post,
  type Program,
  say,
  wait,
} from './ask.ts'
import { signIn } from './sign-in.ts'
import type { Bulk, LegalHold } from './story.ts'

type Judges = {
  /** Whether a case is refused, at first or after an appeal. */
  rejects: (reference: string, again: boolean) => boolean
  /** Whether its owner is asked something before. */
  asks: (reference: string) => boolean
}

/** A reviewer at work: every few hours, what waits is decided, what is stuck or frozen is sent on. */
export function* review(email: string, judges: Judges): Program {
  yield* signIn('/v1/staff/sign-in', email, 'en')
  for (;;) {
    yield wait(5 * hours)
    const queue = yield* listed('in_review', email)
    for (const { caseId, reference } of queue) yield* decide(caseId, reference, judges)
    const bulks = yield get('/v1/staff/bulk-closures')
    for (const { bulkId, state } of bulks.body?.items ?? [])
      if (state === 'proposed') yield post(`/v1/staff/bulk-closures/${bulkId}/approve`)
    for (const row of yield* listed('needs_attention', email)) yield* sendOn(row)
    for (const { caseId, reference } of yield* listed('frozen', email)) {
      yield say(`has verified the subscriber of ${reference}`)
      yield post(`/v1/staff/closures/${caseId}/thaw`, { note: 'It was the subscriber.' })
    }
  }
}

type Row = { caseId: string; reference: string }

function* listed(state: string, email: string): Generator<Ask, Row[], Answer> {
  let page: Answer = yield get(`/v1/staff/closures?state=${state}`)
  if (page.status === 401) {
    yield* signIn('/v1/staff/sign-in', email, 'en')
    page = yield get(`/v1/staff/closures?state=${state}`)
  }
  return page.body?.items ?? []
}

/** What nobody answers is not asked any more. */
function* sendOn({ caseId, reference }: Row): Program {
  const at = `/v1/staff/closures/${caseId}`
  const { body: seen } = yield get(at)
  yield say(`sends ${reference} on`)
  yield post(seen?.mayWithdrawQuestion ? `${at}/question/withdraw` : `${at}/retry`)
}

function* decide(caseId: string, reference: string, { rejects, asks }: Judges): Program {
  const at = `/v1/staff/closures/${caseId}`
  const seen = yield get(at)
  if (!ok(seen)) return
  yield post(`${at}/claim`)
  const claimed = yield get(at)
  const { version, appeal, closure, mayAsk } = claimed.body ?? {}
  if (version === undefined) return
  if (mayAsk && closure.questions.length === 0 && asks(reference)) {
    const asked = yield post(`${at}/question`, { text: 'Where did you buy it?' }, 2)
    if (ok(asked)) yield say(`asks about ${reference}`)
    return
  }
  const rejected = rejects(reference, Boolean(appeal))
  const decision = rejected
    ? { decision: 'reject', version, reasonCode: 'identity-doubt', note: '' }
    : { decision: 'approve', version, note: '' }
  const decided = yield post(`${at}/decision`, decision)
  if (ok(decided)) yield say(`${rejected ? 'rejects' : 'approves'} ${reference}`)
}

/** Somebody of the operator's, who ends a plan. */
export function* endPlan(email: string, { afterMs, plan, noticeMs }: Bulk, from: number): Program {
  yield { do: 'wait-until', afterMs }
  yield* signIn('/v1/staff/sign-in', email, 'en')
  const endsAt = Temporal.Instant.fromEpochMilliseconds(from + afterMs + noticeMs).toString()
  const body = { reason: 'The plan ends.', planId: plan, endsAt, cohort: 2, lanes: 2, calls: 1 }
  const proposed = yield* insist(post('/v1/staff/bulk-closures', body, 2), 201)
  yield say(`proposes to close every line of ${plan}: ${proposed.body?.code ?? 'done'}`)
}

/** Somebody of the operator's, who is told by a court to keep what there is of a closed case, and later that it is over. */
export function* keep(email: string, { afterMs, forMs }: LegalHold): Program {
  yield { do: 'wait-until', afterMs }
  yield* signIn('/v1/staff/sign-in', email, 'en')
  const closed = yield get('/v1/staff/closures?state=closed')
  const [first] = closed.body?.items ?? []
  if (!first) return
  const at = `/v1/staff/closures/${first.caseId}/holds`
  const placed = yield* insist(post(at, { record: first.caseId, basis: 'A court asks.' }, 2), 201)
  if (!ok(placed)) return
  yield say(`keeps ${first.reference} for a court`)
  yield wait(forMs)
  for (let round = 0; round < 5; round += 1) {
    yield* signIn('/v1/staff/sign-in', email, 'en')
    const released = yield* insist(
      post(`${at}/${placed.body.holdId}/release`, { reason: 'The court is done.' }, 2),
      200,
    )
    yield say(`${ok(released) ? 'lets' : 'may not let'} ${first.reference} go`)
    if (ok(released)) return
    // Whose code did not come that day asks for one on the next.
    yield wait(24 * hours)
  }
}
