import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRefusal } from '../values/refusal.ts'
import { catalogPlans } from './catalog.ts'
import { type Kind, type PlanTerms, planDocument } from './plan.ts'
import { type Offer, offerOf } from './price.ts'

const plans = catalogPlans().map(({ document }) => planDocument.parse(document))
const flex = plans.find(({ kind }) => kind === 'adjustable') as PlanTerms
const japan = plans.find(({ zoneId }) => zoneId === 'japan') as PlanTerms

test('without dials a plan costs and holds what it says', () => {
  expect(offerOf(japan)).toEqual({ price: japan.price, allowance: japan.allowance })
})

test('turning dials up and down moves price and allowance by whole steps', () => {
  const up = offerOf(flex, { data: 10, voice: 0, sms: 2 }) as Offer
  // 9.00 + 5 × 0.80 − 2 × 0.60 + 1 × 0.50
  expect(up.price.minor).toBe(1230n)
  expect(up.allowance).toEqual({ data: 10_000_000_000n, voice: 0n, sms: 100n })
})

test.each([
  [{ data: 0, voice: 0, sms: 0 }],
  [{ data: 51, voice: 0, sms: 0 }],
  [{ data: 5, voice: 21, sms: 0 }],
  [{ data: 5.5, voice: 2, sms: 1 }],
  [{ data: 5, voice: 2, sms: -1 }],
])('steps that aren’t sold are refused: %j', (adjustment) => {
  expect(offerOf(flex, adjustment)).toMatchObject({ refused: 'adjustment-not-allowed' })
})

test('a plan without dials takes no steps', () => {
  expect(offerOf(japan, { data: 1, voice: 0, sms: 0 })).toMatchObject({
    refused: 'adjustment-not-allowed',
    facts: { kind: 'data', min: '0', max: '0' },
  })
  expect(offerOf(japan, { data: 0, voice: 0, sms: 0 })).toEqual(offerOf(japan))
})

const steps = (kind: Kind) => {
  const { min, max } = flex.dials.find((dial) => dial.kind === kind)!
  return fc.integer({ min, max })
}

test('every offer costs something, and each further step costs exactly its price', () => {
  const anyAdjustment = fc.record({ data: steps('data'), voice: steps('voice'), sms: steps('sms') })
  fc.assert(
    fc.property(
      anyAdjustment,
      fc.constantFrom<Kind>('data', 'voice', 'sms'),
      (adjustment, kind) => {
        const offer = offerOf(flex, adjustment) as Offer
        expect(offer.price.minor > 0n).toBe(true)
        const next = offerOf(flex, { ...adjustment, [kind]: adjustment[kind] + 1 })
        const dial = flex.dials.find((one) => one.kind === kind)!
        if (isRefusal(next)) {
          expect(adjustment[kind]).toBe(dial.max)
          return
        }
        expect(next.price.minor - offer.price.minor).toBe(dial.pricePerStep.minor)
        expect(next.allowance[kind] - offer.allowance[kind]).toBe(dial.step)
      },
    ),
  )
})
