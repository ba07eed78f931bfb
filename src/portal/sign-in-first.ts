/** Where the rules of a country let signing in stand before closing. */
import type { Operator } from './wire.ts'

/** Whether any country the operator serves forbids that signing in is demanded; until that is known, yes. */
export function mayNotDemand(operator: Operator | undefined): boolean {
  const { residence = [], signInFirst = [] } = operator ?? {}
  return !operator || residence.some((code) => !signInFirst.includes(code))
}
