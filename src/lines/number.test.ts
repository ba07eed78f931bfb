import { expect, test } from 'vitest'
import { numberColumns, readNumber } from './number.ts'

const columns = numberColumns('msisdn,country,type')!

test.each([
  ['+447400123456,GB,mobile', { msisdn: '+447400123456', country: 'GB', kind: 'mobile' }],
  ['+447400123456,,', { msisdn: '+447400123456', country: 'GB', kind: 'mobile' }],
  ['"+442079460000",GB,fixed', { msisdn: '+442079460000', country: 'GB', kind: 'fixed' }],
  ['+12125550123,US,', { msisdn: '+12125550123', country: 'US', kind: 'mobile' }],
  ['+12125550123,US,fixed', { msisdn: '+12125550123', country: 'US', kind: 'fixed' }],
  ['+448001111111,GB,toll-free', { msisdn: '+448001111111', country: 'GB', kind: 'toll-free' }],
])('%s is read', (line, number) => {
  expect(readNumber(line, columns)).toEqual(number)
})

test.each([
  ['07400123456,GB,mobile', 'not-e164'],
  ['447400123456,GB,mobile', 'not-e164'],
  ['+44 7400 123456,GB,mobile', 'not-e164'],
  ['+0447400123456,GB,mobile', 'not-e164'],
  ['+4474001234567890,GB,mobile', 'not-e164'],
  [',GB,mobile', 'not-e164'],
  ['+4474001234567,GB,mobile', 'not-possible'],
  ['+447400123456,DE,mobile', 'country-differs'],
  ['+447400123456,gb,mobile', 'country-differs'],
  ['+447400123456,XX,mobile', 'country-differs'],
  ['+447400123456,GB,portable', 'type-unknown'],
  ['+447400123456,GB,fixed', 'type-differs'],
  ['+448001111111,GB,mobile', 'type-differs'],
  ['+447400123456,GB', 'missing-column'],
  ['"+447400123456,GB,mobile', 'missing-column'],
])('%s is bad: %s', (line, bad) => {
  expect(readNumber(line, columns)).toEqual({ bad })
})

test('columns may stand in any order; without one for the number it is no such file', () => {
  expect(numberColumns('Type, MSISDN')).toEqual({ msisdn: 1, country: -1, kind: 0, count: 2 })
  expect(numberColumns('number,country')).toBeUndefined()
  expect(readNumber('mobile,+447400123456', numberColumns('type,msisdn')!)).toMatchObject({
    country: 'GB',
  })
})
