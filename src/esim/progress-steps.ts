/** ES2+.HandleDownloadProgressInfo (SGP.22 §5.3.5), both ways: told to those who order here, heard from where we order. */
import { type App, tryAgain } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import type { Job, KeyedJob } from '../platform/queue.ts'
import { progressQueue } from './esim.ts'
import type { CallSmdp } from './order-gateway.ts'
import { hearReport } from './report-steps.ts'
import { notificationPoint, type Progress, progressRequest } from './sgp22/es2.ts'
import { statusCode, type StatusName } from './sgp22/status.ts'
import { eventOf, lockStock, saveStock, type StockRow } from './stock-store.ts'
import { followOrder } from './store.ts'

/** A state that a phone has brought about, to be told to the requester, if it said where. */
export function tellingOwner(
  app: App,
  { iccid, owner, version }: Pick<StockRow, 'iccid' | 'owner' | 'version'>,
): (KeyedJob & { queue: string }) | undefined {
  if (!app.config.es2?.callbacks?.[owner]) return undefined
  // The change is the version after the one that was read.
  const attempt = String(version + 1)
  return { queue: progressQueue, key: `${iccid}:${attempt}`, data: { iccid, attempt } }
}

/** How an SM-DP+ reaches a requester by its address. */
export type CallRequester = (url: string) => CallSmdp

const againAfterSeconds = 3600

export function progressJobs(app: App, reach: CallRequester): Job[] {
  return [
    {
      queue: progressQueue,
      run: ({ iccid, attempt }) => tell(app, reach, iccid!, Number(attempt)),
      // Tried until it is heard, or until the operator takes the requester's address away.
      async gaveUp(data, error, id) {
        const { iccid = '', attempt } = data
        app.log.error(
          { iccid: iccid.slice(-4), error },
          'a requester is not told of a download yet',
        )
        const key = `${iccid}:${attempt}`
        await tryAgain(app, progressQueue, key, data, { id, afterSeconds: againAfterSeconds })
      },
    },
  ]
}

async function tell(app: App, reach: CallRequester, iccid: string, version: number): Promise<void> {
  const event = await eventOf(app.db, iccid, version)
  const url = event && app.config.es2?.callbacks?.[event.owner]
  const progress = event && progressOf(event)
  if (!progress || !url) return
  const header = {
    functionRequesterIdentifier: app.config.es2?.smdpOid ?? '2.999.10',
    functionCallIdentifier: `${iccid}:${version}`,
  }
  const { profileType, at } = event
  const body = progressRequest(progress, { header, profileType, timestamp: secondsOf(at) })
  const { status } = await reach(url)('handleDownloadProgressInfo', body)
  if (status < 200 || status > 299)
    throw new Error(`the requester answered a notification with ${status}`)
}

const secondsOf = (at: Temporal.Instant) => at.round('second').toString()

type StoredEvent = NonNullable<Awaited<ReturnType<typeof eventOf>>>

function progressOf({ iccid, eid, state, action }: StoredEvent): Progress | undefined {
  const about = { iccid, ...(eid !== null && { eid }) }
  if (state === 'downloaded') return { ...about, point: notificationPoint.bppDownload }
  if (state === 'installed') return { ...about, point: notificationPoint.bppInstallation }
  if (state !== 'error') return undefined
  const failed = statusCode[action as StatusName] ?? statusCode.euiccReportsError
  const point =
    action === 'confirmationCodeRetriesExceeded'
      ? notificationPoint.confirmationFailure
      : action === 'euiccReportsError'
        ? notificationPoint.bppInstallation
        : notificationPoint.bppDownload
  return { ...about, point, failed }
}

/** From a third party's SM-DP+: only what leads on is believed, and a profile that has ended stays ended. */
export async function hearProgress(app: App, progress: Progress): Promise<void> {
  const { iccid, point, failed } = progress
  await app.db.transaction().execute(async (trx) => {
    const stock = await lockStock(trx, { iccid })
    if (!stock?.line) return
    const pending = stock.state === 'available' || stock.state === 'downloaded'
    if (!pending) return
    if (failed) {
      if (endsOrder(point, failed.subjectCode, failed.reasonCode)) await fail(trx, app, stock)
      return
    }
    if (point !== notificationPoint.bppDownload && point !== notificationPoint.bppInstallation)
      return
    const eid = progress.eid ?? stock.eid ?? ''
    if (stock.state === 'available') await downloaded(trx, app, stock, eid)
    if (point !== notificationPoint.bppInstallation) return
    const before = (await lockStock(trx, { iccid })) ?? stock
    await saveStock(trx, app.clock.now(), before, { state: 'installed' }, undefined)
    // The one report of its kind: later ones find the profile installed.
    await hearReport(trx, app, { eid, iccid, event: 'install', seq: 1 })
  })
}

/** A wrong confirmation code may be typed again; the rest is over. */
const endsOrder = (point: number, subjectCode: string, reasonCode: string): boolean =>
  point === notificationPoint.bppInstallation ||
  point === notificationPoint.bppDownload ||
  (point === notificationPoint.confirmationFailure &&
    `${subjectCode}/${reasonCode}` === '8.2.7/6.4')

async function downloaded(trx: Trx, app: App, stock: StockRow, eid: string): Promise<void> {
  await follow(trx, app, stock, { state: 'downloaded', eid }, 'a phone was given the profile')
}

async function fail(trx: Trx, app: App, stock: StockRow): Promise<void> {
  const { eid } = stock
  await follow(trx, app, stock, { state: 'error', eid }, 'the SM-DP+ says that the download ended')
}

async function follow(
  trx: Trx,
  app: App,
  stock: StockRow,
  to: { state: 'downloaded' | 'error'; eid: string | null },
  reason: string,
): Promise<void> {
  const { line, iccid } = stock
  if (!line) return
  const now = app.clock.now()
  await saveStock(trx, now, stock, to, undefined)
  await followOrder(trx, now, { subscriberId: line.subscriberId, iccid }, to)
  await audit(trx, app.ids, now, {
    subscriberId: line.subscriberId,
    actor: system,
    action: `profile-${to.state}`,
    subject: { kind: 'line', id: line.lineId },
    reason,
  })
}
