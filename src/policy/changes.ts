/** What differs between two policies: rules by their names, and what else does. */
import { isDeepStrictEqual } from 'node:util'
import type { Policy } from './schema.ts'

export type Changes = readonly string[]

/** `rules.coolingOff`, `timeZone`; everything where there was none. */
export function changesIn(before: Policy | undefined, draft: Policy): string[] {
  if (!before) return ['everything: the country had none']
  const rest = ({ rules: _, version: __, ...other }: Policy) => other as Record<string, unknown>
  return [
    ...differing(rest(before), rest(draft)),
    ...differing(before.rules, draft.rules).map((name) => `rules.${name}`),
  ]
}

function differing(a: Record<string, unknown>, b: Record<string, unknown>): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null)) as unknown
  return names.filter((name) => !isDeepStrictEqual(plain(a[name]), plain(b[name])))
}
