/** Grace: calls and data of an ending line have ended, and for some days texts go on arriving, free, if its owner wants. */
import { endOfAny, ruleFor } from '../policy/policy.ts'
import type { Choices } from './ends.ts'
import type { Facts, LineFacts } from './facts.ts'
import { isPorted } from './ported.ts'

/** Lines that can receive: with a number that stays, and in service. */
export function receivingLines({ lines }: Pick<Facts, 'lines'>): LineFacts[] {
  return lines.filter(
    (line) =>
      line.msisdn !== null &&
      !isPorted(line) &&
      (line.state === 'active' || line.state === 'closing'),
  )
}

/**
 * Until when texts can go on arriving after service has ended, on its day or now, whichever is later; null: policy does not
 * offer it, or there is nobody to.
 */
export function textsUntil(
  facts: Facts,
  endsAt: Temporal.Instant,
  now: Temporal.Instant,
): Temporal.Instant | null {
  if (facts.died || facts.byOperator || receivingLines(facts).length === 0) return null
  const from = Temporal.Instant.compare(endsAt, now) > 0 ? endsAt : now
  return endOfAny(facts.policy, ruleFor(facts.policy, 'graceMax'), from)
}

type Ending = { choices: Choices; endsAt: Temporal.Instant | null }

/** The end of the grace that was chosen, as service begins to end, however late that is; null: none was. */
export function graceEnd(
  { choices, endsAt }: Ending,
  facts: Facts,
  now: Temporal.Instant,
): Temporal.Instant | null {
  return choices.texts ? textsUntil(facts, endsAt ?? now, now) : null
}

/** While it lasts its end is the day that the case waits for; one that began before there was such a day counts from its end. */
export function graceOf(
  { choices, endsAt, dueAt }: Ending & { dueAt: Temporal.Instant | null },
  facts: Facts,
): Temporal.Instant | null {
  if (!choices.texts || !endsAt) return null
  const byRule = textsUntil(facts, endsAt, endsAt)
  return byRule && (dueAt ?? byRule)
}
