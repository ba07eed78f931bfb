/** Money that its owner could not be given, as the API shows it to staff. */
import { z } from 'zod'
import { instantWire, moneyWire } from '../values/wire.ts'

export const unclaimedStates = ['held', 'paid', 'handed-over', 'taken-back'] as const
export const unclaimedWhys = ['refund-refused', 'return-refused', 'refund-prohibited'] as const

export const unclaimedWire = z
  .object({
    unclaimedId: z.string(),
    why: z.enum(unclaimedWhys),
    reference: z.string().describe('A closure’s reference, or the order that was paid'),
    amount: moneyWire.describe('What was booked'),
    takenBack: moneyWire.describe('What of it the bank gave its owner back afterwards'),
    waitsForBank: z
      .boolean()
      .describe(
        'It may take more yet: until it has decided, nobody is paid and nothing handed over',
      ),
    left: moneyWire.describe('What of it was or is to be paid or handed over'),
    since: instantWire,
    goesTo: z
      .enum(['operator', 'state', 'fund'])
      .nullable()
      .describe('By the rule of its day; null: it stays its owner’s'),
    dueAt: instantWire.nullable().describe('Not before; null: the rule names no day'),
    state: z.enum(unclaimedStates),
    endedAt: instantWire.nullable(),
    proof: z.string().nullable(),
  })
  .meta({ id: 'Unclaimed' })
export const unclaimedListWire = z.object({
  items: z.array(unclaimedWire),
  nextCursor: z.string().nullable(),
})
