/** Until when closing lines go on at least: by their owner's choice, to a day of their own, or because a term binds them. */
import { type Bound, boundOf } from './dues.ts'
import type { Choices } from './ends.ts'
import type { Facts } from './facts.ts'
import { ownDayEnd } from './own-day.ts'
import { wantedEnd } from './spending.ts'

export type AgreedEnd = { at: Temporal.Instant | null; bound: readonly Bound[] }

/** Null: they end as soon as it is decided. */
export function agreedEnd(facts: Facts, choices: Choices, now: Temporal.Instant): AgreedEnd {
  const day = ownDayEnd(facts, choices, now)
  // Who stays beyond the time for it does not withdraw: what binds is looked at as of the day.
  const bound = boundOf(facts, day ?? now)
  const wanted = wantedEnd(facts.lines, choices, now)
  const ends = [...bound.map(({ until }) => until), wanted ?? [], day ?? []].flat()
  return { at: ends.sort(Temporal.Instant.compare).at(-1) ?? null, bound }
}

type Quoted = {
  bound?: readonly { lineId: string }[] | undefined
  ownDay?: { lines: readonly { lineId: string }[] } | undefined
}

/** Of lines that a term binds, or whose owner chose a day, service goes on as before: they renew until their day. */
export function lastingLines(quote: Quoted | null): ReadonlySet<string> {
  const lasting = [...(quote?.bound ?? []), ...(quote?.ownDay?.lines ?? [])]
  return new Set(lasting.map(({ lineId }) => lineId))
}
