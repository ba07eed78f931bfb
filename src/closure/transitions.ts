/** Every change of state that a closure can make, and why; nothing else can be stored. The documents draw it from here. */
import { type CaseState, hasEnded, mayFreeze, mayWithdraw } from './closure.ts'
import { caseStates } from './wire.ts'

export type Transition = { from: CaseState; to: CaseState; why: string }

const way: readonly Transition[] = [
  { from: 'draft', to: 'submitted', why: 'quote, choices and code are right' },
  { from: 'submitted', to: 'verifying', why: '' },
  { from: 'verifying', to: 'cooling_off', why: 'policy or a risk has it wait' },
  { from: 'verifying', to: 'in_review', why: 'a person decides' },
  { from: 'verifying', to: 'approved', why: 'straight through' },
  { from: 'verifying', to: 'needs_customer', why: 'a guardian is asked' },
  { from: 'needs_customer', to: 'verifying', why: 'the guardian authorised' },
  { from: 'cooling_off', to: 'in_review', why: 'time is over' },
  { from: 'cooling_off', to: 'approved', why: 'time is over' },
  { from: 'in_review', to: 'approved', why: 'approved, or late' },
  { from: 'in_review', to: 'rejected', why: 'with a reason' },
  { from: 'in_review', to: 'needs_customer', why: 'the reviewer asks' },
  { from: 'needs_customer', to: 'in_review', why: 'answered, or taken back' },
  { from: 'rejected', to: 'in_review', why: 'appealed, to another reviewer' },
  { from: 'approved', to: 'scheduled', why: '' },
  { from: 'approved', to: 'needs_customer', why: 'the number did not leave' },
  { from: 'scheduled', to: 'needs_customer', why: 'less would come back than agreed' },
  { from: 'needs_customer', to: 'scheduled', why: 'agreed again' },
  { from: 'scheduled', to: 'executing', why: 'the day has come' },
  { from: 'executing', to: 'settling', why: 'the network confirms absence' },
  { from: 'settling', to: 'closed', why: 'every cent has its place' },
]

/** One that is stuck goes where the state allows in which it stopped. */
const orStuck = (may: (state: CaseState) => boolean) => (state: CaseState) =>
  may(state) || state === 'needs_attention'
const worked = (state: CaseState) => state !== 'draft' && !hasEnded(state)
/** States beside the way that a case comes back from to where it was. */
const sides: readonly {
  side: CaseState
  from: (state: CaseState) => boolean
  why: string
  back: string
}[] = [
  { side: 'frozen', from: orStuck(mayFreeze), why: 'this wasn’t me', back: 'it was' },
  { side: 'on_hold', from: orStuck(mayFreeze), why: 'a port or a law holds it', back: 'released' },
  { side: 'needs_attention', from: worked, why: 'failed too often', back: 'retry' },
]

function beside(): Transition[] {
  return sides.flatMap(({ side, from, why, back }) =>
    caseStates
      .filter((state) => from(state) && state !== side)
      .flatMap((state) => [
        { from: state, to: side, why },
        { from: side, to: state, why: back },
      ]),
  )
}

/** Who is said not to have been the subscriber ends nothing by taking the number. */
const mayEndPorted = (state: CaseState) => mayWithdraw(state) && state !== 'frozen'

/** A number that another operator has ends its line, wherever the closure was; only its owner's choice is waited for. */
function ported(): Transition[] {
  const why = 'the number has left'
  return caseStates.filter(mayEndPorted).flatMap((from) => [
    { from, to: 'executing' as const, why },
    { from, to: 'needs_customer' as const, why },
  ])
}

function withdrawals(): Transition[] {
  return caseStates
    .filter(orStuck(mayWithdraw))
    .map((from) => ({ from, to: 'withdrawn', why: 'taken back' }))
}

export const transitions: readonly Transition[] = [
  ...way,
  ...beside(),
  ...ported(),
  ...withdrawals(),
]

const allowed = new Set(transitions.map(({ from, to }) => `${from} ${to}`))

export function mayBecome(from: CaseState, to: CaseState): boolean {
  return from === to || allowed.has(`${from} ${to}`)
}

/** The way as a Mermaid diagram; what every state can do stands once, below it. */
export function diagram(): string {
  const arrow = ({ from, to, why }: Transition) => `  ${from} --> ${to}${why ? `: ${why}` : ''}`
  const froms = (from: (state: CaseState) => boolean) => caseStates.filter(from).join(', ')
  return [
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> draft',
    ...way.map(arrow),
    '  closed --> [*]',
    '```',
    '',
    'Beside the way, and back to where it was:',
    '',
    '| state | from | why | back |',
    '| --- | --- | --- | --- |',
    ...sides.map(
      ({ side, from, why, back }) =>
        `| \`${side}\` | ${froms((state) => from(state) && state !== side)} | ${why} | ${back} |`,
    ),
    `| \`executing\` | ${froms(mayEndPorted)} | the number has left | never |`,
    `| \`withdrawn\` | ${froms(orStuck(mayWithdraw))} | taken back | never |`,
  ].join('\n')
}
