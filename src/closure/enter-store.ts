/** What else happens when a case enters a state: agreement is checked, notices leave; all in the same transaction. */
import { startClosingLines } from '../lines/closing-store.ts'
import type { NoticeParams } from '../notices/notice.ts'
import { notifyAll } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { endPortCodes } from '../porting/end-store.ts'
import { fromWire } from '../values/money.ts'
import { askedUntil, type Move } from './closure.ts'
import { lastingLines } from './agreed-end.ts'
import { freezing } from './alert-store.ts'
import { actingUrl, askActing } from './ask-acting-store.ts'
import { codeContacts, type Facts, lineName } from './facts.ts'
import { settleAll } from './currencies.ts'
import { agreedRates } from './exchange.ts'
import { graceEnd } from './grace.ts'
import { checkChoices, type QuoteWire, shortfalls } from './quote.ts'
import { countedTo, goingOn, type StoredCase } from './case.ts'
import {
  type CaseKey,
  changeCase,
  type CaseChange,
  changeCases,
  lockCases,
  type SetCommit,
} from './store.ts'

type Enter = Extract<Move, { kind: 'enter' }>
export type ClosureTemplate = Extract<
  keyof NoticeParams,
  `closure-${string}` | `refund-${string}` | `payout-${string}`
>

const reasons: Record<string, string> = {
  'identity-checking': 'the code to another channel was right',
  'identity-checked': 'the permitted identity evidence passed',
  'waiting-time-over': 'the waiting time is over',
  'approved-by-policy': 'policy approves it straight through',
  'approved-because-late': 'the review was late, and policy approves then',
  scheduled: 'approved',
  'service-ending': 'the end date has come',
  'port-asked': 'the number did not go to the other operator',
  'guardian-asked': 'the subscriber is a minor: the guardian authorises',
  'own-consent-asked': 'the subscriber has come of age since a guardian authorised',
  'service-ended': 'the network confirms that every line is gone',
}

export type Entering = { c: StoredCase; facts: Facts; move: Enter }

export async function enterAll(
  trx: Trx,
  app: App,
  all: readonly Entering[],
  commit: Omit<SetCommit, 'actor'>,
): Promise<CaseKey[]> {
  const drifted = all.filter(
    ({ c, facts, move }) => move.state === 'executing' && hasDrifted(c, facts),
  )
  for (const { c, facts } of drifted) await askAgain(trx, app, c, facts, commit.now)
  const waiting = await mustWait(trx, app, all)
  const entering = all.filter((one) => !drifted.includes(one) && !waiting.has(one.c.caseId))
  const changed = await changeCases(
    trx,
    app,
    entering.map((one) => ({
      c: one.c,
      change: changeOf(one, commit.now),
      reason: reasons[one.move.event] ?? one.move.event,
      events: [eventOf(one, commit.now), ...waitsForOthers(one)],
      wake: true,
    })),
    { ...commit, actor: system },
  )
  await endTerms(trx, entering, changed)
  const stayed = entering.filter(
    ({ c, move }) => move.event === 'port-asked' && changed.has(c.caseId),
  )
  await tellPortStayed(trx, app, stayed)
  for (const { c, facts, move } of entering)
    if (move.event === 'guardian-asked' && changed.has(c.caseId))
      await askActing(trx, app, { ...c, version: c.version + 1 }, facts)
  await tellAll(
    trx,
    app,
    'closure-of-age',
    entering
      .filter(({ c, move }) => move.event === 'own-consent-asked' && changed.has(c.caseId))
      .map(({ c, facts }) => ({ c, facts, params: againParams(app, c, facts) })),
  )
  const late = entering.filter(
    ({ c, move }) => move.event === 'approved-because-late' && changed.has(c.caseId),
  )
  await tellAll(
    trx,
    app,
    'closure-approved',
    late.map(({ c, facts }) => ({ c, facts, params: approvedParams(app, c, facts, commit.now) })),
  )
  return entering.flatMap(({ c }) => (changed.has(c.caseId) ? c : []))
}

/** That texts go on arriving is said when the rest ends. */
function eventOf({ c, facts, move }: Entering, now: Temporal.Instant) {
  const until = move.state === 'executing' ? graceEnd(c, facts, now) : null
  return { kind: move.event, ...(until && { detail: { textsUntil: until.toString() } }) }
}

/** An account's service has ended before the last closure of one of its lines. */
function waitsForOthers({ facts: { settling }, move }: Entering) {
  if (move.state !== 'settling' || settling.length === 0) return []
  const references = settling.map(({ reference }) => reference).join(', ')
  return [{ kind: 'closures-wait', detail: { references } }]
}

/** What went on as before changes nothing any more from here. */
async function endTerms(
  trx: Trx,
  entering: readonly Entering[],
  changed: ReadonlySet<string>,
): Promise<void> {
  const lines = entering.flatMap(({ c, move }) =>
    move.state === 'executing' && changed.has(c.caseId)
      ? [...goingOn(c)].map((lineId) => ({ subscriberId: c.subscriberId, lineId }))
      : [],
  )
  if (lines.length > 0) await startClosingLines(trx, lines)
}

/** Lines of a case begin to close with it, or do again that were given back while it was stopped; what lasts waits for its end. */
export async function startClosing(trx: Trx, c: StoredCase): Promise<void> {
  const { subscriberId, closingLines } = c
  const lasting = goingOn(c)
  const ending = (closingLines ?? []).filter((lineId) => !lasting.has(lineId))
  const lines = ending.map((lineId) => ({ subscriberId, lineId }))
  if (lines.length > 0) await startClosingLines(trx, lines)
}

/** The lines are held, so that no other operator's request slips in between; one that did wakes its case. */
async function mustWait(trx: Trx, app: App, all: readonly Entering[]): Promise<Set<string>> {
  const numbered = all.flatMap(({ c, facts, move }) =>
    move.state === 'executing'
      ? facts.lines.flatMap(({ msisdn, lineId }) => (msisdn === null ? [] : [{ c, lineId }]))
      : [],
  )
  if (numbered.length === 0) return new Set()
  await lockCases(
    trx,
    numbered.map(({ c }) => c),
  )
  const lines = numbered.map(({ c, lineId }) => ({ subscriberId: c.subscriberId, lineId }))
  const underWay = await endPortCodes(trx, app, lines)
  return new Set(numbered.flatMap(({ c, lineId }) => (underWay.has(lineId) ? [c.caseId] : [])))
}

export const againParams = (app: App, c: StoredCase, facts: Facts) => ({
  reference: c.reference,
  lineName: closingName(c, facts),
  url: caseUrl(app, c),
})

/** The number did not go to the other operator: the closure asks again, and never ends by itself. */
async function tellPortStayed(trx: Trx, app: App, asked: readonly Entering[]): Promise<void> {
  await tellAll(
    trx,
    app,
    'closure-port-stayed',
    asked.map(({ c, facts }) => ({
      c,
      facts,
      params: againParams(app, c, facts),
    })),
  )
}

/** What was promised for this case: its owner hears who has it, and that nothing is asked of them. */
export async function tellReviewLate(
  trx: Trx,
  app: App,
  late: readonly Pick<Entering, 'c' | 'facts'>[],
): Promise<void> {
  await tellAll(
    trx,
    app,
    'closure-late',
    late.flatMap(({ c, facts }) => {
      if (!c.dueAt) return []
      const promisedAt = c.dueAt.toString()
      const params = { ...againParams(app, c, facts), promisedAt }
      return [{ c, facts, params, about: promisedAt }]
    }),
  )
}

function changeOf({ c, facts, move }: Entering, now: Temporal.Instant): CaseChange {
  const { state, dueAt, endsAt } = move
  return {
    state,
    dueAt,
    ...(endsAt && { endsAt }),
    // Agreed to again after its day it has none; money of a day of one's own counts to that.
    ...(state === 'executing' && { endsAt: c.endsAt ?? now, dueAt: graceEnd(c, facts, now) }),
    ...(state === 'settling' && { serviceEndedAt: now }),
  }
}

/** Less would come back than was agreed, by more than policy tolerates: the subscriber looks again. */
function hasDrifted(c: StoredCase, facts: Facts): boolean {
  // Nobody agreed to what the operator ends: its money counts to the last day.
  if (!c.quote || c.bulkId !== null) return false
  const asOf = countedTo(c) ?? c.submittedAt ?? c.createdAt
  const settlements = settleAll(facts, c.choices, asOf, agreedRates(c.quote.currencies))
  if (settlements.some(({ choicesNeeded }) => choicesNeeded.length > 0)) return true
  if (checkChoices(facts, c.choices)) return true
  // What was meant to be spent, or pays for the time until then, is expected to be less.
  if (c.choices.paid?.spendFirst || lastingLines(c.quote).size > 0) return false
  return shortfalls(c.quote, settlements).some(({ currency, minor }) => {
    const tolerated = fromWire({
      amount: facts.policy.rules.driftTolerance.value[currency] ?? '0',
      currency,
    })
    return minor > (tolerated?.minor ?? 0n)
  })
}

async function askAgain(
  trx: Trx,
  app: App,
  c: StoredCase,
  facts: Facts,
  now: Temporal.Instant,
): Promise<void> {
  const changed = await changeCase(
    trx,
    app,
    c,
    { state: 'needs_customer', ...askedUntil(now) },
    {
      now,
      actor: system,
      reason: 'the facts moved away from the agreed quote',
      events: [{ kind: 'quote-drifted' }],
    },
  )
  if (!changed) return
  await tell(trx, app, c, facts, 'closure-agree-again', againParams(app, c, facts))
}

type Told<Template extends ClosureTemplate> = {
  c: Pick<StoredCase, 'subscriberId' | 'caseId' | 'version'>
  facts: Facts
  params: NoticeParams[Template]
  /** What it is told of once; without it, once for each change of the case. */
  about?: string
}

/** Sends one notice of the case to every verified contact that is not closing; its name makes it once. */
export async function tell<Template extends ClosureTemplate>(
  trx: Trx,
  app: App,
  c: Told<Template>['c'],
  facts: Facts,
  template: Template,
  params: NoticeParams[Template],
): Promise<void> {
  await tellAll(trx, app, template, [{ c, facts, params }])
}

/** The same notice for any number of cases. */
export async function tellAll<Template extends ClosureTemplate>(
  trx: Trx,
  app: App,
  template: Template,
  all: readonly Told<Template>[],
): Promise<void> {
  await notifyAll(
    trx,
    app,
    all.map(({ c, facts, params, about = c.version }) => ({
      subscriberId: c.subscriberId,
      noticeId: `${c.caseId}:${template}:${about}`,
      recipients: codeContacts(facts).map(({ kind, value }) => ({
        channel: kind === 'email' ? ('email' as const) : ('sms' as const),
        address: value,
      })),
      template,
      locale: facts.died ? facts.acting!.locale : facts.subscriber.locale,
      caseId: c.caseId,
      params: {
        ...forReader(app, c, facts, params),
        ...freezing(app, c, template),
      } as NoticeParams[Template],
    })),
  )
}

/** Who acts for an estate can't sign in: their way to the case is their link. */
function forReader<Params extends object>(
  app: App,
  c: Pick<StoredCase, 'caseId'>,
  { died, acting }: Facts,
  params: Params,
): Params {
  if (!died || !acting) return params
  const signedIn = caseUrl(app, c)
  const link = actingUrl(app, c, acting)
  const shown = Object.entries(params).map(([name, value]) => [
    name,
    value === signedIn ? link : value,
  ])
  return Object.fromEntries(shown) as Params
}

/** What a notice calls the thing that closes: the line, or nothing for the whole account. */
export function closingName(c: Pick<StoredCase, 'scope'>, facts: Facts): string {
  const [line] = facts.lines
  return c.scope === 'line' && line ? lineName(line) : ''
}

export function approvedParams(
  app: App,
  c: StoredCase,
  facts: Facts,
  now: Temporal.Instant,
): NoticeParams['closure-approved'] {
  return {
    reference: c.reference,
    lineName: closingName(c, facts),
    at: now.toString(),
    ...refundParam(c.quote),
    progressUrl: progressUrl(app, c),
  }
}

/** What comes back, as notices are told it; left out when nothing does. */
export function refundParam(quote: QuoteWire | null): { refund?: string } {
  const refund = quote?.currencies.find(({ refund: { amount } }) => Number(amount) > 0)?.refund
  return refund ? { refund: `${refund.amount} ${refund.currency}` } : {}
}

export function progressUrl(app: App, { reference }: Pick<StoredCase, 'reference'>): string {
  return `${app.config.publicUrl}/c/${reference}`
}

export function caseUrl(app: App, { caseId }: Pick<StoredCase, 'caseId'>): string {
  return `${app.config.publicUrl}/closures/${caseId}`
}
