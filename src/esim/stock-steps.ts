/** Making profiles before anybody asks for one: each with an identity and keys of its own. */
import type { App } from '../platform/app.ts'
import { newSubscription } from './rsp-store.ts'
import { addStock, countFree, drawIdentities, ownKind } from './stock-store.ts'

export type Kind = { owner: string; profileType: string }

const atOnce = 1000
/** So many wait for the next lines; they are made again when half of them are gone. */
const kept = 100

export async function makeProfiles(
  app: Pick<App, 'db' | 'config' | 'ids' | 'clock'>,
  kind: Kind,
  count: number,
): Promise<string[]> {
  const iccids: string[] = []
  while (iccids.length < count) {
    const drawn = await drawIdentities(app.db, Math.min(atOnce, count - iccids.length))
    const made = drawn.map(({ iccid, imsi }) => ({
      iccid,
      imsi,
      subscription: newSubscription(app, iccid),
    }))
    await addStock(app.db, app.clock.now(), kind, made)
    iccids.push(...made.map(({ iccid }) => iccid))
  }
  return iccids
}

export async function keepStock(app: App): Promise<void> {
  // A third party's profiles are made there, and come in as a file.
  if (app.config.smdp) return
  const kind = ownKind(app.config)
  const free = await countFree(app.db, kind, kept)
  if (free < kept / 2) await makeProfiles(app, kind, kept - free)
}
