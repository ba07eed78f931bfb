/** A case as a reviewer sees it: the subscriber's view of it, who they are, the checks, and the whole timeline. */
import type { z } from 'zod'
import type { App, StaffMember } from '../platform/app.ts'
import type { Actor } from '../platform/audit.ts'
import type { staffCaseWire } from './staff-wire.ts'
import { maskContact } from '../subscribers/subscriber.ts'
import { atStake, barredFrom, firstApproval, hasRejected, whyTwo } from './approvals.ts'
import { mayAnswer, openQuestion, type Question, type StoredCase } from './case.ts'
import { type ChainedEvent, isIntact } from './chain.ts'
import { type ReadinessRow, readiness } from './readiness.ts'
import { riskOf, riskSignals } from './risk.ts'
import { locateCase } from './store.ts'
import { eventsOf } from './timeline-store.ts'
import { viewOf } from './view.ts'
import { seeCase } from './view-store.ts'

type StaffCase = z.infer<typeof staffCaseWire>

export async function seeStaffCase(
  app: App,
  staff: StaffMember,
  caseId: string,
): Promise<StaffCase | undefined> {
  const place = await locateCase(app.db, { caseId })
  const seen = place && (await seeCase(app, place.subscriber_id, caseId))
  if (!seen) return undefined
  const { c, facts } = seen
  const events = await eventsOf(app.db, c.subscriberId, caseId)
  const names = await staffNames(app, [
    ...events.filter(({ actorKind }) => actorKind === 'staff').map(({ actorId }) => actorId),
    c.claimedBy ?? '',
  ])
  const now = app.clock.now()
  const claimed =
    c.claimedUntil !== null && Temporal.Instant.compare(now, c.claimedUntil) < 0
      ? c.claimedBy
      : null
  const decides = staff.role === 'reviewer' || staff.role === 'admin'
  const bar = barredFrom(c, events, staff.staffId)
  const isTheirs = decides && !bar && (claimed === null || claimed === staff.staffId)
  const first = firstApproval(events)
  const closure = viewOf(seen)
  return {
    closure,
    version: c.version,
    subscriber: {
      ...(await personOf(app, c.subscriberId)),
      contacts: facts.contacts.map(({ kind, value, verifiedAt }) => ({
        kind,
        masked: maskContact(kind, value),
        verifiedAt: verifiedAt?.toString() ?? null,
      })),
    },
    risk: {
      level: riskOf(facts, c.submittedAt ?? now),
      signals: riskSignals(facts, c.submittedAt ?? now).map(({ key, at }) => ({
        key,
        at: at.toString(),
      })),
    },
    checks: checksOf(readiness(facts, undefined)),
    events: events.map((event) => shownEvent(event, names)),
    chainIntact: isIntact(caseId, events),
    attention: c.attention && {
      step: c.attention.step,
      what: c.attention.what,
      advice: c.attention.advice,
      since: c.attention.since,
    },
    approvals: {
      whyTwo: whyTwo(c, atStake(c, facts), facts, now),
      first: first
        ? { by: names.get(first.actorId) ?? first.actorId, at: first.at.toString() }
        : null,
    },
    barred: c.state === 'in_review' && bar ? bar : null,
    claimedBy: claimed === null ? null : (names.get(claimed) ?? claimed),
    ...mayDo(c, openQuestion(seen.questions), staff, isTheirs),
    mayTakeBack: c.state === 'in_review' && first?.actorId === staff.staffId,
    mayWithdraw: decides && c.attention !== null && closure.canWithdraw,
    appeal: c.appealedAt && { at: c.appealedAt.toString(), text: c.appealText ?? '' },
  }
}

function mayDo(
  c: StoredCase,
  asked: Question | undefined,
  { staffId }: StaffMember,
  isTheirs: boolean,
) {
  const mayDecide = isTheirs && c.state === 'in_review'
  return {
    mayDecide,
    mayReject: mayDecide && !hasRejected(c, staffId),
    mayAsk: mayDecide && mayAnswer(c),
    mayWithdrawQuestion: isTheirs && c.state === 'needs_customer' && asked !== undefined,
    reviewLeftMs: asked?.leftMs ?? null,
  }
}

function shownEvent(
  { seq, at, kind, actorKind, actorId, detail }: ChainedEvent,
  names: ReadonlyMap<string, string>,
) {
  return {
    seq,
    at: at.toString(),
    kind,
    actorKind: actorKind as Actor['kind'],
    actor: names.get(actorId) ?? actorId,
    detail,
  }
}

async function personOf(app: App, subscriberId: string) {
  const row = await app.db
    .selectFrom('subscriber as s')
    .select((build) => [
      's.name',
      's.country',
      's.locale',
      's.created_at',
      build
        .selectFrom('line as l')
        .whereRef('l.subscriber_id', '=', 's.subscriber_id')
        .select((count) => count.fn.countAll<bigint>().as('n'))
        .as('lines'),
    ])
    .where('s.subscriber_id', '=', subscriberId)
    .executeTakeFirstOrThrow()
  return {
    subscriberId,
    name: row.name,
    country: row.country,
    locale: row.locale,
    since: row.created_at.toString(),
    lines: Number(row.lines ?? 0n),
  }
}

async function staffNames(app: App, ids: readonly string[]): Promise<Map<string, string>> {
  const wanted = [...new Set(ids)].filter((id) => id !== '')
  if (wanted.length === 0) return new Map()
  const rows = await app.db
    .selectFrom('staff_member')
    .select(['staff_id', 'name'])
    .where('staff_id', 'in', wanted)
    .execute()
  return new Map(rows.map(({ staff_id, name }) => [staff_id, name]))
}

// The rest of the checklist is advice to the subscriber and nothing a decision rests on.
const decisive = new Set(['identity', 'arrears', 'other-lines', 'dispute', 'settling'])

function checksOf(rows: readonly ReadinessRow[]): StaffCase['checks'] {
  return rows
    .filter(({ key }) => decisive.has(key))
    .map(({ key, state, detail }) => ({
      key,
      ok: state === 'fine',
      detail: Object.values(detail).join(' '),
    }))
}
