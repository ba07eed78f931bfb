/** Staff judge who asks: what was answered beside what is known, nothing but what the policy lets us ask, and one decision. */
import { sql } from 'kysely'
import type { z } from 'zod'
import type { App, StaffMember } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { decodeCursor, encodeCursor } from '../platform/page.ts'
import { mayAskIdCopy, ruleFor, type Policy } from '../policy/policy.ts'
import { currentPolicy } from '../policy/store.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import { loadFacts } from './facts-store.ts'
import { type Facts, lineName } from './facts.ts'
import { laterOf } from './closure.ts'
import { agrees, evidenceFor, type Intake, isOpen, judgedBy, type TypedEvidence } from './intake.ts'
import { openClosure } from './intake-open-store.ts'
import { changeIntake, intakeFrom, type IntakeMatch, lockIntake, matchOf } from './intake-store.ts'
import { tellAsker } from './intake-tell-store.ts'
import { askedOf } from './intake-view-store.ts'
import type { intakeDecisionWire, intakeRowWire, staffIntakeWire } from './intake-wire.ts'

type StaffIntake = z.infer<typeof staffIntakeWire>
type Row = z.infer<typeof intakeRowWire>

/** Requests of one state, the most urgent first; keyset pages over (due, case). */
export async function intakePage(
  app: App,
  state: Row['state'],
  cursor: string | undefined,
  limit: number,
) {
  const [due = '-infinity', after = ''] = decodeCursor(cursor, 2) ?? []
  const { rows } = await sql<{
    case_id: string
    reference: string
    scope: Row['scope']
    residence: string
    received_at: Temporal.Instant
    due_at: Temporal.Instant
    review_by: Temporal.Instant | null
    matched: boolean
    sort: string
  }>`
    select i.case_id, i.reference, i.scope, i.residence, i.received_at, i.due_at, i.review_by,
      coalesce(i.review_by, i.due_at)::text as sort,
      exists (select from closure_intake_match m where m.case_id = i.case_id) as matched
    from closure_intake i
    where i.state = ${state} and (coalesce(i.review_by, i.due_at), i.case_id) > (${due}::timestamptz, ${after})
    order by coalesce(i.review_by, i.due_at), i.case_id limit ${limit + 1}`.execute(app.db)
  const last = rows.slice(0, limit).at(-1)
  return {
    items: rows.slice(0, limit).map((row): Row => ({
      caseId: row.case_id,
      reference: row.reference,
      scope: row.scope,
      state,
      residence: row.residence,
      matched: row.matched,
      receivedAt: row.received_at.toString(),
      dueAt: row.due_at.toString(),
      reviewBy: reviewOf({ state, dueAt: row.due_at, reviewBy: row.review_by }),
    })),
    nextCursor: rows.length > limit && last ? encodeCursor([last.sort, last.case_id]) : null,
    waiting: await waitingIntakes(app),
  }
}

const reviewOf = (intake: Pick<Intake, 'state' | 'dueAt' | 'reviewBy'>) =>
  intake.state === 'in-review' ? judgedBy(intake).toString() : null

/** Requests that wait for a reviewer. */
export async function waitingIntakes(app: App): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from closure_intake where state = 'in-review'`.execute(app.db)
  return rows[0]?.n ?? 0
}

type Whose = { owner: IntakeMatch | undefined; facts: Facts | undefined; policy: Policy }

/** Whom it is about, and the rules: of where they live, or of where who asked says they live. */
async function whoseIs(trx: Trx, intake: Intake, now: Temporal.Instant): Promise<Whose> {
  const owner = await matchOf(trx, intake.caseId)
  const asked = { scope: intake.scope, lineId: owner?.lineId ?? null, closingLines: null }
  const facts = owner && (await loadFacts(trx, owner.subscriberId, asked, { at: now }, true))
  const policy = facts?.policy ?? (await currentPolicy(trx, intake.residence, now))
  if (!policy) throw new Error(`no policy is published for ${intake.residence} any more`)
  return { owner, facts, policy }
}

const decides = ({ role }: StaffMember) => role === 'reviewer' || role === 'admin'

export async function seeStaffIntake(
  app: App,
  staff: StaffMember,
  caseId: string,
): Promise<StaffIntake | undefined> {
  return app.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('closure_intake')
      .selectAll()
      .where('case_id', '=', caseId)
      .executeTakeFirst()
    if (!row) return undefined
    const intake = intakeFrom(app, row)
    const { owner, facts, policy } = await whoseIs(trx, intake, app.clock.now())
    const { given } = intake
    const [line] = facts?.lines ?? []
    return {
      caseId,
      reference: intake.reference,
      scope: intake.scope,
      state: intake.state,
      residence: intake.residence,
      matched: owner !== undefined,
      receivedAt: intake.receivedAt.toString(),
      dueAt: intake.dueAt.toString(),
      reviewBy: reviewOf(intake),
      version: intake.version,
      by: given.by,
      value: given.value,
      contact: given.contact.value,
      reason: intake.reason as StaffIntake['reason'],
      subscriber:
        owner && facts
          ? {
              subscriberId: owner.subscriberId,
              name: facts.subscriber.name,
              lineName: intake.scope === 'line' && line ? lineName(line) : null,
            }
          : null,
      codeCanGo: owner?.contactId != null,
      evidence: evidenceFor(policy),
      idCopyAllowed: mayAskIdCopy(policy),
      answers: Object.entries(given.answers).map(([kind, answer]) => ({
        kind: kind as TypedEvidence,
        given: answer,
        agrees: facts ? agrees(answer, knownOf(facts, kind as TypedEvidence)) : null,
      })),
      asked: askedOf(intake),
      note: given.said ?? given.note,
      refusal: intake.refusal,
      mayDecide: decides(staff) && isOpen(intake),
      closureId: intake.state === 'opened' ? (owner?.joinedCaseId ?? caseId) : null,
    }
  })
}

/** What an answer is held against; of addresses, PINs, tax codes and documents Violet keeps nothing. */
function knownOf({ subscriber, contacts, lines, refundable }: Facts, kind: TypedEvidence) {
  const verified = contacts.filter(({ verifiedAt }) => verifiedAt !== null)
  const of = (wanted: 'email' | 'phone') =>
    verified.filter((one) => one.kind === wanted).map(({ value }) => value)
  switch (kind) {
    case 'name':
      return [subscriber.name]
    case 'email':
      return of('email')
    case 'line_number':
      return [...lines.flatMap(({ msisdn }) => msisdn ?? []), ...of('phone')]
    case 'sim_serial':
      return lines.flatMap(({ iccid }) => [iccid, iccid.slice(-8)])
    case 'contract_reference':
      return refundable.map(({ orderId }) => orderId)
    default:
      return []
  }
}

type Decision = z.infer<typeof intakeDecisionWire>

/** Once: the version that the reviewer saw must still be the current one. */
export async function decideIntake(
  app: App,
  caseId: string,
  staff: StaffMember,
  given: Decision,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const intake = await lockIntake(trx, app, caseId)
    if (!intake) return refuse('not-found')
    if (!isOpen(intake) || intake.state === 'received') return refuse('already-decided')
    if (intake.version !== given.version) return refuse('changed-meanwhile')
    const whose = await whoseIs(trx, intake, now)
    const actor = { kind: 'staff', id: staff.staffId } as const
    const subscriberId = whose.owner?.subscriberId ?? ''
    const reason = given.reasonCode ?? given.decision
    const commit = { now, actor, reason, note: given.note, subscriberId }
    if (given.decision === 'accept') return accept(trx, app, intake, whose, actor)
    if (given.decision === 'ask') return ask(trx, app, intake, whose, given, commit)
    if (!given.reasonCode) return refuse('reason-code-missing')
    const refusal = given.reasonCode
    // The request keeps its words, sealed, until it goes.
    const words = { ...intake.given, ...(given.note && { said: given.note }) }
    const change = { state: 'refused', refusal, given: words, wakeAt: null, endedAt: now } as const
    await changeIntake(trx, app, intake, { ...change, decidedBy: staff.staffId }, commit)
    await tellAsker(trx, app, intake, 'over')
    return true
  })
}

async function accept(
  trx: Trx,
  app: App,
  intake: Intake,
  { owner }: Whose,
  actor: { kind: 'staff'; id: string },
): Promise<true | Refusal> {
  if (!owner) return refuse('intake-no-match')
  // Nobody who only knows a number has shown anything.
  if (intake.answeredAt === null) return refuse('evidence-missing')
  const opened = await openClosure(trx, app, intake, owner, { by: 'reviewer', actor })
  return isRefusal(opened) ? opened : true
}

type Commit = Parameters<typeof changeIntake>[4]

/** Asks for more, and gives it as long as the first time; a copy of an ID only where the policy allows one. */
async function ask(
  trx: Trx,
  app: App,
  intake: Intake,
  { policy }: Whose,
  { ask: asked = [], note }: Decision,
  commit: Commit,
): Promise<true | Refusal> {
  if (asked.length === 0) return refuse('reason-code-missing')
  const allowed: readonly string[] = evidenceFor(policy)
  for (const kind of asked) {
    if (kind === 'id_copy') {
      if (mayAskIdCopy(policy)) continue
      const { source } = ruleFor(policy, 'idCopyForRefundAllowed')
      return refuse('id-copy-not-allowed', { country: policy.country, source })
    }
    if (!allowed.includes(kind)) return refuse('evidence-not-allowed', { kind })
  }
  const dueAt = laterOf(intake.dueAt, commit.now.add({ hours: 24 * 7 }))
  const given = { ...intake.given, note }
  // What is answered then is judged by a day of its own.
  const dates = { dueAt, reviewBy: null, lateAt: null, wakeAt: dueAt }
  const change = { state: 'waiting', asked: asked.join(','), given, ...dates } as const
  await changeIntake(trx, app, intake, change, commit)
  await tellAsker(trx, app, { ...intake, dueAt }, 'asked')
  return true
}
