/** Durable work of payments: the provider is asked about open orders, and money that came for nothing goes back. */
import { type App, tryAgain } from '../platform/app.ts'
import type { Job } from '../platform/queue.ts'
import type { Payments } from './gateway.ts'
import { askDisputes, disputeQueue } from './dispute-store.ts'
import { checkMethod } from './method-steps.ts'
import { methodQueue, takeDueMethods } from './method-store.ts'
import { checkOrder } from './order-steps.ts'
import { returnPayment, returnQueue } from './return-steps.ts'
import { askAgain, checkQueue, takeDueOrders } from './order-store.ts'
import { referenceOf } from './order.ts'

export const paymentsQueues = [checkQueue, returnQueue, disputeQueue, methodQueue]

const ordersAtOnce = 200
/** After a job gave up: a provider may be away for a day. */
const againAfterSeconds = 1800
const later = ({ clock }: App) => clock.now().add({ seconds: againAfterSeconds })

export function paymentsJobs(app: App, payments: Payments): Job[] {
  return [
    {
      queue: checkQueue,
      run: ({ subscriberId = '', orderId = '' }) =>
        checkOrder(app, payments, { subscriberId, orderId }),
      async gaveUp({ subscriberId = '', orderId = '' }, error) {
        app.log.error({ orderId, error }, 'an order is not settled yet')
        await askAgain(app.db, { subscriberId, orderId }, later(app))
      },
    },
    {
      queue: returnQueue,
      run: ({ subscriberId = '', orderId = '', attempt, reason = '' }) =>
        returnPayment(app, payments, { subscriberId, orderId, attempt: Number(attempt), reason }),
      // It is somebody's money: what could not be sent back now is sent back later.
      async gaveUp(data, error, id) {
        const { orderId = '', attempt } = data
        app.log.error({ orderId, error }, 'money is not sent back yet')
        const key = referenceOf(orderId, Number(attempt))
        await tryAgain(app, returnQueue, key, data, { id, afterSeconds: againAfterSeconds })
      },
    },
    {
      queue: methodQueue,
      run: ({ subscriberId = '', methodId = '' }) =>
        checkMethod(app, payments, { subscriberId, methodId }),
      // Asked for again by the sweep while it is asked for, and later until the provider has forgotten it.
      async gaveUp(data, error, id) {
        const { methodId = '' } = data
        app.log.error({ methodId, error }, 'a saved card is not settled at the provider')
        await tryAgain(app, methodQueue, methodId, data, { id, afterSeconds: againAfterSeconds })
      },
    },
    {
      queue: disputeQueue,
      run: ({ subscriberId = '', orderId = '' }) =>
        askDisputes(app, payments, { subscriberId, orderId }),
      // The provider says it once, and what is disputed must not be spent meanwhile.
      async gaveUp(data, error, id) {
        const { orderId = '' } = data
        app.log.error({ orderId, error }, 'a dispute is not taken in yet')
        await tryAgain(app, disputeQueue, orderId, data, { id, afterSeconds: againAfterSeconds })
      },
    },
  ]
}

/** Called every second by the worker. */
export async function sweepPayments(app: App): Promise<void> {
  await app.db.transaction().execute(async (trx) => {
    for (const key of await takeDueOrders(trx, app.clock.now(), ordersAtOnce)) {
      await app.queue.send(trx, checkQueue, key.orderId, key)
    }
    for (const key of await takeDueMethods(trx, app.clock.now(), ordersAtOnce)) {
      await app.queue.send(trx, methodQueue, key.methodId, key)
    }
  })
}
