/** The answer to a rating group that asks for a quota: units, validity, threshold, final-unit indication, or why not. */
import type { Kind } from '../../plans/plan.ts'
import { countryOf } from '../../plans/plans.ts'
import type { Purse } from '../purse.ts'
import type { Reservation } from '../rating.ts'
import { quotaOf, thresholdOf, wantedOf } from './quota.ts'
import type { GroupAsk } from './request.ts'
import { type LineFacts, mayUse, type Step } from './state.ts'
import type { GrantedUnit, PlmnId, UnitInformation } from './wire.ts'

export type Promised = { information: UnitInformation; reservation?: Reservation }
type Asking = { ask: GroupAsk; plmn: PlmnId; before: bigint }

export function failure({ ratingGroup }: GroupAsk): Promised {
  return { information: { ratingGroup, resultCode: 'RATING_FAILED' } }
}

/** Undefined: the group asks for nothing. */
export function promise(
  { ask, plmn, before }: Asking,
  { state, plan }: LineFacts,
  purse: Purse,
  { nowUs, terms }: Pick<Step, 'nowUs' | 'terms'>,
): Promised | undefined {
  const { ratingGroup, kind, requested } = ask
  if (requested === undefined) return undefined
  const country = countryOf(plmn.mcc, plmn.mnc)
  if (kind === undefined || country === undefined) return failure(ask)
  if (!mayUse.has(state))
    return { information: { ratingGroup, resultCode: 'END_USER_SERVICE_DENIED' } }
  const quantity = wantedOf(kind, requested, terms)
  const quota = quotaOf({ kind, country, quantity, before }, purse, plan, nowUs)
  if (quota === undefined) return failure(ask)
  const { reservation, isLast } = quota
  const { granted } = reservation
  if (granted === 0n) return { information: { ratingGroup, resultCode: 'QUOTA_LIMIT_REACHED' } }
  return {
    reservation,
    information: {
      ratingGroup,
      resultCode: 'SUCCESS',
      grantedUnit: unitOf(kind, granted),
      validityTime: terms.validitySec,
      // With the last units there is nothing to ask for early (TS 32.290 §5.4).
      ...(isLast
        ? { finalUnitIndication: { finalUnitAction: 'TERMINATE' as const } }
        : thresholdUnit(kind, thresholdOf(granted))),
    },
  }
}

export function unitOf(kind: Kind, quantity: bigint): GrantedUnit {
  const units = Number(quantity)
  if (kind === 'data') return { totalVolume: units }
  return kind === 'voice' ? { time: units } : { serviceSpecificUnits: units }
}

function thresholdUnit(kind: Kind, threshold: bigint): Partial<UnitInformation> {
  if (threshold === 0n) return {}
  const units = Number(threshold)
  if (kind === 'data') return { volumeQuotaThreshold: units }
  return kind === 'voice' ? { timeQuotaThreshold: units } : { unitQuotaThreshold: units }
}
