/** What a report of used units charges: one use per rating group and network, rated as a record that comes offline. */
import { countryOf } from '../../plans/plans.ts'
import type { Charge } from '../intake.ts'
import { type Purse, spend } from '../purse.ts'
import { absorb, rate } from '../rating.ts'
import type { GroupAsk, Used } from './request.ts'
import type { GroupState, LineFacts, Session } from './state.ts'
import type { PlmnId } from './wire.ts'

export type Reported = {
  session: Pick<Session, 'sessionId' | 'requests' | 'openedUs' | 'lastUs'>
  ask: GroupAsk
  /** What was known of the group, if anything. */
  own: GroupState | undefined
  plmn: PlmnId
  nowUs: number
}

export type Charged = { charges: Charge[]; purse: Purse; used: bigint }

/** What one group used, by network; undefined: it can't be rated, and nothing is charged. */
export function chargesOf(
  { session, ask, own, plmn, nowUs }: Reported,
  { state, plan }: LineFacts,
  before: Purse,
): Charged | undefined {
  const { ratingGroup, kind } = ask
  const charges: Charge[] = []
  let purse = before
  let used = own?.used ?? 0n
  for (const [index, one] of gathered(ask.used, plmn).entries()) {
    const country = countryOf(one.plmn.mcc, one.plmn.mnc)
    if (kind === undefined || country === undefined) return undefined
    const sinceUs = own?.sinceUs ?? session.lastUs
    const startedUs = between(session.openedUs, one.startedUs ?? sinceUs, nowUs)
    const endedUs = between(startedUs, one.endedUs ?? nowUs, nowUs)
    const { quantity } = one
    const usageId = `${session.sessionId}:${session.requests}:${ratingGroup}:${index}`
    const place = { country, ...one.plmn }
    const record = { usageId, kind, quantity, startedUs, endedUs, before: used, ...place }
    const rated = state === 'closed' ? absorb(record, plan) : rate(record, purse, plan)
    purse = spend(purse, rated)
    used += quantity
    charges.push({ record, rated })
  }
  return { charges, purse, used }
}

type Gathered = { quantity: bigint; plmn: PlmnId } & Pick<Used, 'startedUs' | 'endedUs'>

/** One use for each network: blocks are rounded once per report, as for a record that comes offline. */
function gathered(used: readonly Used[], plmn: PlmnId): Gathered[] {
  const groups = Map.groupBy(used, (one) => networkName(one.plmn ?? plmn))
  return [...groups.values()].map((own) => ({
    plmn: own[0]?.plmn ?? plmn,
    quantity: own.reduce((sum, { quantity }) => sum + quantity, 0n),
    startedUs: least(own.map(({ startedUs }) => startedUs)),
    endedUs: most(own.map(({ endedUs }) => endedUs)),
  }))
}

const networkName = ({ mcc, mnc }: PlmnId): string => `${mcc}-${mnc}`

const known = (all: readonly (number | undefined)[]) => all.filter((one) => one !== undefined)
const least = (all: readonly (number | undefined)[]) => known(all).sort((a, b) => a - b)[0]
const most = (all: readonly (number | undefined)[]) => known(all).sort((a, b) => b - a)[0]

function between(first: number, at: number, last: number): number {
  return Math.min(Math.max(at, first), last)
}
