/** The durable work of closing: one job makes one move of one case, and commits it with the job that comes next. */
import type { App } from '../platform/app.ts'
import { system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { scrub } from '../platform/log.ts'
import type { Job, JobData } from '../platform/queue.ts'
import { Fault } from '../values/fault.ts'
import { inLanes } from '../values/lanes.ts'
import { consentOf } from './acting.ts'
import { untoldOf } from './alert-store.ts'
import { lateMeans } from './approvals.ts'
import { remindAll } from './ask-again-store.ts'
import { stuckAt } from './attention.ts'
import { onlyWhile } from './bulk.ts'
import { giveBackLate } from './bulk-off-store.ts'
import { bulkStates } from './bulk-store.ts'
import { backoffMs, failuresMax, hasEnded, isMarkedLate, type Move, nextMove } from './closure.ts'
import { enterAll } from './enter-store.ts'
import { loadFactsOf } from './facts-store.ts'
import type { Facts } from './facts.ts'
import { markLateAll, markRefundsLate } from './late-store.ts'
import { hasStayed, portWait } from './ported.ts'
import { lateness } from './refund-late.ts'
import { refundsOfAll } from '../payments/payout-store.ts'
import { riskOf } from './risk.ts'
import { certificateStep, closeStep } from './steps/evidence.ts'
import { closeLineStep, stopDownload } from './steps/line.ts'
import { settleStep } from './steps/money.ts'
import { detach } from './steps/network.ts'
import { grace } from './steps/grace.ts'
import { endSessionsStep } from './steps/sessions.ts'
import { finishStep } from './steps/finish.ts'
import { payout } from './steps/payout.ts'
import { refund } from './steps/refund.ts'
import { dispute, lateUsage } from './steps/wait.ts'
import {
  isPending,
  type Outcome,
  type OutsideStep,
  type Partners,
  type Recorded,
  type Step,
  type StepContext,
} from './steps/step.ts'
import { pinOf, type StoredCase } from './case.ts'
import {
  type CaseKey,
  changeCase,
  changeCases,
  closureQueue,
  doneStepsOf,
  findCase,
  findCases,
  lockCases,
  recordSteps,
  type SetCommit,
} from './store.ts'
import { agreements, markedLate, remindersOf, thawedUntil } from './timeline-store.ts'
import { endingSteps, parseStep, settlingSteps, type Verb, waitsOf } from './workflow.ts'

export const closureQueues = [closureQueue]

export const steps: Record<Verb, Step> = {
  'stop-download': stopDownload,
  grace,
  detach,
  'end-sessions': endSessionsStep,
  'close-line': closeLineStep,
  settle: settleStep,
  refund,
  payout,
  'late-usage': lateUsage,
  dispute,
  finish: finishStep,
  certificate: certificateStep,
  close: closeStep,
}

export function closureJobs(app: App, partners: Partners): Job[] {
  return [
    {
      queue: closureQueue,
      run: (data) => advance(app, partners, data),
      gaveUp: (data, error) => askForHelp(app, data, error),
    },
  ]
}

type Loaded = { c: StoredCase; facts: Facts; move: Move }
type At<Kind extends Move['kind']> = Loaded & { move: Extract<Move, { kind: Kind }> }

/** How a set of cases is taken on: who goes on with each afterwards, and how many are outside at once. */
export type Way = { waking: SetCommit['waking']; lanes: number }
const alone: Way = { waking: 'jobs', lanes: 1 }

/** Makes the next move of a case. Run twice, or by two workers at once, it has the effect of once. */
export async function advance(app: App, partners: Partners, data: JobData): Promise<void> {
  const { subscriberId = '', caseId = '' } = data
  await advanceAll(app, partners, [{ subscriberId, caseId }], alone)
}

/**
 * Makes the next move of each case: those that make the same move make it in one transaction. What a partner refuses
 * to one is tried again for that one alone. Gives those that go on at once.
 */
export async function advanceAll(
  app: App,
  partners: Partners,
  keys: readonly CaseKey[],
  way: Way,
): Promise<CaseKey[]> {
  const loaded = await load(app, keys)
  const at = <Kind extends Move['kind']>(kind: Kind) =>
    loaded.filter((one): one is At<Kind> => one.move.kind === kind)
  const goOn: CaseKey[] = []
  const entering = at('enter')
  if (entering.length > 0) {
    const commit = { now: app.clock.now(), waking: way.waking }
    goOn.push(
      ...(await app.db.transaction().execute((trx) => enterAll(trx, app, entering, commit))),
    )
  }
  await giveBackLate(app, at('give-back'))
  await rest(app, [...at('rest'), ...at('wait')])
  await markLateAll(app, at('late'))
  goOn.push(...(await markRefundsLate(app, at('late-refunds'), way)))
  await remindAll(app, at('remind'))
  const verbs = Map.groupBy(at('step'), ({ move }) => parseStep(move.step).verb)
  for (const [verb, taking] of verbs)
    goOn.push(...(await takeSteps(app, partners, verb, taking, way)))
  return goOn
}

async function load(app: App, keys: readonly CaseKey[]): Promise<Loaded[]> {
  return app.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const found = await findCases(trx, keys)
      const cases = found.filter(({ state }) => state !== 'draft' && !hasEnded(state))
      const asked = cases.map((c) => ({ ...c, pin: pinOf(c, app.clock.now()) }))
      const factsOf = await loadFactsOf(trx, asked)
      const doneOf = await doneStepsOf(trx, cases)
      const refundsBy = await refundsOfAll(trx, cases)
      const scheduled = cases.filter(({ state }) => state === 'scheduled')
      const thawed = await thawedUntil(trx, scheduled)
      const untold = await untoldOf(
        trx,
        cases.filter(({ state, caseId }) => state === 'cooling_off' || thawed.has(caseId)),
      )
      const late = await markedLate(trx, cases)
      const bulks = await bulkStates(trx, scheduled)
      const reminded = await remindersOf(
        trx,
        cases.filter(({ state }) => state === 'needs_customer'),
      )
      const weighed = cases.filter((_, index) => {
        const facts = factsOf[index]
        return facts && (hasStayed(facts) || facts.acting !== null)
      })
      const agreedOf = await agreements(trx, weighed)
      return cases.map((c, index) => {
        const facts = factsOf[index]
        if (!facts)
          throw new Error(`closure ${c.reference} has lost its subscriber, its lines or its policy`)
        const done = doneOf(c)
        const refunds = refundsBy(c).map((one) => ({ ...one, refused: one.payoutUntil !== null }))
        const settling = settlingSteps(refunds, waitsOf(done.get('settle'), facts))
        const { again = null, authorised = null } = agreedOf.get(c.caseId) ?? {}
        const own = again ?? c.submittedAt
        // Whom the operator closes is not asked.
        const isAsked = c.bulkId === null
        const move = nextMove(c, {
          policy: facts.policy,
          risk: riskOf(facts, c.submittedAt ?? app.clock.now()),
          now: app.clock.now(),
          ending: endingSteps(facts, c.choices),
          settling,
          done: new Set(done.keys()),
          untold: untold.has(c.caseId),
          thawedUntil: thawed.get(c.caseId) ?? null,
          ifLate: c.state === 'in_review' ? lateMeans(c, facts, app.clock.now()) : 'escalated',
          markedLate:
            c.state === 'needs_customer'
              ? c.attention !== null
              : isMarkedLate(c, late.get(c.caseId)),
          remindedAt: reminded.get(c.caseId) ?? null,
          port: portWait(facts, own, isAsked),
          consent: isAsked
            ? consentOf(facts, { own, guardian: authorised }, app.clock.now())
            : 'given',
          refunds: lateness(c, facts.policy, refunds, done.get('settle'), app.clock.now()),
          endsLast: facts.settling.length > 0,
          bulk: onlyWhile(bulks.get(c.bulkId)),
        })
        return { c, facts, move }
      })
    })
}

async function rest(app: App, resting: readonly (At<'rest'> | At<'wait'>)[]): Promise<void> {
  if (resting.length === 0) return
  const commit = { now: app.clock.now(), actor: system, waking: 'caller' } as const
  const changes = resting.map(({ c, move }) => ({
    c,
    change: { wakeAt: move.kind === 'wait' ? move.until : null },
    reason: 'nothing to do before then',
  }))
  await app.db.transaction().execute((trx) => changeCases(trx, app, changes, commit))
}

async function takeSteps(
  app: App,
  partners: Partners,
  verb: Verb,
  taking: readonly At<'step'>[],
  way: Way,
): Promise<CaseKey[]> {
  const step = steps[verb]
  const now = app.clock.now()
  const loaded = taking.map((one) => ({ ...one, context: contextOf(app, partners, one, now) }))
  if (step.kind === 'inside')
    return commitSteps(app, loaded, way, (trx, all) =>
      step.record(
        trx,
        // Handed no more than it says it needs, so that none calls out unseen.
        all.map(({ context: { partners: _, ...own } }) => ({
          ...own,
          partners: { documents: partners.documents },
        })),
      ),
    )
  const performed = await inLanes(loaded, way.lanes, (one) => perform(app, step, one))
  const outcomes = performed.flatMap((one) => one ?? [])
  if (outcomes.length === 0) return []
  return commitSteps(app, outcomes, way, async (trx, all) => {
    const recorded = await step.record(
      trx,
      all.map(({ context, performed: outcome }) => ({ ...context, performed: outcome })),
    )
    return recorded.map((one, index) => ({
      ...one,
      outcome: one.outcome ?? all[index]!.performed,
    }))
  })
}

type Taking = At<'step'> & { context: StepContext }

function contextOf(
  app: App,
  partners: Partners,
  { c, facts, move }: At<'step'>,
  now: Temporal.Instant,
): StepContext {
  const { subject } = parseStep(move.step)
  return { app, partners, c, facts, policy: facts.policy, subject, now }
}

/** Asks the partner, unless the effect stands; undefined when there is nothing to record yet. */
async function perform(
  app: App,
  step: OutsideStep,
  taking: Taking,
): Promise<(Taking & { performed: Outcome }) | undefined> {
  const { c, context, move } = taking
  let outcome
  try {
    outcome = (await step.isDone(context)) ?? (await step.perform(context))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    await postpone(app, c, move.step, error)
    return undefined
  }
  if (isPending(outcome)) {
    await waitFor(app, c, context.now.add({ milliseconds: outcome.pendingMs }))
    return undefined
  }
  return { ...taking, performed: outcome }
}

async function commitSteps<One extends Taking>(
  app: App,
  loaded: readonly One[],
  { waking }: Way,
  record: (trx: Trx, all: readonly One[]) => Promise<Recorded[]>,
): Promise<CaseKey[]> {
  return app.db.transaction().execute(async (trx) => {
    // The version is checked under the lock before anything is written: another worker's commit makes this one a no-op.
    const locked = await lockCases(
      trx,
      loaded.map(({ c }) => c),
    )
    const versions = new Map(locked.map(({ caseId, version }) => [caseId, version]))
    const current = loaded.filter(({ c }) => versions.get(c.caseId) === c.version)
    if (current.length === 0) return []
    const recorded = await record(trx, current)
    const now = app.clock.now()
    const done = current.map((one, index) => ({ ...one, ...recorded[index] }))
    await recordSteps(
      trx,
      done.map(({ c, move, outcome = {} }) => ({ c, step: move.step, outcome })),
      now,
    )
    const changes = done.map(stepDone)
    await changeCases(trx, app, changes, { now, actor: system, waking })
    return changes.flatMap(({ c, wake }) => (wake ? c : []))
  })
}

function stepDone({ c, move, events = [], change = {} }: At<'step'> & Recorded) {
  const ended = change.state !== undefined && hasEnded(change.state)
  return {
    c,
    change: { failures: 0, dueAt: null, ...(ended && { wakeAt: null }), ...change },
    reason: `step ${move.step} is done`,
    events,
    wake: !ended,
  }
}

async function waitFor(app: App, c: StoredCase, wakeAt: Temporal.Instant): Promise<void> {
  const commit = { now: app.clock.now(), actor: system, reason: 'waiting for a partner' }
  await app.db
    .transaction()
    .execute((trx) => changeCase(trx, app, c, { wakeAt, failures: 0 }, commit))
}

/** A partner failed: try again later, a few times, then ask a person. */
async function postpone(app: App, c: StoredCase, step: string, fault: Fault): Promise<void> {
  const failures = c.failures + 1
  app.log.warn({ err: fault, reference: c.reference, step, failures }, 'a step of a closure failed')
  if (failures >= failuresMax) return needHelp(app, c, step, fault.message)
  const now = app.clock.now()
  const wakeAt = now.add({ milliseconds: backoffMs(failures) })
  await app.db
    .transaction()
    .execute((trx) =>
      changeCase(
        trx,
        app,
        c,
        { failures, wakeAt },
        { now, actor: system, reason: `${step} failed, trying again` },
      ),
    )
}

async function askForHelp(
  app: App,
  { subscriberId = '', caseId = '' }: JobData,
  error: string,
): Promise<void> {
  const c = await findCase(app.db, subscriberId, caseId)
  if (!c || hasEnded(c.state) || c.state === 'draft') return
  // A person knows already; looked at again it would only fail again.
  if (c.state === 'needs_attention') return sleep(app, c)
  await needHelp(app, c, (await stepAhead(app, c)) ?? 'unknown', error)
}

async function sleep(app: App, c: StoredCase): Promise<void> {
  const commit = { now: app.clock.now(), actor: system, reason: 'a person looks at it' }
  await app.db.transaction().execute((trx) => changeCase(trx, app, c, { wakeAt: null }, commit))
}

/** Nothing was stored of a move that failed, so that the next one is the one that did; where that can't be told, null. */
async function stepAhead(app: App, c: CaseKey): Promise<string | null> {
  try {
    const [next] = await load(app, [c])
    return next?.move.kind === 'step' ? next.move.step : null
  } catch {
    return null
  }
}

async function needHelp(app: App, c: StoredCase, step: string, what: string): Promise<void> {
  const now = app.clock.now()
  const attention = stuckAt(c, { step, what: scrub(what), now })
  await app.db.transaction().execute((trx) =>
    changeCase(
      trx,
      app,
      c,
      // Looked at once more: the day of its refunds may be to come.
      { state: 'needs_attention', attention, wakeAt: c.state === 'settling' ? now : null },
      {
        now,
        actor: system,
        reason: `step ${step} failed too often`,
        events: [{ kind: 'needs-attention', detail: { step } }],
      },
    ),
  )
}
