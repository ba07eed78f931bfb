/** Which durable steps a case takes, in order: the verbs, and what each is about. */
import type { Choices } from './ends.ts'
import type { Facts } from './facts.ts'

export const verbs = [
  'stop-download',
  'grace',
  'detach',
  'end-sessions',
  'close-line',
  'settle',
  'refund',
  'payout',
  'late-usage',
  'dispute',
  'finish',
  'certificate',
  'close',
] as const
export type Verb = (typeof verbs)[number]

export function stepName(verb: Verb, subject = ''): string {
  return subject === '' ? verb : `${verb}:${subject}`
}

export function parseStep(name: string): { verb: Verb; subject: string } {
  const colon = name.indexOf(':')
  const verb = (colon === -1 ? name : name.slice(0, colon)) as Verb
  return { verb, subject: colon === -1 ? '' : name.slice(colon + 1) }
}

/** Until service has ended: texts alone for as long as was asked, then nothing can be downloaded, the network forgets the line and reports what was used, the line closes. */
export function endingSteps({ lines }: Facts, { texts }: Pick<Choices, 'texts'> = {}): string[] {
  const ends = lines.flatMap(({ lineId }) => [
    stepName('stop-download', lineId),
    stepName('detach', lineId),
    stepName('end-sessions', lineId),
    stepName('close-line', lineId),
  ])
  return texts ? [stepName('grace'), ...ends] : ends
}

/** How long the owner of a refund that its card refused can name an account for it. */
export const payoutDays = 30

/** What settling kept back until the last record has come, or a bank has decided. */
export type Kept = { lateUsage: boolean; disputes: readonly string[] }

/** After service has ended: money, what had to wait, proof, and the end of the account. */
export function settlingSteps(
  refunds: readonly {
    refundId: string
    refused: boolean
    hasAccount: boolean
    isDisputed: boolean
  }[],
  { lateUsage, disputes }: Kept,
): string[] {
  const waits = [
    ...(lateUsage ? [stepName('late-usage')] : []),
    ...disputes.map((id) => stepName('dispute', id)),
  ]
  const payouts = (wanted: (refund: { hasAccount: boolean }) => boolean) =>
    refunds
      .filter((refund) => refund.refused && wanted(refund))
      .map(({ refundId }) => stepName('payout', refundId))
  const sent = (disputed: boolean) =>
    refunds
      .filter(({ isDisputed }) => isDisputed === disputed)
      .map(({ refundId }) => stepName('refund', refundId))
  return [
    stepName('settle'),
    ...sent(false),
    // Nothing waits for an account that nobody has named yet.
    ...payouts(({ hasAccount }) => hasAccount),
    // What a bank may hold up holds up no other refund.
    ...sent(true),
    ...waits,
    ...(waits.length > 0 ? [stepName('finish')] : []),
    ...payouts(({ hasAccount }) => !hasAccount),
    stepName('certificate'),
    stepName('close'),
  ]
}

/** From the outcome of `settle`; what waits anyway also waits for disputes that were opened since. */
export function waitsOf(
  outcome: Readonly<Record<string, string>> | undefined,
  { disputes: open }: Pick<Facts, 'disputes'>,
): Kept {
  const disputes = JSON.parse(outcome?.['disputes'] ?? '[]') as string[]
  const lateUsage = Number(outcome?.['reserves'] ?? 0) > 0
  if (!lateUsage && disputes.length === 0) return { lateUsage, disputes }
  const since = open.map(({ disputeId }) => disputeId)
  return { lateUsage, disputes: [...new Set([...disputes, ...since])] }
}
