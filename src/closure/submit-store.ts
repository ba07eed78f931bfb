/** What agreeing writes: a draft becomes a closure, or one that asked goes on; with its notices and its next job. */
import type { App } from '../platform/app.ts'
import type { Actor } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { sendPortChanged } from '../porting/end-store.ts'
import { agreedEnd, lastingLines } from './agreed-end.ts'
import { alert } from './alert-store.ts'
import { lateMeans } from './approvals.ts'
import { pinnedTo, type ShownBy, type StoredCase } from './case.ts'
import {
  caseUrl,
  closingName,
  progressUrl,
  refundParam,
  startClosing,
  tell,
} from './enter-store.ts'
import type { Facts } from './facts.ts'
import type { Quote } from './quote.ts'
import { riskOf } from './risk.ts'
import { changeCase } from './store.ts'

export type Agreed = {
  c: StoredCase
  facts: Facts
  quote: Quote
  actor: Actor
  now: Temporal.Instant
}
/** Asked for without signing in, at that time; what happens with it counts from there. */
type Received = { at: Temporal.Instant; shownBy: ShownBy }

export async function submitDraft(
  trx: Trx,
  app: App,
  { c, facts, quote, actor, now }: Agreed,
  received?: Received,
) {
  const { subscriberId } = c
  const submittedAt = received?.at ?? now
  const lineIds = facts.lines.map(({ lineId }) => lineId)
  const refunds = quote.wire.refundTo.length
  const change = {
    state: 'submitted',
    submittedAt,
    choices: c.choices,
    ...(received && { shownBy: received.shownBy }),
    quote: quote.wire,
    closingLines: lineIds,
    ...pinnedTo(facts),
    risk: riskOf(facts, submittedAt),
    endsAt: agreedEnd(facts, c.choices, submittedAt).at,
  } as const
  await changeCase(trx, app, c, change, {
    now,
    actor,
    reason: c.reason ?? 'none given',
    wake: true,
    events: [{ kind: 'submitted', detail: { quote: quote.wire.hash, refunds: String(refunds) } }],
  })
  await startClosing(trx, { ...c, closingLines: lineIds, quote: quote.wire })
  // A number that is on its way already is noted on the case, too.
  for (const { lineId, port } of facts.lines)
    if (port?.state === 'pending') await sendPortChanged(trx, app, { subscriberId, lineId })
  const params = receivedParams(app, c, facts, quote, submittedAt)
  await tell(trx, app, c, facts, 'closure-received', params)
  await alert(trx, app, c, facts, now)
  return { ...c, ...change, version: c.version + 1 }
}

function receivedParams(
  app: App,
  c: StoredCase,
  facts: Facts,
  quote: Quote,
  now: Temporal.Instant,
) {
  const { immediate, endsAt } = quote.wire
  return {
    reference: c.reference,
    lineName: closingName(c, facts),
    submittedAt: now.toString(),
    ...(!immediate && { endsAt, ...(!lasts(quote.wire) && { dueAt: endsAt }) }),
    ...(!c.choices.paid?.spendFirst && !lasts(quote.wire) && refundParam(quote.wire)),
    ifLate: lateMeans(c, facts, now),
    withdrawUrl: caseUrl(app, c),
    progressUrl: progressUrl(app, c),
  }
}

const lasts = (quote: Quote['wire']) => lastingLines(quote).size > 0

/** The case goes on where it was asked from, with the quote that was agreed to. */
export async function agreeAgain(
  trx: Trx,
  app: App,
  { c, facts, quote, actor, now }: Agreed,
  { kind, state }: { kind: 'agreed-again' | 'authorised'; state: 'verifying' | 'scheduled' },
) {
  // Of a day that is over by now, it stays: money counts to it.
  const endsAt = agreedEnd(facts, c.choices, c.submittedAt ?? now).at
  const change = {
    state,
    choices: c.choices,
    quote: quote.wire,
    endsAt,
    dueAt: null,
    attention: null,
  } as const
  await changeCase(trx, app, c, change, {
    now,
    actor,
    reason: kind === 'authorised' ? 'the guardian authorised it' : 'agreed to the new quote',
    wake: true,
    events: [{ kind, detail: { quote: quote.wire.hash } }],
  })
  // What binds nothing any more, as after a death, ends as what never was bound.
  await startClosing(trx, { ...c, quote: quote.wire })
  return { ...c, ...change, version: c.version + 1 }
}
