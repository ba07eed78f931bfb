/** What the network told and could not be charged: kept with its reason, and replayable where it names a use. */
import type { App } from '../../platform/app.ts'
import { instantOf, type Reason } from '../record.ts'
import { type NewReject, storeRejects } from '../reject-store.ts'
import type { Ref } from './ref.ts'
import { type Asked, atHome, type GroupAsk } from './request.ts'

type Tools = Pick<App, 'db' | 'clock'>

/** A body that can't be read. */
export async function keepUnreadable(app: Tools, body: unknown): Promise<void> {
  const original = JSON.stringify(body) ?? ''
  const { subscriberIdentifier } = (body ?? {}) as { subscriberIdentifier?: unknown }
  const imsi = /^imsi-(\d{5,15})$/.exec(String(subscriberIdentifier))?.[1] ?? ''
  await keep(app, [
    { source: 'online', usageId: '', imsi, reason: 'invalid', original, record: null },
  ])
}

/** What a request said was used by groups of a line, and was not charged. */
export async function keepUncharged(
  app: Tools,
  { ref, asked }: { ref: Ref; asked: Asked },
  groups: readonly GroupAsk[],
  reason: Reason,
): Promise<void> {
  const used = groups.filter((group) => group.used.length > 0)
  if (used.length === 0) return
  const imsi = await imsiOf(app, ref, asked)
  const from = imsi === '' ? asked : atHome(asked, imsi)
  await keep(
    app,
    used.flatMap((group) =>
      group.used.map((_, index) => rejectOf({ ref, asked: from, group, index, imsi, reason })),
    ),
  )
}

/** An update need not name the SIM again. */
async function imsiOf(app: Tools, { subscriberId, lineId }: Ref, { identity }: Asked) {
  if (identity?.kind === 'imsi') return identity.value
  const line = await app.db
    .selectFrom('line')
    .select('imsi')
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .executeTakeFirst()
  return line?.imsi ?? ''
}

type Uncharged = {
  ref: Ref
  asked: Asked
  group: GroupAsk
  index: number
  imsi: string
  reason: Reason
}

function rejectOf({ ref, asked, group, index, imsi, reason }: Uncharged): NewReject {
  const { ratingGroup, kind, used } = group
  const { quantity, startedUs, endedUs, plmn } = used[index]!
  const id = `${ref.sessionId}:${asked.contentHash.slice(0, 16)}:${ratingGroup}:${index}`
  const at = asked.invokedUs
  const record = {
    id,
    imsi,
    kind: kind ?? null,
    quantity: String(quantity),
    startedAt: instantOf(startedUs ?? endedUs ?? at).toString(),
    endedAt: instantOf(endedUs ?? at).toString(),
    ...(plmn ?? asked.plmn),
  }
  return {
    source: 'online',
    usageId: id,
    imsi,
    reason,
    original: JSON.stringify({ ratingGroup, ...record }),
    record,
  }
}

async function keep(app: Tools, rejects: readonly NewReject[]): Promise<void> {
  await app.db.transaction().execute((trx) => storeRejects(trx, app.clock.now(), rejects))
}
