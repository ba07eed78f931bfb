/** The SM-DP+'s profiles in the database, one row an ICCID: made in stock, ordered, downloaded, put away. */
import { sql } from 'kysely'
import type { Config } from '../platform/config.ts'
import type { Db, Trx } from '../platform/database.ts'
import { iccidOf, imsiOf } from './iccid.ts'
import type { ProfileState } from './esim.ts'

/** Who orders the platform's own profiles, and what they are made of, unless it is configured. */
export const ownRequester = '2.999.20'
export const ownProfileType = 'violet-test-usim'

/** What the platform's own lines take from the stock. */
export const ownKind = ({ smdp }: Pick<Config, 'smdp'>) => ({
  owner: smdp?.requester ?? ownRequester,
  profileType: smdp?.profileType ?? ownProfileType,
})

export type StockRow = {
  readonly iccid: string
  readonly imsi: string
  readonly profileType: string
  readonly owner: string
  readonly state: ProfileState
  readonly taken: boolean
  readonly eid: string | null
  /** Sealed. */
  readonly sealedMatchingId: string | null
  /** Sealed. */
  readonly confirmationHash: string | null
  readonly confirmationFailures: number
  readonly downloadAttempts: number
  /** What the seals of the two secrets are bound to. */
  readonly sealAbout: string
  readonly subscription: string | null
  readonly binding: string | null
  readonly lastCall: string | null
  /** Sealed: it names the matching id. */
  readonly lastAnswer: string | null
  readonly version: number
  /** The line of the platform it was given to. */
  readonly line: Owner | undefined
}
export type Owner = {
  readonly subscriberId: string
  readonly lineId: string
  readonly nickname: string
  readonly msisdn: string | null
}

/** The columns that a download reads too. */
export type DownloadColumns = Record<'iccid' | 'imsi' | 'owner' | 'seal_about', string> & {
  eid: string | null
  matching_id: string | null
  confirmation_hash: string | null
  confirmation_failures: number
  download_attempts: number
  subscription: string | null
  binding: string | null
  version: number
  subscriber_id: string | null
  line_id: string | null
}

type Row = DownloadColumns & {
  profile_type: string
  state: string
  taken: boolean
  last_call: string | null
  last_answer: string | null
  nickname: string | null
  msisdn: string | null
}

/** What a download knows of a profile's row in stock. */
export type Stock = Omit<StockRow, 'profileType' | 'taken' | 'lastCall' | 'lastAnswer'>

export function stockOf(
  row: DownloadColumns,
  state: ProfileState,
  named: { nickname: string; msisdn: string | null },
): Stock {
  const { subscriber_id: subscriberId, line_id: lineId } = row
  return {
    iccid: row.iccid,
    imsi: row.imsi,
    owner: row.owner,
    state,
    eid: row.eid,
    sealedMatchingId: row.matching_id,
    confirmationHash: row.confirmation_hash,
    confirmationFailures: row.confirmation_failures,
    downloadAttempts: row.download_attempts,
    sealAbout: row.seal_about,
    subscription: row.subscription,
    binding: row.binding,
    version: row.version,
    line: subscriberId === null || lineId === null ? undefined : { subscriberId, lineId, ...named },
  }
}

function stockRowOf(row: Row): StockRow {
  const { nickname, msisdn } = row
  return {
    ...stockOf(row, row.state as ProfileState, { nickname: nickname ?? '', msisdn }),
    profileType: row.profile_type,
    taken: row.taken,
    lastCall: row.last_call,
    lastAnswer: row.last_answer,
  }
}

export type StockKey =
  | { sealedMatchingIds: string[] }
  | { iccid: string }
  | { freeOf: string; owner: string }

/** The profile under its lock, with the line it was given to; a free one is skipped while another order looks at it. */
export async function lockStock(trx: Trx, key: StockKey): Promise<StockRow | undefined> {
  const { rows } = await sql<Row>`
    select s.iccid, s.imsi, s.profile_type, s.owner, s.state, s.taken, s.eid, s.matching_id, s.confirmation_hash,
      s.confirmation_failures, s.download_attempts, s.seal_about, s.subscription, s.binding, s.last_call,
      s.last_answer, s.version, i.subscriber_id, i.line_id, l.nickname, l.msisdn
    from profile_stock s
    left join profile_index i on i.iccid = s.iccid
    left join line l on l.subscriber_id = i.subscriber_id and l.line_id = i.line_id
    where ${wanted(key)}`.execute(trx)
  return rows[0] && stockRowOf(rows[0])
}

function wanted(key: StockKey) {
  if ('sealedMatchingIds' in key)
    return sql`s.matching_id = any(${key.sealedMatchingIds}::text[]) for update of s`
  if ('iccid' in key) return sql`s.iccid = ${key.iccid} for update of s`
  return sql`s.owner = ${key.owner} and s.profile_type = ${key.freeOf} and not s.taken
    order by s.iccid limit 1 for update of s skip locked`
}

export type StockChange = Partial<
  Pick<
    StockRow,
    | 'state'
    | 'taken'
    | 'eid'
    | 'sealedMatchingId'
    | 'confirmationHash'
    | 'confirmationFailures'
    | 'downloadAttempts'
    | 'subscription'
    | 'binding'
    | 'lastCall'
    | 'lastAnswer'
  >
>

/** Writes what changed, and says in the profile's own trail who changed its state. */
export async function saveStock(
  trx: Trx,
  now: Temporal.Instant,
  before: StockRow,
  change: StockChange,
  by: { actor: string; action: string } | undefined,
): Promise<void> {
  const after = { ...before, ...change }
  await sql`
    with saved as (
      update profile_stock set state = ${after.state}, taken = ${after.taken}, eid = ${after.eid},
        matching_id = ${after.sealedMatchingId}, confirmation_hash = ${after.confirmationHash},
        confirmation_failures = ${after.confirmationFailures}, download_attempts = ${after.downloadAttempts},
        subscription = ${after.subscription}, binding = ${after.binding}, last_call = ${after.lastCall},
        last_answer = ${after.lastAnswer === null ? null : JSON.stringify(after.lastAnswer)}, version = version + 1
      where iccid = ${before.iccid} returning iccid, version, state)
    insert into profile_event (iccid, version, at, actor, action, state)
    select iccid, version, ${now}::timestamptz, ${by?.actor ?? ''}, ${by?.action ?? ''}, state
    from saved where ${by !== undefined}`.execute(trx)
}

/** The answer, sealed, that a call had when it was made the first time, if no other order came between. */
export async function answerOfCall(
  trx: Trx,
  owner: string,
  lastCall: string,
): Promise<{ sealAbout: string; sealedAnswer: string } | undefined> {
  // Two of the same call at once: the second one waits for the first one's answer.
  await sql`select pg_advisory_xact_lock(hashtextextended(${lastCall}, 0))`.execute(trx)
  const row = await trx
    .selectFrom('profile_stock')
    .select(['seal_about', 'last_answer'])
    .where('owner', '=', owner)
    .where('last_call', '=', lastCall)
    .executeTakeFirst()
  if (typeof row?.last_answer !== 'string') return undefined
  return { sealAbout: row.seal_about, sealedAnswer: row.last_answer }
}

export async function isMatchingIdUsed(trx: Trx, seals: string[]): Promise<boolean> {
  const row = await trx
    .selectFrom('profile_stock')
    .select('iccid')
    .where('matching_id', 'in', seals)
    .executeTakeFirst()
  return row !== undefined
}

export async function isTypeKnown(trx: Trx, owner: string, profileType: string): Promise<boolean> {
  const row = await trx
    .selectFrom('profile_stock')
    .select('iccid')
    .where('owner', '=', owner)
    .where('profile_type', '=', profileType)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export type Made = { iccid: string; imsi: string; subscription: string | null }

/** New identities, in one statement however many. */
export async function drawIdentities(
  trx: Db | Trx,
  count: number,
): Promise<{ iccid: string; imsi: string }[]> {
  const drawn = await sql<{ serial: bigint }>`
    select nextval('imsi_seq') as serial from generate_series(1, ${count}::int)`.execute(trx)
  return drawn.rows.map(({ serial }) => ({ iccid: iccidOf(serial), imsi: imsiOf(serial) }))
}

/** Adds profiles to the stock; their seals are bound to the ICCID. */
export async function addStock(
  trx: Db | Trx,
  now: Temporal.Instant,
  { owner, profileType }: { owner: string; profileType: string },
  made: readonly Made[],
  taken = false,
): Promise<void> {
  await sql`
    with made as (
      insert into profile_stock (iccid, imsi, profile_type, owner, state, taken, seal_about, subscription)
      select t.iccid, t.imsi, ${profileType}, ${owner}, 'available', ${taken}, t.iccid, t.subscription
      from unnest(${made.map(({ iccid }) => iccid)}::text[], ${made.map(({ imsi }) => imsi)}::text[],
        ${made.map(({ subscription }) => subscription)}::text[]) as t (iccid, imsi, subscription)
      returning iccid)
    insert into profile_event (iccid, version, at, actor, action, state)
    select iccid, 0, ${now}::timestamptz, 'violet', 'made', 'available' from made`.execute(trx)
}

/** Adds those that are not there yet. @throws where an IMSI belongs to another ICCID already. */
export async function addDelivered(
  trx: Trx,
  now: Temporal.Instant,
  kind: { owner: string; profileType: string },
  delivered: readonly Made[],
): Promise<number> {
  let added = 0
  for (let at = 0; at < delivered.length; at += 1000) {
    const part = delivered.slice(at, at + 1000)
    const { rows } = await sql<{ iccid: string }>`
      select iccid from profile_stock
      where iccid = any(${part.map(({ iccid }) => iccid)}::text[])`.execute(trx)
    const known = new Set(rows.map(({ iccid }) => iccid))
    const fresh = part.filter(({ iccid }) => !known.has(iccid))
    if (fresh.length > 0) await addStock(trx, now, kind, fresh)
    added += fresh.length
  }
  return added
}

/** A change of a profile's trail, with what its owner is told beside it. */
export async function eventOf(db: Db, iccid: string, version: number) {
  const row = await db
    .selectFrom('profile_event as e')
    .innerJoin('profile_stock as s', 's.iccid', 'e.iccid')
    .select(['e.at', 'e.action', 'e.state', 's.owner', 's.eid', 's.profile_type'])
    .where('e.iccid', '=', iccid)
    .where('e.version', '=', version)
    .executeTakeFirst()
  if (!row) return undefined
  const { profile_type: profileType, ...rest } = row
  return { iccid, profileType, ...rest }
}

export type StockCount = { owner: string; profileType: string; state: ProfileState; count: number }

/** How many profiles there are of each kind and state; of those that are available, the free ones apart. */
export async function countStock(db: Db): Promise<(StockCount & { free: number })[]> {
  const { rows } = await sql<{
    owner: string
    profile_type: string
    state: ProfileState
    count: number
    free: number
  }>`select owner, profile_type, state, count(*)::int as count, (count(*) filter (where not taken))::int as free
    from profile_stock group by 1, 2, 3 order by 1, 2, 3`.execute(db)
  return rows.map(({ profile_type, ...row }) => ({ ...row, profileType: profile_type }))
}

/** How many of a kind wait for an order, counted up to a limit. */
export async function countFree(
  db: Db | Trx,
  { owner, profileType }: { owner: string; profileType: string },
  limit: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (select 1 from profile_stock
      where owner = ${owner} and profile_type = ${profileType} and not taken limit ${limit}) as free`.execute(
    db,
  )
  return rows[0]?.count ?? 0
}
