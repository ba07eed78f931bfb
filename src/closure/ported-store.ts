/** What a change of a port means for closures: noted on the case that waits for it; a number that left ends its line. */
import { startClosingLines } from '../lines/closing-store.ts'
import type { App } from '../platform/app.ts'
import { system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import type { Job } from '../platform/queue.ts'
import { portChangedQueue, type PortOut } from '../porting/porting.ts'
import { seePort } from '../porting/partner-store.ts'
import { lockSubscriber } from '../subscribers/store.ts'
import type { CaseId } from '../values/ids.ts'
import { type Attention, pinOf, pinnedTo, type StoredCase } from './case.ts'
import { choicesOnPort, paidOnPort } from './choices.ts'
import { askedUntil, hasEnded, isSubmitted, mayWithdraw } from './closure.ts'
import { caseUrl, closingName, tell } from './enter-store.ts'
import { loadFacts } from './facts-store.ts'
import type { Facts } from './facts.ts'
import { endQuestion } from './question-store.ts'
import { makeReference } from './reference.ts'
import { type CaseChange, casesOf, changeCase, insertDraft, lockCase, wakeCases } from './store.ts'
import { eventsOf, type NewEvent } from './timeline-store.ts'
import { quoteNow } from './way-store.ts'

export const portedQueues = [portChangedQueue]

export function portedJobs(app: App): Job[] {
  return [
    {
      queue: portChangedQueue,
      run: ({ subscriberId = '', lineId = '' }) => portChanged(app, { subscriberId, lineId }),
      gaveUp: async ({ lineId }, error) =>
        app.log.error({ lineId, error }, 'a closure does not know of a port; told again later'),
    },
  ]
}

type LineKey = { subscriberId: string; lineId: string }

/** Run twice it has the effect of once: what was noted of a port is not noted again. */
export async function portChanged(app: App, key: LineKey): Promise<void> {
  await app.db.transaction().execute(async (trx) => {
    const { subscriberId } = key
    await lockSubscriber(trx, subscriberId)
    const port = await seePort(trx, key)
    const open = await openCase(trx, key)
    const c = open && (await lockCase(trx, subscriberId, open.caseId))
    const woken = await hear(trx, app, key, port, c)
    // Whatever it was that changed, a case that waits looks again; once.
    const waits = c && (c.state === 'approved' || c.state === 'scheduled')
    if (waits && !woken) await wakeCases(trx, app, [c])
  })
}

/** Whether what was heard has woken the case. */
async function hear(
  trx: Trx,
  app: App,
  key: LineKey,
  port: PortOut | undefined,
  c: StoredCase | undefined,
): Promise<boolean> {
  if (!port || port.reference === null) return false
  if (port.state === 'completed') return numberLeft(trx, app, key, port, c)
  if (!c || !isSubmitted(c.state)) return false
  return note(trx, app, c, port)
}

/** The case that ends this line: its own before its account's, a submitted one before a draft. */
async function openCase(trx: Trx, { subscriberId, lineId }: LineKey) {
  const cases = (await casesOf(trx, subscriberId)).filter(({ state }) => !hasEnded(state))
  const own = cases.find((c) => c.scope === 'line' && c.lineId === lineId && isSubmitted(c.state))
  const accounts = cases.find((c) => isSubmitted(c.state) && c.closingLines?.includes(lineId))
  return own ?? accounts ?? cases.find((c) => c.scope === 'line' && c.lineId === lineId)
}

const noted = async (trx: Trx, c: StoredCase, { portId }: PortOut, kind: string) =>
  (await eventsOf(trx, c.subscriberId, c.caseId)).some(
    (event) => event.kind === kind && event.detail['port'] === portId,
  )

async function note(trx: Trx, app: App, c: StoredCase, port: PortOut): Promise<boolean> {
  const pending = port.state === 'pending'
  const kind = pending ? 'port-pending' : 'port-ended'
  if (await noted(trx, c, port, kind)) return false
  const detail = {
    port: port.portId,
    ...(pending ? { due: String(port.dueAt) } : { how: port.state }),
  }
  return changeCase(
    trx,
    app,
    c,
    {},
    {
      now: app.clock.now(),
      actor: system,
      reason: pending ? 'the number is on its way' : 'the number did not go',
      events: [{ kind, detail }],
      // The worker may have lost its move to this change: it looks again.
      wake: true,
    },
  )
}

const leftEvent = ({ portId }: PortOut): NewEvent => ({
  kind: 'number-ported',
  detail: { port: portId },
})

async function numberLeft(
  trx: Trx,
  app: App,
  key: LineKey,
  port: PortOut,
  c: StoredCase | undefined,
): Promise<boolean> {
  if (c && isSubmitted(c.state)) {
    if (await noted(trx, c, port, 'number-ported')) return false
    if (c.state === 'frozen' && c.attention) return askPerson(trx, app, c, c.attention, port)
    if (c.scope === 'line' && mayWithdraw(c.state)) {
      await end(trx, app, c, port)
      return true
    }
    return changeCase(trx, app, c, mayWithdraw(c.state) ? await paidAnew(trx, app, c) : {}, {
      now: app.clock.now(),
      actor: system,
      reason: why,
      events: [leftEvent(port)],
      wake: true,
    })
  }
  const line = await trx
    .selectFrom('line')
    .select('state')
    .where('subscriber_id', '=', key.subscriberId)
    .where('line_id', '=', key.lineId)
    .executeTakeFirst()
  if (!line || line.state === 'closed') return false
  const draft = c ?? (await openDraft(trx, app, key))
  if (draft) await end(trx, app, draft, port)
  return draft !== undefined
}

/** What the number brings to an account that was going to end: where nothing is other than it was chosen, no change. */
async function paidAnew(trx: Trx, app: App, c: StoredCase): Promise<CaseChange> {
  const now = app.clock.now()
  const facts = await loadFacts(trx, c.subscriberId, c, pinOf(c, now))
  const paid = facts && paidOnPort(facts, c.choices.paid)
  if (!paid || paid.disposition === c.choices.paid?.disposition) return {}
  const choices = { ...c.choices, paid }
  return { choices, quote: quoteNow({ ...c, choices }, facts, now).wire }
}

const why = 'another operator has the number'

/** Somebody said that it was not its owner who wanted it gone: nothing ends by itself, and a person looks. */
async function askPerson(
  trx: Trx,
  app: App,
  c: StoredCase,
  frozen: Attention,
  port: PortOut,
): Promise<boolean> {
  const now = app.clock.now()
  const attention = {
    ...frozen,
    step: 'port',
    what: 'the number of a line went to another operator although its closure was stopped',
    advice:
      'ask the other operator to give the number back and verify the subscriber by another way; a retry lets the closure go on to its end',
    since: now.toString(),
  }
  return changeCase(
    trx,
    app,
    c,
    { state: 'needs_attention', attention, wakeAt: null },
    {
      now,
      actor: system,
      reason: why,
      events: [leftEvent(port), { kind: 'needs-attention', detail: { step: 'port' } }],
    },
  )
}

async function openDraft(trx: Trx, app: App, { subscriberId, lineId }: LineKey) {
  const now = app.clock.now()
  const scope = { scope: 'line', lineId, closingLines: null } as const
  const facts = await loadFacts(trx, subscriberId, scope, { at: now })
  if (!facts) throw new Error(`a line whose number left cannot be closed: ${lineId}`)
  const draft = {
    subscriberId,
    scope: 'line' as const,
    lineId,
    caseId: app.ids.make<CaseId>('case'),
    reference: makeReference(app.ids.random(8)),
    ...pinnedTo(facts),
  }
  await insertDraft(trx, app, draft, now, system)
  return lockCase(trx, subscriberId, draft.caseId)
}

/** Straight to the end: service left with the number, so nothing is waited for but a choice that is the owner's alone. */
async function end(trx: Trx, app: App, c: StoredCase, port: PortOut): Promise<void> {
  const now = app.clock.now()
  const { subscriberId } = c
  const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
  if (!facts) throw new Error(`closure ${c.reference} has lost its subscriber or its line`)
  const choices = choicesOnPort(facts, c.choices, now)
  const { reasonMode } = facts.policy.rules
  const reason = c.reason ?? (reasonMode.value === 'none' ? null : 'other-operator')
  const quote = quoteNow({ ...c, choices, reason }, facts, now)
  const complete = quote.wire.choicesNeeded.length === 0
  const isDraft = c.state === 'draft'
  const unasked = (await endQuestion(trx, c, now)) ? [{ kind: 'question-withdrawn' }] : []
  const refunds = String(quote.wire.refundTo.length)
  const submitted = { kind: 'submitted', detail: { quote: quote.wire.hash, refunds } }
  await changeCase(
    trx,
    app,
    c,
    {
      state: complete ? 'executing' : 'needs_customer',
      choices,
      quote: quote.wire,
      ...(complete ? { dueAt: null } : askedUntil(now)),
      attention: null,
      endsAt: now,
      ...(isDraft && {
        submittedAt: now,
        reason,
        closingLines: facts.lines.map(({ lineId }) => lineId),
        ...pinnedTo(facts),
      }),
    },
    {
      now,
      actor: system,
      reason: why,
      events: [...(isDraft ? [submitted] : []), ...unasked, leftEvent(port)],
      wake: complete,
    },
  )
  await startClosingLines(
    trx,
    facts.lines.map(({ lineId }) => ({ subscriberId, lineId })),
  )
  if (!complete) await askWhere(trx, app, c, facts)
}

/** Where nothing may be paid out, what becomes of the credit is for its owner to say. */
async function askWhere(trx: Trx, app: App, c: StoredCase, facts: Facts) {
  await tell(trx, app, c, facts, 'closure-port-choose', {
    reference: c.reference,
    lineName: closingName(c, facts),
    url: caseUrl(app, c),
  })
}
