/** What a line's number stands at: read from several places, for decisions that are pure. */
import { type Selectable, sql } from 'kysely'
import { type Db, pairs, type Trx } from '../platform/database.ts'
import type { PortOut as PortRow } from '../platform/tables.ts'
import { type Pinned, residenceOf } from '../policy/policy.ts'
import type { Segment } from '../values/wire.ts'
import { currentPolicy, pinnedPolicy } from '../policy/store.ts'
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
  segment: Segment
  locale: string
  created_at: Temporal.Instant
  account_ended_at: Temporal.Instant | null
  kept_until: Temporal.Instant | null
  policy_country: string | null
  policy_version: number | null
  policy_segment: Segment | null
  received_at: Temporal.Instant | null
  was_frozen: boolean | null
  owed: bigint
  is_ours: boolean
  is_ending: boolean
  is_frozen: boolean
  sim_at: Temporal.Instant | null
}

/** The number in quarantine that was a line's. */
export const lastNumber = (of: 'l' | 'p' | 'port_out') => sql`
  select k.msisdn from phone_number k where k.last_subscriber_id = ${sql.ref(`${of}.subscriber_id`)}
    and k.last_line_id = ${sql.ref(`${of}.line_id`)} limit 1`

/** The case that ended a line: under which policy, and whether somebody said that it was not the subscriber. */
export const endOfLine = sql`left join lateral (
  select c.policy_country, c.policy_version, c.policy_segment, c.submitted_at as received_at, exists (select from closure_event v
    where v.subscriber_id = c.subscriber_id and v.case_id = c.case_id and v.kind = 'frozen') as was_frozen
  from closure_case c
  where c.subscriber_id = l.subscriber_id and c.closing_lines ? l.line_id and l.closed_at is not null
    and c.service_ended_at is not null
  order by c.service_ended_at desc limit 1) e on true`

/** Refuses a line that is not this subscriber's, and a subscriber whose country nobody knows. */
export async function findStanding(
  db: Db | Trx,
  key: LineKey,
  at: Temporal.Instant,
): Promise<Seen | Refusal> {
  const { subscriberId, lineId } = key
  const { rows } = await sql<Row>`
    select l.state, l.nickname, coalesce(l.msisdn, n.msisdn) as msisdn, l.port_locked, l.suspensions,
      l.activated_at, l.closed_at, s.country, s.region, s.segment, s.locale, s.created_at, s.closed_at as account_ended_at,
      n.quarantined_until as kept_until, e.policy_country, e.policy_version, e.policy_segment, e.received_at,
      e.was_frozen,
      coalesce((select sum(minor) from ledger_account a
        where a.subscriber_id = s.subscriber_id and a.account = 'owed'), 0)::int8 as owed,
      coalesce(n.line_id = l.line_id or n.last_line_id = l.line_id, false) as is_ours,
      exists (select from closure_case c where c.subscriber_id = s.subscriber_id
        and c.state in ('executing', 'settling', 'needs_attention')
        and (c.line_id = l.line_id or c.closing_lines ? l.line_id)) as is_ending,
      exists (select from closure_case c where c.subscriber_id = s.subscriber_id and c.state = 'frozen'
        and (c.scope = 'account' or c.line_id = l.line_id or c.closing_lines ? l.line_id)) as is_frozen,
      (select greatest(p.downloaded_at, p.installed_at) from profile p
        where p.subscriber_id = l.subscriber_id and p.iccid = l.iccid) as sim_at
    from line l join subscriber s on s.subscriber_id = l.subscriber_id
    left join phone_number n on n.msisdn = coalesce(l.msisdn, (${lastNumber('l')}))
    ${endOfLine}
    where l.subscriber_id = ${subscriberId} and l.line_id = ${lineId}`.execute(db)
  const [row] = rows
  if (!row) return refuse('not-found')
  const policy = await policyOf(db, row, at)
  if (!policy) return refuse('profile-incomplete')
  const { contacts, changes } = await reachOf(db, subscriberId)
  const ended = row.account_ended_at
  const again = row.sim_at && row.activated_at && isAfter(row.sim_at, row.activated_at)
  return {
    msisdn: row.msisdn,
    isOurs: row.is_ours,
    // Nobody can unlock it any more, and the link went where the code that unlocks would have gone.
    locked: row.port_locked && ended === null,
    suspendedForFraud: row.suspensions.includes('fraud'),
    overdue: row.owed !== 0n,
    lineEndedAt: row.closed_at,
    keptUntil: row.kept_until,
    accountEnded: ended !== null,
    suspicious: row.was_frozen === true,
    isEnding: row.closed_at === null && row.is_ending,
    isFrozen: row.is_frozen,
    // What the erasure has emptied since was changed by nobody.
    changes: [
      ...changes.filter(({ at }) => ended === null || !isAfter(at, ended)),
      ...(again ? [{ kind: 'sim' as const, at: row.sim_at! }] : []),
    ],
    subscribedAt: row.created_at,
    latest: await latestPort(db, key),
    policy,
    lineState: row.state,
    nickname: row.nickname || row.msisdn || lineId.slice(-6),
    locale: row.locale,
    // A number that moves is no channel: whoever takes it over would read along.
    contacts: contacts.filter(({ value }) => value !== '' && value !== row.msisdn),
  }
}

type EndedUnder = Pick<Row, 'policy_country' | 'policy_version' | 'policy_segment'>

/** What the case that ended a line is pinned to; undefined: no case ended it. */
export function pinnedIn({
  policy_country: country,
  policy_version: version,
  policy_segment: segment,
}: EndedUnder): Pinned | undefined {
  if (country === null || version === null || segment === null) return undefined
  return { country, version, segment }
}

/** What held for the case that ended a line holds for its number, whatever is published later. */
async function policyOf(db: Db | Trx, row: Row, at: Temporal.Instant) {
  const { country, region, received_at } = row
  const pinned = pinnedIn(row)
  if (pinned) return pinnedPolicy(db, pinned, received_at ?? at)
  return country ? currentPolicy(db, residenceOf(country, region), at, row.segment) : undefined
}

const isAfter = (a: Temporal.Instant, b: Temporal.Instant) => Temporal.Instant.compare(a, b) > 0

export async function latestPort(
  db: Db | Trx,
  { subscriberId, lineId }: LineKey,
): Promise<PortOut | undefined> {
  const row = await ports(db)
    .where('port_out.subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .orderBy('port_out.created_at', 'desc')
    .orderBy('port_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && portFrom(row)
}

/** Those of any number of lines, in one read. */
export async function openPortsOf(trx: Trx, lines: readonly LineKey[]): Promise<PortOut[]> {
  const rows = await ports(trx)
    .where('port_out.state', 'in', ['issued', 'pending'])
    .where(
      sql<boolean>`(port_out.subscriber_id, line_id) in (select * from ${pairs(lines.map(({ subscriberId, lineId }) => [subscriberId, lineId]))} as x)`,
    )
    .execute()
  return rows.map(portFrom)
}

export async function portById(
  db: Db | Trx,
  { subscriberId, portId }: { subscriberId: string; portId: string },
): Promise<PortOut | undefined> {
  const row = await ports(db)
    .where('port_out.subscriber_id', '=', subscriberId)
    .where('port_id', '=', portId)
    .executeTakeFirst()
  return row && portFrom(row)
}

/** With its account a port forgets the number; the inventory knows whose it was until its quarantine ends. */
const ports = (db: Db | Trx) =>
  db
    .selectFrom('port_out')
    .innerJoin('subscriber as s', 's.subscriber_id', 'port_out.subscriber_id')
    .selectAll('port_out')
    .select([
      sql<string>`coalesce(nullif(port_out.msisdn, ''), (${lastNumber('port_out')}), '')`.as(
        'number',
      ),
      's.closed_at as account_ended_at',
    ])

type Stored = Selectable<PortRow> & {
  number: string
  account_ended_at: Temporal.Instant | null
}

function portFrom(row: Stored): PortOut {
  return {
    subscriberId: row.subscriber_id,
    portId: row.port_id,
    lineId: row.line_id,
    msisdn: row.number,
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
    accountEnded: row.account_ended_at !== null,
    version: row.version,
  }
}
