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

/** Until when texts can go on arriving after service has ended; null: policy does not offer it, or there is nobody to. */
export function textsUntil(facts: Facts, endsAt: Temporal.Instant): Temporal.Instant | null {
  if (facts.died || facts.byOperator || receivingLines(facts).length === 0) return null
  return endOfAny(facts.policy, ruleFor(facts.policy, 'graceMax'), endsAt)
}

/** The end of the grace that was chosen; null: none was. */
export function graceEnd(
  { choices, endsAt }: { choices: Choices; endsAt: Temporal.Instant | null },
  facts: Facts,
): Temporal.Instant | null {
  return choices.texts && endsAt ? textsUntil(facts, endsAt) : null
}
