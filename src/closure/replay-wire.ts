/** The shape of what past closures would have come to under a draft. */
import { z } from 'zod'
import { instantWire, moneyWire } from '../values/wire.ts'

const counted = z.object({ before: z.int(), draft: z.int() })
const moved = z.object({ sooner: z.int(), same: z.int(), later: z.int() })
const sideWire = z.object({
  reviewed: z.boolean(),
  endsAt: instantWire,
  refunds: z.array(moneyWire),
  refundBy: instantWire.nullable(),
})

export const replayWire = z
  .object({
    country: z.string(),
    cases: z.int(),
    isPart: z.boolean().describe('There are more; these are the newest.'),
    differing: z.int().describe('Cases of which anything differs.'),
    reviews: counted,
    ends: moved,
    refundsBy: moved,
    numbersFree: moved,
    hoursMean: z.object({ before: z.number(), draft: z.number() }),
    refunds: z.record(z.string(), z.object({ before: z.string(), draft: z.string() })),
    choicesGone: z.int(),
    examples: z
      .array(
        z.object({
          caseId: z.string(),
          reference: z.string(),
          before: sideWire,
          draft: sideWire,
        }),
      )
      .describe('Those that differ most in time.'),
  })
  .meta({ id: 'PolicyReplay' })
