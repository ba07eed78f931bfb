/** Reconciliation: what the register holds is compared with our lines in both directions, and mended from our side. */
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import { bringAccess } from './access-steps.ts'
import type { Network } from './gateway.ts'
import { allLines, countLines, lineOfImsi } from './reconcile-store.ts'
import { type Difference, differenceOf, type Outcome, remedies } from './reconcile.ts'
import type { Held } from './suspension.ts'

type Tools = Pick<App, 'db' | 'config' | 'clock' | 'ids'>
export type ReconcileOptions = {
  repair: boolean
  /** More strangers than this are not deleted: it may be the wrong register. */
  strangersMax: number
  /** Tells this run's effects from those of another one. */
  runId: string
  onProgress?: (done: number, total: number) => void
}
export type Reconciled = {
  listed: number
  lines: number
  outcomes: Outcome[]
  /** How many strangers there are, where they are too many to delete. */
  tooManyStrangers: number | undefined
}

const repairsAtOnce = 8

/**
 * The register is listed first: whatever it holds then had a line of ours before. Each difference is looked at anew before
 * it is mended, as lines go on changing.
 * @throws Fault where the network does not list what it holds.
 */
export async function reconcile(
  app: Tools,
  network: Network,
  { repair, strangersMax, runId, onProgress = () => {} }: ReconcileOptions,
): Promise<Reconciled> {
  const register = await listed(network)
  const count = register.size
  const total = await countLines(app.db)
  const found: Difference[] = []
  let lines = 0
  for await (const batch of allLines(app.db)) {
    for (const line of batch) {
      const kind = differenceOf(line, register.get(line.imsi))
      if (kind) found.push({ kind, imsi: line.imsi, line })
      register.delete(line.imsi)
    }
    lines += batch.length
    onProgress(lines, total)
  }
  for (const imsi of register.keys()) found.push({ kind: 'stranger', imsi, line: undefined })
  const strangers = register.size
  const isTooMany = strangers > strangersMax
  const seen = (difference: Difference): Outcome => ({ difference, done: 'found' })
  const outcomes =
    repair && !isTooMany ? await repairAll(app, network, found, runId, onProgress) : found.map(seen)
  return { listed: count, lines, outcomes, tooManyStrangers: isTooMany ? strangers : undefined }
}

async function listed(network: Network): Promise<Map<string, Held>> {
  const register = new Map<string, Held>()
  for await (const page of network.list())
    for (const { imsi, state, msisdn } of page) register.set(imsi, { state, msisdn })
  return register
}

/** What goes, goes first: it may have the number of what comes. In lanes; one failure is that one's alone. */
async function repairAll(
  app: Tools,
  network: Network,
  found: readonly Difference[],
  runId: string,
  onProgress: (done: number, total: number) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const goes = ({ kind }: Difference) => kind === 'stranger' || kind === 'closed'
  for (const part of [found.filter(goes), found.filter((one) => !goes(one))]) {
    const waiting = part.values()
    const lane = async () => {
      for (const difference of waiting) {
        outcomes.push(await repairOne(app, network, difference, runId))
        onProgress(outcomes.length, found.length)
      }
    }
    await Promise.all(Array.from({ length: repairsAtOnce }, lane))
  }
  return outcomes.filter(({ done }) => done !== 'found')
}

async function repairOne(
  app: Tools,
  network: Network,
  difference: Difference,
  runId: string,
): Promise<Outcome> {
  try {
    const { line, imsi } = difference
    const mended = line
      ? (await bringAccess(app, network, line, `:${runId}`)).length > 0
      : await removeStranger(app, network, imsi, runId)
    // Somebody else saw to it meanwhile.
    if (!mended) return { difference, done: 'found' }
    await record(app, difference)
    return { difference, done: 'repaired' }
  } catch (error) {
    return { difference, done: 'failed', why: (error as Error).message }
  }
}

async function removeStranger(app: Tools, network: Network, imsi: string, runId: string) {
  if (await lineOfImsi(app.db, imsi)) return false
  if (!(await network.find(imsi))) return false
  await network.cancelLocation(imsi, `${imsi}:${runId}:location`)
  await network.delete(imsi, `${imsi}:${runId}`)
  return true
}

async function record({ db, ids, clock }: Tools, { kind, line, imsi }: Difference) {
  await db.transaction().execute((trx) =>
    audit(trx, ids, clock.now(), {
      subscriberId: line?.subscriberId ?? '',
      actor: system,
      action: 'network.reconciled',
      subject: line ? { kind: 'line', id: line.lineId } : { kind: 'imsi', id: imsi },
      reason: `${remedies[kind].found}: ${remedies[kind].repaired}`,
      detail: { difference: kind },
    }),
  )
}
