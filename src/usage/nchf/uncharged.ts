/** What of a request is not charged and why, and what one is told that was charged before and has been forgotten. */
import type { LineState } from '../../lines/line.ts'
import type { Reason } from '../record.ts'
import { requestKey, said, usageIdOf } from './answer.ts'
import { type Cause, type NchfProblem, problem } from './problem.ts'
import type { Ref } from './ref.ts'
import type { Asked } from './request.ts'
import type { Answer, Operation, Unrated } from './state.ts'

const reasons: Readonly<Partial<Record<Cause, Reason>>> = {
  CONTEXT_NOT_FOUND: 'session-ended',
  USER_UNKNOWN: 'unknown-imsi',
}

/** Every group of a request that was refused as a whole. */
export function refusedUses(
  { groups }: Asked,
  { cause }: NchfProblem,
  state?: LineState,
): Unrated[] {
  const reason = state === 'ordered' ? 'before-activation' : (reasons[cause] ?? 'refused')
  return groups.map((ask) => ({ ask, reason }))
}

export type Outcome = {
  readonly answer: { readonly ref: Ref; readonly answer: Answer } | NchfProblem
  readonly unrated: readonly Unrated[]
}

export function refusal(cause: Cause, asked: Asked, state?: LineState): Outcome {
  const answer = problem(cause)
  return { answer, unrated: refusedUses(asked, answer, state) }
}

type Request = { readonly operation: Operation; readonly ref: Ref; readonly asked: Asked }

/** Whether one of the records that a request would become is among those that are charged already. */
export function isCharged(
  { ref, operation, asked }: Request,
  charged: ReadonlySet<string>,
): boolean {
  if (charged.size === 0) return false
  const request = requestKey({ operation, asked })
  return asked.groups.some(({ ratingGroup, used }) =>
    used.some((_, index) => charged.has(usageIdOf(ref.sessionId, request, ratingGroup, index))),
  )
}

/** No quota is given twice. */
export function chargedAnswer({ operation, asked }: Request, nowUs: number): Answer {
  if (operation === 'release') return { status: 204, body: null }
  return { status: operation === 'create' ? 201 : 200, body: said({ asked, nowUs }, []) }
}
