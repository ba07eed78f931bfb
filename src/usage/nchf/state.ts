/** What a charging session is, what it needs to know of its line, and what one request of it is. */
import type { LineState } from '../../lines/line.ts'
import type { Charge, ChargedLine } from '../intake.ts'
import type { Hold, Purse } from '../purse.ts'
import type { Reason } from '../record.ts'
import type { NchfProblem } from './problem.ts'
import type { QuotaTerms } from './quota.ts'
import type { Asked, GroupAsk } from './request.ts'
import type { ChargingDataResponse, PlmnId } from './wire.ts'

export type Operation = 'create' | 'update' | 'release'

export type GroupState = {
  readonly ratingGroup: number
  /** Units charged so far in this session. */
  readonly used: bigint
  /** What of buckets and credit the quota sets aside; null: it has no quota. */
  readonly holding: Hold | null
  /** Since when what is reported next may have been used; microseconds since 1970, as all moments here. */
  readonly sinceUs: number
}

export type Answer = {
  readonly status: 200 | 201 | 204
  readonly body: ChargingDataResponse | null
}

/** `open`: may hold quotas. `lapsed`: nobody asked in time, it holds nothing, a late report still counts. */
export type SessionState = 'open' | 'lapsed' | 'released'

export type Session = {
  readonly sessionId: string
  readonly state: SessionState
  readonly plmn: PlmnId
  readonly openedUs: number
  readonly lastUs: number
  readonly groups: readonly GroupState[]
  /** How many requests were taken; numbers the usage records. */
  readonly requests: number
  /** The last few requests, newest last, so that one that comes again charges nothing. */
  readonly recent: readonly string[]
  readonly answer: Answer
}

export type LineFacts = Pick<ChargedLine, 'state' | 'plan' | 'purse'>

export type Step = {
  operation: Operation
  sessionId: string
  asked: Asked
  nowUs: number
  terms: QuotaTerms
}

/** A group whose use is not charged, and why. */
export type Unrated = { readonly ask: GroupAsk; readonly reason: Reason }

export type Decision =
  | { readonly kind: 'repeated'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly problem: NchfProblem }
  | {
      readonly kind: 'taken'
      readonly session: Session
      readonly charges: readonly Charge[]
      readonly purse: Purse
      readonly unrated: readonly Unrated[]
    }

/** Lines whose sessions are given quotas; what others used is charged all the same. */
export const mayUse: ReadonlySet<LineState> = new Set<LineState>(['active', 'closing'])
