/** Saved cards, and the lines whose renewals they may pay, as the API shows them. */
import { z } from 'zod'
import { instrumentWire } from './wire.ts'

export const paymentMethodWire = z
  .object({
    methodId: z.string(),
    instrument: instrumentWire,
    isDefault: z.boolean(),
    expired: z.boolean(),
    lines: z
      .array(z.object({ lineId: z.string(), nickname: z.string() }))
      .describe('Lines whose renewal it pays where the credit falls short'),
  })
  .meta({ id: 'PaymentMethod' })

export const paymentMethodsWire = z.object({ items: z.array(paymentMethodWire) })

export const setupWire = z
  .object({
    methodId: z.string(),
    state: z.enum(['asked', 'saved', 'failed', 'removed']),
    setupUrl: z.string().nullable().describe('The provider’s page, while the card is asked for'),
  })
  .meta({ id: 'PaymentMethodSetup' })

export const mandateWire = z.object({
  methodId: z
    .string()
    .max(60)
    .nullable()
    .describe('A saved card that pays what the credit lacks at renewal; null: credit alone'),
})
