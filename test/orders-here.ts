/** Orders of profiles without a connection: the SM-DP+ in the process that asks. */
import { takeOrder } from '../src/esim/es2-routes.ts'
import type { CallSmdp } from '../src/esim/order-gateway.ts'
import { ownRequester } from '../src/esim/stock-store.ts'
import type { App } from '../src/platform/app.ts'

export const callHere =
  (app: () => App): CallSmdp =>
  async (name, body) => {
    if (name === 'handleDownloadProgressInfo') throw new Error('nobody is told of downloads here')
    const smdpAddress = new URL(app().config.publicUrl).host
    const { answer } = await takeOrder(app(), name, body, { requester: ownRequester, smdpAddress })
    return { status: 200, body: answer }
  }
