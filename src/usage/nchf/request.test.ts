import { expect, test } from 'vitest'
import { isProblem } from './problem.ts'
import { parseRanges } from './rating-group.ts'
import { parseRef, refOf, sessionIdOf } from './ref.ts'
import { type Asked, atHome, readAsked } from './request.ts'

const ranges = parseRanges(undefined)!
const good = {
  subscriberIdentifier: 'imsi-234990000000001',
  nfConsumerIdentification: { nodeFunctionality: 'SMF' },
  invocationTimeStamp: '2026-11-20T10:00:00.123456789+08:00',
  invocationSequenceNumber: 7,
}
const read = (more: object) => readAsked({ ...good, ...more }, ranges) as Asked
const plmn = (mcc: string) => ({ mcc, mnc: '01' })

test('the network nearest to the phone says where it is; none: it is at home', () => {
  const serving = {
    servingNetworkFunctionInformation: { nodeFunctionality: 'AMF', nFPLMNID: plmn('310') },
  }
  const session = { servingNetworkFunctionID: serving }
  const location = { nrLocation: { tai: { plmnId: plmn('208'), tac: '1' } } }
  const consumer = { nfConsumerIdentification: { nodeFunctionality: 'SMF', nFPLMNID: plmn('234') } }
  const at = (pdu: object) => read({ ...consumer, pDUSessionChargingInformation: pdu }).plmn?.mcc
  expect(at({})).toBe('234')
  expect(at({ pduSessionInformation: session })).toBe('310')
  expect(at({ pduSessionInformation: session, userLocationinfo: location })).toBe('208')
  const own = { ...session, servingCNPlmnId: plmn('440') }
  expect(at({ pduSessionInformation: own, userLocationinfo: location })).toBe('440')
  expect(read({}).plmn).toBeUndefined()
  expect(atHome(read({}), '234990000000001').plmn).toEqual({ mcc: '234', mnc: '99' })
})

test('a line is named by its SIM or by its number, there or in the served GPSI', () => {
  expect(read({}).identity).toEqual({ kind: 'imsi', value: '234990000000001' })
  const number = { subscriberIdentifier: 'msisdn-447700900123' }
  expect(read(number).identity).toEqual({ kind: 'msisdn', value: '447700900123' })
  const gpsi = {
    subscriberIdentifier: 'nai-somebody@example.com',
    pDUSessionChargingInformation: { userInformation: { servedGPSI: 'msisdn-447700900123' } },
  }
  expect(read(gpsi).identity).toEqual({ kind: 'msisdn', value: '447700900123' })
  expect(read({ subscriberIdentifier: 'imsi-12' }).identity).toBeUndefined()
})

test('units are counted by kind, a group that comes twice once, and moments in microseconds', () => {
  const container = {
    localSequenceNumber: 1,
    time: 61,
    uplinkVolume: 2,
    downlinkVolume: 3,
    serviceSpecificUnits: 4,
    triggerTimestamp: '2026-11-20T02:00:01Z',
  }
  const one = (ratingGroup: number) => ({ ratingGroup, usedUnitContainer: [container] })
  const { groups, invokedUs } = read({
    multipleUnitUsage: [one(1), one(1000), one(2000), { ...one(1), requestedUnit: {} }],
  })
  expect(groups.map(({ kind, used }) => [kind, used.map(({ quantity }) => quantity)])).toEqual([
    ['data', [5n, 5n]],
    ['voice', [61n]],
    ['sms', [4n]],
  ])
  expect(groups[0]).toMatchObject({ requested: 'any' })
  expect(groups[0]?.used[0]?.endedUs).toBe(Date.UTC(2026, 10, 20, 2, 0, 1) * 1000)
  expect(invokedUs).toBe(Date.UTC(2026, 10, 20, 2, 0, 0, 123) * 1000)
})

test('the mark of a retransmission does not make another request of it, anything else does', () => {
  const { contentHash } = read({})
  expect(read({ retransmissionIndicator: true }).contentHash).toBe(contentHash)
  expect(read({ chargingId: 8 }).contentHash).not.toBe(contentHash)
  expect(read({ invocationSequenceNumber: 8 }).contentHash).not.toBe(contentHash)
})

test('an event is of a known type', () => {
  expect(read({ oneTimeEvent: true, oneTimeEventType: 'IEC' }).event).toBe('IEC')
  const untyped = readAsked({ ...good, oneTimeEvent: true }, ranges)
  expect(isProblem(untyped) && untyped.invalidParams).toEqual([
    { param: '/oneTimeEventType', reason: 'IEC or PEC' },
  ])
})

test.each([
  ['1-999=data, 1000=voice ,2000-2001=sms', 3],
  ['5=data', 1],
  ['1-999=data,500=sms', undefined],
  ['9-1=data', undefined],
  ['1-9=fax', undefined],
  ['', undefined],
])('rating groups %j', (text, count) => {
  expect(parseRanges(text)?.length).toBe(count)
})

test('a ref leads to its session and nowhere else', () => {
  const ref = {
    subscriberId: `sub_${'1'.repeat(32)}`,
    lineId: `line_${'2'.repeat(32)}`,
    sessionId: sessionIdOf('line_2', 'content'),
  }
  expect(parseRef(refOf(ref))).toEqual(ref)
  for (const text of [
    '',
    'x',
    refOf(ref).slice(1),
    `${refOf(ref)}0`,
    refOf(ref).replaceAll('.', '/'),
  ])
    expect(parseRef(text)).toBeUndefined()
})
