/** What a person knows of their own: lines in the order they were bought, and the phone they hold. */
import { ok, type Program, say } from './ask.ts'
import type { Of } from './story.ts'

export const emailOf = (name: string, seed: number) => `${name}.${seed}@people.example`

export const nameOf = (name: string) => `Lin ${name.toUpperCase()} Yue`

export type { Of } from './story.ts'
export type Phone = { iccid: string; imsi: string }

export type Mind = {
  email: string
  locale: 'en' | 'zh-CN'
  eid: string
  lineIds: string[]
  phones: Map<string, Phone>
  /** How often a phone has reported. */
  seq: number
  /** The page of an order that was placed and not paid. */
  unpaid: string | null
  /** The orders that were paid, and what the bank is to be asked once the closing is on its way. */
  paid: string[]
  claim: Of<'dispute'> | null
  /** Closures that were left to themselves before they were over. */
  left: { intent: Of<'close'>; caseId: string }[]
  /** A request was not known to be theirs: the session has ended. */
  isOut: boolean
  /** The account closes, so that nobody signs in any more. */
  isLeaving: boolean
}

export function mindOf(email: string, locale: Mind['locale'], eid: string): Mind {
  return {
    email,
    locale,
    eid,
    lineIds: [],
    phones: new Map(),
    seq: 0,
    unpaid: null,
    paid: [],
    claim: null,
    left: [],
    isOut: false,
    isLeaving: false,
  }
}

export function* askBank({ part, verdict, decidesInMs }: Of<'dispute'>, mind: Mind): Program {
  const orderId = mind.paid.at(-1)
  if (!orderId) return
  const asked = yield { do: 'claim', orderId, part, verdict, decidesInMs }
  if (ok(asked))
    yield say(`asks the bank to take ${part} of ${orderId} back: ${verdict} in the end`)
}
