/** ES2+ (SGP.22 §5.3): what an operator orders of an SM-DP+, each function a decision on one profile. */
import { confirmationCodeHash } from './download.ts'
import { type Answer, base64, failure, RequestError, success, textMember } from './es9.ts'
import { isEid } from './eid.ts'
import { isIccid } from './identifiers.ts'
import type { OrderState } from './smdp.ts'
import type { StatusName } from './status.ts'

export const orderFunctions = [
  'downloadOrder',
  'confirmOrder',
  'releaseProfile',
  'cancelOrder',
] as const
export type OrderFunction = (typeof orderFunctions)[number]

/** §6.5.1.3: who calls, and one name for a call however often it is sent. */
export type RequestHeader = {
  readonly functionRequesterIdentifier: string
  readonly functionCallIdentifier: string
}

/** A profile as its SM-DP+ keeps it from the day it is made. */
export type StockProfile = {
  readonly iccid: string
  readonly profileType: string
  /** The function requester that may order it. */
  readonly owner: string
  readonly state: OrderState
  readonly eid: string | null
  readonly matchingId: string | null
  /** SHA-256 of the confirmation code, base64. */
  readonly confirmationCodeHash: string | null
}

export type Es2Step = {
  readonly answer: Answer
  readonly status: StatusName | 'ok'
  /** As it becomes; left out where nothing changes. */
  readonly profile?: StockProfile
}

const refused = (status: StatusName): Es2Step => ({ answer: failure(status), status })
const done = (profile: StockProfile, body: object = {}): Es2Step => ({
  answer: success(body),
  status: 'ok',
  profile,
})

export type OrderRequest = {
  readonly header: RequestHeader
  readonly iccid?: string
  readonly profileType?: string
  readonly eid?: string
  readonly matchingId?: string
  readonly confirmationCode?: string
  readonly smdsAddress?: string
  readonly releaseFlag?: boolean
  readonly finalProfileStatusIndicator?: 'Available' | 'Unavailable'
}

/** Reads a request of one of the four functions. @throws RequestError with the status to answer. */
export function readOrderRequest(name: OrderFunction, request: unknown): OrderRequest {
  const header = readHeader(request)
  const read: { -readonly [Key in keyof OrderRequest]: OrderRequest[Key] } = { header }
  const iccid = member(request, 'iccid')
  if (iccid !== undefined) read.iccid = iccidOfWire(iccid)
  const eid = member(request, 'eid')
  if (eid !== undefined && !isEid(eid)) throw new RequestError('eidInvalid')
  if (eid !== undefined) read.eid = eid
  for (const key of ['profileType', 'matchingId', 'confirmationCode', 'smdsAddress'] as const) {
    const value = member(request, key)
    if (value !== undefined) read[key] = value
  }
  if (name === 'downloadOrder') return readDownloadOrder(read)
  if (read.iccid === undefined)
    throw new RequestError(name === 'cancelOrder' ? 'iccidMissing' : 'elementMissing')
  if (name === 'confirmOrder') return readConfirmOrder(read, request)
  return name === 'cancelOrder' ? readCancelOrder(read, request) : read
}

function readDownloadOrder(read: OrderRequest): OrderRequest {
  const { iccid, profileType } = read
  if (iccid === undefined && profileType === undefined) throw new RequestError('elementMissing')
  return read
}

/** §4.1.1: what fits an activation code; servers of old hand out lower case too. */
const token = /^[0-9A-Za-z-]{1,255}$/
const printable = /^[\x20-\x7e]{1,64}$/

function readConfirmOrder(read: OrderRequest, request: unknown): OrderRequest {
  const { releaseFlag } = request as { releaseFlag?: unknown }
  if (releaseFlag === undefined) throw new RequestError('elementMissing')
  if (typeof releaseFlag !== 'boolean') throw new RequestError('malformed')
  if (read.matchingId !== undefined && !token.test(read.matchingId))
    throw new RequestError('matchingIdInvalid')
  if (read.confirmationCode !== undefined && !printable.test(read.confirmationCode))
    throw new RequestError('confirmationCodeInvalid')
  if (read.smdsAddress) throw new RequestError('smdsUnsupported')
  return { ...read, releaseFlag }
}

function readCancelOrder(read: OrderRequest, request: unknown): OrderRequest {
  const wanted = member(request, 'finalProfileStatusIndicator')
  if (wanted === undefined) throw new RequestError('iccidMissing')
  if (wanted !== 'Available' && wanted !== 'Unavailable') throw new RequestError('malformed')
  return { ...read, finalProfileStatusIndicator: wanted }
}

/** @throws RequestError */
export function readHeader(request: unknown): RequestHeader {
  const { header } = (request ?? {}) as { header?: unknown }
  if (header === undefined || header === null) throw new RequestError('elementMissing')
  const text = (name: string) => {
    const value = textMember(header, name)
    if (value === '') throw new RequestError('elementMissing')
    if (value.length > 255) throw new RequestError('tooLong')
    return value
  }
  return {
    functionRequesterIdentifier: text('functionRequesterIdentifier'),
    functionCallIdentifier: text('functionCallIdentifier'),
  }
}

function member(request: unknown, name: string): string | undefined {
  const value = Object.hasOwn(Object(request) as object, name)
    ? (request as Record<string, unknown>)[name]
    : undefined
  return value === undefined || value === null ? undefined : textMember(request, name)
}

/** §6.5.2: 19 digits are padded with an F. */
export const iccidToWire = (iccid: string): string => iccid.padEnd(20, 'F')

export function iccidOfWire(text: string): string {
  const iccid = text.replace(/F$/i, '')
  if (!isIccid(iccid)) throw new RequestError('malformed')
  return iccid
}

/** What a function needs to know beside its request; `isTypeKnown` and `isMatchingIdUsed` are asked of the store. */
export type OrderFacts = {
  /** Under its lock: the one named, or a free one of the type. */
  readonly profile: StockProfile | undefined
  readonly isTypeKnown: boolean
  readonly isMatchingIdUsed: boolean
  /** For an order that brings none. */
  readonly newMatchingId: string
  readonly smdpAddress: string
}

export function decideOrder(
  name: OrderFunction,
  request: OrderRequest,
  facts: OrderFacts,
): Es2Step {
  const { profile } = facts
  const { iccid, header } = request
  if (!profile && iccid === undefined)
    return refused(facts.isTypeKnown ? 'profileTypeExhausted' : 'profileTypeUnknown')
  if (!profile) return refused('iccidUnknown')
  if (profile.owner !== header.functionRequesterIdentifier) return refused('iccidNotAllowed')
  if (name === 'downloadOrder') return downloadOrder(profile, request)
  if (name === 'confirmOrder') return confirmOrder(profile, request, facts)
  return name === 'releaseProfile' ? releaseProfile(profile) : cancelOrder(profile, request)
}

/** §5.3.1 ES2+.DownloadOrder: a profile is reserved, for one eUICC where that is known. */
function downloadOrder(profile: StockProfile, { profileType, eid }: OrderRequest): Es2Step {
  if (profileType !== undefined && profileType !== profile.profileType)
    return refused('profileTypeOther')
  if (profile.state !== 'available') return refused('iccidInUse')
  const state = eid === undefined ? 'allocated' : 'linked'
  return done({ ...profile, state, eid: eid ?? null }, { iccid: iccidToWire(profile.iccid) })
}

/** §5.3.2 ES2+.ConfirmOrder: the order gets its matching id, and a confirmation code where it is to have one. */
function confirmOrder(
  profile: StockProfile,
  request: OrderRequest,
  { isMatchingIdUsed, newMatchingId, smdpAddress }: OrderFacts,
): Es2Step {
  if (profile.state !== 'allocated' && profile.state !== 'linked') return refused('iccidInUse')
  if (profile.eid !== null && request.eid !== undefined && request.eid !== profile.eid)
    return refused('eidOther')
  const eid = profile.eid ?? request.eid ?? null
  const matchingId = request.matchingId ?? newMatchingId
  if (isMatchingIdUsed) return refused('matchingIdInUse')
  const { confirmationCode, releaseFlag } = request
  const hash =
    confirmationCode === undefined ? null : base64(confirmationCodeHash(confirmationCode))
  const state = releaseFlag ? 'released' : 'confirmed'
  return done(
    { ...profile, state, eid, matchingId, confirmationCodeHash: hash },
    { ...(eid !== null && { eid }), matchingId, smdpAddress },
  )
}

/** §5.3.4 ES2+.ReleaseProfile */
function releaseProfile(profile: StockProfile): Es2Step {
  return profile.state === 'confirmed'
    ? done({ ...profile, state: 'released' })
    : refused('notReleasable')
}

const cancellable = new Set<OrderState>(['allocated', 'linked', 'confirmed', 'released', 'error'])

/** §5.3.3 ES2+.CancelOrder: refused from the download on; an order that ended in an error can be put away or made anew. */
function cancelOrder(profile: StockProfile, request: OrderRequest): Es2Step {
  const { eid, matchingId, finalProfileStatusIndicator } = request
  if (!cancellable.has(profile.state)) return refused('iccidInUse')
  if (eid !== undefined && profile.eid !== null && eid !== profile.eid) return refused('eidOther')
  if (matchingId !== undefined && matchingId !== profile.matchingId)
    return refused('matchingIdOther')
  const state = finalProfileStatusIndicator === 'Available' ? 'available' : 'unavailable'
  const cleared = { eid: null, matchingId: null, confirmationCodeHash: null }
  return done({ ...profile, ...cleared, state })
}

/** §5.3.5: how far a download has come. */
export const notificationPoint = {
  eligibility: 1,
  confirmationFailure: 2,
  bppDownload: 3,
  bppInstallation: 4,
} as const

export type Progress = {
  readonly iccid: string
  readonly eid?: string
  readonly point: number
  /** Undefined: it succeeded. */
  readonly failed?: { readonly subjectCode: string; readonly reasonCode: string }
}

/** §5.3.5 ES2+.HandleDownloadProgressInfo, as an SM-DP+ sends it. */
export function progressRequest(
  { iccid, eid, point, failed }: Progress,
  {
    header,
    profileType,
    timestamp,
  }: { header: RequestHeader; profileType: string; timestamp: string },
): object {
  return {
    header,
    ...(eid !== undefined && { eid }),
    iccid: iccidToWire(iccid),
    profileType,
    timestamp,
    notificationPointId: point,
    notificationPointStatus: failed
      ? { status: 'Failed', statusCodeData: failed }
      : { status: 'Executed-Success' },
  }
}

/** As an operator receives it; numbers in quotes are understood too. @throws RequestError */
export function readProgress(request: unknown): Progress & { readonly header: RequestHeader } {
  const header = readHeader(request)
  const iccid = iccidOfWire(textMember(request, 'iccid'))
  const eid = member(request, 'eid')
  if (eid !== undefined && !isEid(eid)) throw new RequestError('eidInvalid')
  const { notificationPointId, notificationPointStatus } = request as Record<string, unknown>
  const point = Number(/^\d{1,3}$/.exec(textOrNumber(notificationPointId))?.[0])
  if (Number.isNaN(point)) throw new RequestError('malformed')
  const status = textMember(notificationPointStatus, 'status')
  const known = { header, iccid, point, ...(eid !== undefined && { eid }) }
  if (status === 'Executed-Success' || status === 'Executed-WithWarning') return known
  const { statusCodeData } = notificationPointStatus as { statusCodeData?: unknown }
  const text = (name: string) => member(Object(statusCodeData), name) ?? ''
  return {
    ...known,
    failed: { subjectCode: text('subjectCode'), reasonCode: text('reasonCode') },
  }
}

const textOrNumber = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'string' ? String(value) : ''
