/** Add-ons, as the API shows them. */
import { z } from 'zod'
import { instantWire, lineKind, moneyWire, wordsWire } from '../values/wire.ts'

const quantity = z.string().regex(/^\d+$/).describe('Bytes, seconds or messages')

export const addonsWire = z
  .object({
    credit: moneyWire.describe('Paid credit that can be used'),
    offers: z.array(
      z.object({
        addonId: z.string(),
        version: z.int(),
        name: wordsWire,
        kind: lineKind,
        quantity,
        days: z.int(),
        price: moneyWire,
        until: instantWire.describe('When it ends if it begins now'),
        missing: moneyWire.nullable().describe('To be topped up before it can be bought'),
      }),
    ),
    running: z.array(
      z.object({
        bucketId: z.string(),
        name: wordsWire,
        kind: lineKind,
        granted: quantity,
        remaining: quantity,
        paid: moneyWire,
        from: instantWire,
        until: instantWire,
      }),
    ),
  })
  .meta({ id: 'Addons' })

export const buyAddonWire = z.object({
  addonId: z.string().min(1).max(60),
  version: z.int().min(1).describe('As it was shown; its price never changes'),
})
