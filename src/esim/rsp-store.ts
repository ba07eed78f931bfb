/** Orders of downloads as the protocol sees them, the keys of profiles, and sessions that nobody goes on with. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { operator } from '../platform/operator.ts'
import { mayDownload } from './esim.ts'
import { openMatchingId, openSealed, sealed } from './seal-store.ts'
import type { StockChange } from './download-store.ts'
import type { Stock } from './stock-store.ts'
import type { Subscription } from './sgp22/saip-personalise.ts'
import type { Binding, DownloadOrder } from './sgp22/smdp.ts'

/** Sessions without an eUICC are forgotten after an hour; the others after a month, when results no longer come. */
export async function sweepRspSessions(app: App): Promise<void> {
  const now = app.clock.now()
  const hour = now.subtract({ hours: 1 })
  const month = now.subtract({ hours: 30 * 24 })
  await sql`
    delete from rsp_session where transaction_id in (
      select transaction_id from rsp_session
      where started_at < ${hour}
        and (started_at < ${month} or session->>'phase' in ('initiated', 'refused'))
      limit 1000)`.execute(app.db)
}

type SealedSubscription = Record<'k' | 'opc' | 'pin' | 'puk' | 'adm1', string>

/** The order of a profile as the protocol sees it. */
export function orderOf(app: App, smdpAddress: string, stock: Stock): DownloadOrder {
  const { iccid, state, eid, sealAbout, line, sealedMatchingId } = stock
  const binding =
    stock.binding === null
      ? null
      : (openSealed(app, `${sealAbout} binding`, stock.binding) as Binding)
  return {
    iccid,
    matchingId: sealedMatchingId === null ? '' : openMatchingId(app, sealedMatchingId),
    state,
    eid,
    confirmationCodeHash: confirmationHashOf(app, stock),
    confirmationFailures: stock.confirmationFailures,
    downloadAttempts: stock.downloadAttempts,
    expiresMs: null,
    binding,
    metadata: {
      iccid,
      serviceProviderName: within(operator.name, 32),
      profileName: within(line?.nickname || operator.name, 64),
      profileClass: 'operational',
      notifications: [{ events: ['install', 'enable', 'disable', 'delete'], address: smdpAddress }],
    },
  }
}

type HasHash = Pick<Stock, 'sealAbout' | 'confirmationHash'>

/** A code of six digits is soon found again from its hash, so that is sealed as the code is. */
export const confirmationHashOf = (
  app: Pick<App, 'config'>,
  { sealAbout, confirmationHash }: HasHash,
): string | null =>
  confirmationHash && (openSealed(app, `${sealAbout} confirmation`, confirmationHash) as string)

export const sealedConfirmationHash = (
  app: Pick<App, 'config' | 'ids'>,
  { sealAbout }: Pick<Stock, 'sealAbout'>,
  hash: string,
): string => sealed(app, `${sealAbout} confirmation`, hash)

/** What a step made of an order, as it is stored. */
export function stockChangeOf(
  app: App,
  { sealAbout, subscription }: Stock,
  { state, eid, downloadAttempts, confirmationFailures, binding }: DownloadOrder,
  newKeys?: string,
): StockChange {
  return {
    state,
    eid,
    downloadAttempts,
    confirmationFailures,
    binding: binding && sealed(app, `${sealAbout} binding`, binding),
    subscription: subscription ?? newKeys ?? null,
  }
}

/** What is put into the profile, with its keys; undefined once the profile has ended: they are gone. */
export function subscriptionOf(
  app: App,
  { iccid, imsi, state, sealAbout, line, subscription }: Stock,
): { readonly subscription: Subscription; readonly sealed: string } | undefined {
  // A profile that was in stock before keys were made there has none until it is downloaded.
  const sealed = subscription ?? (mayDownload(state) ? newSubscription(app, sealAbout) : null)
  if (!sealed) return undefined
  const opened = openSealed(app, `${sealAbout} subscription`, sealed) as SealedSubscription
  const identity = { iccid, imsi, msisdn: line?.msisdn ?? null }
  return {
    subscription: { ...keysOf(opened), ...identity, serviceProviderName: operator.name },
    sealed,
  }
}

/** Keys that a phone was given with its profile, for the network; undefined where there are none, or none any more. */
export async function subscriptionKeys(
  app: Pick<App, 'db' | 'config'>,
  { subscriberId, iccid }: { subscriberId: string; iccid: string },
): Promise<{ k: Buffer; opc: Buffer } | undefined> {
  const row = await app.db
    .selectFrom('profile_index as i')
    .innerJoin('profile_stock as s', 's.iccid', 'i.iccid')
    .select(['s.subscription', 's.seal_about'])
    .where('i.subscriber_id', '=', subscriberId)
    .where('i.iccid', '=', iccid)
    .executeTakeFirst()
  if (!row?.subscription) return undefined
  const opened = openSealed(app, `${row.seal_about} subscription`, row.subscription)
  const { k, opc } = keysOf(opened as SealedSubscription)
  return { k, opc }
}

function keysOf({ k, opc, adm1, pin, puk }: SealedSubscription) {
  const bytes = (text: string) => Buffer.from(text, 'base64')
  return { k: bytes(k), opc: bytes(opc), adm1: bytes(adm1), pin, puk }
}

/** As much of the text as its UTF-8 may be long, never half a character. */
function within(text: string, bytesMax: number): string {
  let cut = ''
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > bytesMax) break
    cut += character
  }
  return cut
}

const digits = (random: Uint8Array, count: number): string =>
  (BigInt(`0x${Buffer.from(random).toString('hex')}`) % 10n ** BigInt(count))
    .toString()
    .padStart(count, '0')

/** Keys that came with a profile of somebody else's making, sealed; of the rest nothing is known here. */
export function sealedKeys(
  app: Pick<App, 'config' | 'ids'>,
  iccid: string,
  { k, opc }: { k: Buffer; opc: Buffer },
): string {
  const known = { k: k.toString('base64'), opc: opc.toString('base64') }
  return sealed(app, `${iccid} subscription`, { ...known, adm1: '', pin: '', puk: '' })
}

/** Keys of a subscription nobody has yet, sealed. */
export function newSubscription(app: Pick<App, 'config' | 'ids'>, about: string): string {
  const random = (bytes: number) => Buffer.from(app.ids.random(bytes))
  const subscription: SealedSubscription = {
    k: random(16).toString('base64'),
    opc: random(16).toString('base64'),
    adm1: random(8).toString('base64'),
    pin: digits(random(16), 4),
    puk: digits(random(16), 8),
  }
  return sealed(app, `${about} subscription`, subscription)
}
