/** Requests to close of people who can't sign in, in rows: received, answered, taken back; each change once, with its audit entry. */
import { createHmac, hkdfSync } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { type Actor, audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { seal, sealIvBytes, sealKey, unsealByAny } from '../platform/seal.ts'
import type { ClosureIntake as IntakeRow } from '../platform/tables.ts'
import { dueBy, type Policy, residenceOf } from '../policy/policy.ts'
import { currentPolicy } from '../policy/store.ts'
import { minutesUntilNext, parseContact, pseudonymOf } from '../subscribers/store.ts'
import type { CaseId } from '../values/ids.ts'
import { refuse, type Refusal } from '../values/refusal.ts'
import { caseInToken, isLink, linkToken } from './freeze.ts'
import {
  type Answers,
  cardEnding,
  codesMax,
  contactPerDayMax,
  fromPerHourMax,
  type Given,
  type Intake,
  type IntakeState,
  isOpen,
  notAsked,
  proofDays,
  wakesAt,
} from './intake.ts'
import { makeReference } from './reference.ts'

type Tools = Pick<App, 'config' | 'ids'>

export function intakeFrom({ config }: Pick<App, 'config'>, row: Selectable<IntakeRow>): Intake {
  const given = JSON.parse(unsealByAny(config, 'intake', row.case_id, row.sealed)) as Given
  return {
    caseId: row.case_id,
    reference: row.reference,
    state: row.state as IntakeState,
    scope: row.scope as Intake['scope'],
    reason: row.reason,
    residence: row.residence,
    locale: row.locale,
    given,
    receivedAt: row.received_at,
    dueAt: row.due_at,
    wakeAt: row.wake_at,
    codeHash: row.code_hash,
    codeAt: row.code_at,
    codeTries: row.code_tries,
    codesSent: row.codes_sent.map((at) => Temporal.Instant.from(at)),
    codeWanted: row.code_wanted,
    asked: row.asked,
    answeredAt: row.answered_at,
    decidedBy: row.decided_by,
    refusal: row.refusal,
    endedAt: row.ended_at,
    reviewBy: row.review_by,
    lateAt: row.late_at,
    version: row.version,
  }
}

function sealed({ config, ids }: Tools, caseId: string, given: Given): string {
  const key = sealKey(config.masterKey, 'intake')
  return seal(key, ids.random(sealIvBytes), caseId, JSON.stringify(given))
}

export async function lockIntake(trx: Trx, app: App, caseId: string): Promise<Intake | undefined> {
  const row = await trx
    .selectFrom('closure_intake')
    .selectAll()
    .where('case_id', '=', caseId)
    .forUpdate()
    .executeTakeFirst()
  return row && intakeFrom(app, row)
}

export type IntakeMatch = {
  subscriberId: string
  lineId: string | null
  contactId: string | null
  joinedCaseId: string | null
}

/** Whose a request is about, by the index that knows a case before it knows whose it is. */
export async function matchOf(
  db: Trx | App['db'],
  caseId: string,
): Promise<IntakeMatch | undefined> {
  const row = await db
    .selectFrom('closure_intake_match')
    .select(['subscriber_id', 'line_id', 'contact_id', 'joined_case_id'])
    .where('case_id', '=', caseId)
    .executeTakeFirst()
  return (
    row && {
      subscriberId: row.subscriber_id,
      lineId: row.line_id,
      contactId: row.contact_id,
      joinedCaseId: row.joined_case_id,
    }
  )
}

/** What a request is about, and nothing else of its owner: a line, or all that the account has. */
export async function linesOf(
  trx: Trx,
  { subscriberId, lineId }: IntakeMatch,
): Promise<{ subscriberId: string; lineId: string }[]> {
  if (lineId !== null) return [{ subscriberId, lineId }]
  return trx
    .selectFrom('line')
    .select(['subscriber_id as subscriberId', 'line_id as lineId'])
    .where('subscriber_id', '=', subscriberId)
    .where('state', '<>', 'closed')
    .execute()
}

export type IntakeChange = {
  state?: IntakeState
  given?: Given
  wakeAt?: Temporal.Instant | null
  dueAt?: Temporal.Instant
  codeHash?: string | null
  codeAt?: Temporal.Instant
  codeTries?: number
  codesSent?: readonly Temporal.Instant[]
  codeWanted?: boolean
  asked?: string | null
  answeredAt?: Temporal.Instant
  decidedBy?: string
  refusal?: string | null
  endedAt?: Temporal.Instant
  reviewBy?: Temporal.Instant | null
  lateAt?: Temporal.Instant | null
}

type Commit = {
  now: Temporal.Instant
  actor: Actor
  reason: string
  note?: string
  subscriberId?: string
}

/** Under the row's lock. When it is looked at next is nothing that anybody decides on. What changes its state is in the audit trail, of whom it is about where that is known. */
export async function changeIntake(
  trx: Trx,
  app: App,
  intake: Intake,
  change: IntakeChange,
  { now, actor, reason, note, subscriberId = '' }: Commit,
): Promise<void> {
  const { wakeAt, ...changed } = change
  await trx
    .updateTable('closure_intake')
    .set({
      ...(change.state && { state: change.state }),
      ...(change.given && { sealed: sealed(app, intake.caseId, change.given) }),
      ...(wakeAt !== undefined && { wake_at: wakeAt }),
      ...(change.dueAt && { due_at: change.dueAt }),
      ...(change.codeHash !== undefined && { code_hash: change.codeHash }),
      ...(change.codeAt && { code_at: change.codeAt }),
      ...(change.codeTries !== undefined && { code_tries: change.codeTries }),
      ...(change.codesSent && { codes_sent: change.codesSent.map(String) }),
      ...(change.codeWanted !== undefined && { code_wanted: change.codeWanted }),
      ...(change.asked !== undefined && { asked: change.asked }),
      ...(change.answeredAt && { answered_at: change.answeredAt }),
      ...(change.decidedBy && { decided_by: change.decidedBy }),
      ...(change.refusal !== undefined && { refusal: change.refusal }),
      ...(change.endedAt && { ended_at: change.endedAt }),
      ...(change.reviewBy !== undefined && { review_by: change.reviewBy }),
      ...(change.lateAt !== undefined && { late_at: change.lateAt }),
      version: intake.version + (Object.keys(changed).length > 0 ? 1 : 0),
    })
    .where('case_id', '=', intake.caseId)
    .execute()
  if (change.state === undefined || change.state === intake.state) return
  await audit(trx, app.ids, now, {
    subscriberId,
    actor,
    action: `closure-intake.${change.state}`,
    subject: { kind: 'closure-intake', id: intake.caseId },
    reason,
    ...(note && { note }),
  })
}

export type StartIntake = {
  scope: 'line' | 'account'
  by: Given['by']
  value: string
  country: string
  region?: string | undefined
  contact: string
  reason?: string | undefined
  locale: string
}
export type IntakeStarted = { reference: string; token: string; dueAt: string }

/**
 * Receives a request. Nothing is looked up: what is given is compared with what is known by a sweep, so that neither the
 * answer nor the time it takes tells whether there is such a line.
 */
export async function startIntake(
  app: App,
  ip: string,
  asked: StartIntake,
): Promise<IntakeStarted | Refusal> {
  const now = app.clock.now()
  const given = givenIn(asked)
  if ('refused' in given) return given
  const residence = residenceOf(asked.country, asked.region ?? null)
  const policy = await currentPolicy(app.db, residence, now)
  if (!policy) return wrong('country', 'no policy is published for it')
  const rules = policy.rules.reasonMode.value
  const hashes = hashesOf(app, ip, given.contact.value)
  return app.db.transaction().execute(async (trx) => {
    const minutes = await minutesToWait(trx, hashes, now)
    if (minutes > 0) return refuse('too-many-requests', { minutes: String(minutes) })
    const caseId = app.ids.make<CaseId>('case')
    const reference = makeReference(app.ids.random(8))
    const dueAt = now.add({ hours: 24 * proofDays })
    await trx
      .insertInto('closure_intake')
      .values({
        case_id: caseId,
        reference,
        state: 'received',
        scope: asked.scope,
        reason: rules === 'none' ? null : (asked.reason ?? null),
        residence,
        locale: asked.locale,
        sealed: sealed(app, caseId, given),
        ...hashes,
        received_at: now,
        due_at: dueAt,
        wake_at: now,
      })
      .execute()
    await audit(trx, app.ids, now, {
      subscriberId: '',
      actor: system,
      action: 'closure-intake.received',
      subject: { kind: 'closure-intake', id: caseId },
      reason: 'asked for without signing in',
    })
    const token = linkToken(app.config.masterKey, 'intake', caseId)
    return { reference, token, dueAt: dueAt.toString() }
  })
}

const wrong = (path: string, message: string) =>
  refuse('invalid-request', {}, { errors: [{ path, message }] })

/** What was typed, in the one spelling it is kept and looked for in. */
function givenIn({ scope, by, value, country, contact }: StartIntake): Given | Refusal {
  if (scope === 'line' && by === 'email') return wrong('by', 'a line has a number or an ICCID')
  const isMail = contact.includes('@')
  const kind = isMail ? ('email' as const) : ('phone' as const)
  const reached = parseContact(kind, contact, country)
  if (reached === undefined) return wrong('contact', 'an e-mail address or a telephone number')
  const named =
    by === 'iccid' ? cardEnding(value) : parseContact(by === 'email' ? by : 'phone', value, country)
  if (named === undefined) return wrong('value', `no ${by}`)
  return { by, value: named, contact: { kind, value: reached }, answers: {}, note: '' }
}

function hashesOf({ config }: Pick<App, 'config'>, ip: string, contact: string) {
  const key = Buffer.from(hkdfSync('sha256', config.masterKey, '', 'violet intake', 32))
  const contact_hash = createHmac('sha256', key).update(contact).digest('base64url')
  return { from_hash: pseudonymOf(ip, key), contact_hash }
}

type Hashes = ReturnType<typeof hashesOf>

/** Counted by what was sent and never by what it leads to. */
async function minutesToWait(trx: Trx, hashes: Hashes, now: Temporal.Instant): Promise<number> {
  await sql`select pg_advisory_xact_lock(hashtext(${`intake ${hashes.from_hash}`}))`.execute(trx)
  const since = async (column: keyof Hashes, hours: number) => {
    const rows = await trx
      .selectFrom('closure_intake')
      .select('received_at')
      .where(column, '=', hashes[column])
      .where('received_at', '>', now.subtract({ hours }))
      .execute()
    return rows.map(({ received_at }) => received_at)
  }
  const fromHere = await since('from_hash', 1)
  const toThere = await since('contact_hash', 24)
  const day = toThere.length >= contactPerDayMax ? 24 * 60 : 0
  return Math.max(minutesUntilNext(fromHere, now, fromPerHourMax), day)
}

export type WithIntake = { intake: Intake; policy: Policy }

/** The request of a link, under its lock. */
export async function withIntake<Result>(
  app: App,
  token: string,
  act: (trx: Trx, found: WithIntake) => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const caseId = caseInToken(token)
  if (caseId === undefined || !isLink(app.config.masterKey, 'intake', token))
    return refuse('link-not-valid')
  return app.db.transaction().execute(async (trx) => {
    const intake = await lockIntake(trx, app, caseId)
    const policy = intake && (await currentPolicy(trx, intake.residence, app.clock.now()))
    return policy ? act(trx, { intake, policy }) : refuse('link-not-valid')
  })
}

/** Whoever asked: there is nobody known behind a link. */
export const asker: Actor = { kind: 'system', id: 'who asked without signing in' }

/** A new code is wanted; whether one goes anywhere is the sweep's business and shows nowhere. */
export async function wantCode(app: App, token: string): Promise<true | Refusal> {
  const now = app.clock.now()
  return withIntake<true>(app, token, async (trx, { intake }) => {
    if (!takesProof(intake)) return refuse('intake-over')
    const hourAgo = now.subtract({ hours: 1 })
    const recent = intake.codesSent.filter((at) => Temporal.Instant.compare(at, hourAgo) > 0)
    const day = intake.codesSent.length >= codesMax ? 24 * 60 : 0
    const minutes = Math.max(minutesUntilNext(recent, now), day)
    if (minutes > 0) return refuse('code-too-many', { minutes: String(minutes) }, { minutes })
    const change = { codeWanted: true, wakeAt: now }
    await changeIntake(trx, app, intake, change, { now, actor: asker, reason: 'a code is wanted' })
    return true
  })
}

/** For who asked it is open until its day, also where its owner stopped it. */
export function takesProof(intake: Intake): boolean {
  return isOpen(intake) || intake.state === 'stopped'
}

/** Answers for a person to judge: only what the policy lets us ask. */
export async function answerIntake(
  app: App,
  token: string,
  answers: Answers,
): Promise<true | Refusal> {
  const now = app.clock.now()
  return withIntake<true>(app, token, async (trx, { intake, policy }) => {
    if (!takesProof(intake)) return refuse('intake-over')
    const [kind] = notAsked(policy, answers, intake.asked)
    if (kind !== undefined) return refuse('evidence-not-allowed', { kind })
    if (Object.keys(answers).length === 0) return wrong('answers', 'at least one')
    const given = { ...intake.given, answers: { ...intake.given.answers, ...answers } }
    // Another answer moves no deadline.
    const reviewBy = intake.reviewBy ?? dueBy(policy, 'reviewSla', now)
    const state = intake.state === 'stopped' ? 'stopped' : 'in-review'
    const wakeAt = intake.codeWanted ? now : wakesAt({ ...intake, state, reviewBy })
    const change = { given, answeredAt: now, asked: null, state, reviewBy, wakeAt } as const
    await changeIntake(trx, app, intake, change, { now, actor: asker, reason: 'answered' })
    return true
  })
}

export async function withdrawIntake(app: App, token: string): Promise<true | Refusal> {
  const now = app.clock.now()
  return withIntake<true>(app, token, async (trx, { intake }) => {
    if (intake.state === 'withdrawn') return true
    if (!takesProof(intake)) return refuse('intake-over')
    await changeIntake(
      trx,
      app,
      intake,
      { state: 'withdrawn', endedAt: now, wakeAt: null },
      { now, actor: asker, reason: 'taken back by who asked' },
    )
    return true
  })
}
