/** What a line's number stands at: read from several places, for decisions that are pure. */
import { type Selectable, sql } from 'kysely'
import { type Db, pairs, type Trx } from '../platform/database.ts'
import type { PortOut as PortRow } from '../platform/tables.ts'
import { residenceOf } from '../policy/policy.ts'
import { currentPolicy } from '../policy/store.ts'
import { type CodeContact, reachOf } from '../subscribers/reach-store.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import type { PortOut, PortState, Standing } from './porting.ts'

export type LineKey = { subscriberId: string; lineId: string }
export type Seen = Standing & {
  lineState: string
  nickname: string
  locale: string
  contacts: CodeContact[]
}

type Row = {
  state: string
  nickname: string
  msisdn: string | null
  port_locked: boolean
  suspensions: string[]
  activated_at: Temporal.Instant | null
  closed_at: Temporal.Instant | null
  country: string | null
  region: string | null
  locale: string
  created_at: Temporal.Instant
  owed: bigint
  is_ours: boolean
  is_ending: boolean
  sim_at: Temporal.Instant | null
}

/** Refuses a line that is not this subscriber's, and a subscriber whose country nobody knows. */
export async function findStanding(
  db: Db | Trx,
  key: LineKey,
  at: Temporal.Instant,
): Promise<Seen | Refusal> {
  const { subscriberId, lineId } = key
  const { rows } = await sql<Row>`
    select l.state, l.nickname, l.msisdn, l.port_locked, l.suspensions, l.activated_at, l.closed_at,
      s.country, s.region, s.locale, s.created_at,
      coalesce((select sum(minor) from ledger_account a
        where a.subscriber_id = s.subscriber_id and a.account = 'owed'), 0)::int8 as owed,
      coalesce(n.line_id = l.line_id or n.last_line_id = l.line_id, false) as is_ours,
      exists (select from closure_case c where c.subscriber_id = s.subscriber_id
        and c.state in ('executing', 'settling', 'needs_attention')
        and (c.line_id = l.line_id or c.closing_lines ? l.line_id)) as is_ending,
      (select greatest(p.downloaded_at, p.installed_at) from profile p
        where p.subscriber_id = l.subscriber_id and p.iccid = l.iccid) as sim_at
    from line l join subscriber s on s.subscriber_id = l.subscriber_id
    left join phone_number n on n.msisdn = l.msisdn
    where l.subscriber_id = ${subscriberId} and l.line_id = ${lineId}`.execute(db)
  const [row] = rows
  if (!row) return refuse('not-found')
  const policy = row.country
    ? await currentPolicy(db, residenceOf(row.country, row.region), at)
    : undefined
  if (!policy) return refuse('profile-incomplete')
  const { contacts, changes } = await reachOf(db, subscriberId)
  const again = row.sim_at && row.activated_at && isAfter(row.sim_at, row.activated_at)
  return {
    msisdn: row.msisdn,
    isOurs: row.is_ours,
    locked: row.port_locked,
    suspendedForFraud: row.suspensions.includes('fraud'),
    overdue: row.owed !== 0n,
    lineEndedAt: row.closed_at,
    isEnding: row.closed_at === null && row.is_ending,
    changes: [...changes, ...(again ? [{ kind: 'sim' as const, at: row.sim_at! }] : [])],
    subscribedAt: row.created_at,
    latest: await latestPort(db, key),
    policy,
    lineState: row.state,
    nickname: row.nickname || row.msisdn || lineId.slice(-6),
    locale: row.locale,
    // A number that moves is no channel: whoever takes it over would read along.
    contacts: contacts.filter(({ value }) => value !== row.msisdn),
  }
}

const isAfter = (a: Temporal.Instant, b: Temporal.Instant) => Temporal.Instant.compare(a, b) > 0

export async function latestPort(
  db: Db | Trx,
  { subscriberId, lineId }: LineKey,
): Promise<PortOut | undefined> {
  const row = await db
    .selectFrom('port_out')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .orderBy('created_at', 'desc')
    .orderBy('port_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && portFrom(row)
}

/** Those of any number of lines, in one read. */
export async function openPortsOf(trx: Trx, lines: readonly LineKey[]): Promise<PortOut[]> {
  const rows = await trx
    .selectFrom('port_out')
    .selectAll()
    .where('state', 'in', ['issued', 'pending'])
    .where(
      sql<boolean>`(subscriber_id, line_id) in (select * from ${pairs(lines.map(({ subscriberId, lineId }) => [subscriberId, lineId]))} as x)`,
    )
    .execute()
  return rows.map(portFrom)
}

export async function portById(
  db: Db | Trx,
  { subscriberId, portId }: { subscriberId: string; portId: string },
): Promise<PortOut | undefined> {
  const row = await db
    .selectFrom('port_out')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('port_id', '=', portId)
    .executeTakeFirst()
  return row && portFrom(row)
}

function portFrom(row: Selectable<PortRow>): PortOut {
  return {
    subscriberId: row.subscriber_id,
    portId: row.port_id,
    lineId: row.line_id,
    msisdn: row.msisdn,
    state: row.state as PortState,
    codeHash: row.code_hash,
    triesLeft: row.tries_left,
    codeExpiresAt: row.code_expires_at,
    reference: row.reference,
    recipient: row.recipient,
    dueAt: row.due_at,
    reason: row.reason,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    version: row.version,
  }
}
