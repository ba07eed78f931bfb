/** Until when closing lines go on at least: by their owner's choice, to a day of their own, or because a term or a notice binds. */
import { type Bound, boundOf } from './dues.ts'
import type { Choices } from './ends.ts'
import type { Facts } from './facts.ts'
import { ownDayEnd } from './own-day.ts'
import { wantedEnd } from './spending.ts'

export type AgreedEnd = { at: Temporal.Instant | null; bound: readonly Bound[] }

/** Null: they end as soon as it is decided. Whoever agrees late, or again, is bound for no longer than from the receipt. */
export function agreedEnd(facts: Facts, choices: Choices, receivedAt: Temporal.Instant): AgreedEnd {
  const day = ownDayEnd(facts, choices, receivedAt)
  // Who stays beyond the time for it does not withdraw: what binds is looked at as of the day.
  const bound = boundOf(facts, day ?? receivedAt, receivedAt)
  const wanted = wantedEnd(facts.lines, choices, receivedAt)
  const ends = [...bound.map(({ until }) => until), wanted ?? [], day ?? []].flat()
  return { at: ends.sort(Temporal.Instant.compare).at(-1) ?? null, bound }
}

type Quoted = {
  bound?: readonly { lineId: string }[] | undefined
  ownDay?: { lines: readonly { lineId: string }[] } | undefined
}

/** Of lines that a term or a notice binds, or whose owner chose a day, service goes on as before: they renew until their day. */
export function lastingLines(quote: Quoted | null): ReadonlySet<string> {
  const lasting = [...(quote?.bound ?? []), ...(quote?.ownDay?.lines ?? [])]
  return new Set(lasting.map(({ lineId }) => lineId))
}
