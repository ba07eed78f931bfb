/** How our lines and the network's register differ, and what mends it: pure, so that a dry run says what a real one does. */
import type { LineState } from './line.ts'
import { accessMove, type Held, wantedAccess } from './suspension.ts'

export type OurLine = {
  readonly subscriberId: string
  readonly lineId: string
  readonly imsi: string
  readonly state: LineState
  readonly stateBeforeClosing: LineState | null
  readonly msisdn: string | null
}

export const differences = [
  'lost', // ours has service, the register has no such subscriber
  'stranger', // the register has one that is no line of ours
  'closed', // the register has one whose line has closed
  'not-suspended', // ours is suspended, the register serves it
  'not-active', // ours has service, the register has it suspended
  'number', // the numbers differ
] as const
export type DifferenceKind = (typeof differences)[number]
export type Difference = { kind: DifferenceKind; imsi: string; line: OurLine | undefined }

/** Undefined where both say the same, and where a closure or an activation is about to see to it. */
export function differenceOf(line: OurLine, held: Held | undefined): DifferenceKind | undefined {
  const wanted = wantedAccess(line.state, line.stateBeforeClosing)
  const move = accessMove(wanted, line.msisdn, held)
  if (move === 'none') return undefined
  if (move === 'remove') return 'closed'
  if (move === 'suspend') return 'not-suspended'
  if (move === 'resume') return 'not-active'
  return held ? 'number' : 'lost'
}

export type Outcome = {
  difference: Difference
  done: 'repaired' | 'failed' | 'found'
  why?: string
}

/** What mends a difference, in words for a person at a terminal. */
export const remedies: Record<DifferenceKind, { found: string; repaired: string }> = {
  lost: { found: 'the register lost it', repaired: 'activated again' },
  stranger: { found: 'no line of ours', repaired: 'deleted from the register' },
  closed: { found: 'its line has closed', repaired: 'deleted from the register' },
  'not-suspended': { found: 'suspended here, served there', repaired: 'suspended again' },
  'not-active': { found: 'served here, suspended there', repaired: 'resumed' },
  number: { found: 'another number there', repaired: 'number set' },
}
