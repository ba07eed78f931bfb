/** A charging session: what each request charges, sets aside and answers (TS 32.290 §5.3.2, TS 32.291 §6.1). */
import assert from 'node:assert/strict'
import type { Charge } from '../intake.ts'
import { free, hold, type Purse } from '../purse.ts'
import { requestKey, said } from './answer.ts'
import { decideEvent } from './event.ts'
import { problem } from './problem.ts'
import { failure, promise } from './promise.ts'
import { chargesOf } from './report.ts'
import {
  type Decision,
  type GroupState,
  type LineFacts,
  mayUse,
  type Session,
  type Step,
  type Unrated,
} from './state.ts'
import type { PlmnId, UnitInformation } from './wire.ts'

const recentMax = 4

/** Decides one request. `session` is undefined where the line has none by that id. */
export function decide(session: Session | undefined, line: LineFacts, step: Step): Decision {
  const { operation } = step
  const isOver = session?.state === 'released'
  if (session?.recent.includes(requestKey(step))) return repeated(session, step)
  if (operation === 'create') {
    if (session) return { kind: 'refused', problem: problem('CHARGING_FAILED') }
    if (!mayOpen(line, step.asked))
      return { kind: 'refused', problem: problem('END_USER_REQUEST_DENIED') }
    const opened = open(step)
    return step.asked.event ? decideEvent(opened, line, step) : take(opened, line, step)
  }
  return session === undefined || isOver ? gone : take(session, line, step)
}

/** What an event used is used already, be the line suspended or closed; of one never in service it can't be true. */
function mayOpen({ state }: LineFacts, { event }: Step['asked']): boolean {
  return mayUse.has(state) || (event === 'PEC' && state !== 'ordered')
}

const gone: Decision = { kind: 'refused', problem: problem('CONTEXT_NOT_FOUND') }

/** Nobody asked in time, or the line ends: what the session held is given back, and a late report still counts. */
export function lapse(session: Session, purse: Purse): { session: Session; purse: Purse } {
  if (session.state !== 'open') return { session, purse }
  const groups = session.groups.map((group) => ({ ...group, holding: null }))
  const freed = session.groups.reduce((all, { holding }) => back(all, holding), purse)
  return { session: { ...session, state: 'lapsed', groups }, purse: freed }
}

function repeated(session: Session, step: Step): Decision {
  if (session.recent.at(-1) === requestKey(step))
    return { kind: 'repeated', answer: session.answer }
  // The network has gone on since: this is charged already, and no quota is given twice.
  return { kind: 'repeated', answer: { status: 200, body: said(step, []) } }
}

function open({ sessionId, asked, nowUs }: Step): Session {
  assert(asked.plmn, 'who opens a session says where the phone is, or its home is taken')
  return {
    sessionId,
    state: 'open',
    plmn: asked.plmn,
    openedUs: nowUs,
    lastUs: nowUs,
    groups: [],
    requests: 0,
    recent: [],
    answer: { status: 204, body: null },
  }
}

function take(before: Session, line: LineFacts, step: Step): Decision {
  const { asked, nowUs, operation } = step
  const plmn = asked.plmn ?? before.plmn
  const settled = settleUsed(before, line, step, plmn)
  const isOver = operation === 'release'
  const promised = isOver ? { ...settled, information: [] } : promiseAnew(settled, line, step, plmn)
  const status = operation === 'create' ? 201 : 200
  return {
    kind: 'taken',
    session: {
      ...before,
      state: isOver ? 'released' : stateAfter(line),
      plmn,
      lastUs: nowUs,
      groups: [...promised.groups.values()],
      requests: before.requests + 1,
      recent: [...before.recent, requestKey(step)].slice(-recentMax),
      answer: isOver
        ? { status: 204, body: null }
        : { status, body: said(step, promised.information) },
    },
    charges: settled.charges,
    unrated: settled.failed,
    purse: promised.purse,
  }
}

/** A late report of a closed line counts, and opens nothing again. */
const stateAfter = ({ state }: LineFacts) => (state === 'closed' ? 'lapsed' : 'open')

type Settled = {
  charges: Charge[]
  purse: Purse
  groups: ReadonlyMap<number, GroupState>
  failed: readonly Unrated[]
}

/** Charges all that was used, each group first from what it held, and gives back the rest of it. */
function settleUsed(before: Session, line: LineFacts, step: Step, plmn: PlmnId): Settled {
  const { asked, nowUs, operation } = step
  const groups = new Map(before.groups.map((group) => [group.ratingGroup, group]))
  const charges: Charge[] = []
  const failed: Unrated[] = []
  let { purse } = line
  for (const ask of asked.groups) {
    const { ratingGroup } = ask
    const own = groups.get(ratingGroup)
    const freed = back(purse, own?.holding)
    const request = requestKey(step)
    const charged = chargesOf({ session: before, request, ask, own, plmn, nowUs }, line, freed)
    const isRated = typeof charged !== 'string'
    if (isRated) charges.push(...charged.charges)
    else failed.push({ ask, reason: charged })
    purse = isRated ? charged.purse : freed
    const used = isRated ? charged.used : (own?.used ?? 0n)
    groups.set(ratingGroup, { ratingGroup, used, holding: null, sinceUs: nowUs })
  }
  if (operation !== 'release') return { charges, purse, groups, failed }
  for (const group of groups.values()) {
    purse = back(purse, group.holding)
    groups.set(group.ratingGroup, { ...group, holding: null })
  }
  return { charges, purse, groups, failed }
}

function promiseAnew(settled: Settled, line: LineFacts, step: Step, plmn: PlmnId) {
  const groups = new Map(settled.groups)
  const information: UnitInformation[] = []
  let { purse } = settled
  for (const ask of step.asked.groups) {
    const group = groups.get(ask.ratingGroup)!
    const answered = settled.failed.some((one) => one.ask === ask)
      ? failure(ask)
      : promise({ ask, plmn, before: group.used }, line, purse, step)
    if (!answered) continue
    information.push(answered.information)
    if (!answered.reservation) continue
    const { taken, minor } = answered.reservation
    groups.set(ask.ratingGroup, { ...group, holding: { taken, minor } })
    purse = hold(purse, answered.reservation)
  }
  return { groups, purse, information }
}

function back(purse: Purse, holding: GroupState['holding'] | undefined): Purse {
  return holding ? free(purse, holding) : purse
}
