/** Which plans a line can go to: paid in its money, and with a number where it has one. */
import type { Plan } from '../../portal/wire.ts'

export function othersFor(own: Plan, sold: readonly Plan[]): Plan[] {
  return sold.filter(
    ({ planId, hasNumber, price }) =>
      planId !== own.planId && hasNumber === own.hasNumber && price.currency === own.price.currency,
  )
}
