/** The body of an answer, and the mark by which a request that comes again is known. */
import type { Step } from './state.ts'
import type { ChargingDataResponse, UnitInformation } from './wire.ts'

/** Another network may have another price, so the network says at once when the phone changes it. */
const triggers = [
  { triggerType: 'PLMN_CHANGE', triggerCategory: 'IMMEDIATE_REPORT' as const },
] satisfies ChargingDataResponse['triggers']

export function said(
  { asked, nowUs }: Pick<Step, 'asked' | 'nowUs'>,
  information: UnitInformation[],
): ChargingDataResponse {
  return {
    invocationTimeStamp: new Date(Math.floor(nowUs / 1000)).toISOString(),
    invocationSequenceNumber: asked.sequence,
    ...(information.length > 0 && { multipleUnitInformation: information, triggers }),
  }
}

/**
 * By its content, which holds the sequence number too: a known SMF sends number 0 always, so that alone tells nothing.
 */
export function requestKey({ operation, asked }: Pick<Step, 'operation' | 'asked'>): string {
  return `${operation.slice(0, 1)}${asked.contentHash.slice(0, 16)}`
}

/** One use of one request, however often it is told and by whichever way it is charged in the end: the same record. */
export function usageIdOf(
  sessionId: string,
  request: string,
  ratingGroup: number,
  index: number,
): string {
  return `${sessionId}:${request}:${ratingGroup}:${index}`
}
