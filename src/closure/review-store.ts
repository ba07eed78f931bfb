/** What staff do with a case: find it in the queue, claim it, decide it once, send a stuck one on. */
import { sql } from 'kysely'
import { isLateRow } from '../payments/payout-store.ts'
import type { App, StaffMember } from '../platform/app.ts'
import { type Actor, audit } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { atStake, barredFrom, firstApproval, halving, hasRejected, whyTwo } from './approvals.ts'
import type { CaseState, Risk } from './closure.ts'
import { approvedParams, caseUrl, closingName, startClosing, tell } from './enter-store.ts'
import { loadFacts } from './facts-store.ts'
import { pinOf, type StoredCase } from './case.ts'
import { changeCase, lockCase, locateCase } from './store.ts'
import { eventsOf } from './timeline-store.ts'
import { reopen } from './way-store.ts'

/** A claim that is not renewed lapses, so that no case waits for somebody who went home. */
const claimMinutes = 15

export type QueueRow = {
  subscriber_id: string
  case_id: string
  reference: string
  scope: 'line' | 'account'
  state: CaseState
  name: string
  country: string
  risk: Risk
  refund: { amount: string; currency: string } | null
  due_at: Temporal.Instant | null
  submitted_at: Temporal.Instant | null
  claimed_name: string | null
  half_by: string | null
  refund_late: boolean
}

/** Cases of one state, the most urgent first; keyset pages over (due, case). */
export async function queuePage(
  app: App,
  state: CaseState,
  cursor: string | undefined,
  limit: number,
) {
  const [due = '-infinity', after = ''] = decodeCursor(cursor, 2) ?? []
  const { rows } = await sql<QueueRow & { sort: string }>`
    select c.subscriber_id, c.case_id, c.reference, c.scope, c.state,
      case c.risk when 'low' then 'low' else 'high' end as risk, s.name, c.policy_country as country,
      c.quote -> 'currencies' -> 0 -> 'refund' as refund, c.due_at, c.submitted_at, m.name as claimed_name,
      case when h.kind = 'approved-first' then h.name end as half_by,
      ${hasLateRefund} as refund_late, coalesce(c.due_at, c.created_at)::text as sort
    from closure_case c
    join subscriber s on s.subscriber_id = c.subscriber_id
    left join staff_member m on m.staff_id = c.claimed_by and c.claimed_until > ${app.clock.now()}
    left join lateral (
      select e.kind, s.name from closure_event e left join staff_member s on s.staff_id = e.actor_id
      where c.state = 'in_review' and e.subscriber_id = c.subscriber_id and e.case_id = c.case_id
        and e.kind = any(${[...halving]})
      order by e.seq desc limit 1) h on true
    where ${isIn(state)} and (coalesce(c.due_at, c.created_at), c.case_id) > (${due}::timestamptz, ${after})
    order by coalesce(c.due_at, c.created_at), c.case_id
    limit ${limit + 1}`.execute(app.db)
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return {
    items,
    nextCursor: rows.length > limit && last ? encodeCursor([last.sort, last.case_id]) : null,
  }
}

const hasLateRefund = sql<boolean>`(c.state in ('settling', 'needs_attention') and exists (
  select from refund r where r.subscriber_id = c.subscriber_id and r.case_id = c.case_id and ${isLateRow('r')}))`

/** What nobody has answered in time, and a refund that has not arrived, is among what needs a person as well. */
const needsPerson = sql<boolean>`(c.state = 'needs_attention' or ${hasLateRefund}
  or c.state = 'needs_customer' and c.attention is not null)`

function isIn(state: CaseState) {
  return state === 'needs_attention' ? needsPerson : sql`c.state = ${state}`
}

export async function countsByState(app: App): Promise<Record<string, number>> {
  const { rows } = await sql<{ state: CaseState; count: bigint }>`
    select case when ${needsPerson} then 'needs_attention' else c.state end as state, count(*) as count
    from closure_case c where c.state <> 'draft' group by 1`.execute(app.db)
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]))
}

type Locked = { subscriberId: string; c: StoredCase }

/** A case that staff name, under its lock. */
export async function withCase<Result>(
  app: App,
  caseId: string,
  act: (trx: Parameters<typeof lockCase>[0], locked: Locked) => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const place = await locateCase(app.db, { caseId })
  if (!place) return refuse('not-found')
  return app.db.transaction().execute(async (trx) => {
    const c = await lockCase(trx, place.subscriber_id, caseId)
    return c ? act(trx, { subscriberId: place.subscriber_id, c }) : refuse('not-found')
  })
}

export async function claim(app: App, caseId: string, staff: StaffMember): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { c }) => {
    if (c.state !== 'in_review') return refuse('already-decided')
    // Who may not decide it would only keep it from those who may.
    const no = await mayNotDecide(trx, c, staff, now)
    if (no) return no
    await changeCase(trx, app, c, claimOf(staff.staffId, now), {
      now,
      actor: actorOf(staff),
      reason: 'claimed',
      events: c.claimedBy === staff.staffId ? [] : [{ kind: 'claimed' }],
    })
    return true
  })
}

export async function release(
  app: App,
  caseId: string,
  staff: StaffMember,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { c }) => {
    const other = claimant(c, staff, now)
    if (other) return refuse('claimed-by-other', { name: await staffName(trx, other) })
    if (c.claimedBy === null) return true
    await changeCase(
      trx,
      app,
      c,
      { claimedBy: null, claimedUntil: null },
      {
        now,
        actor: actorOf(staff),
        reason: 'released',
        events: [{ kind: 'released' }],
      },
    )
    return true
  })
}

export type Decision = {
  decision: 'approve' | 'reject'
  version: number
  reasonCode?: string | undefined
  note: string
}

/** Decides a case once: the version that the reviewer saw must still be the current one. */
export async function decide(
  app: App,
  caseId: string,
  staff: StaffMember,
  given: Decision,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { subscriberId, c }) => {
    if (c.state !== 'in_review') return refuse('already-decided')
    const other = claimant(c, staff, now)
    if (other) return refuse('claimed-by-other', { name: await staffName(trx, other) })
    if (c.version !== given.version) return refuse('changed-meanwhile')
    const events = await eventsOf(trx, subscriberId, caseId)
    const bar = barredFrom(c, events, staff.staffId)
    if (bar) return refuse(bar)
    if (given.decision === 'reject' && hasRejected(c, staff.staffId))
      return refuse('rejected-by-you')
    if (given.decision === 'reject' && !given.reasonCode) return refuse('reason-code-missing')
    const decision = {
      decision: given.decision,
      reasonCode: given.reasonCode ?? '',
      note: given.note,
      staffId: staff.staffId,
    }
    const commit = {
      now,
      actor: actorOf(staff),
      reason: given.reasonCode || 'reviewed',
      note: given.note,
    }
    const cleared = { decision, dueAt: null, claimedBy: null, claimedUntil: null }
    if (given.decision === 'reject') {
      const events = [{ kind: 'rejected', detail: { code: decision.reasonCode } }]
      const change = { ...cleared, state: 'rejected', wakeAt: null } as const
      await changeCase(trx, app, c, change, { ...commit, events })
      await tellRejected(trx, app, c, decision, now)
      return true
    }
    const facts = await loadFacts(trx, subscriberId, c, pinOf(c, now))
    const two = facts ? whyTwo(c, atStake(c, facts), facts, now) : []
    if (two.length > 0 && !firstApproval(events)) {
      const first = { kind: 'approved-first', detail: { why: two.join(' ') } }
      const released = { claimedBy: null, claimedUntil: null }
      await changeCase(trx, app, c, released, { ...commit, events: [first] })
      await auditApproval(trx, app, c, 'first', commit)
      return true
    }
    await changeCase(
      trx,
      app,
      c,
      { ...cleared, state: 'approved' },
      { ...commit, events: [{ kind: 'approved' }], wake: true },
    )
    if (facts)
      await tell(trx, app, c, facts, 'closure-approved', approvedParams(app, c, facts, now))
    return true
  })
}

async function tellRejected(
  trx: Trx,
  app: App,
  c: StoredCase,
  { reasonCode, note }: { reasonCode: string; note: string },
  now: Temporal.Instant,
) {
  const facts = await reopen(trx, app, c, now)
  if (!facts) return
  await tell(trx, app, c, facts, 'closure-rejected', {
    reference: c.reference,
    lineName: closingName(c, facts),
    reasonCode,
    ...(note && { note }),
    url: caseUrl(app, c),
  })
}

/** Who gave the first of two approvals has learned something, or changed their mind. */
export async function takeBack(
  app: App,
  caseId: string,
  staff: StaffMember,
  note: string,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { subscriberId, c }) => {
    if (c.state !== 'in_review') return refuse('already-decided')
    const first = firstApproval(await eventsOf(trx, subscriberId, caseId))
    if (first?.actorId !== staff.staffId) return refuse('nothing-to-take-back')
    const reason = 'the first approval is taken back'
    const commit = { now, actor: actorOf(staff), reason, note }
    await changeCase(trx, app, c, {}, { ...commit, events: [{ kind: 'approval-taken-back' }] })
    await auditApproval(trx, app, c, 'taken-back', commit)
    return true
  })
}

/** The first of two approvals, given or taken back, changes no state and is a decision all the same. */
async function auditApproval(
  trx: Trx,
  app: App,
  { subscriberId, caseId }: StoredCase,
  what: 'first' | 'taken-back',
  {
    now,
    actor,
    reason,
    note,
  }: { now: Temporal.Instant; actor: Actor; reason: string; note: string },
) {
  await audit(trx, app.ids, now, {
    subscriberId,
    actor,
    action: `closure.approved-${what}`,
    subject: { kind: 'closure', id: caseId },
    reason,
    note,
    detail: {},
  })
}

/** Sends a case that needed a person back to where it stopped. */
export async function retry(app: App, caseId: string, staff: StaffMember): Promise<true | Refusal> {
  const now = app.clock.now()
  return withCase<true>(app, caseId, async (trx, { c }) => {
    const isStuck = c.state === 'needs_attention' || c.state === 'needs_customer'
    if (!isStuck || !c.attention) return refuse('nothing-to-retry')
    await startClosing(trx, c)
    await changeCase(
      trx,
      app,
      c,
      // Whoever is asked again has the whole time again.
      {
        state: c.attention.resume,
        attention: c.attention.before ?? null,
        failures: 0,
        ...(c.attention.resume === 'needs_customer' && { dueAt: null }),
      },
      {
        now,
        actor: actorOf(staff),
        reason: `retry of ${c.attention.step}`,
        events: [{ kind: 'retried' }],
        wake: true,
      },
    )
    return true
  })
}

/** A colleague has taken it, or they may not decide it at all. */
export async function mayNotDecide(
  trx: Trx,
  c: StoredCase,
  staff: StaffMember,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const other = claimant(c, staff, now)
  if (other) return refuse('claimed-by-other', { name: await staffName(trx, other) })
  const bar = barredFrom(c, await eventsOf(trx, c.subscriberId, c.caseId), staff.staffId)
  return bar && refuse(bar)
}

export const claimOf = (claimedBy: string | null, now: Temporal.Instant) => ({
  claimedBy,
  claimedUntil: claimedBy === null ? null : now.add({ minutes: claimMinutes }),
})

function claimant(c: StoredCase, staff: StaffMember, now: Temporal.Instant): string | undefined {
  const held =
    c.claimedBy !== null &&
    c.claimedUntil !== null &&
    Temporal.Instant.compare(now, c.claimedUntil) < 0
  return held && c.claimedBy !== staff.staffId ? (c.claimedBy ?? undefined) : undefined
}

async function staffName(trx: Parameters<typeof lockCase>[0], staffId: string): Promise<string> {
  const row = await trx
    .selectFrom('staff_member')
    .select('name')
    .where('staff_id', '=', staffId)
    .executeTakeFirst()
  return row?.name ?? staffId
}

function actorOf({ staffId }: StaffMember): Actor {
  return { kind: 'staff', id: staffId }
}
