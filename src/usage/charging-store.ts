/** What charging reads: lines with their versions and all they have to pay with, and records stored before. */
import assert from 'node:assert/strict'
import type { LineState } from '../lines/line.ts'
import {
  allByKey,
  arrayText,
  copyTransaction,
  eachByKey,
  manyRows,
  queryByKey,
} from '../platform/copy.ts'
import { type Db, poolOf } from '../platform/database.ts'
import type { Kind, Plan } from '../plans/plan.ts'
import { planKey, planVersions } from '../plans/store.ts'
import type { ChargedLine, Known } from './intake.ts'
import type { Bucket } from './purse.ts'
import { periodUsMax, type Stored } from './record.ts'

// One text for each line: thirty cells of their own would cost more than all that is done with them. No id, and no JSON as
// PostgreSQL writes it, holds this character.
const apart = '\u001f'
const columns = `concat_ws(e'\\x1f',
  p.subscriber_id, p.line_id, p.line_state, coalesce(p.country, ''), coalesce(p.activated_us::text, ''), p.plan_id,
  p.plan_version, p.currency, p.version, p.promotional_minor, p.paid_minor, p.held_minor, p.credit_order,
  coalesce(p.cap_minor::text, ''), p.spent_minor, p.bucket_ids, p.kinds, p.priorities, p.granted, p.remaining, p.reserved,
  p.expires_us, p.noticed, p.started, p.used_until_us, p.exhausted_at is not null, p.sessions)`

/** The lines that SIMs belong to, by IMSI, in one read. A SIM nobody has is left out. */
export async function loadLinesOfImsis(
  db: Db,
  imsis: readonly string[],
): Promise<Map<string, ChargedLine>> {
  if (imsis.length >= manyRows) return loadMany(db, imsis)
  return load(
    db,
    'usage-lines-of-imsis',
    `select i.imsi, ${columns}
     from unnest($1::text[]) as wanted (imsi)
     join line_index i on i.imsi = wanted.imsi
     join purse p on p.subscriber_id = i.subscriber_id and p.line_id = i.line_id
     where p.line_state is not null`,
    [arrayText(imsis)],
  )
}

function loadMany(db: Db, imsis: readonly string[]) {
  const text = `
    with i as materialized (
      select imsi, subscriber_id, line_id from line_index where imsi = any($1::text[]))
    select i.imsi, ${columns}
    from purse p join i on i.subscriber_id = p.subscriber_id and i.line_id = p.line_id
    where p.subscriber_id = any(array(select subscriber_id from i))
      and p.line_id = any(array(select line_id from i)) and p.line_state is not null`
  return load(db, 'usage-lines-of-many', text, [arrayText(imsis)], allByKey)
}

export type LineKey = { readonly subscriberId: string; readonly lineId: string }

/** Lines with what they have to pay with, by line, in one read. */
export async function loadLines(
  db: Db,
  keys: readonly LineKey[],
): Promise<Map<string, ChargedLine>> {
  return load(
    db,
    'usage-lines',
    `select p.line_id, ${columns}
     from unnest($1::text[], $2::text[]) as wanted (subscriber_id, line_id)
     join purse p on p.subscriber_id = wanted.subscriber_id and p.line_id = wanted.line_id
     where p.line_state is not null`,
    [
      arrayText(keys.map(({ subscriberId }) => subscriberId)),
      arrayText(keys.map(({ lineId }) => lineId)),
    ],
  )
}

type Nine<One> = [One, One, One, One, One, One, One, One, One]
type Cells = [...Nine<string>, ...Nine<string>, ...Nine<string>]

function cellsOf(line: string): Cells {
  const cells = line.split(apart)
  assert(cells.length === 27, 'a line is read as it was asked for')
  return cells as Cells
}

const asText = { getTypeParser: () => (text: string) => text }

async function load(
  db: Db,
  name: string,
  text: string,
  values: string[],
  settings: readonly string[] = eachByKey,
) {
  const asked = { name, text, values, rowMode: 'array' as const, types: asText as never }
  const rows = await queryByKey<[string, string]>(db, asked, settings)
  const read = rows.map(([key, line]) => ({ key, cells: cellsOf(line) }))
  const plans = await plansOf(
    db,
    read.map(({ cells }) => cells),
  )
  const lines = new Map<string, ChargedLine>()
  for (const { key, cells } of read) {
    lines.set(key, lineOf(cells, plans.get(planKey(cells[5], Number(cells[6])))!))
  }
  return lines
}

// A version of a plan never changes, so it is read and parsed once.
const knownPlans = new WeakMap<object, Map<string, Plan>>()

async function plansOf(db: Db, rows: readonly Cells[]): Promise<ReadonlyMap<string, Plan>> {
  const pool = poolOf(db)
  const known = knownPlans.get(pool) ?? new Map<string, Plan>()
  knownPlans.set(pool, known)
  const missing = new Map<string, { planId: string; version: number }>()
  for (const row of rows) {
    const [planId, version] = [row[5], Number(row[6])]
    const key = planKey(planId, version)
    if (!known.has(key)) missing.set(key, { planId, version })
  }
  if (missing.size === 0) return known
  for (const [key, plan] of await planVersions(db, [...missing.values()])) known.set(key, plan)
  return known
}

/** An array as PostgreSQL writes it, of what needs no quotes. */
function listOf(cell: string): string[] {
  if (cell === '{}') return []
  const inner = cell.slice(1, -1)
  return inner.includes(',') ? inner.split(',') : [inner]
}

// Most figures of a purse are nothing.
const units = (cell: string): bigint => (cell === '0' ? 0n : BigInt(cell))

function lineOf(cells: Cells, plan: Plan): ChargedLine {
  const [subscriberId, lineId, state, country, activatedUs, , , currency, version] = cells
  const [, , , , , , , , , promotional, paid, held, creditOrder, cap, spent] = cells
  const [data, voice, sms] = listOf(cells[24])
  return {
    subscriberId,
    lineId,
    state: state as LineState,
    country: country === '' ? null : country,
    activatedUs: activatedUs === '' ? null : Number(activatedUs),
    plan,
    currency,
    version: units(version),
    purse: {
      promotional: units(promotional),
      paid: units(paid),
      held: units(held),
      creditOrder: creditOrder as 'promotional-first' | 'paid-first',
      cap: cap === '' ? null : units(cap),
      spent: units(spent),
      buckets: bucketsOf(cells),
      started: startedOf(cells[23]),
    },
    usedUntil: { data: Number(data), voice: Number(voice), sms: Number(sms) },
    exhausted: cells[25] === 't',
    sessions: cells[26],
  }
}

function bucketsOf(cells: Cells): Bucket[] {
  const ids = listOf(cells[15])
  if (ids.length === 0) return []
  const [kinds, priorities, granted] = [listOf(cells[16]), listOf(cells[17]), listOf(cells[18])]
  const [remaining, reserved] = [listOf(cells[19]), listOf(cells[20])]
  const [expires, noticed] = [listOf(cells[21]), listOf(cells[22])]
  return ids.map((bucketId, index) => ({
    bucketId,
    kind: kinds[index] as Kind,
    priority: Number(priorities[index]),
    granted: units(granted[index]!),
    remaining: units(remaining[index]!),
    reserved: units(reserved[index]!),
    expiresUs: expires[index] === 'NULL' ? null : Number(expires[index]),
    noticed: Number(noticed[index]),
  }))
}

const nothingStarted: ReadonlyMap<string, bigint> = new Map()

function startedOf(json: string): ReadonlyMap<string, bigint> {
  if (json === '{}') return nothingStarted
  const left = Object.entries(JSON.parse(json) as Record<string, string>)
  return new Map(left.map(([key, units]) => [key, BigInt(units)]))
}

type Found = { byId: Map<string, Stored & { lineId: string }>; periods: Stored[] }

/** What is stored of these ids, and of periods that these records may share, for records that are not the newest. */
export async function loadKnown(
  db: Db,
  records: readonly (Stored & LineKey & { usageId: string })[],
): Promise<Map<string, Known>> {
  const known = new Map<string, Found>()
  if (records.length === 0) return known
  const keys = [
    arrayText(records.map(({ subscriberId }) => subscriberId)),
    arrayText(records.map(({ usageId }) => usageId)),
  ]
  const stored = `u.subscriber_id, u.usage_id, u.line_id, u.kind, u.quantity, u.mcc, u.mnc,
    (extract(epoch from u.started_at) * 1000000)::int8, (extract(epoch from u.ended_at) * 1000000)::int8`
  const read = (text: string, values: string[]) =>
    copyTransaction(db, eachByKey, ({ client }) =>
      client.query<string[]>({ text, values, rowMode: 'array', types: asText as never }),
    )
  const [same, near] = await Promise.all([
    read(
      `select ${stored} from unnest($1::text[], $2::text[]) as w (subscriber_id, usage_id)
       join usage_record u on u.subscriber_id = w.subscriber_id and u.usage_id = w.usage_id`,
      keys,
    ),
    read(
      `select distinct on (u.subscriber_id, u.usage_id) ${stored}
       from unnest($1::text[], $2::text[], $3::int8[], $4::int8[]) as w (subscriber_id, line_id, started_us, ended_us)
       join usage_record u on u.subscriber_id = w.subscriber_id and u.line_id = w.line_id
         and u.started_at < timestamptz 'epoch' + w.ended_us * interval '1 microsecond'
         and u.started_at > timestamptz 'epoch' + (w.started_us - ${periodUsMax}) * interval '1 microsecond'
         and u.ended_at > timestamptz 'epoch' + w.started_us * interval '1 microsecond'
       where u.ended_at > u.started_at`,
      [
        keys[0]!,
        arrayText(records.map(({ lineId }) => lineId)),
        arrayText(records.map(({ startedUs }) => startedUs)),
        arrayText(records.map(({ endedUs }) => endedUs)),
      ],
    ),
  ])
  const at = (subscriberId: string) => {
    const found: Found = known.get(subscriberId) ?? { byId: new Map(), periods: [] }
    known.set(subscriberId, found)
    return found
  }
  for (const row of same.rows) at(row[0]!).byId.set(row[1]!, storedOf(row))
  for (const row of near.rows) at(`${row[0]} ${row[2]}`).periods.push(storedOf(row))
  return known
}

const storedOf = (row: string[]): Stored & { lineId: string } => ({
  lineId: row[2]!,
  kind: row[3] as Kind,
  quantity: BigInt(row[4]!),
  mcc: row[5]!,
  mnc: row[6]!,
  startedUs: Number(row[7]),
  endedUs: Number(row[8]),
})
