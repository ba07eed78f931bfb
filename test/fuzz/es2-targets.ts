/** ES2+ as it is fuzzed: requests of partners over mutual TLS, whose texts may still be anything. */
import { type Answer, RequestError } from '../../src/esim/sgp22/es9.ts'
import { isEid } from '../../src/esim/sgp22/eid.ts'
import {
  decideOrder,
  iccidToWire,
  type OrderFunction,
  readOrderRequest,
  readProgress,
  type StockProfile,
} from '../../src/esim/sgp22/es2.ts'
import { eidOf, isIccid, luhnDigit } from '../../src/esim/sgp22/identifiers.ts'
import type { OrderState } from '../../src/esim/sgp22/smdp.ts'
import { statusCode } from '../../src/esim/sgp22/status.ts'
import type { Target } from './targets.ts'

const owner = '2.999.20'
const header = { functionRequesterIdentifier: owner, functionCallIdentifier: 'call-1' }
const digits = '894499000000000001'
const iccid = digits + luhnDigit(digits)
const eid = eidOf('890490320000000000000000000042')
const common = { header, iccid: iccidToWire(iccid) }

type Case = {
  name: OrderFunction
  from: OrderState
  leadsTo: readonly OrderState[]
  message: Readonly<Record<string, unknown>>
}

const cases: readonly Case[] = [
  {
    name: 'downloadOrder',
    from: 'available',
    leadsTo: ['allocated', 'linked'],
    message: { ...common, eid, profileType: 'violet-test-usim' },
  },
  {
    name: 'confirmOrder',
    from: 'linked',
    leadsTo: ['confirmed', 'released'],
    message: { ...common, eid, matchingId: 'AB-1', confirmationCode: '4711', releaseFlag: true },
  },
  { name: 'releaseProfile', from: 'confirmed', leadsTo: ['released'], message: common },
  {
    name: 'cancelOrder',
    from: 'released',
    leadsTo: ['available', 'unavailable'],
    message: { ...common, eid, matchingId: 'AB-1', finalProfileStatusIndicator: 'Available' },
  },
]

const codes = new Set(
  Object.values(statusCode).map(({ subjectCode, reasonCode }) => `${subjectCode}/${reasonCode}`),
)

const hasCode = ({ header: { functionExecutionStatus } }: Answer): boolean => {
  const data = functionExecutionStatus.statusCodeData
  return data !== undefined && codes.has(`${data.subjectCode}/${data.reasonCode}`)
}

export function es2Targets(): Target[] {
  return [...cases.map(orderTarget), progressTarget()]
}

function orderTarget({ name, from, leadsTo, message }: Case): Target {
  const stock: StockProfile = {
    iccid,
    profileType: 'violet-test-usim',
    owner,
    state: from,
    eid: from === 'available' ? null : eid,
    matchingId: from === 'released' ? 'AB-1' : null,
    confirmationCodeHash: null,
  }
  const call = (request: unknown) => {
    const read = readOrderRequest(name, request)
    const isStock = read.iccid === undefined || read.iccid === iccid
    const step = decideOrder(name, read, {
      profile: isStock ? stock : undefined,
      isTypeKnown: read.profileType === stock.profileType,
      isMatchingIdUsed: false,
      newMatchingId: 'NEW-1',
      smdpAddress: 'localhost:4400',
    })
    return { read, step }
  }
  return {
    name: `ES2+.${name}`,
    isText: true,
    message,
    meet: (request) => {
      const done = refusable(() => call(request))
      if (!done) return undefined
      const { read, step } = done
      const { profile } = step
      if (!profile) return hasCode(step.answer) ? undefined : 'no code of §5.2.6'
      if (read.header.functionRequesterIdentifier !== owner) return 'a foreign requester was served'
      if (profile.iccid !== iccid || profile.owner !== owner) return 'another profile was touched'
      if (!leadsTo.includes(profile.state)) return `it led to ${profile.state}`
      if (profile.eid !== null && !isEid(profile.eid)) return 'what is no EID was kept'
      const isRebound = stock.eid !== null && profile.eid !== null && profile.eid !== stock.eid
      return isRebound ? 'an order for one eUICC went to another' : undefined
    },
    accepts: (request) => call(request).step.status === 'ok',
  }
}

function progressTarget(): Target {
  return {
    name: 'ES2+.handleDownloadProgressInfo',
    isText: true,
    message: {
      ...common,
      eid,
      profileType: 'violet-test-usim',
      timestamp: '2026-11-26T10:00:00Z',
      notificationPointId: 4,
      notificationPointStatus: { status: 'Executed-Success' },
    },
    meet: (request) => {
      const read = refusable(() => readProgress(request))
      if (!read) return undefined
      if (!isIccid(read.iccid)) return 'what is no ICCID was understood'
      if (read.eid !== undefined && !isEid(read.eid)) return 'what is no EID was understood'
      return Number.isInteger(read.point) ? undefined : 'a point is no number'
    },
    accepts: (request) => readProgress(request).point === 4,
  }
}

/** Undefined where the request is refused with a status; anything else that is thrown is a finding. */
function refusable<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RequestError && statusCode[error.status]) return undefined
    throw error
  }
}
