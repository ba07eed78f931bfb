/** An SMF on a thread of its own: HTTP/2 on one connection, each caller waits for its answer before it asks again. */
import { connect } from 'node:http2'
import { parentPort, workerData } from 'node:worker_threads'
import { imsiOf } from '../charging/world.ts'
import {
  abroad,
  home,
  type Load,
  randomOf,
  type Session,
  sessionOf,
  summed,
  usedBytes,
} from './load.ts'

const { origin, seconds, callers, lines, seed } = workerData as Load & { origin: string }
const root = '/nchf-convergedcharging/v3/chargingdata'
const client = connect(origin)
let sequence = 0

function bodyOf({ line, isAbroad }: Session, used: number, wants: boolean): string {
  sequence += 1
  return JSON.stringify({
    subscriberIdentifier: `imsi-${imsiOf(line)}`,
    nfConsumerIdentification: { nodeFunctionality: 'SMF', nFName: 'bench' },
    invocationTimeStamp: new Date().toISOString(),
    invocationSequenceNumber: sequence,
    multipleUnitUsage: [
      {
        ratingGroup: 1,
        ...(wants && { requestedUnit: { totalVolume: 2_000_000 } }),
        ...(used > 0 && { usedUnitContainer: [{ localSequenceNumber: 1, totalVolume: used }] }),
      },
    ],
    pDUSessionChargingInformation: {
      pduSessionInformation: {
        pduSessionID: 1,
        dnnId: 'internet',
        servingCNPlmnId: isAbroad ? abroad : home,
      },
    },
  })
}

function post(path: string, body: string): Promise<string | undefined> {
  return new Promise((done, failed) => {
    const stream = client.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
    })
    stream.on('response', ({ ':status': status, location }) => {
      if (Number(status) >= 300) failed(new Error(`answered ${status}`))
      stream.on('end', () => done(location))
      stream.resume()
    })
    stream.on('error', failed)
    stream.end(body)
  })
}

const tookMs: number[] = []
const startedAt = performance.now()
const end = startedAt + seconds * 1000
let sessions = 0

async function timed(path: string, body: string) {
  const sentAt = performance.now()
  const location = await post(path, body)
  tookMs.push(performance.now() - sentAt)
  return location
}

async function call(caller: number) {
  const random = randomOf(seed * 1000 + caller)
  while (performance.now() < end) {
    const session = sessionOf(random, lines)
    const location = await timed(root, bodyOf(session, 0, true))
    const path = new URL(location!).pathname
    await timed(`${path}/update`, bodyOf(session, usedBytes.update, true))
    await timed(`${path}/release`, bodyOf(session, usedBytes.release, false))
    sessions += 1
  }
}

await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
client.close()
parentPort?.postMessage({ ...summed(tookMs, performance.now() - startedAt), sessions, cpuUs: 0 })
