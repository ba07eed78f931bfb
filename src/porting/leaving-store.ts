/** Numbers of an account that has ended, by the link of its last message: seen, given a code, kept from leaving. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import type { Db, Trx } from '../platform/database.ts'
import { onDayOf, type Pinned, type Policy } from '../policy/policy.ts'
import type { Segment } from '../values/wire.ts'
import { publishedPolicy } from '../policy/store.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { codesPerHourMax, leavingUrl, ownerOfLink } from './leaving.ts'
import { leavesUntil } from './porting.ts'
import { endOfLine, findStanding, type LineKey, pinnedIn, type Seen } from './standing-store.ts'
import { cancelPort, makeCode } from './store.ts'

export type Leaving = { lineId: string; seen: Seen }

/** What the page behind a link shows; a link opened by a machine changes nothing. */
export async function seeLeaving(app: App, token: string): Promise<Leaving[] | Refusal> {
  const subscriberId = await ownerOf(app, token)
  if (isRefusal(subscriberId)) return subscriberId
  const { rows } = await sql<{ line_id: string }>`
    select last_line_id as line_id from phone_number
    where last_subscriber_id = ${subscriberId} and state = 'quarantined' order by msisdn`.execute(
    app.db,
  )
  const found: Leaving[] = []
  for (const { line_id: lineId } of rows) {
    const seen = await findStanding(app.db, { subscriberId, lineId }, app.clock.now())
    if (!isRefusal(seen)) found.push({ lineId, seen })
  }
  return found
}

export async function codeForLeaving(
  app: App,
  token: string,
  lineId: string,
): Promise<{ portCode: string } | Refusal> {
  const subscriberId = await ownerOf(app, token)
  if (isRefusal(subscriberId)) return subscriberId
  const key = { subscriberId, lineId }
  const actor = { kind: 'subscriber', id: subscriberId } as const
  return app.db
    .transaction()
    .execute((trx) => makeCode(trx, app, key, actor, () => notTooMany(trx, app, key)))
}

/** Revokes the code, or stops a number that is on its way. */
export async function stopLeaving(
  app: App,
  token: string,
  lineId: string,
): Promise<Refusal | undefined> {
  const subscriberId = await ownerOf(app, token)
  return isRefusal(subscriberId) ? subscriberId : cancelPort(app, { subscriberId, lineId })
}

/** Whoever has an account signs in. */
async function ownerOf(app: App, token: string): Promise<string | Refusal> {
  const subscriberId = ownerOfLink(app.config.masterKey, token)
  if (subscriberId === undefined) return refuse('link-not-valid')
  const row = await app.db
    .selectFrom('subscriber')
    .select('closed_at')
    .where('subscriber_id', '=', subscriberId)
    .executeTakeFirst()
  return row?.closed_at ? subscriberId : refuse('link-not-valid')
}

async function notTooMany(
  trx: Trx,
  app: App,
  { subscriberId, lineId }: LineKey,
): Promise<'ok' | Refusal> {
  const { rows } = await sql<{ given: number }>`
    select count(*)::int as given from audit_entry
    where subscriber_id = ${subscriberId} and action = 'port.code-given' and subject_id = ${lineId}
      and at > ${app.clock.now().subtract({ hours: 1 })}`.execute(trx)
  if ((rows[0]?.given ?? 0) < codesPerHourMax) return 'ok'
  return refuse('code-too-many', { minutes: '60' }, { minutes: 60 })
}

type Kept = {
  subscriber_id: string
  suspensions: string[]
  closed_at: Temporal.Instant
  kept_until: Temporal.Instant
  policy_country: string | null
  policy_version: number | null
  policy_segment: Segment | null
  received_at: Temporal.Instant | null
  was_frozen: boolean | null
}

/** For accounts that end: the link to take numbers along, and until when; the soonest where there are several. */
export async function leavingLinks(
  trx: Trx,
  app: App,
  subscriberIds: readonly string[],
): Promise<Map<string, { takeUrl: string; takeUntil: string }>> {
  const links = new Map<string, { takeUrl: string; takeUntil: string }>()
  if (!app.config.porting || subscriberIds.length === 0) return links
  const { rows } = await sql<Kept>`
    select n.last_subscriber_id as subscriber_id, l.suspensions, l.closed_at, n.quarantined_until as kept_until,
      e.policy_country, e.policy_version, e.policy_segment, e.received_at, e.was_frozen
    from phone_number n
    join line l on l.subscriber_id = n.last_subscriber_id and l.line_id = n.last_line_id
    ${endOfLine}
    where n.state = 'quarantined' and n.last_subscriber_id = any(${[...subscriberIds]}::text[])`.execute(
    trx,
  )
  const policyOf = policiesOf(trx)
  for (const row of rows) {
    const until = await untilOf(row, policyOf)
    if (!until || Temporal.Instant.compare(until, app.clock.now()) <= 0) continue
    const known = links.get(row.subscriber_id)?.takeUntil
    const takeUntil = known && Temporal.Instant.compare(known, until) < 0 ? known : String(until)
    const takeUrl = leavingUrl(app.config, row.subscriber_id)
    links.set(row.subscriber_id, { takeUrl, takeUntil })
  }
  return links
}

type PolicyOf = (pinned: Pinned, at: Temporal.Instant) => Promise<Policy>

/** Null: a person looks first, or nobody knows under which rule it ended. */
async function untilOf(row: Kept, policyOf: PolicyOf): Promise<Temporal.Instant | null> {
  const pinned = pinnedIn(row)
  if (!pinned) return null
  if (row.suspensions.includes('fraud') || row.was_frozen) return null
  const policy = await policyOf(pinned, row.received_at ?? row.closed_at)
  return leavesUntil({ policy, lineEndedAt: row.closed_at, keptUntil: row.kept_until })
}

/** Many accounts end under few policies. */
function policiesOf(db: Db | Trx): PolicyOf {
  const known = new Map<string, Promise<Policy>>()
  return async ({ country, version, segment }, at) => {
    const name = `${country} ${version}`
    const found = known.get(name) ?? publishedPolicy(db, country, version)
    known.set(name, found)
    return onDayOf(await found, at, segment)
  }
}
