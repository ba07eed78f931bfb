/** Each durable step fails at each of its places in turn, and every world comes to the same end. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verbs } from '../../src/closure/workflow.ts'
import type { InsideStep, Step } from '../../src/closure/steps/step.ts'
import { steps } from '../../src/closure/steps.ts'
import { faultsOf, type Place, placesOf, tellWith, wholeWay } from './harness.ts'
import { release } from './platform.ts'
import { type Ending, openStage, type Stage } from './stage.ts'
import type { Fault } from './story.ts'

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
 * Not in worlds: numbers that come (`test/port-in.test.ts`), others that order profiles (`test/es2-partner.test.ts`), saved
 * cards (`src/payments/methods.test.ts`), the search for what is left of an account (`test/erasure.test.ts`).
 */
const elsewhere = ['porting.arrive', 'esim.progress', 'payments.method', 'closure.scan']

test('the whole way, without a fault, comes by every queue and every step', () => {
  expect(whole.broken).toBeUndefined()
  const unseen = release.queues.filter(
    (queue) =>
      !elsewhere.includes(queue) && !places.some(({ place }) => place.startsWith(`${queue}: `)),
  )
  expect(unseen).toEqual([])
  const untaken = verbs.filter(
    (verb) => !places.some(({ place }) => place.includes(`closure_step(${verb})`)),
  )
  expect(untaken).toEqual([])
})

/** Every thirty-seventh place and one kind of fault there, in turn; `VIOLET_STEPS=all` plays every kind at every place. */
function chosen(): Fault[] {
  const all = places.map(faultsOf)
  if (process.env['VIOLET_STEPS'] === 'all') return all.flat()
  return all.flatMap((faults, index) => (index % 37 === 0 ? faults[index % faults.length]! : []))
}

test('Hard case 15: a crash at any step, before or after any outside call: the same end state, each refund once', async () => {
  const waiting = chosen()
  const wrong: string[] = []
  let played = 0
  const lane = async () => {
    for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
      const { broken, books } = await tellWith(stage, fault)
      played += 1
      const what = `${fault.kind} at ${fault.place}`
      if (broken) wrong.push(`${what}: ${broken.rule}: ${broken.what}`)
      else if (books !== whole.books) wrong.push(`${what}: ${books}\n  instead of ${whole.books}`)
    }
  }
  await Promise.all([lane(), lane(), lane()])
  expect(wrong).toEqual([])
  expect(played).toBeGreaterThan(3)
}, 3_600_000)

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
