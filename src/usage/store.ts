/** Intake of usage: each record is rated and charged exactly once, by the version of its line. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '../platform/app.ts'
import type { CopyWork } from '../platform/copy.ts'
import type { Trx } from '../platform/database.ts'
import { loadKnown, loadLinesOfImsis } from './charging-store.ts'
import { commitCharges, type Tools, UsageTwice } from './commit-store.ts'
import {
  type ChargedLine,
  decide,
  type Decision,
  type Known,
  needsLook,
  nothingKnown,
} from './intake.ts'
import { linesNamed, nameOf } from './nchf/identity-store.ts'
import { homeOf } from './nchf/request.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { microsecondsOf, readRecord, type Reason, type Stored, type UsageRecord } from './record.ts'
import { endReject, findReject, keepReject, storeRejects } from './reject-store.ts'

export type Answer = { accepted: string[]; rejected: { id: string; reason: Reason }[] }
export type Rejected<R> = { record: R; reason: Reason }
export type Charged<R> = { charged: number; repeated: number; rejected: Rejected<R>[] }

const triesMax = 60

/** Takes in what the network reports; what is turned away is kept, with its reason, until somebody deals with it. */
export async function takeIn(app: App, given: readonly Record<string, unknown>[]): Promise<Answer> {
  const records: (UsageRecord & { given: Record<string, unknown> })[] = []
  const turnedAway: { read: { usageId: string; imsi: string }; reason: Reason; given: object }[] =
    []
  for (const one of given) {
    const read = readRecord(one)
    if ('reason' in read) turnedAway.push({ read, reason: read.reason, given: one })
    else records.push({ ...read, given: one })
  }
  const { rejected } = await chargeApart(app, records)
  const all = [
    ...turnedAway,
    ...rejected.map(({ record, reason }) => ({ read: record, reason, given: record.given })),
  ]
  if (all.length > 0) {
    const now = app.clock.now()
    const rows = all.map(({ read, reason, given: record }) => ({
      source: 'webhook' as const,
      usageId: read.usageId,
      imsi: read.imsi,
      reason,
      original: JSON.stringify(record),
      record,
    }))
    await app.db.transaction().execute((trx) => storeRejects(trx, now, rows))
  }
  const refusedRecords = new Set<object>(rejected.map(({ record }) => record))
  return {
    accepted: records.filter((one) => !refusedRecords.has(one)).map(({ usageId }) => usageId),
    rejected: all.map(({ read, reason }) => ({ id: read.usageId, reason })),
  }
}

/** All at once; where that fails, line by line, so that one's trouble never holds back another's records. */
async function chargeApart<R extends UsageRecord>(app: App, records: readonly R[]) {
  try {
    return await chargeRecords(app, records)
  } catch (error) {
    const lines = [...Map.groupBy(records, ({ imsi }) => imsi).values()]
    if (lines.length < 2) throw error
    const total: Charged<R> = { charged: 0, repeated: 0, rejected: [] }
    let failure: unknown
    for (const own of lines) {
      try {
        const part = await chargeRecords(app, own)
        total.charged += part.charged
        total.repeated += part.repeated
        total.rejected.push(...part.rejected)
      } catch (trouble) {
        failure = trouble
      }
    }
    // The sender tries again; what was charged counts once.
    if (failure !== undefined) throw failure
    return total
  }
}

type More<R> = (trx: Trx, charged: Charged<R>, work: CopyWork) => Promise<void>

/**
 * Charges records of any lines in one transaction, with what `more` adds to it. Tried again where somebody else changed
 * a line meanwhile: what is charged is what a single queue would have charged.
 */
export async function chargeRecords<R extends UsageRecord>(
  app: Tools,
  records: readonly R[],
  more?: More<R>,
): Promise<Charged<R>> {
  let look: 'newest' | 'all' = 'newest'
  for (let attempt = 1; ; attempt += 1) {
    const decided = await decideAll(app, records, look)
    const changes = decided.decisions.flatMap(({ change }) => change ?? [])
    try {
      if (changes.length === 0 && !more) return decided.charged
      const outcome = await commitCharges(
        app,
        changes,
        more && ((trx, work) => more(trx, decided.charged, work)),
      )
      if (outcome === 'committed') return decided.charged
    } catch (error) {
      if (!(error instanceof UsageTwice)) throw error
      look = 'all'
    }
    if (attempt === triesMax) throw new Error('a line is changed too often to charge its usage')
    if (attempt > 3) await sleep(Math.min(attempt * 2, 50) * (0.5 + Math.random()))
  }
}

async function decideAll<R extends UsageRecord>(
  app: Tools,
  records: readonly R[],
  look: 'newest' | 'all',
) {
  const byImsi = Map.groupBy(records, ({ imsi }) => imsi)
  const lines = await loadLinesOfImsis(app.db, [...byImsi.keys()])
  const known = await knownOf(app, byImsi, lines, look)
  const nowUs = microsecondsOf(app.clock.now())
  const seenBy = shared([...lines.values()])
  const decisions: Decision<R>[] = []
  const charged: Charged<R> = { charged: 0, repeated: 0, rejected: [] }
  for (const [imsi, own] of byImsi) {
    const line = lines.get(imsi)
    if (!line) {
      for (const record of own) charged.rejected.push({ record, reason: 'unknown-imsi' })
      continue
    }
    const decision = decide(line, own, known(line), nowUs, seenBy(line))
    decisions.push(decision)
    charged.charged += decision.change?.charges.length ?? 0
    charged.repeated += decision.repeated.length
    charged.rejected.push(...decision.rejected)
  }
  return { decisions, charged }
}

/** An id is charged once per subscriber, also where two of their lines are in one batch. */
function shared(lines: readonly ChargedLine[]) {
  const several = new Map<string, Map<string, Stored & { lineId: string }>>()
  const once = new Set<string>()
  for (const { subscriberId } of lines) {
    if (once.has(subscriberId)) several.set(subscriberId, new Map())
    else once.add(subscriberId)
  }
  return ({ subscriberId }: ChargedLine) => several.get(subscriberId)
}

async function knownOf<R extends UsageRecord>(
  app: Tools,
  byImsi: ReadonlyMap<string, readonly R[]>,
  lines: ReadonlyMap<string, ChargedLine>,
  look: 'newest' | 'all',
): Promise<(line: ChargedLine) => Known> {
  const older: (R & { subscriberId: string; lineId: string })[] = []
  for (const [imsi, own] of byImsi) {
    const line = lines.get(imsi)
    if (!line) continue
    for (const record of own) {
      if (look === 'newest' && !needsLook(record, line)) continue
      older.push({ ...record, subscriberId: line.subscriberId, lineId: line.lineId })
    }
  }
  if (older.length === 0) return () => nothingKnown
  const known = await loadKnown(app.db, older)
  return ({ subscriberId, lineId }) => ({
    byId: known.get(subscriberId)?.byId ?? nothingKnown.byId,
    periods: known.get(`${subscriberId} ${lineId}`)?.periods ?? [],
  })
}

/**
 * A reject tried again as it came, after a fix of what was wrong; still turned away, it says why now. `note` is in the
 * same transaction; its reason is null when the record was taken in.
 */
export async function replayReject(
  app: App,
  rejectId: string,
  note: (trx: Trx, reason: Reason | null) => Promise<void> = async () => undefined,
): Promise<{ outcome: 'replayed' } | { outcome: 'rejected'; reason: Reason } | Refusal> {
  const reject = await findReject(app.db, rejectId)
  if (!reject) return refuse('not-found')
  if (reject.state !== 'open') return refuse('changed-meanwhile')
  const record = reject.record && (await withSim(app, reject.record))
  const read = record ? readRecord(record) : { reason: reject.reason }
  const now = app.clock.now()
  const keep = (reason: Reason) =>
    app.db.transaction().execute(async (trx) => {
      await keepReject(trx, now, rejectId, reason)
      await note(trx, reason)
    })
  if ('reason' in read) {
    await keep(read.reason)
    return { outcome: 'rejected', reason: read.reason }
  }
  const { rejected } = await chargeRecords(app, [read], async (trx, charged) => {
    if (charged.rejected.length > 0) return
    // Two at once: the second finds it ended, and its record known.
    if (await endReject(trx, now, rejectId, 'replayed')) await note(trx, null)
  })
  if (rejected.length === 0) return { outcome: 'replayed' }
  const { reason } = rejected[0]!
  await keep(reason)
  return { outcome: 'rejected', reason }
}

/** A report online may name the line by its number, which nobody had then. */
async function withSim(app: App, record: Record<string, unknown>) {
  const { imsi, msisdn } = record
  if (imsi !== '' || typeof msisdn !== 'string') return record
  const identity = { kind: 'msisdn', value: msisdn } as const
  const line = (await linesNamed(app.db, [identity])).get(nameOf(identity))
  return line ? { ...homeOf(line.imsi), ...record, imsi: line.imsi } : record
}
