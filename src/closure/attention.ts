/** What staff read of a case that is stuck: where it stopped, why, and what to do. */
import type { Attention, StoredCase } from './case.ts'
import { parseStep } from './workflow.ts'

const advice: Record<string, string> = {
  'stop-download': 'check that the SM-DP+ answers and knows the profile, then retry',
  grace: 'check that the network answers and lists the lines, then retry',
  detach: 'check that the network answers and lists the line, then retry',
  refund: 'check the refund at the payment provider by its reference, then retry',
  payout: 'check the payout at the payment provider by its reference, then retry',
}

const whatMax = 500
/** Of a card, a SIM, a subscription or an eUICC: ids of ours are no bare digits. */
const longNumber = /\d{12,}/g

/** What an error says, without where in the code it was: that is in the log. */
export function stuckAt(
  { state }: Pick<StoredCase, 'state'>,
  { step, what, now }: { step: string; what: string; now: Temporal.Instant },
): Attention {
  const [first = ''] = what.trim().split('\n    at ')
  return {
    step,
    what: first.replaceAll(longNumber, '…').slice(0, whatMax),
    advice:
      advice[parseStep(step).verb] ?? 'read the log by the reference, mend the cause, then retry',
    since: now.toString(),
    resume: state,
  }
}
