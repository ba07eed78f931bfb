/** Damages valid messages, seeded, and counts how they were met. */
import { mutate, randomOf } from './mutate.ts'
import type { Target } from './targets.ts'

export type Finding = {
  readonly name: string
  readonly seed: number
  readonly index: number
  readonly problem: string
}

/** The first finding among these cases, if there is one. `from` and `to` number the cases of a seed. */
export function fuzz(
  target: Target,
  donors: readonly Target[],
  seed: number,
  from: number,
  to: number,
): Finding | undefined {
  for (let index = from; index < to; index++) {
    const problem = fuzzOne(target, donors, seed, index)
    if (problem !== undefined) return { name: target.name, seed, index, problem }
  }
  return undefined
}

export function damaged(
  target: Target,
  donors: readonly Target[],
  seed: number,
  index: number,
): unknown {
  const random = randomOf(seed, index)
  const donor = donors[random.below(donors.length)] ?? target
  return mutate(target.message, donor.message, random, target.isText)
}

function fuzzOne(
  target: Target,
  donors: readonly Target[],
  seed: number,
  index: number,
): string | undefined {
  try {
    return target.meet(damaged(target, donors, seed, index))
  } catch (error) {
    return `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}
