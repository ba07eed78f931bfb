/** Each durable step fails at each of its places in turn, and every world comes to the same end. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InsideStep, Step } from '../../src/closure/steps/step.ts'
import { steps } from '../../src/closure/steps.ts'
import { partsOf, type Place, placesOf, roundOf, tellWith, wholeWay } from './harness.ts'
import { type Ending, openStage, type Stage } from './stage.ts'

let stage: Stage
let whole: Ending
let places: Place[]
beforeAll(async () => {
  stage = await openStage()
  whole = await stage.tell(wholeWay)
  places = placesOf(whole)
}, 120_000)
afterAll(() => stage.close())

/**
 * Not in worlds: others that order profiles (`test/es2-partner.test.ts`), saved cards (`src/payments/methods.test.ts`), the
 * search for what is left of an account (`test/erasure.test.ts`), texts that arrive for some days more
 * (`test/dispositions.test.ts`).
 */
const elsewhere = ['esim.progress', 'payments.method', 'closure.scan', 'grace']

test('the whole way, without a fault, comes by every queue and every step', () => {
  expect(whole.broken).toBeUndefined()
  const unseen = [...partsOf(places)].filter(
    ([part, own]) => !elsewhere.includes(part) && own.length === 0,
  )
  expect(unseen.map(([part]) => part)).toEqual([])
})

/** One fault at every verb and every queue in each of two plays; `npm run simulate:steps` plays each fault alone. */
const rounds = [0, 1]

test('Hard case 15: a crash at any step, before or after any outside call: the same end state, each refund once', async () => {
  const met = await Promise.all(
    rounds.map(async (round) => {
      const ending = await tellWith(stage, roundOf(places, round))
      expect(ending.broken).toBeUndefined()
      expect(ending.books).toBe(whole.books)
      return ending.met
    }),
  )
  const failed = new Set(met.flat().map(({ place }) => place))
  const spared = [...partsOf(places)].filter(
    ([part, own]) => !elsewhere.includes(part) && !own.some(({ place }) => failed.has(place)),
  )
  expect(spared.map(([part]) => part)).toEqual([])
}, 900_000)

test('a step that touches the outside can say whether its effect stands', () => {
  for (const step of Object.values(steps))
    if (step.kind === 'outside') expect(step.isDone).toBeTypeOf('function')
  // @ts-expect-error without isDone it is no step, and the build says so
  const blind: Step = { kind: 'outside', perform: async () => ({}), record: async () => ({}) }
  expect(blind.kind).toBe('outside')
  const inside: InsideStep['record'] = async (_, [one]) => {
    // @ts-expect-error whoever has no isDone is handed nobody to call
    void one?.partners.network
    return []
  }
  expect(inside).toBeTypeOf('function')
})
