/** What a report of used units charges: one use per rating group and network, rated as a record that comes offline. */
import { countryOf } from '../../plans/plans.ts'
import type { Charge } from '../intake.ts'
import { type Purse, spend } from '../purse.ts'
import { absorb, rate } from '../rating.ts'
import { isAbsurd, periodUsMax, type Reason } from '../record.ts'
import { usageIdOf } from './answer.ts'
import type { GroupAsk, Used } from './request.ts'
import type { GroupState, LineFacts, Session } from './state.ts'
import type { PlmnId } from './wire.ts'

export type Reported = {
  session: Pick<Session, 'sessionId' | 'openedUs' | 'lastUs'>
  /** `requestKey` of what told it. */
  request: string
  ask: GroupAsk
  /** What was known of the group, if anything. */
  own: GroupState | undefined
  plmn: PlmnId
  nowUs: number
}

export type Charged = { charges: Charge[]; purse: Purse; used: bigint }

/** What one group used, by network; or why it can't be rated, and then nothing is charged. */
export function chargesOf(
  { session, request, ask, own, plmn, nowUs }: Reported,
  { state, plan }: LineFacts,
  before: Purse,
): Charged | Reason {
  const { ratingGroup, kind } = ask
  const charges: Charge[] = []
  let purse = before
  let used = own?.used ?? 0n
  for (const [index, one] of gathered(ask.used, plmn).entries()) {
    if (kind === undefined) return 'unknown-rating-group'
    if (isAbsurd(kind, one.quantity, one.toldUs)) return 'absurd'
    const country = countryOf(one.plmn.mcc, one.plmn.mnc)
    if (country === undefined) return 'unknown-network'
    const sinceUs = own?.sinceUs ?? session.lastUs
    const startedUs = between(session.openedUs, one.startedUs ?? sinceUs, nowUs)
    const endedUs = between(startedUs, one.endedUs ?? nowUs, nowUs)
    const { quantity } = one
    const usageId = usageIdOf(session.sessionId, request, ratingGroup, index)
    const times = { startedUs: Math.max(startedUs, endedUs - periodUsMax), endedUs }
    const place = { country, ...one.plmn }
    const record = { usageId, kind, quantity, ...times, before: used, ...place }
    const rated = state === 'closed' ? absorb(record, plan) : rate(record, purse, plan)
    purse = spend(purse, rated)
    used += quantity
    charges.push({ record, rated })
  }
  return { charges, purse, used }
}

type Gathered<Plmn> = Pick<Used, 'quantity' | 'startedUs' | 'endedUs'> & {
  readonly plmn: PlmnId | Plmn
  /** The longest time that the network says one part of it took. */
  readonly toldUs: number
}

/** One use for each network: blocks are rounded once per report, as for a record that comes offline. */
export function gathered<Plmn extends PlmnId | undefined>(
  used: readonly Used[],
  plmn: Plmn,
): Gathered<Plmn>[] {
  const groups = Map.groupBy(used, (one) => networkName(one.plmn ?? plmn))
  return [...groups.values()].map((own) => ({
    plmn: own[0]?.plmn ?? plmn,
    quantity: own.reduce((sum, { quantity }) => sum + quantity, 0n),
    startedUs: least(own.map(({ startedUs }) => startedUs)),
    endedUs: most(own.map(({ endedUs }) => endedUs)),
    toldUs: Math.max(...own.map(toldUs)),
  }))
}

function toldUs({ startedUs, endedUs }: Used): number {
  return startedUs === undefined || endedUs === undefined ? 0 : endedUs - startedUs
}

const networkName = (plmn: PlmnId | undefined): string => `${plmn?.mcc}-${plmn?.mnc}`

const known = (all: readonly (number | undefined)[]) => all.filter((one) => one !== undefined)
const least = (all: readonly (number | undefined)[]) => known(all).sort((a, b) => a - b)[0]
const most = (all: readonly (number | undefined)[]) => known(all).sort((a, b) => b - a)[0]

function between(first: number, at: number, last: number): number {
  return Math.min(Math.max(at, first), last)
}
