/** What becomes of records that reach a line: charged, absorbed, known already, or turned away with a reason. */
import type { LineState } from '../lines/line.ts'
import type { Kind, Plan } from '../plans/plan.ts'
import { type Bucket, capNews, noticing, type Purse, spend } from './purse.ts'
import { absorb, rate, type Rated } from './rating.ts'
import { clockUsMax, isSame, oldestFirst, overlap, type Reason, type Stored } from './record.ts'
import type { UsageRecord } from './record.ts'

/** A line as it was loaded: whoever changes any of this raises the version. */
export type ChargedLine = {
  readonly subscriberId: string
  readonly lineId: string
  readonly currency: string
  readonly version: bigint
  readonly state: LineState
  readonly activatedUs: number | null
  readonly plan: Plan
  readonly purse: Purse
  /** When the newest record of each kind ended: what begins later can be neither known nor overlapping. */
  readonly usedUntil: Readonly<Record<Kind, number>>
  readonly exhausted: boolean
  /** Whose tax is in what it pays: its owner's country. */
  readonly country: string | null
  /** Its charging sessions, as `nchf/session-text.ts` writes them. */
  readonly sessions: string
}

export type Charge = { readonly record: Omit<UsageRecord, 'imsi'>; readonly rated: Rated }

/** What a line becomes: written with the version it was loaded at, or not at all. */
export type LineChange = {
  readonly line: ChargedLine
  readonly purse: Purse
  readonly usedUntil: Readonly<Record<Kind, number>>
  readonly exhausted: boolean
  readonly charges: readonly Charge[]
  readonly told: readonly Bucket[]
  /** How much of the spending cap is gone, in percent, where that is news. */
  readonly capTold: 80 | 100 | null
}

/** Records stored before that a new one may repeat or overlap. */
export type Known = {
  readonly byId: ReadonlyMap<string, Stored & { lineId: string }>
  readonly periods: readonly Stored[]
}
export const nothingKnown: Known = { byId: new Map(), periods: [] }

export type Decision<R extends UsageRecord = UsageRecord> = {
  change: LineChange | null
  repeated: R[]
  rejected: { record: R; reason: Reason }[]
}

/** Whether a record has to be compared with what is stored, or is newer than all of it. */
export function needsLook(record: Stored, { usedUntil }: ChargedLine): boolean {
  const until = usedUntil[record.kind]
  return record.startedUs < until || (record.startedUs === until && record.endedUs === until)
}

/** Decides on all records of one line, oldest first; none holds another back. */
export function decide<R extends UsageRecord>(
  line: ChargedLine,
  records: readonly R[],
  known: Known,
  nowUs: number,
  /** What was charged before to other lines of the same subscriber in the same batch. */
  seen?: Map<string, Stored & { lineId: string }>,
): Decision<R> {
  const repeated: R[] = []
  const rejected: Decision<R>['rejected'] = []
  const charges: Charge[] = []
  const own =
    seen ?? (records.length > 1 ? new Map<string, Stored & { lineId: string }>() : undefined)
  let { purse, exhausted } = line
  const usedUntil = { ...line.usedUntil }
  const last: Record<Kind, R | undefined> = { data: undefined, voice: undefined, sms: undefined }
  for (const record of records.length > 1 ? [...records].sort(oldestFirst) : records) {
    const before = known.byId.get(record.usageId) ?? own?.get(record.usageId)
    if (before) {
      if (before.lineId === line.lineId && isSame(before, record)) repeated.push(record)
      else rejected.push({ record, reason: 'differs' })
      continue
    }
    const newest = last[record.kind]
    const reason =
      untimely(line, record, nowUs) ??
      ((newest && overlap(newest, record)) ||
      (known.periods.length > 0 && known.periods.some((one) => sharesTime(one, record)))
        ? 'overlaps'
        : undefined)
    if (reason) {
      rejected.push({ record, reason })
      continue
    }
    own?.set(record.usageId, { ...record, lineId: line.lineId })
    if (!newest || record.endedUs > newest.endedUs) last[record.kind] = record
    if (record.endedUs > usedUntil[record.kind]) usedUntil[record.kind] = record.endedUs
    const closed = line.state === 'closed'
    const rated = closed ? absorb(record, line.plan) : rate(record, purse, line.plan)
    if (!closed) purse = spend(purse, rated)
    if (!closed && record.kind === 'data' && rated.absorbed > 0n) exhausted = true
    charges.push({ record, rated })
  }
  if (charges.length === 0) return { change: null, repeated, rejected }
  const open = line.state === 'active' || line.state === 'suspended'
  const after = open ? noticing(purse) : { purse, told: [] }
  const capTold = open ? capNews(line.purse, purse, isStopped(line, purse, charges)) : null
  return { change: { line, ...after, capTold, usedUntil, exhausted, charges }, repeated, rejected }
}

/** The cap, and not the credit, was too small; of data that is known already, where it was so before and nothing moved. */
export function isStopped(
  { exhausted, purse: before }: ChargedLine,
  after: Purse,
  charges: readonly Charge[],
): boolean {
  const known = exhausted && after.spent === before.spent
  return charges.some(
    ({ record, rated }) => rated.shortOf === 'cap' && !(record.kind === 'data' && known),
  )
}

function untimely(line: ChargedLine, record: Stored, nowUs: number): Reason | undefined {
  if (record.endedUs > nowUs + clockUsMax) return 'from-the-future'
  const { activatedUs } = line
  if (activatedUs === null || record.startedUs < activatedUs - clockUsMax)
    return 'before-activation'
  return undefined
}

const sharesTime = (a: Stored, b: Stored) => a.kind === b.kind && overlap(a, b)
