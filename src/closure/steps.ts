/** The durable work of closing: one job makes one move of one case, and commits it with the job that comes next. */
import type { App } from '../platform/app.ts'
import { system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import type { Job, JobData } from '../platform/queue.ts'
import { Fault } from '../values/fault.ts'
import { backoffMs, failuresMax, hasEnded, type Move, nextMove } from './closure.ts'
import { enter } from './enter-store.ts'
import { loadFacts } from './facts-store.ts'
import type { Facts } from './facts.ts'
import { riskOf } from './risk.ts'
import { certificateStep, closeStep } from './steps/evidence.ts'
import { closeLineStep, stopDownload } from './steps/line.ts'
import { settleStep } from './steps/money.ts'
import { detach } from './steps/network.ts'
import { endSessionsStep } from './steps/sessions.ts'
import { refund } from './steps/refund.ts'
import {
  isPending,
  type Outcome,
  type Partners,
  type Step,
  type StepContext,
} from './steps/step.ts'
import type { StoredCase } from './case.ts'
import {
  changeCase,
  closureQueue,
  doneSteps,
  findCase,
  lockCase,
  recordStep,
  refundIdsOf,
} from './store.ts'
import { eventsOf } from './timeline-store.ts'
import { endingSteps, parseStep, settlingSteps, type Verb } from './workflow.ts'

export const closureQueues = [closureQueue]

export const steps: Record<Verb, Step> = {
  'stop-download': stopDownload,
  detach,
  'end-sessions': endSessionsStep,
  'close-line': closeLineStep,
  settle: settleStep,
  refund,
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

type Loaded = { c: StoredCase; facts: Facts; move: Move; lastRefund: boolean }

/** Makes the next move of a case. Run twice, or by two workers at once, it has the effect of once. */
export async function advance(app: App, partners: Partners, data: JobData): Promise<void> {
  const loaded = await load(app, data)
  if (!loaded) return
  const { c, facts, move } = loaded
  if (move.kind === 'step') return takeStep(app, partners, loaded, move.step)
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    if (move.kind === 'enter') return enter(trx, app, c, facts, move, now)
    const commit = { now, actor: system, reason: 'the review deadline passed' }
    if (move.kind === 'late') {
      await changeCase(
        trx,
        app,
        c,
        { wakeAt: null },
        { ...commit, events: [{ kind: 'review-late' }] },
      )
      return
    }
    await changeCase(trx, app, c, { wakeAt: move.kind === 'wait' ? move.until : null }, commit)
  })
}

async function load(
  app: App,
  { subscriberId = '', caseId = '' }: JobData,
): Promise<Loaded | undefined> {
  return app.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const c = await findCase(trx, subscriberId, caseId)
      if (!c || c.state === 'draft' || hasEnded(c.state)) return undefined
      const pin = { country: c.policyCountry, version: c.policyVersion }
      const facts = await loadFacts(trx, subscriberId, c, pin)
      if (!facts)
        throw new Error(`closure ${c.reference} has lost its subscriber, its lines or its policy`)
      const done = await doneSteps(trx, c)
      const events = await eventsOf(trx, subscriberId, caseId)
      const settling = settlingSteps(await refundIdsOf(trx, c))
      const move = nextMove(c, {
        policy: facts.policy,
        risk: riskOf(facts, c.submittedAt ?? app.clock.now()),
        now: app.clock.now(),
        ending: endingSteps(facts),
        settling,
        done: new Set(done.keys()),
        markedLate: events.some(({ kind }) => kind === 'review-late'),
      })
      const openRefunds = settling.filter((step) => step.startsWith('refund:') && !done.has(step))
      return { c, facts, move, lastRefund: openRefunds.length === 1 }
    })
}

async function takeStep(app: App, partners: Partners, loaded: Loaded, name: string): Promise<void> {
  const { c, facts } = loaded
  const { verb, subject } = parseStep(name)
  const step = steps[verb]
  const context: StepContext = {
    app,
    partners,
    c,
    facts,
    policy: facts.policy,
    subject,
    now: app.clock.now(),
  }
  let outcome
  try {
    if (step.kind === 'inside')
      return await commitStep(app, loaded, name, (trx) => step.record(trx, context))
    outcome = (await step.isDone(context)) ?? (await step.perform(context))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return postpone(app, c, name, error)
  }
  if (isPending(outcome)) {
    const wakeAt = app.clock.now().add({ milliseconds: outcome.pendingMs })
    return waitFor(app, c, wakeAt)
  }
  const performed: Outcome = outcome
  await commitStep(app, loaded, name, async (trx) => {
    const recorded = await step.record(trx, context, performed)
    return { ...recorded, outcome: recorded.outcome ?? performed }
  })
}

async function commitStep(
  app: App,
  { c, lastRefund }: Loaded,
  name: string,
  record: (trx: Trx) => ReturnType<Extract<Step, { kind: 'inside' }>['record']>,
): Promise<void> {
  await app.db.transaction().execute(async (trx) => {
    // The version is checked under the lock before anything is written: another worker's commit makes this one a no-op.
    const current = await lockCase(trx, c.subscriberId, c.caseId)
    if (!current || current.version !== c.version) return
    const { events = [], change = {}, outcome = {} } = await record(trx)
    const now = app.clock.now()
    await recordStep(trx, c, name, outcome, now)
    const all =
      lastRefund && name.startsWith('refund:') ? [...events, { kind: 'refunds-ended' }] : events
    const ended = change.state !== undefined && hasEnded(change.state)
    await changeCase(
      trx,
      app,
      c,
      { failures: 0, dueAt: null, ...(ended && { wakeAt: null }), ...change },
      {
        now,
        actor: system,
        reason: `step ${name} is done`,
        events: all,
        wake: !ended,
      },
    )
  })
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
  if (!c || hasEnded(c.state) || c.state === 'draft' || c.state === 'needs_attention') return
  await needHelp(app, c, 'unknown', error)
}

const advice: Record<string, string> = {
  detach: 'check that the network answers and lists the line, then retry',
  refund: 'check the refund at the payment provider by its reference, then retry',
}

async function needHelp(app: App, c: StoredCase, step: string, what: string): Promise<void> {
  const now = app.clock.now()
  const attention = {
    step,
    what: what.slice(0, 500),
    advice:
      advice[parseStep(step).verb] ?? 'read the log by the reference, mend the cause, then retry',
    since: now.toString(),
    resume: c.state,
  }
  await app.db.transaction().execute((trx) =>
    changeCase(
      trx,
      app,
      c,
      { state: 'needs_attention', attention, wakeAt: null },
      {
        now,
        actor: system,
        reason: `step ${step} failed too often`,
        events: [{ kind: 'needs-attention', detail: { step } }],
      },
    ),
  )
}
