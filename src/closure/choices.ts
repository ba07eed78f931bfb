/** What becomes of choices where their owner can't be asked any more: what is possible stands, and the rest gives way. */
import { mayPayOut } from '../policy/policy.ts'
import type { Choice, Choices, Final } from './ends.ts'
import type { Facts } from './facts.ts'
import { daysFrom } from './own-day.ts'
import { paysOut } from './ported.ts'

/** Money was to move to a line that is closed, or closes, by now. */
function isGone({ staying }: Pick<Facts, 'staying'>, choice: Choice<string> | null): boolean {
  if (choice?.disposition !== 'move') return false
  return !staying.some(({ lineId }) => lineId === choice.toLineId)
}

/** What its owner still chooses on: a move to a line that has gone, or is on its way, falls away, and is asked about anew. */
export function stillPossible(facts: Pick<Facts, 'staying'>, choices: Choices): Choices {
  const { paid, promotional } = choices
  if (!isGone(facts, paid) && !isGone(facts, promotional)) return choices
  return {
    ...choices,
    paid: isGone(facts, paid) ? null : paid,
    promotional: isGone(facts, promotional) ? null : promotional,
  }
}

const giveUp = { disposition: 'give-up' } as const

/**
 * What was chosen of paid credit stands where it can; else it goes back to whom it came from, where that may be. Given away where
 * nothing but the port brings a refund, it was given because it could not be had; what was kept or moved is its owner's still.
 */
export function paidOnPort(
  { policy, staying }: Pick<Facts, 'policy' | 'staying'>,
  paid: Choices['paid'],
): Choices['paid'] {
  const mayRefund = mayPayOut(policy, { ported: true })
  const wasOffered = mayPayOut(policy, { ported: false })
  const isMeant = paid?.disposition !== 'donate' || wasOffered || !mayRefund
  if (paid && isMeant && !isGone({ staying }, paid)) return paid
  const first = paid?.spendFirst && { spendFirst: paid.spendFirst }
  return mayRefund ? { disposition: 'refund', ...first } : null
}

/** The same, and what was a gift ends. */
export function choicesOnPort(
  facts: Pick<Facts, 'policy' | 'staying'>,
  { paid, promotional, shared, endsOn }: Choices,
  now: Temporal.Instant,
): Choices {
  return {
    paid: paidOnPort(facts, paid),
    promotional: promotional && !isGone(facts, promotional) ? promotional : giveUp,
    shared: shared ?? { disposition: 'return' },
    // Until today service went on as before, so that what it used was used.
    ...(endsOn && { endsOn: daysFrom(facts.policy, now).from }),
  }
}

/**
 * Once service has ended: nothing goes to a line that does not stay, what came after nothing had to be chosen goes back, and
 * what nobody may be paid is unclaimed.
 */
export function finalChoices(
  facts: Pick<Facts, 'policy' | 'lines' | 'staying'>,
  choices: Choices,
): Final {
  const { paid, promotional } = choices
  return {
    ...choices,
    paid: paid === null || isGone(facts, paid) ? instead(facts) : paid,
    promotional: isGone(facts, promotional) ? giveUp : promotional,
    // What other lines put in goes back to them.
    shared: choices.shared ?? { disposition: 'return' },
  }
}

function instead(facts: Pick<Facts, 'policy' | 'lines'>): Final['paid'] {
  return { disposition: paysOut(facts) ? 'refund' : 'unclaimed', unasked: true }
}
