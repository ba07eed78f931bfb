/** What becomes of requests by themselves: whose they are is looked up, whoever was reached before is told, codes leave, days pass. */
import { sql } from 'kysely'
import { notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import { system } from '../platform/audit.ts'
import { blind } from '../platform/personal.ts'
import type { Trx } from '../platform/database.ts'
import { codeKey, codeMinutes, codeTries, hashCode, sixDigits } from '../subscribers/store.ts'
import { alertedOf, freezeUrl } from './alert-store.ts'
import { loadFacts } from './facts-store.ts'
import { codeContacts, type Facts, lineName } from './facts.ts'
import {
  type Given,
  type Intake,
  isJudgedLate,
  keptDays,
  tellingsPerDayMax,
  wakesAt,
} from './intake.ts'
import { changeIntake, lockIntake, matchOf } from './intake-store.ts'
import { tellAsker } from './intake-tell-store.ts'

/** One transaction each, so that a crash leaves none half looked up. */
export async function sweepIntakes(app: App): Promise<void> {
  const now = app.clock.now()
  const due = await app.db
    .selectFrom('closure_intake')
    .select('case_id')
    .where('wake_at', '<=', now)
    .orderBy('wake_at')
    .limit(100)
    .execute()
  // One that fails is tried again, and keeps no other waiting.
  for (const { case_id } of due)
    await app.db
      .transaction()
      .execute((trx) => goOn(trx, app, case_id, now))
      .catch((error: unknown) => app.log.error({ err: error, caseId: case_id }, 'intake failed'))
}

/** What has ended is kept for a while, so that who asked can still read how; then nothing is left of it. */
export async function sweepEndedIntakes({ db, clock }: Pick<App, 'db' | 'clock'>): Promise<void> {
  await db
    .deleteFrom('closure_intake')
    .where('ended_at', '<', clock.now().subtract({ hours: 24 * keptDays }))
    .execute()
}

async function goOn(trx: Trx, app: App, caseId: string, now: Temporal.Instant): Promise<void> {
  const intake = await lockIntake(trx, app, caseId)
  // Another worker was faster.
  if (!intake?.wakeAt || Temporal.Instant.compare(intake.wakeAt, now) > 0) return
  const { state, codeWanted, dueAt } = intake
  if (state === 'received') return match(trx, app, intake, now)
  if (Temporal.Instant.compare(dueAt, now) <= 0 && state !== 'in-review')
    return expire(trx, app, intake, now)
  const code = codeWanted ? await sendIntakeCode(trx, app, intake, now) : {}
  const late = isJudgedLate(intake, now) ? { lateAt: now } : {}
  const change = { ...code, ...late, wakeAt: wakesAt({ ...intake, ...late }) }
  const reason = 'a code was wanted, or the day of the review has passed'
  await changeIntake(trx, app, intake, change, { now, actor: system, reason })
  if ('lateAt' in late) await tellAsker(trx, app, intake, 'late')
}

type Target = { subscriberId: string; lineId: string | null }

/** By the number inventory, the keyed hashes of contacts, or the last digits of a card where only one has them. */
async function targetOf(trx: Trx, { by, value }: Given, isLine: boolean): Promise<Target[]> {
  if (by === 'iccid') {
    const { rows } = await sql<{ subscriber_id: string; line_id: string }>`
      select subscriber_id, line_id from profile_index
      where right(iccid, 8) = right(${value}, 8) and right(iccid, length(${value})) = ${value}
      limit 2`.execute(trx)
    return rows.map((row) => ({ subscriberId: row.subscriber_id, lineId: row.line_id }))
  }
  if (by === 'number') {
    const row = await trx
      .selectFrom('phone_number')
      .select(['subscriber_id', 'line_id'])
      .where('msisdn', '=', value)
      .where('state', '=', 'assigned')
      .executeTakeFirst()
    if (row?.subscriber_id) return [{ subscriberId: row.subscriber_id, lineId: row.line_id }]
    if (isLine) return []
  }
  const kind = by === 'email' ? 'email' : 'phone'
  const rows = await trx
    .selectFrom('contact_index')
    .select('subscriber_id')
    .where('kind', '=', kind)
    .where('value', '=', blind(kind, value))
    .execute()
  return rows.map(({ subscriber_id: subscriberId }) => ({ subscriberId, lineId: null }))
}

type Found = Target & { facts: Facts }

async function find(
  trx: Trx,
  { scope, given }: Intake,
  now: Temporal.Instant,
): Promise<Found | undefined> {
  const [target, another] = await targetOf(trx, given, scope === 'line')
  if (!target || another) return undefined
  const lineId = scope === 'line' ? target.lineId : null
  const asked = { scope, lineId, closingLines: null }
  const facts = await loadFacts(trx, target.subscriberId, asked, { at: now })
  const isClosed = facts?.lines[0]?.state === 'closed' && scope === 'line'
  return facts && !isClosed ? { subscriberId: target.subscriberId, lineId, facts } : undefined
}

async function match(trx: Trx, app: App, intake: Intake, now: Temporal.Instant): Promise<void> {
  const found = await find(trx, intake, now)
  const { caseId, given, dueAt } = intake
  if (found) {
    const { subscriberId, lineId, facts } = found
    const same = codeContacts(facts).find(
      ({ kind, value }) => kind === given.contact.kind && value === given.contact.value,
    )
    await trx
      .insertInto('closure_intake_match')
      .values({
        subscriber_id: subscriberId,
        case_id: caseId,
        line_id: lineId,
        // After a death nobody goes on in the name of who died.
        contact_id: facts.died ? null : (same?.contactId ?? null),
        matched_at: now,
      })
      .execute()
    await tellOwner(trx, app, intake, found, now)
  }
  const change = { state: 'waiting' as const, wakeAt: dueAt }
  const code = await sendIntakeCode(trx, app, intake, now)
  await changeIntake(
    trx,
    app,
    intake,
    { ...change, ...code },
    {
      now,
      actor: system,
      reason: found ? 'it is known whom it is about' : 'what was given leads to nobody',
      ...(found && { subscriberId: found.subscriberId }),
    },
  )
  await tellAsker(trx, app, intake, 'received')
}

/** Everybody who is or was reached for them, and the closing number, with the link that stops it. */
async function tellOwner(
  trx: Trx,
  app: App,
  { caseId, reference }: Intake,
  { subscriberId, facts }: Found,
  now: Temporal.Instant,
): Promise<void> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from closure_intake_match
    where subscriber_id = ${subscriberId} and matched_at > ${now.subtract({ hours: 24 })}`.execute(
    trx,
  )
  if ((rows[0]?.n ?? 0) > tellingsPerDayMax) return
  const known = codeContacts(facts).map(({ kind, value }) => ({ kind, value }))
  await notify(trx, app, {
    subscriberId,
    noticeId: `${caseId}:closure-asked`,
    recipients: [...known, ...alertedOf(facts, now)].map(({ kind, value }) => ({
      channel: kind === 'email' ? 'email' : 'sms',
      address: value,
    })),
    template: 'closure-asked',
    locale: facts.died ? facts.acting!.locale : facts.subscriber.locale,
    params: { reference, at: now.toString(), freezeUrl: freezeUrl(app, caseId) },
  })
}

/** A code leaves only for a way that we had verified; the row is the same whether one does or not. */
async function sendIntakeCode(trx: Trx, app: App, intake: Intake, now: Temporal.Instant) {
  const { caseId, reference, codesSent, given, locale } = intake
  const owner = await matchOf(trx, caseId)
  const code = sixDigits(app.ids.random)
  const name = owner?.lineId ? await nameOf(trx, owner.subscriberId, owner.lineId) : ''
  const mayGo = owner?.contactId != null && intake.state !== 'stopped'
  if (mayGo) {
    await notify(trx, app, {
      subscriberId: owner.subscriberId,
      noticeId: `${caseId}:intake-code:${intake.version}`,
      recipients: [
        {
          channel: given.contact.kind === 'email' ? 'email' : 'sms',
          address: given.contact.value,
        },
      ],
      template: 'closure-code',
      locale,
      params: { minutes: String(codeMinutes), lineName: name, reference },
      code,
    })
  }
  return {
    codeHash: mayGo ? hashCode(codeKey(app.config.masterKey), caseId, code) : '',
    codeAt: now,
    codeTries,
    codesSent: [...codesSent, now],
    codeWanted: false,
  }
}

async function nameOf(trx: Trx, subscriberId: string, lineId: string): Promise<string> {
  const line = await trx
    .selectFrom('line')
    .select(['nickname', 'msisdn', 'line_id as lineId'])
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .executeTakeFirst()
  return line ? lineName(line) : ''
}

/** Nobody showed who asks, or there was nobody to show it for: who asked is told the same, and honestly. */
async function expire(trx: Trx, app: App, intake: Intake, now: Temporal.Instant): Promise<void> {
  const owner = await matchOf(trx, intake.caseId)
  const stopped = intake.state === 'stopped'
  await changeIntake(
    trx,
    app,
    intake,
    { state: stopped ? 'stopped' : 'expired', wakeAt: null, endedAt: now },
    {
      now,
      actor: system,
      reason: 'nobody showed in time who asks',
      ...(owner && { subscriberId: owner.subscriberId }),
    },
  )
  await tellAsker(trx, app, intake, 'over')
}
