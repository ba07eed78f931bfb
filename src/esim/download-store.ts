/** A download between two calls: one statement reads all that a call depends on, another one writes all that it changes. */
import type { App } from '../platform/app.ts'
import { type AuditEntry, auditSql } from '../platform/audit.ts'
import { openBeside } from '../platform/data-keys.ts'
import { mastersOf, poolOf } from '../platform/database.ts'
import type { KeyedJob } from '../platform/queue.ts'
import type { Put } from '../platform/statement.ts'
import type { ProfileStatus } from './esim.ts'
import { answerSeal, matchingIdSeals, openSealed, sealed } from './seal-store.ts'
import type { RspSession } from './sgp22/smdp.ts'
import { type DownloadColumns, type Stock, stockOf } from './stock-store.ts'

/** What a line knows of its profile. */
export type LineProfile = ProfileStatus & { readonly version: number }

/** What a call depends on, as it was when it was read. */
export type Facts = {
  readonly session: RspSession | undefined
  /** Undefined for a session that was begun and is not stored yet. */
  readonly sessionVersion: number | undefined
  readonly stock: Stock | undefined
  /** With the stock, where the profile is a line's. */
  readonly profile: LineProfile | undefined
}

const stockColumns = `s.iccid, s.imsi, s.owner, s.state, s.eid, s.matching_id, s.confirmation_hash, s.confirmation_failures,
  s.download_attempts, s.seal_about, s.subscription, s.binding, s.version, i.subscriber_id, i.line_id`
const lineColumns = 'l.nickname, l.msisdn, k.wrapped, k.master_id'
const profileColumns = `p.state as p_state, p.device_state, p.removal, p.eid as p_eid, p.last_seq,
  p.version as p_version`
const ofLine = `left join line l on l.subscriber_id = i.subscriber_id and l.line_id = i.line_id
  left join subscriber_key k on k.subscriber_id = i.subscriber_id and k.category = 'contacts'`
const ofProfile = 'left join profile p on p.subscriber_id = i.subscriber_id and p.iccid = i.iccid'
const index = 'left join profile_index i on i.iccid = s.iccid'
const chosen = `from rsp_session r left join profile_stock s on s.iccid = r.session->>'iccid' ${index}`

const reads = {
  /** A session, if it is there already, and the profile that a matching id leads to. */
  offered: `select r.session, r.answered, r.version as r_version, ${stockColumns}, ${lineColumns}, ${profileColumns}
    from (select $1::text as id) as asked left join rsp_session r on r.transaction_id = asked.id
    left join profile_stock s on s.matching_id = $2 ${index} ${ofLine} ${ofProfile}`,
  /** A session, and the profile that it is about. */
  chosen: `select r.session, r.version as r_version, ${stockColumns}, ${lineColumns}, ${profileColumns}
    ${chosen} ${ofLine} ${ofProfile} where r.transaction_id = $1`,
  /** The same for a notification, which needs no name of the line. */
  installed: `select r.session, r.version as r_version, ${stockColumns}, ${profileColumns}
    ${chosen} ${ofProfile} where r.transaction_id = $1`,
  /** A profile by its ICCID, long after its session. */
  named: `select ${stockColumns}, ${profileColumns}
    from profile_stock s ${index} ${ofProfile} where s.iccid = $1`,
}

type Row = DownloadColumns & {
  session?: RspSession | null
  answered?: string | null
  r_version?: number | null
  state: Stock['state'] | null
  nickname?: string | null
  msisdn?: string | null
  wrapped?: string | null
  master_id?: string | null
  p_state?: ProfileStatus['state'] | null
  device_state?: ProfileStatus['deviceState']
  removal?: ProfileStatus['removal']
  p_eid?: string | null
  last_seq?: number
  p_version?: number
}

export const nothing: Facts = {
  session: undefined,
  sessionVersion: undefined,
  stock: undefined,
  profile: undefined,
}

/** `keys`: a transaction id, and for an offer the matching id; or an ICCID. */
export async function readFacts(
  app: App,
  which: keyof typeof reads,
  ...keys: readonly (string | undefined)[]
): Promise<Facts> {
  const [id, matchingId] = keys
  if (id === undefined) return nothing
  const row =
    which === 'offered' ? await offeredRow(app, id, matchingId) : await readRow(app, which, [id])
  if (!row) return nothing
  return {
    session: row.session ? openSession(app, row.session, row.answered ?? null) : undefined,
    sessionVersion: row.r_version ?? undefined,
    stock: row.state === null ? undefined : stockOf(row, row.state, namesOf(app.db, row)),
    profile: profileOf(row),
  }
}

async function readRow(
  { db }: App,
  which: keyof typeof reads,
  values: (string | undefined)[],
): Promise<Row | undefined> {
  const query = { name: `rsp read ${which}`, text: reads[which], values }
  return (await poolOf(db).query<Row>(query)).rows[0]
}

async function offeredRow(app: App, id: string, matchingId: string | undefined) {
  if (matchingId === undefined) return readRow(app, 'offered', [id, undefined])
  let row: Row | undefined
  for (const seal of matchingIdSeals(app.config, matchingId)) {
    row = await readRow(app, 'offered', [id, seal])
    if (row?.state) break
  }
  return row
}

type Answered = NonNullable<RspSession['answered']>

/** What was answered says what the line is called, so it is sealed; only where it may be asked again is it read. */
function openSession(app: App, stored: RspSession, answered: string | null): RspSession {
  // A node of an older version that still runs keeps its answers in the session: who asks again begins anew.
  const { answered: _, ...session } = stored
  if (answered === null) return session
  try {
    const opened = openSealed(app, answerSeal(session.transactionId), answered) as Answered
    return { ...session, answered: opened }
  } catch {
    // The master key has changed since: who asks again begins anew.
    return session
  }
}

const namesOf = (db: App['db'], row: Row) => ({
  nickname: nicknameOf(db, row),
  msisdn: row.msisdn ?? null,
})

function nicknameOf(db: App['db'], row: Row): string {
  const { nickname, subscriber_id: subscriberId, line_id: record } = row
  if (!nickname || subscriberId === null || record === null) return ''
  const place = { subscriberId, category: 'contacts', field: 'line.nickname', record } as const
  return openBeside(mastersOf(db), place, nickname, row)
}

function profileOf(row: Row): LineProfile | undefined {
  if (row.p_state === undefined || row.p_state === null) return undefined
  return {
    state: row.p_state,
    deviceState: row.device_state ?? null,
    removal: row.removal ?? 'unconfirmed',
    eid: row.p_eid ?? null,
    lastSeq: row.last_seq ?? 0,
    version: row.p_version ?? 0,
  }
}

/** What a call changes; what is not named stays as it was. */
export type Change = {
  readonly session?: RspSession | undefined
  readonly stock?: StockChange | undefined
  /** For the trail of a profile that is no line's. */
  readonly event?: { readonly actor: string; readonly action: string } | undefined
  readonly profile?: ProfileStatus | undefined
  readonly entry?: AuditEntry | undefined
  readonly job?: (KeyedJob & { readonly queue: string }) | undefined
}
export type StockChange = Pick<
  Stock,
  'state' | 'eid' | 'downloadAttempts' | 'confirmationFailures' | 'binding' | 'subscription'
>

/**
 * One statement, so that all of it is done or nothing: what is so afterwards, or undefined, and nothing done, where one of the
 * rows has changed since it was read. Rows are locked in the order everybody locks them: session, stock, profile.
 */
export async function commit(app: App, facts: Facts, change: Change): Promise<Facts | undefined> {
  const values: unknown[] = []
  const put: Put = (value, type) => `$${values.push(value)}::${type}`
  const isBegun = change.session !== undefined && facts.sessionVersion === undefined
  const parts = partsOf(app, facts, change, put)
  const [first] = parts
  if (!first) return facts
  const { job } = change
  const sending = job && (await app.queue.sending(job.queue, job))
  const text = `with gate as materialized (${isBegun ? first.sql : gateOf(facts, change, put)})
    ${parts
      .slice(isBegun ? 1 : 0)
      .map(({ name, sql }) => `, ${name} as (${sql})`)
      .join(' ')}
    ${sending ? `, ${sending(put, 'gate')}` : 'select from gate'}`
  const { rowCount } = await poolOf(app.db).query({
    name: `rsp ${facts.session ? 'in' : 'after'} ${parts.map(({ name }) => name).join(' ')} ${job?.queue ?? ''}`,
    text,
    values,
  })
  return rowCount === 1 ? factsAfter(facts, change) : undefined
}

function factsAfter({ session, sessionVersion, stock, profile }: Facts, change: Change): Facts {
  return {
    session: change.session ?? session,
    sessionVersion: change.session ? (sessionVersion ?? 0) + 1 : sessionVersion,
    stock:
      stock && change.stock ? { ...stock, ...change.stock, version: stock.version + 1 } : stock,
    profile:
      profile && change.profile ? { ...change.profile, version: profile.version + 1 } : profile,
  }
}

type Gated = { readonly table: string; readonly as: string; readonly holds: string }

function gateOf({ session, sessionVersion, stock, profile }: Facts, change: Change, put: Put) {
  const rows: Gated[] = []
  // Whoever ends a session before its profile is given out changes the profile too, or nothing that matters.
  if (session)
    rows.push({
      table: 'rsp_session',
      as: 'r',
      holds: `r.transaction_id = ${put(session.transactionId, 'text')}
        and r.version = ${put(sessionVersion, 'int')}`,
    })
  if (stock && change.stock)
    rows.push({
      table: 'profile_stock',
      as: 's',
      holds: `s.iccid = ${put(stock.iccid, 'text')} and s.version = ${put(stock.version, 'int')}`,
    })
  if (stock?.line && profile && change.profile)
    rows.push({
      table: 'profile',
      as: 'p',
      holds: `p.subscriber_id = ${put(stock.line.subscriberId, 'text')}
        and p.iccid = ${put(stock.iccid, 'text')} and p.version = ${put(profile.version, 'int')}`,
    })
  const locked = rows.filter(({ as }) => as !== 'r' || change.session)
  return `select 1 as one from ${rows.map(({ table, as }) => `${table} ${as}`).join(', ')}
    where ${rows.map(({ holds }) => holds).join(' and ')}
    for update of ${locked.map(({ as }) => as).join(', ')}`
}

type Part = { readonly name: string; readonly sql: string }

function partsOf(app: App, facts: Facts, change: Change, put: Put): Part[] {
  const now = app.clock.now()
  const { stock, profile } = facts
  const { session, event, entry } = change
  const parts: Part[] = []
  if (session) parts.push(sessionPart(app, session, facts.sessionVersion === undefined, put))
  if (!stock) return parts
  if (change.stock) parts.push({ name: 'stock', sql: stockSql(stock, change.stock, put) })
  if (event)
    parts.push({
      name: 'event',
      sql: `insert into profile_event (iccid, version, at, actor, action, state)
        select ${put(stock.iccid, 'text')}, ${put(stock.version + 1, 'int')}, ${put(now, 'timestamptz')},
          ${put(event.actor, 'text')}, ${put(event.action, 'text')}, ${put(change.stock?.state, 'text')}
        from gate`,
    })
  if (stock.line && profile && change.profile)
    parts.push({ name: 'profile', sql: profileSql(stock, profile, change.profile, now, put) })
  if (entry) parts.push({ name: 'entry', sql: auditSql(put, 'gate', app.ids, now, entry) })
  return parts
}

/** A session that was begun is stored with the first that comes of it; whoever comes second finds it there. */
function sessionPart(
  app: App,
  { answered, ...session }: RspSession,
  isBegun: boolean,
  put: Put,
): Part {
  const about = answerSeal(session.transactionId)
  const id = put(session.transactionId, 'text')
  const json = put(JSON.stringify(session), 'jsonb')
  const answer = put(answered ? sealed(app, about, answered) : null, 'text')
  if (!isBegun)
    return {
      name: 'session',
      sql: `update rsp_session set session = ${json}, answered = coalesce(${answer}, answered), version = version + 1
        from gate where transaction_id = ${id}`,
    }
  const startedAt = Temporal.Instant.fromEpochMilliseconds(session.startedMs)
  return {
    name: 'begun',
    sql: `insert into rsp_session (transaction_id, session, answered, started_at)
      values (${id}, ${json}, ${answer}, ${put(startedAt, 'timestamptz')}) on conflict do nothing returning 1 as one`,
  }
}

function stockSql(stock: Stock, change: StockChange, put: Put): string {
  // Keys that are there stay as they are: they may be sealed anew at this moment.
  return `update profile_stock set state = ${put(change.state, 'text')}, eid = ${put(change.eid, 'text')},
      download_attempts = ${put(change.downloadAttempts, 'int')},
      confirmation_failures = ${put(change.confirmationFailures, 'int')},
      binding = ${put(change.binding, 'text')},
      subscription = coalesce(subscription, ${put(change.subscription, 'text')}), version = version + 1
    from gate where iccid = ${put(stock.iccid, 'text')}`
}

function profileSql(
  { iccid, line }: Stock,
  before: LineProfile,
  after: ProfileStatus,
  now: Temporal.Instant,
  put: Put,
): string {
  const since = (state: ProfileStatus['state']) =>
    put(after.state === state && before.state !== state ? now : null, 'timestamptz')
  return `update profile set state = ${put(after.state, 'text')}, eid = ${put(after.eid, 'text')},
      device_state = ${put(after.deviceState, 'text')}, removal = ${put(after.removal, 'text')},
      last_seq = ${put(after.lastSeq, 'int')}, version = version + 1,
      downloaded_at = coalesce(${since('downloaded')}, downloaded_at),
      installed_at = coalesce(${since('installed')}, installed_at)
    from gate where subscriber_id = ${put(line?.subscriberId, 'text')} and iccid = ${put(iccid, 'text')}`
}
