/** What a program of a world may ask for, and the words it is written in. */
import type { Claim } from './bank.ts'
import type { Card } from './story.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- answers are read field by field, as a client would
export type Body = any
/** Status 0: nobody answered, however often it was asked. */
export type Answer = { status: number; body: Body; location?: string }

export type Request = {
  do: 'request'
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
  /** Sent twice under one key, as an impatient person does. */
  clicks?: number | undefined
}
/** What happens outside of the platform: a page of the provider, a phone, a visited network. */
export type Outside =
  | { do: 'pay'; url: string; card: Card; attempt: number }
  | ({ do: 'claim' } & Claim)
  | { do: 'read-code' | 'read-link'; to: string; sinceMs: number }
  | { do: 'phone'; path: '/esim/download' | '/esim/notifications'; body: object }
  | { do: 'use'; imsi: string; what: 'data' | 'voice' | 'sms'; amount: number; mccmnc: string }
  | { do: 'late'; imsi: string; amount: number; mccmnc: string; minutesAgo: number }
/** What another operator says, signed; `dueInMs` sets the day of what it asks for. */
export type Operator = { do: 'operator'; type: string; data: object; dueInMs?: number }
/** What the network asks of online charging; `used` of what it was granted before. */
export type Charge = {
  do: 'charge'
  operation: 'create' | 'update' | 'release'
  ref: string
  sequence: number
  imsi: string
  mccmnc: string
  used: number | null
}
export type Ask =
  | Request
  | Operator
  | Charge
  | Outside
  | { do: 'wait'; ms: number }
  | { do: 'wait-until'; afterMs: number }
  | { do: 'say'; what: string }
  /** Asks for something that belongs to somebody else. */
  | { do: 'pry' }
export type Program = Generator<Ask, void, Answer>

export const seconds = 1000
export const minutes = 60 * seconds
export const hours = 60 * minutes
export const ok = ({ status }: Answer) => status >= 200 && status < 300
export const say = (what: string): Ask => ({ do: 'say', what })
export const wait = (ms: number): Ask => ({ do: 'wait', ms })
export const get = (path: string): Request => ({ do: 'request', method: 'GET', path })
export const post = (path: string, body: unknown = {}, clicks?: number): Request => ({
  do: 'request',
  method: 'POST',
  path,
  body,
  clicks,
})

/** Asks again for a while when the platform says that it cannot just now. */
export function* insist(request: Request, wanted: number): Generator<Ask, Answer, Answer> {
  let answer: Answer = { status: 0, body: {} }
  for (let round = 0; round < 16; round += 1) {
    answer = yield request
    const isNo = answer.status >= 400 && answer.status < 500
    // The eSIM is ready a moment after the line, or hours after where the SM-DP+ is away.
    const isSoon = answer.body?.code === 'profile-in-preparation'
    if (answer.status === wanted || (isNo && !isSoon) || (round >= 3 && !isSoon)) return answer
    yield wait((round < 3 ? 5 : 15) * minutes)
  }
  return answer
}
