/** Durable work: a number that comes is asked for, asked about, and taken when the other side says that it has moved. */
import { operator } from '../platform/operator.ts'
import type { App } from '../platform/app.ts'
import type { Job } from '../platform/queue.ts'
import { unsealByAny } from '../platform/seal.ts'
import { Fault } from '../values/fault.ts'
import type { Clearing } from './gateway.ts'
import { aboutCode, arrivalById, moveOn, putOff } from './in-store.ts'
import { againAfter, arriveQueue, type Heard, isUnderWay, nextIn, type PortIn } from './port-in.ts'

export const portingQueues = [arriveQueue]

export function portingJobs(app: App, clearing: Clearing | undefined): Job[] {
  return [
    {
      queue: arriveQueue,
      run: ({ subscriberId = '', portId = '' }) =>
        advanceArrival(app, clearing, { subscriberId, portId }),
      gaveUp: async ({ portId }, error) =>
        app.log.error({ portId, error }, 'a number on its way is looked at again later'),
    },
  ]
}

/** Run twice, or by two workers at once, it has the effect of once. */
export async function advanceArrival(
  app: App,
  clearing: Clearing | undefined,
  key: { subscriberId: string; portId: string },
): Promise<void> {
  const port = await arrivalById(app.db, key)
  if (!port || !isUnderWay(port) || !clearing) return
  let heard: Heard
  try {
    heard = await hear(app, clearing, port)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    app.log.warn({ err: error, portId: port.portId }, 'the other operators do not answer')
    return putOff(app, port, againAfter(port.failures, app.clock.now()))
  }
  const dueAt = heard.state === 'pending' ? heard.dueAt : null
  await moveOn(app, port, nextIn(port, heard, app.clock.now()), dueAt)
}

/** Asked about before it is asked for: an answer may have been lost. */
async function hear(app: App, clearing: Clearing, port: PortIn): Promise<Heard> {
  if (port.cancelAsked) return clearing.cancel(port.portId)
  const known = await clearing.find(port.portId)
  if (known) return known
  if (port.sealedCode === null)
    throw new Fault('porting', 'unknown', 'has forgotten a port that it took')
  const code = unsealByAny(app.config, 'port', aboutCode(port), port.sealedCode)
  const { portId, msisdn } = port
  return clearing.ask({ reference: portId, msisdn, code, recipient: operator.name })
}
