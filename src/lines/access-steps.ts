/** Durable work: the network is brought to what a line says, however often the line changes meanwhile. */
import { sql } from 'kysely'
import { subscriptionKeys } from '../esim/rsp-store.ts'
import type { App } from '../platform/app.ts'
import type { Job } from '../platform/queue.ts'
import type { Network } from './gateway.ts'
import { accessQueue } from './line.ts'
import type { LineKey } from './store.ts'
import { accessAgainAfter, type LineAccess, accessOf, accessSettled } from './suspension-store.ts'
import { type AccessMove, accessMove, wantedAccess } from './suspension.ts'

const roundsMax = 5
const linesAtOnce = 200

export function accessJob(app: App, network: Network): Job {
  return {
    queue: accessQueue,
    async run({ subscriberId, lineId }) {
      await bringAccess(app, network, { subscriberId: subscriberId!, lineId: lineId! })
    },
    gaveUp: async ({ lineId }, error) =>
      app.log.error({ lineId, error }, 'the network is not as the line says; tried again later'),
  }
}

/** What making a move needs; a command brings no queue along. */
export type AccessTools = Pick<App, 'db' | 'config'>

/**
 * Brings the network to what the line says, and gives the moves that it took. `occasion` tells a move from the same one
 * at another time, for a network that does nothing twice under one key.
 * @throws Fault where the network does not answer.
 */
export async function bringAccess(
  app: AccessTools,
  network: Network,
  key: LineKey,
  occasion = '',
): Promise<AccessMove[]> {
  const made: AccessMove[] = []
  for (let round = 0; round < roundsMax; round += 1) {
    const line = await accessOf(app.db, key)
    if (!line) throw new Error(`no such line: ${key.lineId}`)
    const wanted = wantedAccess(line.state, line.stateBeforeClosing)
    // Taken back, its closure would leave the network as it is: so this stays due until the line has closed.
    if (wanted === 'as-is' && line.state === 'closing') return made
    const held = await network.find(line.imsi)
    const move = accessMove(wanted, line.msisdn, held, line.anew)
    await makeMove(app, network, line, move, `${line.version}${occasion}`)
    if (move !== 'none') made.push(move)
    if (await accessSettled(app.db, line, move)) return made
  }
  throw new Error(`the line changes faster than the network: ${key.lineId}`)
}

async function makeMove(
  app: AccessTools,
  network: Network,
  { subscriberId, lineId, imsi, iccid, msisdn, zoneId }: LineAccess,
  move: AccessMove,
  occasion: string,
): Promise<void> {
  const key = `${lineId}:${move}:${occasion}`
  if (move === 'suspend') await network.suspend(imsi, key)
  if (move === 'resume') await network.resume(imsi, key)
  if (move === 'activate') {
    const keys = () => subscriptionKeys(app, { subscriberId, iccid })
    await network.activate({ imsi, iccid, msisdn, zones: [zoneId], keys }, key)
  }
  if (move === 'remove') {
    await network.cancelLocation(imsi, `${key}:location`)
    await network.delete(imsi, key)
  }
}

/** Sends what no job has settled: a network that was away for longer than a job is patient. */
export async function sweepAccess(app: App): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ subscriber_id: string; line_id: string }>`
      update line set access_due_at = ${now.add(accessAgainAfter)}
      where (subscriber_id, line_id) in (
        select subscriber_id, line_id from line where access_due_at <= ${now}
        order by access_due_at limit ${linesAtOnce} for update skip locked)
      returning subscriber_id, line_id`.execute(trx)
    for (const { subscriber_id, line_id } of rows) {
      const data = { subscriberId: subscriber_id, lineId: line_id }
      await app.queue.send(trx, accessQueue, line_id, data)
    }
  })
}
