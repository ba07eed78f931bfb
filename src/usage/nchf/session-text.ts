/** A line's sessions as its purse keeps them, and when a sweep looks at them next. */
import { z } from 'zod'
import type { QuotaTerms } from './quota.ts'
import type { Session, SessionState } from './state.ts'

export type Sessions = ReadonlyMap<string, Session>

/** A line with more than this opens no other: a network that never ends its sessions is not our line's fault. */
export const openMax = 100
// Sessions that ended are kept a little: a late report still counts, a repeated one is answered.
const endedMax: Readonly<Record<'lapsed' | 'released', number>> = { lapsed: 8, released: 3 }

const units = z.string().transform(BigInt)
const group = z
  .object({
    g: z.int(),
    u: units,
    s: z.number(),
    h: z.object({ t: z.array(z.tuple([z.string(), units])), m: units }).optional(),
  })
  .transform(({ g, u, s, h }) => ({
    ratingGroup: g,
    used: u,
    sinceUs: s,
    holding: h
      ? { taken: h.t.map(([bucketId, quantity]) => ({ bucketId, quantity })), minor: h.m }
      : null,
  }))

const session = z.object({
  sessionId: z.string(),
  state: z.enum(['open', 'lapsed', 'released']),
  plmn: z.object({ mcc: z.string(), mnc: z.string() }),
  openedUs: z.number(),
  lastUs: z.number(),
  groups: z.array(group),
  requests: z.int(),
  recent: z.array(z.string()),
  answer: z.object({ status: z.literal([200, 201, 204]), body: z.unknown() }),
})

export function readSessions(text: string): Sessions {
  if (text === '') return new Map()
  const all = z.array(session).parse(JSON.parse(text)) as Session[]
  return new Map(all.map((one) => [one.sessionId, one]))
}

export function sessionsText(sessions: Sessions): string {
  if (sessions.size === 0) return ''
  return `[${[...sessions.values()].map(textOf).join(',')}]`
}

// A session never changes, it is replaced; so its text is made once.
const texts = new WeakMap<Session, string>()

function textOf(one: Session): string {
  const made = texts.get(one) ?? written(one)
  texts.set(one, made)
  return made
}

function written({ groups, ...rest }: Session): string {
  return JSON.stringify({
    ...rest,
    groups: groups.map(({ ratingGroup, used, sinceUs, holding }) => ({
      g: ratingGroup,
      u: String(used),
      s: sinceUs,
      ...(holding && {
        h: {
          t: holding.taken.map(({ bucketId, quantity }) => [bucketId, String(quantity)]),
          m: String(holding.minor),
        },
      }),
    })),
  })
}

export function openCount(sessions: Sessions): number {
  let count = 0
  for (const { state } of sessions.values()) if (state === 'open') count += 1
  return count
}

/** Without those that ended long ago: the newest of each kind stay. */
export function trimmed(sessions: Sessions): Sessions {
  const left = { ...endedMax }
  const kept = [...sessions.values()]
    .reverse()
    .filter(({ state }) => state === 'open' || (left[state] -= 1) >= 0)
  if (kept.length === sessions.size) return sessions
  return new Map(kept.reverse().map((one) => [one.sessionId, one]))
}

const secondUs = 1_000_000

export function isAbandoned(
  { state, lastUs }: { state: SessionState; lastUs: number },
  nowUs: number,
  terms: QuotaTerms,
): boolean {
  return state === 'open' && nowUs - lastUs >= (terms.validitySec + terms.graceSec) * secondUs
}

/** When the first of them may be abandoned, rounded up to ten minutes; null: none is open. */
export function dueUs(
  sessions: Sessions,
  terms: Pick<QuotaTerms, 'validitySec' | 'graceSec'>,
): number | null {
  let first = Infinity
  for (const { state, lastUs } of sessions.values())
    if (state === 'open' && lastUs < first) first = lastUs
  if (first === Infinity) return null
  const stepUs = 600 * secondUs
  return Math.ceil((first + (terms.validitySec + terms.graceSec) * secondUs) / stepUs) * stepUs
}
