/** Until when closing lines go on at least: by their owner's choice, or because a term binds them. */
import { type Bound, boundOf } from './dues.ts'
import type { Choices } from './ends.ts'
import type { Facts } from './facts.ts'
import { wantedEnd } from './spending.ts'

export type AgreedEnd = { at: Temporal.Instant | null; bound: readonly Bound[] }

/** Null: they end as soon as it is decided. */
export function agreedEnd(facts: Facts, choices: Choices, now: Temporal.Instant): AgreedEnd {
  const bound = boundOf(facts, now)
  const wanted = wantedEnd(facts.lines, choices, now)
  const ends = [...bound.map(({ until }) => until), ...(wanted ? [wanted] : [])]
  return { at: ends.sort(Temporal.Instant.compare).at(-1) ?? null, bound }
}

type Quoted = { bound?: readonly { lineId: string }[] | undefined }

/** Of lines that a term binds service goes on as before: they renew until their day. */
export function boundLines(quote: Quoted | null): ReadonlySet<string> {
  return new Set((quote?.bound ?? []).map(({ lineId }) => lineId))
}
