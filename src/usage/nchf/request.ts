/** A charging data request once it is read: who, where, and per rating group what was used and what is wanted. */
import { hash } from 'node:crypto'
import type { Kind } from '../../plans/plan.ts'
import { kindOf, type Range } from './rating-group.ts'
import { type InvalidParam, type NchfProblem, problem } from './problem.ts'
import {
  type ChargingDataRequest,
  chargingDataRequestWire,
  type PlmnId,
  type Units,
  type UnitUsage,
  type UsedUnit,
  type UserLocation,
} from './wire.ts'

export type Used = {
  /** Bytes, seconds or messages. */
  readonly quantity: bigint
  /** Microseconds since 1970, as the network tells it. */
  readonly startedUs: number | undefined
  readonly endedUs: number | undefined
  readonly plmn: PlmnId | undefined
}

export type GroupAsk = {
  readonly ratingGroup: number
  /** Undefined: the operator gave this rating group no kind. */
  readonly kind: Kind | undefined
  /** `undefined`: no quota is wanted; `'any'`: as much as we like to give. */
  readonly requested: bigint | 'any' | undefined
  readonly used: readonly Used[]
}

export type Identity = { readonly kind: 'imsi' | 'msisdn'; readonly value: string }

export type Asked = {
  readonly sequence: number
  /** When the network sent it, by its clock. */
  readonly invokedUs: number
  /** Of everything the request says, except that it is a retransmission. */
  readonly contentHash: string
  readonly identity: Identity | undefined
  readonly plmn: PlmnId | undefined
  /** TS 32.290 §5.3.2.2 and §5.3.2.3: charged at once, or after the fact, without a session. */
  readonly event: 'IEC' | 'PEC' | undefined
  readonly groups: readonly GroupAsk[]
}

/** Reads a request's JSON. What is wrong with it is named by JSON Pointer (TS 29.571 InvalidParam). */
export function readAsked(body: unknown, ranges: readonly Range[]): Asked | NchfProblem {
  const parsed = chargingDataRequestWire.safeParse(body)
  if (!parsed.success) return refusal(body, parsed.error.issues)
  const request = parsed.data
  const { oneTimeEvent, oneTimeEventType, multipleUnitUsage = [] } = request
  if (oneTimeEvent && oneTimeEventType !== 'IEC' && oneTimeEventType !== 'PEC') {
    const invalidParams = [{ param: '/oneTimeEventType', reason: 'IEC or PEC' }]
    return problem('MANDATORY_IE_INCORRECT', { invalidParams })
  }
  return {
    sequence: request.invocationSequenceNumber,
    invokedUs: microseconds(request.invocationTimeStamp)!,
    contentHash: contentHash(body as Record<string, unknown>),
    identity: identityOf(request),
    plmn: plmnOf(request),
    event: oneTimeEvent ? (oneTimeEventType as 'IEC' | 'PEC') : undefined,
    groups: groupsOf(multipleUnitUsage, ranges),
  }
}

// A retransmission may differ in nothing but the mark that says so.
export function contentHash(body: Record<string, unknown>): string {
  const { retransmissionIndicator: _, ...said } = body
  return hash('sha256', JSON.stringify(said), 'base64url')
}

type Issue = { path: PropertyKey[]; message: string; code?: string | undefined }

const mandatory = new Set([
  'nfConsumerIdentification',
  'invocationTimeStamp',
  'invocationSequenceNumber',
])

function refusal(body: unknown, issues: readonly Issue[]): NchfProblem {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return problem('INVALID_MSG_FORMAT', { detail: 'The body must be a JSON object.' })
  }
  const invalidParams: InvalidParam[] = issues.slice(0, 10).map(({ path, message }) => ({
    param: `/${path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
    reason: message,
  }))
  const tops = issues.map(({ path }) => String(path[0]))
  if (tops.some((top) => mandatory.has(top) && !Object.hasOwn(body, top))) {
    return problem('MANDATORY_IE_MISSING', { invalidParams })
  }
  const cause = tops.some((top) => mandatory.has(top))
    ? 'MANDATORY_IE_INCORRECT'
    : 'OPTIONAL_IE_INCORRECT'
  return problem(cause, { invalidParams })
}

function identityOf(request: ChargingDataRequest): Identity | undefined {
  const { servedGPSI } = request.pDUSessionChargingInformation?.userInformation ?? {}
  for (const text of [request.subscriberIdentifier, servedGPSI]) {
    const [, kind, value] = /^(imsi|msisdn)-(\d{5,15})$/.exec(text ?? '') ?? []
    if (kind && value) return { kind: kind as Identity['kind'], value }
  }
  return undefined
}

/** Where no network is named the phone is at home: the first digits of its IMSI (TS 23.003 §2.2). */
export function atHome(asked: Asked, imsi: string): Asked {
  return asked.plmn ? asked : { ...asked, plmn: homeOf(imsi) }
}

export const homeOf = (imsi: string): PlmnId => ({ mcc: imsi.slice(0, 3), mnc: imsi.slice(3, 5) })

/** The network that serves the phone; a home-routed SMF names its own, so that comes last. */
function plmnOf(request: ChargingDataRequest): PlmnId | undefined {
  const { pDUSessionChargingInformation: pdu, sMSChargingInformation: sms } = request
  const session = pdu?.pduSessionInformation
  return (
    session?.servingCNPlmnId ??
    locationPlmn(pdu?.userLocationinfo ?? sms?.userLocationinfo) ??
    session?.servingNetworkFunctionID?.servingNetworkFunctionInformation?.nFPLMNID ??
    request.nfConsumerIdentification.nFPLMNID
  )
}

function locationPlmn(location: UserLocation | undefined): PlmnId | undefined {
  return location?.nrLocation?.tai?.plmnId ?? location?.eutraLocation?.tai?.plmnId
}

// The same rating group may come once per UPF (TS 32.291 Table 6.1.6.2.1.3-1); money knows only the group.
function groupsOf(usages: readonly UnitUsage[], ranges: readonly Range[]): GroupAsk[] {
  const groups = new Map<number, GroupAsk>()
  for (const { ratingGroup, requestedUnit, usedUnitContainer = [] } of usages) {
    const kind = kindOf(ranges, ratingGroup)
    const before = groups.get(ratingGroup)
    groups.set(ratingGroup, {
      ratingGroup,
      kind,
      requested: more(before?.requested, wanted(requestedUnit, kind)),
      used: [...(before?.used ?? []), ...usedUnitContainer.flatMap((one) => usedOf(one, kind))],
    })
  }
  return [...groups.values()]
}

function wanted(requested: Units | undefined, kind: Kind | undefined): GroupAsk['requested'] {
  if (requested === undefined) return undefined
  return quantityOf(requested, kind) || 'any'
}

function more(a: GroupAsk['requested'], b: GroupAsk['requested']): GroupAsk['requested'] {
  if (a === undefined || b === undefined) return a ?? b
  if (a === 'any' || b === 'any') return 'any'
  return a + b
}

function usedOf(unit: UsedUnit, kind: Kind | undefined): Used[] {
  const quantity = quantityOf(unit, kind)
  if (quantity === 0n) return []
  const { timeofFirstUsage, timeofLastUsage, userLocationInformation } =
    unit.pDUContainerInformation ?? {}
  return [
    {
      quantity,
      startedUs: microseconds(timeofFirstUsage),
      endedUs: microseconds(timeofLastUsage ?? unit.triggerTimestamp),
      plmn: locationPlmn(userLocationInformation),
    },
  ]
}

/** What a container counts in the unit of its kind; of an unknown kind the volume is told. */
function quantityOf(units: Units, kind: Kind | undefined): bigint {
  if (kind === 'voice') return BigInt(units.time ?? 0)
  if (kind === 'sms') return BigInt(units.serviceSpecificUnits ?? 0)
  if (units.totalVolume !== undefined) return BigInt(units.totalVolume)
  return BigInt(units.uplinkVolume ?? 0) + BigInt(units.downlinkVolume ?? 0)
}

// RFC 3339 in whole milliseconds is as exact as a network's clock is right.
function microseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text) * 1000
}
