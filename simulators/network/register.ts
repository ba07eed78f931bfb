/** The home register and the visited networks: who may use them, where they are, and what they used. */
import type { Clock } from '../../src/platform/clock.ts'
import type { Ids } from '../../src/platform/ids.ts'
import type { Database } from '../database.ts'
import { notFound, Problem } from '../host.ts'
import { type Network, networkOf } from '../networks.ts'
import type { Outbox } from '../outbox.ts'
import { openTimer } from '../timer.ts'

export const schema = `
create table if not exists subscriber (
  imsi text primary key,
  msisdn text unique,
  iccid text not null,
  zones text not null,
  state text not null,
  eid text,
  mcc text,
  mnc text,
  country text,
  session_ms integer,
  created_ms integer not null
) strict;
create table if not exists usage (
  id text primary key,
  imsi text not null,
  kind text not null,
  quantity integer not null,
  started_ms integer not null,
  ended_ms integer not null,
  mcc text not null,
  mnc text not null,
  state text not null,
  reason text not null default '',
  due_ms integer not null,
  message_id text
) strict;
create index if not exists usage_new on usage (due_ms) where state = 'new';
create index if not exists usage_message on usage (message_id);`

export type SubscriberRow = {
  imsi: string
  msisdn: string | null
  iccid: string
  zones: string
  state: 'active' | 'suspended' | 'receive-only'
  eid: string | null
  mcc: string | null
  mnc: string | null
  country: string | null
  session_ms: number | null // when data last flowed in the open session
  created_ms: number
}

export type UsageRow = {
  id: string
  imsi: string
  kind: 'data' | 'voice' | 'sms'
  quantity: number
  started_ms: number
  ended_ms: number
  mcc: string
  mnc: string
  state: 'new' | 'sending' | 'accepted' | 'rejected'
  reason: string
  due_ms: number
  message_id: string | null
}

export type Means = {
  db: Database
  clock: Clock
  ids: Ids
  outbox: Outbox
  idleMs: number
  usageDelayMs: () => number
  /** What wakes it when something is due; a simulation has its own. */
  timer?: typeof openTimer
}

export type Activation = {
  imsi: string
  msisdn: string | null
  iccid: string
  zones: string[]
}

export type Used = { kind: UsageRow['kind']; quantity: number; seconds: number }

export type Register = ReturnType<typeof openRegister>

const nowMs = ({ clock }: Means) => clock.now().epochMilliseconds

export function openRegister(means: Means) {
  const { db, clock } = means
  const timer = (means.timer ?? openTimer)(
    clock,
    () => nextDue(means),
    () => work(means),
  )
  const changing = <T>(change: () => T): T => {
    const result = db.transaction(change)
    timer.schedule()
    return result
  }
  return {
    find: (imsi: string) => find(means, imsi),
    all: () => db.all<SubscriberRow>('select * from subscriber order by created_ms desc, imsi'),
    recentUsage: (limit: number) =>
      db.all<UsageRow>('select * from usage order by ended_ms desc, id desc limit :limit', {
        limit,
      }),
    page: (after: string, limit: number) =>
      db.all<SubscriberRow>(
        'select * from subscriber where imsi > :after order by imsi limit :limit',
        { after, limit },
      ),
    activate: (wanted: Activation) => changing(() => activate(means, wanted)),
    suspend: (imsi: string) => changing(() => suspend(means, imsi)),
    resume: (imsi: string) => changing(() => resume(means, imsi)),
    receiveOnly: (imsi: string) => changing(() => receiveOnly(means, imsi)),
    cancelLocation: (imsi: string) => changing(() => cancelLocation(means, imsi)),
    remove: (imsi: string) =>
      changing(() => {
        mustFind(means, imsi)
        db.run('delete from subscriber where imsi = :imsi', { imsi })
      }),
    attach: (imsi: string, eid: string, mccmnc: string) =>
      changing(() => attach(means, imsi, eid, mccmnc)),
    detach: (imsi: string) => changing(() => cancelLocation(means, imsi)),
    use: (imsi: string, used: Used, mccmnc?: string) =>
      changing(() => use(means, imsi, used, mccmnc)),
    late: (record: LateRecord) => changing(() => late(means, record)),
    stop: () => timer.stop(),
  }
}

export const subscriberWire = (row: SubscriberRow) => ({
  imsi: row.imsi,
  msisdn: row.msisdn,
  iccid: row.iccid,
  zones: JSON.parse(row.zones) as string[],
  state: row.state,
  attached: row.mcc !== null,
  visited: row.mcc === null ? null : { mcc: row.mcc, mnc: row.mnc, country: row.country },
  openSession: row.session_ms !== null,
})

function find({ db }: Pick<Means, 'db'>, imsi: string): SubscriberRow | undefined {
  return db.get<SubscriberRow>('select * from subscriber where imsi = :imsi', { imsi })
}

function mustFind(means: Means, imsi: string): SubscriberRow {
  const row = find(means, imsi)
  if (!row) throw notFound('subscriber')
  return row
}

function activate(means: Means, { imsi, msisdn, iccid, zones }: Activation) {
  const { db } = means
  const holder = db.get<{ imsi: string }>(
    'select imsi from subscriber where msisdn = :msisdn and imsi <> :imsi',
    { msisdn, imsi },
  )
  if (holder) throw new Problem(409, 'msisdn-in-use', 'Another subscriber has this number.')
  const isNew = find(means, imsi) === undefined
  db.run(
    `insert into subscriber (imsi, msisdn, iccid, zones, state, created_ms)
     values (:imsi, :msisdn, :iccid, :zones, 'active', :now)
     on conflict (imsi) do update set msisdn = excluded.msisdn, iccid = excluded.iccid,
       zones = excluded.zones, state = 'active'`,
    { imsi, msisdn, iccid, zones: JSON.stringify(zones), now: nowMs(means) },
  )
  return { isNew, row: mustFind(means, imsi) }
}

function suspend(means: Means, imsi: string): SubscriberRow {
  cancelLocation(means, imsi)
  means.db.run(`update subscriber set state = 'suspended' where imsi = :imsi`, { imsi })
  return mustFind(means, imsi)
}

function resume(means: Means, imsi: string): SubscriberRow {
  mustFind(means, imsi)
  means.db.run(`update subscriber set state = 'active' where imsi = :imsi`, { imsi })
  return mustFind(means, imsi)
}

/** The phone stays where it is; nothing goes out any more, and texts that arrive go through. */
function receiveOnly(means: Means, imsi: string): SubscriberRow {
  mustFind(means, imsi)
  means.db.run(
    `update subscriber set state = 'receive-only', session_ms = null where imsi = :imsi`,
    { imsi },
  )
  return mustFind(means, imsi)
}

function cancelLocation(means: Means, imsi: string): SubscriberRow {
  mustFind(means, imsi)
  means.db.run(
    `update subscriber set mcc = null, mnc = null, country = null, eid = null, session_ms = null
     where imsi = :imsi`,
    { imsi },
  )
  return mustFind(means, imsi)
}

const refused = (reason: string, detail: string) => new Problem(403, reason, detail, { reason })

function attach(means: Means, imsi: string, eid: string, mccmnc: string): SubscriberRow {
  const network = networkOf(mccmnc)
  if (!network) throw new Problem(422, 'unknown-network', 'No network has this MCC and MNC.')
  const row = find(means, imsi)
  if (!row) throw refused('unknown-subscriber', 'The home network does not know this IMSI.')
  if (row.state === 'suspended') throw refused('suspended', 'The line is suspended.')
  if (!mayRoam(row, network)) {
    throw refused('roaming-not-allowed', 'The plan does not cover this country.')
  }
  means.db.run(
    `update subscriber set eid = :eid, mcc = :mcc, mnc = :mnc, country = :country,
       session_ms = case when mcc = :mcc and mnc = :mnc then session_ms end
     where imsi = :imsi`,
    { imsi, eid, mcc: network.mcc, mnc: network.mnc, country: network.country },
  )
  return mustFind(means, imsi)
}

// Zones may also be names that only the operator understands; those restrict nothing here.
function mayRoam({ zones }: SubscriberRow, { country }: Network): boolean {
  const listed = (JSON.parse(zones) as string[]).filter((zone) => /^[A-Z]{2}$/.test(zone))
  return listed.length === 0 || listed.includes(country)
}

function use(means: Means, imsi: string, used: Used, mccmnc?: string) {
  const row = find(means, imsi)
  if (!row) throw refused('unknown-subscriber', 'The home network does not know this IMSI.')
  if (row.state === 'suspended') throw refused('suspended', 'The line is suspended.')
  if (row.state === 'receive-only')
    throw refused('receive-only', 'The line only receives texts any more.')
  const elsewhere = mccmnc !== undefined && mccmnc.replace('-', '') !== `${row.mcc}${row.mnc}`
  if (row.mcc === null) throw refused('not-attached', 'The phone is not registered on a network.')
  const here = elsewhere ? attach(means, imsi, row.eid ?? '', mccmnc) : row
  if (used.kind !== 'data' && here.msisdn === null) {
    throw refused('data-only', 'This line has no number: it carries data only.')
  }
  const ended = nowMs(means)
  // A call made by a click takes no time: its record must not reach back over the one before.
  const last = means.db.get<{ ms: number | null }>(
    'select max(ended_ms) as ms from usage where imsi = :imsi and kind = :kind',
    { imsi, kind: used.kind },
  )?.ms
  const id = add(means, {
    imsi,
    kind: used.kind,
    quantity: used.quantity,
    started_ms: Math.max(ended - used.seconds * 1000, last ?? row.created_ms),
    ended_ms: ended,
    mcc: here.mcc!,
    mnc: here.mnc!,
    due_ms: ended + means.usageDelayMs(),
  })
  if (used.kind === 'data') {
    means.db.run('update subscriber set session_ms = :ended where imsi = :imsi', { imsi, ended })
  }
  return { recordId: id, ...subscriberWire(mustFind(means, imsi)) }
}

type NewUsage = Omit<UsageRow, 'id' | 'state' | 'reason' | 'message_id'>

function add(means: Means, usage: NewUsage): string {
  const id = means.ids.make('use')
  means.db.run(
    `insert into usage (id, imsi, kind, quantity, started_ms, ended_ms, mcc, mnc, state, due_ms)
     values (:id, :imsi, :kind, :quantity, :started_ms, :ended_ms, :mcc, :mnc, 'new', :due_ms)`,
    { id, ...usage },
  )
  return id
}

export type LateRecord = {
  imsi: string
  kind: UsageRow['kind']
  quantity: number
  mccmnc: string
  minutesAgo: number
}

/** A roaming record that arrives long after the fact, even for a subscriber who is gone. */
function late(means: Means, { imsi, kind, quantity, mccmnc, minutesAgo }: LateRecord) {
  const network = networkOf(mccmnc)
  if (!network) throw new Problem(422, 'unknown-network', 'No network has this MCC and MNC.')
  const ended = nowMs(means) - Math.round(minutesAgo * 60_000)
  const { mcc, mnc } = network
  const times = { started_ms: ended, ended_ms: ended, due_ms: nowMs(means) }
  return { recordId: add(means, { imsi, kind, quantity, mcc, mnc, ...times }) }
}

function nextDue({ db, idleMs }: Means): number | undefined {
  const usage = db.get<{ ms: number | null }>(
    `select min(due_ms) as ms from usage where state = 'new'`,
  )?.ms
  const idle = db.get<{ ms: number | null }>('select min(session_ms) as ms from subscriber')?.ms
  const times = [usage, idle == null ? null : idle + idleMs].filter((ms) => ms != null)
  return times.length > 0 ? Math.min(...times) : undefined
}

const BATCH = 100

/** Ends idle sessions and hands new usage records to the outbox, in one commit. */
function work(means: Means): void {
  const { db, ids, outbox, idleMs } = means
  db.transaction(() => {
    const now = nowMs(means)
    db.run('update subscriber set session_ms = null where session_ms <= :before', {
      before: now - idleMs,
    })
    const rows = db.all<UsageRow>(
      `select * from usage where state = 'new' and due_ms <= :now order by ended_ms limit ${BATCH}`,
      { now },
    )
    if (rows.length === 0) return
    const messageId = ids.make('msg')
    const body = JSON.stringify({ records: rows.map(usageWire) })
    outbox.post({ messageId, type: 'usage-records', body })
    for (const { id } of rows) {
      db.run(`update usage set state = 'sending', message_id = :messageId where id = :id`, {
        id,
        messageId,
      })
    }
  })
  outbox.wake()
}

const iso = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms).toString()

export const usageWire = (row: UsageRow) => ({
  id: row.id,
  imsi: row.imsi,
  kind: row.kind,
  quantity: row.quantity,
  startedAt: iso(row.started_ms),
  endedAt: iso(row.ended_ms),
  mcc: row.mcc,
  mnc: row.mnc,
})

/** What the platform said to each record of a delivered message. */
export function recordAnswer(db: Database, messageId: string, answer: unknown): void {
  db.run(`update usage set state = 'accepted' where message_id = :messageId`, { messageId })
  const rejected = (answer as { rejected?: unknown } | undefined)?.rejected
  if (!Array.isArray(rejected)) return
  for (const item of rejected as { id?: unknown; reason?: unknown }[]) {
    db.run(
      `update usage set state = 'rejected', reason = :reason
       where message_id = :messageId and id = :id`,
      { messageId, id: String(item?.id), reason: String(item?.reason ?? '') },
    )
  }
}
