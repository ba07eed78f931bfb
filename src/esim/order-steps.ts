/** Durable work: a line's profile is ordered at the SM-DP+ and released, once however often it is tried. */
import { type App, tryAgain } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Job } from '../platform/queue.ts'
import { isOrderable, orderQueue } from './esim.ts'
import type { Orders } from './order-gateway.ts'
import { codeOf, orderKeyOf, orderOf, type ProfileOrder, recordOrder } from './order-store.ts'
import { openMatchingId } from './seal-store.ts'

/** After a job gave up: nobody's line waits for a person. */
const againAfterSeconds = 300

export function orderJobs(app: App, orders: Orders): Job[] {
  return [
    {
      queue: orderQueue,
      run: ({ subscriberId, iccid }) =>
        orderProfile(app, orders, { subscriberId: subscriberId!, iccid: iccid! }),
      async gaveUp(data, error, id) {
        app.log.error({ iccid: data['iccid']?.slice(-4), error }, 'a profile is not ordered yet')
        const key = data['iccid'] ?? ''
        await tryAgain(app, orderQueue, key, data, { id, afterSeconds: againAfterSeconds })
      },
    },
  ]
}

export type OrderedProfile = { subscriberId: string; iccid: string }

/**
 * Reserved, confirmed and recorded before it is released: a line that closed meanwhile is seen under its lock, so
 * that what was ordered for it is cancelled and no phone can ever download it.
 */
async function orderProfile(app: App, orders: Orders, profile: OrderedProfile): Promise<void> {
  const order = await orderOf(app.db, profile)
  if (!order || !isOrderable(order.state)) return
  const key = orderKeyOf(order)
  const again = order.state === 'confirmed'
  // The one before came to nothing, and stands in the way of this one.
  if (order.attempt > 1 && !again)
    await orders.reset(profile.iccid, orderKeyOf({ ...order, attempt: order.attempt - 1 }))
  const confirmationCode = codeOf(app, order)
  const matchingId = openMatchingId(app, order.sealedMatchingId)
  const { smdpAddress } = await orders.place({ ...order, matchingId, confirmationCode }, key)
  if (!(await move(app, order, 'confirmed', smdpAddress)))
    return void (await orders.cancel(profile.iccid, `${key}:undo`))
  await orders.release(profile.iccid, key, again)
  if (!(await move(app, order, 'released', null))) await orders.cancel(profile.iccid, `${key}:undo`)
}

/** False where the profile has ended, or this order is not the one that counts any more. */
async function move(
  app: App,
  order: ProfileOrder,
  state: 'confirmed' | 'released',
  smdpAddress: string | null,
): Promise<boolean> {
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const recorded = await recordOrder(trx, now, order, { state, smdpAddress })
    if (recorded === 'changed' && state === 'released')
      await audit(trx, app.ids, now, {
        subscriberId: order.subscriberId,
        actor: system,
        action: 'profile-released',
        subject: { kind: 'line', id: order.lineId },
        reason: 'the SM-DP+ holds it ready for download',
      })
    return recorded !== 'ended'
  })
}
