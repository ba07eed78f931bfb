/** Which rating groups of the network are data, voice and SMS: the operator's own numbering, as ranges. */
import type { Kind } from '../../plans/plan.ts'
import documented from './rating-groups.json' with { type: 'json' }

export type Range = { readonly first: number; readonly last: number; readonly kind: Kind }

const defaultRanges = documented as readonly Range[]

/** The kind a rating group is charged as, or nothing where the operator named none. */
export function kindOf(ranges: readonly Range[], ratingGroup: number): Kind | undefined {
  return ranges.find(({ first, last }) => first <= ratingGroup && ratingGroup <= last)?.kind
}

/**
 * Reads `1-999=data,1000=voice`; nothing given means the documented ranges.
 * Undefined: it can't be read, or two ranges overlap.
 */
export function parseRanges(text: string | undefined): readonly Range[] | undefined {
  if (text === undefined) return defaultRanges
  const ranges: Range[] = []
  for (const part of text.split(',')) {
    const [, first, last = first, kind] =
      /^\s*(\d{1,10})(?:-(\d{1,10}))?=(data|voice|sms)\s*$/.exec(part) ?? []
    if (first === undefined) return undefined
    ranges.push({ first: Number(first), last: Number(last), kind: kind as Kind })
  }
  const sorted = [...ranges].sort((a, b) => a.first - b.first)
  const clashes = sorted.some(
    ({ first, last }, index) => first > last || (sorted[index + 1]?.first ?? Infinity) <= last,
  )
  return clashes ? undefined : ranges
}
