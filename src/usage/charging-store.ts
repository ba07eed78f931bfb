/** What charging reads: lines with their versions and all they have to pay with, and records stored before. */
import type { LineState } from '../lines/line.ts'
import { arrayText, copyTransaction, eachByKey, queryByKey } from '../platform/copy.ts'
import { type Db, poolOf } from '../platform/database.ts'
import type { Kind, Plan } from '../plans/plan.ts'
import { planKey, planVersions } from '../plans/store.ts'
import type { ChargedLine, Known } from './intake.ts'
import { periodUsMax, type Stored } from './record.ts'

const columns = `
  p.subscriber_id, p.line_id, p.line_state, p.country, p.activated_us, p.plan_id, p.plan_version, p.currency, p.version,
  p.promotional_minor, p.paid_minor, p.held_minor, p.credit_order, p.cap_minor, p.spent_minor,
  array_to_string(p.bucket_ids, ','), array_to_string(p.kinds, ','), array_to_string(p.priorities, ','),
  array_to_string(p.granted, ','), array_to_string(p.remaining, ','), array_to_string(p.reserved, ','),
  array_to_string(p.expires_us, ',', '-'), array_to_string(p.noticed, ','), p.started,
  array_to_string(p.used_until_us, ','), p.exhausted_at is not null, p.sessions`

/** The lines that SIMs belong to, by IMSI, in one read. A SIM nobody has is left out. */
export async function loadLinesOfImsis(
  db: Db,
  imsis: readonly string[],
): Promise<Map<string, ChargedLine>> {
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

type Cells = (string | null)[]
const asText = { getTypeParser: () => (text: string) => text }

async function load(db: Db, name: string, text: string, values: string[]) {
  const asked = { name, text, values, rowMode: 'array' as const, types: asText as never }
  const rows = await queryByKey<Cells>(db, asked)
  const plans = await plansOf(db, rows)
  const lines = new Map<string, ChargedLine>()
  for (const row of rows)
    lines.set(row[0]!, lineOf(row, plans.get(planKey(row[6]!, Number(row[7])))!))
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
    const [planId, version] = [row[6]!, Number(row[7])]
    const key = planKey(planId, version)
    if (!known.has(key)) missing.set(key, { planId, version })
  }
  if (missing.size === 0) return known
  for (const [key, plan] of await planVersions(db, [...missing.values()])) known.set(key, plan)
  return known
}

const listOf = (cell: string | null | undefined): string[] => (cell ? cell.split(',') : [])

function lineOf(row: Cells, plan: Plan): ChargedLine {
  const [kinds, priorities, granted] = [listOf(row[17]), listOf(row[18]), listOf(row[19])]
  const [remaining, reserved, expires] = [listOf(row[20]), listOf(row[21]), listOf(row[22])]
  const noticed = listOf(row[23])
  const [data, voice, sms] = listOf(row[25]) as [string, string, string]
  return {
    subscriberId: row[1]!,
    lineId: row[2]!,
    state: row[3] as LineState,
    country: row[4] ?? null,
    activatedUs: row[5] == null ? null : Number(row[5]),
    plan,
    currency: row[8]!,
    version: BigInt(row[9]!),
    purse: {
      promotional: BigInt(row[10]!),
      paid: BigInt(row[11]!),
      held: BigInt(row[12]!),
      creditOrder: row[13] as 'promotional-first' | 'paid-first',
      cap: row[14] == null ? null : BigInt(row[14]),
      spent: BigInt(row[15]!),
      buckets: listOf(row[16]).map((bucketId, index) => ({
        bucketId,
        kind: kinds[index] as Kind,
        priority: Number(priorities[index]),
        granted: BigInt(granted[index]!),
        remaining: BigInt(remaining[index]!),
        reserved: BigInt(reserved[index]!),
        expiresUs: expires[index] === '-' ? null : Number(expires[index]),
        noticed: Number(noticed[index]),
      })),
      started: startedOf(row[24]!),
    },
    usedUntil: { data: Number(data), voice: Number(voice), sms: Number(sms) },
    exhausted: row[26] === 't',
    sessions: row[27]!,
  }
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
