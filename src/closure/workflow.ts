/** Which durable steps a case takes, in order: the verbs, and what each is about. */
import type { Facts } from './facts.ts'

export const verbs = [
  'stop-download',
  'detach',
  'end-sessions',
  'close-line',
  'settle',
  'refund',
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

/** Until service has ended: nothing can be downloaded, the network forgets the line and reports what was used, the line closes. */
export function endingSteps({ lines }: Facts): string[] {
  return lines.flatMap(({ lineId }) => [
    stepName('stop-download', lineId),
    stepName('detach', lineId),
    stepName('end-sessions', lineId),
    stepName('close-line', lineId),
  ])
}

/** After service has ended: money, proof, and the end of the account. */
export function settlingSteps(refundIds: readonly string[]): string[] {
  return [
    stepName('settle'),
    ...refundIds.map((id) => stepName('refund', id)),
    stepName('certificate'),
    stepName('close'),
  ]
}
