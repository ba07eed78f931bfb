/** Freezing a closure by the link of a notice: service and contacts as they were, the number still there, everybody out. */
import type { App, StaffMember } from '../platform/app.ts'
import { system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { keepNumbers } from '../porting/end-store.ts'
import { dueBy } from '../policy/policy.ts'
import { pinnedPolicy } from '../policy/store.ts'
import { restoreContacts } from '../subscribers/restore-store.ts'
import { lockSubscriber } from '../subscribers/store.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { pinnedOf, pinOf, type StoredCase } from './case.ts'
import { hasEnded, laterOf, mayFreeze, mayWithdraw, standing } from './closure.ts'
import { tellThawed } from './alert-store.ts'
import { caseUrl, closingName, startClosing, tell } from './enter-store.ts'
import { loadFacts } from './facts-store.ts'
import { caseInToken, readFreezeToken } from './freeze.ts'
import { isOpen, wakesAt } from './intake.ts'
import { changeIntake, linesOf, lockIntake, matchOf } from './intake-store.ts'
import { hasLeft } from './ported.ts'
import { withCase } from './review-store.ts'
import { riskSince } from './risk.ts'
import { changeCase, locateCase, lockCase } from './store.ts'
import { reopen, withdrawCase } from './way-store.ts'

const freezing = 'the freeze link of a notice was used'

export type Frozen = {
  reference: string
  state: StoredCase['state']
  frozen: boolean
  /** Only asked for, by somebody who did not sign in: nothing of it has begun. */
  asked?: boolean
}

/** What the page behind a link shows before anything is done; a link opened by a machine changes nothing. */
export async function seeFreeze(app: App, token: string): Promise<Frozen | Refusal> {
  const place = await locateCase(app.db, { caseId: caseInToken(token) ?? '' })
  if (!place) return stopIntake(app, token, false)
  return withLink(app, token, async (_trx, c) => shown(c))
}

/** Of a request without signing in there is no case yet: it goes no further, nothing had changed, and its numbers are kept. */
async function stopIntake(app: App, token: string, stop: boolean): Promise<Frozen | Refusal> {
  const caseId = readFreezeToken(app.config.masterKey, token)
  if (caseId === undefined) return refuse('link-not-valid')
  return app.db.transaction().execute(async (trx) => {
    const intake = await lockIntake(trx, app, caseId)
    const owner = intake && (await matchOf(trx, caseId))
    if (!owner) return refuse('link-not-valid')
    const { reference } = intake
    if (stop && isOpen(intake)) {
      await changeIntake(
        trx,
        app,
        intake,
        { state: 'stopped', wakeAt: wakesAt({ ...intake, state: 'stopped' }) },
        {
          now: app.clock.now(),
          actor: system,
          reason: freezing,
          subscriberId: owner.subscriberId,
        },
      )
      await keepNumbers(trx, app, await linesOf(trx, owner), freezing)
      return { reference, state: 'frozen', frozen: true, asked: true }
    }
    const state = isOpen(intake) ? 'verifying' : 'frozen'
    return { reference, state, frozen: !isOpen(intake), asked: true }
  })
}

/** Asked again, it is done already. Once service has begun to end it is too late, and says so. */
export async function freeze(app: App, token: string): Promise<Frozen | Refusal> {
  const place = await locateCase(app.db, { caseId: caseInToken(token) ?? '' })
  return place ? freezeCase(app, token) : stopIntake(app, token, true)
}

async function freezeCase(app: App, token: string): Promise<Frozen | Refusal> {
  const now = app.clock.now()
  return withLink(app, token, async (trx, c) => {
    if (c.state === 'frozen' || c.state === 'withdrawn' || c.state === 'rejected') return shown(c)
    if (!mayFreeze(standing(c)))
      return refuse(hasEnded(c.state) ? 'closed-already' : 'past-point-of-no-return')
    const attention = {
      step: 'freeze',
      what: 'somebody who was told of this closure says that it was not the subscriber',
      advice: 'verify the subscriber by another way, then resume the closure or withdraw it',
      since: now.toString(),
      resume: standing(c),
      // What it was held for is not settled by this.
      ...(c.state === 'on_hold' && c.attention && { before: c.attention }),
    }
    // Its waiting time, or the time for a review, runs on: it goes on with what is left of that.
    const change = { state: 'frozen', attention, wakeAt: null } as const
    await changeCase(trx, app, c, change, {
      now,
      actor: system,
      reason: freezing,
      events: [{ kind: 'frozen' }],
    })
    const policy = await pinnedPolicy(trx, pinnedOf(c), c.submittedAt ?? now)
    await restoreContacts(trx, app, c.subscriberId, riskSince(policy, c.submittedAt ?? now))
    const facts = await reopen(trx, app, c, now)
    const { subscriberId } = c
    const lines = (c.closingLines ?? []).map((lineId) => ({ subscriberId, lineId }))
    await keepNumbers(trx, app, lines, freezing)
    const after = { ...c, ...change, version: c.version + 1 }
    if (facts) {
      await tell(trx, app, after, facts, 'closure-frozen', {
        reference: c.reference,
        lineName: closingName(c, facts),
        at: now.toString(),
        url: caseUrl(app, c),
      })
    }
    return shown(after)
  })
}

/** Staff hold a closure while something has to be settled first; its deadline runs on. */
export async function putOnHold(
  app: App,
  caseId: string,
  staff: StaffMember,
  note: string,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { c }) => {
    if (c.state === 'on_hold') return true
    if (!mayFreeze(standing(c)) || c.state === 'frozen') return refuse('nothing-to-hold')
    const attention = {
      step: 'hold',
      what: note,
      advice: 'settle what it is held for, then let it go on',
      since: now.toString(),
      resume: standing(c),
    }
    await changeCase(
      trx,
      app,
      c,
      // A review is late on its day all the same.
      { state: 'on_hold', attention, wakeAt: standing(c) === 'in_review' ? c.dueAt : null },
      {
        now,
        actor: { kind: 'staff', id: staff.staffId },
        reason: 'a member of staff holds it',
        note,
        events: [{ kind: 'held' }],
      },
    )
    return true
  })
}

/**
 * It was the subscriber after all, or what a closure was held for is settled: it goes on where it stopped. Of what was
 * frozen everybody is told, and nothing ends before they had the time that a risk is given to stop it again.
 */
export async function thaw(
  app: App,
  caseId: string,
  staff: StaffMember,
  note: string,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { c }) => {
    const isStopped = c.state === 'frozen' || c.state === 'on_hold'
    if (!isStopped || !c.attention) return refuse('nothing-to-retry')
    const { resume, before = null } = c.attention
    await startClosing(trx, c)
    const commit = {
      now,
      actor: { kind: 'staff', id: staff.staffId },
      reason: 'a member of staff lets it go on',
      note,
      wake: true,
    } as const
    const change = { state: resume, attention: before }
    if (c.state === 'on_hold') {
      await changeCase(trx, app, c, change, { ...commit, events: [{ kind: 'let-go' }] })
      return true
    }
    const policy = await pinnedPolicy(trx, pinnedOf(c), c.submittedAt ?? now)
    const until = dueBy(policy, 'riskWait', now)
    const waits = resume === 'cooling_off' && { dueAt: laterOf(c.dueAt, until) }
    const events = [{ kind: 'thawed', detail: { until: until.toString() } }]
    await changeCase(trx, app, c, { ...change, ...waits }, { ...commit, events })
    const facts = await loadFacts(trx, c.subscriberId, c, pinOf(c, now))
    if (facts) await tellThawed(trx, app, c, facts, { now, until })
    return true
  })
}

/** It was not the subscriber, or they can't say so themselves: a stopped closure is taken back for them. */
export async function endStopped(
  app: App,
  caseId: string,
  staff: StaffMember,
  note: string,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { c }) => {
    if (c.state === 'withdrawn') return true
    if (!c.attention) return refuse('nothing-to-retry')
    if (c.bulkId !== null) return refuse('closed-by-operator')
    const facts = await loadFacts(trx, c.subscriberId, c, pinOf(c, now))
    if (!mayWithdraw(standing(c)) || (facts && hasLeft(c, facts)))
      return refuse('past-point-of-no-return')
    const actor = { kind: 'staff', id: staff.staffId } as const
    const reason = 'a member of staff takes it back'
    await withdrawCase(trx, app, c, { now, actor, reason, note })
    return true
  })
}

const shown = (c: StoredCase): Frozen => ({
  reference: c.reference,
  state: c.state,
  frozen: c.state === 'frozen',
})

async function withLink(
  app: App,
  token: string,
  act: (trx: Trx, c: StoredCase) => Promise<Frozen | Refusal>,
): Promise<Frozen | Refusal> {
  const caseId = readFreezeToken(app.config.masterKey, token)
  const place = caseId === undefined ? undefined : await locateCase(app.db, { caseId })
  if (caseId === undefined || !place) return refuse('link-not-valid')
  return app.db.transaction().execute(async (trx) => {
    // In the order of whoever submits a closure: its owner, then the case.
    await lockSubscriber(trx, place.subscriber_id)
    const c = await lockCase(trx, place.subscriber_id, caseId)
    return c?.submittedAt ? act(trx, c) : refuse('link-not-valid')
  })
}
