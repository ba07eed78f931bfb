/** What the network told and could not be charged: kept with its reason, and replayable where it names a use. */
import type { App } from '../../platform/app.ts'
import { instantOf, type Reason } from '../record.ts'
import { type NewReject, storeRejects } from '../reject-store.ts'
import { type LineKey } from '../charging-store.ts'
import { requestKey, usageIdOf } from './answer.ts'
import { chargedBefore } from './commit-store.ts'
import { gathered } from './report.ts'
import { type Asked, atHome, type GroupAsk } from './request.ts'
import type { Range } from './rating-group.ts'
import { parseRef, sessionIdOf } from './ref.ts'
import { salvaged } from './salvage.ts'
import type { Operation, Unrated } from './state.ts'

type Tools = Pick<App, 'db' | 'clock'>

export type Came = {
  readonly operation: Operation
  /** As the address names the session; empty where one is to be opened. */
  readonly name: string
  readonly body: unknown
  readonly ranges: readonly Range[]
}

/** A body that is not as specified: its uses that are, each for a replay, and all of it where that is not everything. */
export async function keepUnreadable(app: Tools, came: Came): Promise<void> {
  const { operation, name, body, ranges } = came
  const saved = salvaged(body, ranges, app.clock.now().toString())
  if (saved) {
    const { asked } = saved
    const line = parseRef(name)
    const sessionId = line?.sessionId ?? sessionIdOf(name, asked.contentHash)
    const unrated = asked.groups.map((ask) => ({ ask, reason: 'invalid' as const }))
    await keepUncharged(app, { sessionId, line, operation, asked }, unrated)
    if (saved.isWhole) return
  }
  await keepText(app, JSON.stringify(body) ?? '')
}

/** As it came: nothing of it can be taken in. */
export async function keepText(app: Tools, original: string): Promise<void> {
  const imsi = /"imsi-(\d{5,15})"/.exec(original)?.[1] ?? ''
  await keep(app, [
    { source: 'online', usageId: '', imsi, reason: 'invalid', original, record: null },
  ])
}

export type Told = {
  readonly sessionId: string
  /** Undefined: whose it was is not known. */
  readonly line: LineKey | undefined
  readonly operation: Operation
  readonly asked: Asked
}

/** What a request said was used by groups of a line, and was not charged, nor by an earlier one that said the same. */
export async function keepUncharged(
  app: Tools,
  told: Told,
  unrated: readonly Unrated[],
): Promise<void> {
  const used = unrated.filter(({ ask }) => ask.used.length > 0)
  if (used.length === 0) return
  const imsi = await imsiOf(app, told)
  const asked = imsi === '' ? told.asked : atHome(told.asked, imsi)
  const rejects = used.flatMap(({ ask, reason }) =>
    gathered(ask.used, asked.plmn).map((one, index) =>
      rejectOf({ ...told, asked }, ask, { ...one, index, imsi, reason }),
    ),
  )
  const charged = await chargedBefore(
    app.db,
    rejects.flatMap(({ usageId }) => (told.line ? { ...told.line, usageId } : [])),
  )
  await keep(
    app,
    rejects.filter(({ usageId }) => !charged.has(usageId)),
  )
}

/** An update need not name the SIM again. */
async function imsiOf(app: Tools, { line, asked: { identity } }: Told) {
  if (identity?.kind === 'imsi') return identity.value
  if (!line) return ''
  const row = await app.db
    .selectFrom('line')
    .select('imsi')
    .where('subscriber_id', '=', line.subscriberId)
    .where('line_id', '=', line.lineId)
    .executeTakeFirst()
  return row?.imsi ?? ''
}

type Uncharged = ReturnType<typeof gathered>[number] & {
  index: number
  imsi: string
  reason: Reason
}

function rejectOf(
  { sessionId, operation, asked }: Told,
  { ratingGroup, kind }: GroupAsk,
  { quantity, startedUs, endedUs, plmn, index, imsi, reason }: Uncharged,
): NewReject {
  const id = usageIdOf(sessionId, requestKey({ operation, asked }), ratingGroup, index)
  const at = asked.invokedUs
  const { identity } = asked
  const record = {
    id,
    imsi,
    // The line that has the number when it is tried again.
    ...(imsi === '' && identity?.kind === 'msisdn' && { msisdn: identity.value }),
    kind: kind ?? null,
    quantity: String(quantity),
    startedAt: instantOf(startedUs ?? endedUs ?? at).toString(),
    endedAt: instantOf(endedUs ?? at).toString(),
    ...plmn,
  }
  const original = JSON.stringify({ ratingGroup, ...record })
  return { source: 'online', usageId: id, imsi, reason, original, record }
}

async function keep(app: Tools, rejects: readonly NewReject[]): Promise<void> {
  await app.db.transaction().execute((trx) => storeRejects(trx, app.clock.now(), rejects))
}
