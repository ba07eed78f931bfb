/** An amount as people type it. */
import { readMoney } from '../../portal/format.ts'

/** Undefined when it is none, or outside 5 to 200. */
export function readAmount(text: string): string | undefined {
  return readMoney(text, 5, 200)
}
