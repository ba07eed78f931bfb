import { expect, test } from 'vitest'
import type { Plan } from '../../portal/wire.ts'
import { allowanceOf, includedSteps, priceOf } from './plan-text.ts'

const gbp = (amount: string) => ({ amount, currency: 'GBP' })
const flex = {
  price: gbp('18.00'),
  allowance: { dataBytes: '20000000000', voiceSeconds: 6000, smsMessages: 50 },
  dials: [
    { kind: 'data', step: '5000000000', min: 1, max: 12, included: 4, pricePerStep: gbp('3.75') },
    { kind: 'voice', step: '3000', min: 0, max: 10, included: 2, pricePerStep: gbp('1.50') },
  ],
} as unknown as Plan

test('what is included costs the base price', () => {
  expect(includedSteps(flex)).toEqual({ data: 4, voice: 2, sms: 0 })
  expect(priceOf(flex, includedSteps(flex))).toEqual(gbp('18.00'))
})

test('steps up and down change the price to the penny', () => {
  expect(priceOf(flex, { data: 6, voice: 0, sms: 0 })).toEqual(gbp('22.50'))
  expect(allowanceOf(flex, { data: 6, voice: 0, sms: 0 })).toEqual({
    dataBytes: '30000000000',
    voiceSeconds: 0,
    smsMessages: 50,
  })
})
