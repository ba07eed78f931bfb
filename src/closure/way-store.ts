/** The subscriber's way out, one transaction per intent: start, choose, ask for the code, submit, withdraw. */
import { ratesAt } from '../ledger/ledger.ts'
import { reopenLines } from '../lines/closing-store.ts'
import type { App } from '../platform/app.ts'
import type { Actor } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { numberKeptUntil } from '../policy/policy.ts'
import { sendPortChanged } from '../porting/end-store.ts'
import { type CodeSent, sendCode, useCode } from '../subscribers/code-store.ts'
import { lockSubscriber } from '../subscribers/store.ts'
import type { CaseId } from '../values/ids.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import { backFromAsking, codePurposeOf, consentOf, waitsFor } from './acting.ts'
import { agreedEnd } from './agreed-end.ts'
import { isSubmitted, mayWithdraw, standing } from './closure.ts'
import { closingName, tell } from './enter-store.ts'
import { exchangeOffers } from './currencies.ts'
import { textsUntil } from './grace.ts'
import { loadFacts } from './facts-store.ts'
import { codeContacts, type Facts } from './facts.ts'
import { stillPossible } from './choices.ts'
import { checkChoices, makeQuote, type Quote } from './quote.ts'
import { checkDay, daysFrom } from './own-day.ts'
import { hasLeft, isPorted } from './ported.ts'
import { blocks, readiness } from './readiness.ts'
import { makeReference } from './reference.ts'
import type { Choices } from './settlement.ts'
import { spendUntil } from './spending.ts'
import { isEditable, isInTheWay, pinOf, type StoredCase, pinnedTo } from './case.ts'
import { awaitsAccount } from './account-store.ts'
import { endQuestion, questionsOf } from './question-store.ts'
import { casesOf, changeCase, insertDraft, lockCase } from './store.ts'
import { agreeAgain, submitDraft } from './submit-store.ts'
import { eventsOf } from './timeline-store.ts'

export type Started = { c: StoredCase; isNew: boolean }

/** Opens a draft, or gives back the open case: one case however often it is asked for. */
export async function startClosure(
  app: App,
  subscriberId: string,
  wanted: { scope: 'line' | 'account'; lineId: string | null },
  actor: Actor = actorOf(subscriberId),
): Promise<Started | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    // The subscriber's row is the lock that makes two tabs one case.
    await lockSubscriber(trx, subscriberId)
    const open = (await casesOf(trx, subscriberId)).filter(
      ({ state }) => state === 'draft' || isSubmitted(state),
    )
    const same = open.find(
      ({ scope, lineId }) => scope === wanted.scope && lineId === wanted.lineId,
    )
    if (same) return { c: same, isNew: false }
    const beside = refuseBeside(open, wanted)
    if (beside) return beside
    const facts = await loadFacts(trx, subscriberId, { ...wanted, closingLines: null }, { at: now })
    if (!facts) return missingFacts(trx, subscriberId)
    if (isAnothers(facts, actor) && !(facts.died && actor.kind === 'staff'))
      return refuse('representative-acts')
    if (actor.kind === 'staff' && !facts.died) return refuse('representative-missing')
    if (wanted.scope === 'line' && facts.lines[0]?.state === 'closed') return refuse('line-closed')
    const draft = {
      subscriberId,
      ...wanted,
      caseId: app.ids.make<CaseId>('case'),
      reference: makeReference(app.ids.random(8)),
      ...pinnedTo(facts),
    }
    await insertDraft(trx, app, draft, now, actor)
    const c = await lockCase(trx, subscriberId, draft.caseId)
    if (!c) throw new Error('the draft just written is gone')
    return { c, isNew: true }
  })
}

/** Another case of its owner that can't be open at once with this one; its owner's row is locked. */
export async function openBeside(trx: Trx, c: StoredCase): Promise<Refusal | undefined> {
  const others = (await casesOf(trx, c.subscriberId)).filter(({ caseId }) => caseId !== c.caseId)
  return refuseBeside(others, c)
}

function refuseBeside(
  others: readonly StoredCase[],
  c: Pick<StoredCase, 'scope' | 'lineId'>,
): Refusal | undefined {
  const other = others.find((one) => isInTheWay(one, c))
  return other && refuse('closure-open', { reference: other.reference }, { caseId: other.caseId })
}

export async function missingFacts(trx: Trx, subscriberId: string): Promise<Refusal> {
  const row = await trx
    .selectFrom('subscriber')
    .select('country')
    .where('subscriber_id', '=', subscriberId)
    .executeTakeFirst()
  return row?.country ? refuse('not-found') : refuse('profile-incomplete')
}

export type Change = { choices?: Choices; reason?: string | null; reasonText?: string | null }

export async function changeClosure(
  app: App,
  subscriberId: string,
  caseId: string,
  change: Change,
  actor: Actor = actorOf(subscriberId),
): Promise<StoredCase | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const c = await lockCase(trx, subscriberId, caseId)
    if (!c) return refuse('not-found')
    if (!(await mayEdit(trx, c))) return refuse('not-a-draft')
    const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
    if (!facts) return refuse('not-found')
    if (isAnothers(facts, actor)) return refuse('representative-acts')
    const wrong =
      change.choices &&
      (checkChoices(facts, change.choices) ??
        lateToSpend(facts, change.choices, now) ??
        withoutRate(facts, change.choices, c.submittedAt ?? now, now) ??
        checkDay(facts, change.choices, c.submittedAt && c.choices, now))
    if (wrong) return wrong
    if (change.reason && facts.policy.rules.reasonMode.value === 'none')
      return refuse('reason-not-asked')
    await changeCase(trx, app, c, change, {
      now,
      actor,
      reason: 'the subscriber chose',
    })
    return { ...c, ...change, version: c.version + 1 }
  })
}

function lateToSpend({ lines }: Facts, { paid }: Choices, now: Temporal.Instant) {
  if (!paid?.spendFirst || spendUntil(lines, now)) return undefined
  return refuse('choice-not-allowed', { disposition: 'spend' })
}

/** A rate that is out of date is not quoted: each currency is settled by itself then. */
function withoutRate(
  facts: Facts,
  choices: Choices,
  asOf: Temporal.Instant,
  now: Temporal.Instant,
): Refusal | undefined {
  const into = choices.exchange?.into
  if (into === undefined) return undefined
  const offers = exchangeOffers(facts, choices, asOf, ratesAt(facts.rates ?? [], now))
  return offers.some((one) => one.into === into) ? undefined : refuse('no-current-rate', { into })
}

/** Sends the confirmation code to a verified channel that is not closing. */
export async function askClosureCode(
  app: App,
  subscriberId: string,
  caseId: string,
  contactId: string | undefined,
): Promise<CodeSent | Refusal> {
  return app.db.transaction().execute(async (trx) => {
    const c = await lockCase(trx, subscriberId, caseId)
    if (!c) return refuse('not-found')
    if (!(await mayEdit(trx, c)) && !(await awaitsAccount(trx, c))) return refuse('not-a-draft')
    const facts = await loadFacts(trx, subscriberId, c, pinOf(c, app.clock.now()))
    if (!facts) return refuse('not-found')
    if (facts.died) return refuse('representative-acts')
    const allowed = codeContacts(facts)
    const [first] = allowed
    if (!first) return refuse('no-other-channel')
    const contact =
      contactId === undefined ? first : allowed.find((one) => one.contactId === contactId)
    if (!contact) {
      const isClosing = facts.contacts.some((one) => one.contactId === contactId)
      return refuse(isClosing ? 'contact-is-closing-line' : 'not-found')
    }
    return sendCode(trx, app, {
      subscriberId,
      purpose: 'confirm-closure',
      subjectId: caseId,
      contactId: contact.contactId,
      locale: facts.subscriber.locale,
      lineName: closingName(c, facts),
      reference: c.reference,
    })
  })
}

/**
 * Submits a draft, or agrees again to a case that drifted: the quote is the current one, every choice is made, the
 * single-use code is right. A wrong try is counted although nothing else is written.
 */
export async function submitClosure(
  app: App,
  subscriberId: string,
  caseId: string,
  given: { quoteHash: string; code: string },
  actor: Actor = actorOf(subscriberId),
): Promise<StoredCase | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    await lockSubscriber(trx, subscriberId)
    const c = await lockCase(trx, subscriberId, caseId)
    if (!c) return refuse('not-found')
    if (!(await mayEdit(trx, c))) return refuse('not-a-draft')
    const open = c.state === 'draft' && (await openBeside(trx, c))
    if (open) return open
    const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
    if (!facts) return refuse('not-found')
    if (isAnothers(facts, actor)) return refuse('representative-acts')
    const events = await eventsOf(trx, subscriberId, caseId)
    if (isForGuardian(c, facts, events, now)) return refuse('guardian-acts')
    const asked = { ...c, choices: stillPossible(facts, c.choices) }
    const quote = quoteNow(asked, facts, now)
    const refusal = mayNotSubmit(facts, quote, given.quoteHash)
    // What was chosen and is possible no more is why, before that something is missing.
    const gone = refusal?.refused === 'choice-missing' && checkChoices(facts, c.choices)
    if (gone) return gone
    if (refusal) return refusal
    const used = await useCode(trx, app, {
      subscriberId,
      purpose: codePurposeOf(actor),
      subjectId: caseId,
      code: given.code,
    })
    if (isRefusal(used)) return used
    const agreed = { c: asked, facts, quote, actor, now }
    return c.state === 'needs_customer'
      ? agreeAgain(trx, app, agreed, { kind: 'agreed-again', state: backFromAsking(events) })
      : submitDraft(trx, app, agreed)
  })
}

/** After a death only who acts for the estate does; who acts for somebody else does nothing here. */
export function isAnothers({ died, acting }: Facts, actor: Actor): boolean {
  return died ? actor.id !== acting?.representativeId : actor.kind === 'representative'
}

/** A guardian has been asked, and the subscriber is not of age yet. */
export function isForGuardian(
  c: StoredCase,
  facts: Facts,
  events: readonly { kind: string }[],
  now: Temporal.Instant,
): boolean {
  if (waitsFor(c, facts, events) !== 'guardian') return false
  return consentOf(facts, { own: now, guardian: null }, now) === 'guardian'
}

export function mayNotSubmit(facts: Facts, quote: Quote, quoteHash: string): Refusal | undefined {
  if (blocks(readiness(facts, false)))
    return refuse('blocked', {}, { readiness: readiness(facts, false) })
  if (quote.wire.choicesNeeded.includes('reason')) return refuse('reason-missing')
  if (quote.wire.choicesNeeded.length > 0)
    return refuse('choice-missing', {}, { choicesNeeded: quote.wire.choicesNeeded })
  if (quote.wire.hash !== quoteHash) return refuse('quote-changed', {}, { quote: quote.wire })
  return undefined
}

/** Takes the request back: any time before service begins to end. A draft is simply dropped. */
export async function withdrawClosure(
  app: App,
  subscriberId: string,
  caseId: string,
  actor: Actor = actorOf(subscriberId),
): Promise<StoredCase | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const c = await lockCase(trx, subscriberId, caseId)
    if (!c) return refuse('not-found')
    if (c.state === 'withdrawn') return c
    if (c.bulkId !== null) return refuse('closed-by-operator')
    const before = await loadFacts(trx, subscriberId, c, pinOf(c, now))
    // A guardian may stop what a minor asked for.
    if (before?.died && isAnothers(before, actor)) return refuse('representative-acts')
    if (!mayWithdraw(standing(c)) || (before && hasLeft(c, before)))
      return refuse('past-point-of-no-return')
    const reason =
      actor.kind === 'subscriber' ? 'the subscriber withdrew' : 'who acts for them withdrew'
    return withdrawCase(trx, app, c, { now, actor, reason })
  })
}

/** Ends a case that has not begun to end service: its lines go on, and everybody who was told of it is told. */
export async function withdrawCase(
  trx: Trx,
  app: App,
  c: StoredCase,
  {
    now,
    actor,
    reason,
    note,
  }: { now: Temporal.Instant; actor: Actor; reason: string; note?: string },
): Promise<StoredCase> {
  const change = { state: 'withdrawn', dueAt: null, wakeAt: null, attention: null } as const
  const events = [{ kind: 'withdrawn' }]
  await changeCase(trx, app, c, change, { now, actor, reason, note, events })
  const after = { ...c, ...change, version: c.version + 1 }
  if (c.state === 'draft') return after
  await endQuestion(trx, c, now)
  const facts = await reopen(trx, app, c, now)
  if (facts) {
    const params = {
      reference: c.reference,
      lineName: closingName(c, facts),
      at: now.toString(),
      url: app.config.publicUrl,
    }
    await tell(trx, app, c, facts, 'closure-withdrawn', params)
  }
  return after
}

/** Gives the lines of a case that won't close back to their owner. */
export async function reopen(
  trx: Trx,
  app: App,
  c: StoredCase,
  now: Temporal.Instant,
): Promise<Facts | undefined> {
  const { subscriberId } = c
  const lines = (c.closingLines ?? []).map((lineId) => ({ subscriberId, lineId }))
  await reopenLines(trx, app, now, lines)
  const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
  // A number of it may have left meanwhile: that line ends by itself.
  for (const { lineId } of facts?.lines.filter(isPorted) ?? [])
    await sendPortChanged(trx, app, { subscriberId, lineId })
  return facts
}

/** The quote of a draft as of now; of a case that drifted, as of the day it was received. */
export function quoteNow(c: StoredCase, facts: Facts, now: Temporal.Instant): Quote {
  const hasNumber = facts.lines.some((line) => line.msisdn !== null && !isPorted(line))
  const asOf = c.submittedAt ?? now
  const agreed = agreedEnd(facts, c.choices, asOf).at
  const ends = agreed && Temporal.Instant.compare(agreed, now) > 0 ? agreed : now
  const free = (c.choices.texts && textsUntil(facts, ends, now)) || ends
  const numberUntil = hasNumber ? numberKeptUntil(facts.policy, free) : null
  const rates = ratesAt(facts.rates ?? [], now)
  const { wire, settlements } = makeQuote(facts, c.choices, c.reason, numberUntil, asOf, rates)
  const endsOn = c.submittedAt ? null : daysFrom(facts.policy, now)
  // Agreed to again after its day, service begins to end now.
  const texts = textsUntil(facts, Temporal.Instant.from(wire.endsAt), now)?.toString() ?? null
  const allowed = { ...wire.allowed, endsOn, textsUntil: texts }
  return { wire: { ...wire, allowed }, settlements }
}

async function mayEdit(trx: Trx, c: StoredCase): Promise<boolean> {
  return isEditable(c, await questionsOf(trx, c))
}

function actorOf(subscriberId: string): Actor {
  return { kind: 'subscriber', id: subscriberId }
}
