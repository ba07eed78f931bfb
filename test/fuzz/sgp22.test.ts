import { describe, expect, test } from 'vitest'
import { es2Targets } from './es2-targets.ts'
import { record, readRecordings } from './recording.ts'
import { damaged, fuzz } from './run.ts'
import { targetsOf } from './targets.ts'

describe.each(readRecordings().map((recording) => [recording.curve, recording] as const))(
  '%s',
  (_, recording) => {
    const targets = targetsOf(recording)

    test.each(targets.map((target) => [target.name, target] as const))(
      '%s: the recorded message is accepted, and no damaged one of a thousand',
      (_name, target) => {
        expect(target.accepts(target.message)).toBe(true)
        expect(fuzz(target, targets, 41, 0, 1000)).toBeUndefined()
      },
    )
  },
)

describe('ES2+', () => {
  const targets = es2Targets()
  test.each(targets.map((target) => [target.name, target] as const))(
    '%s: the valid message is accepted, and whatever is done to five thousand is refused or harmless',
    (_name, target) => {
      expect(target.accepts(target.message)).toBe(true)
      expect(fuzz(target, targets, 41, 0, 5000)).toBeUndefined()
    },
  )
})

test('the same seed does the same damage, another seed other damage', () => {
  const [recording] = readRecordings()
  if (!recording) throw new Error('there is a recording')
  const targets = targetsOf(recording)
  const [target] = targets
  if (!target) throw new Error('there is a target')
  const some = (seed: number) =>
    Array.from({ length: 50 }, (_, index) => damaged(target, targets, seed, index))
  expect(some(7)).toEqual(some(7))
  expect(some(7)).not.toEqual(some(8))
})

test('a fresh recording is accepted like the stored one, so the stored one is not out of date', () => {
  const names = Object.keys(record('prime256v1').messages)
  for (const recording of readRecordings()) expect(Object.keys(recording.messages)).toEqual(names)
})

test('the fuzzer finds what it is for: a function that believes everything', () => {
  const [recording] = readRecordings()
  if (!recording) throw new Error('there is a recording')
  const targets = targetsOf(recording)
  const [target] = targets
  if (!target) throw new Error('there is a target')
  const careless = { ...target, meet: () => 'a damaged message was accepted' }
  expect(fuzz(careless, targets, 1, 0, 10)).toMatchObject({ index: 0 })
  const crashing = {
    ...target,
    meet: () => {
      throw new TypeError('x')
    },
  }
  expect(fuzz(crashing, targets, 1, 5, 10)).toMatchObject({
    index: 5,
    problem: expect.stringMatching(/it threw TypeError/),
  })
})
