/** Usage records as the network sends them. */
import { z } from 'zod'
import { instantWire, lineKind } from '../values/wire.ts'

export const recordWire = z
  .object({
    id: z.string().min(1).max(100).describe('The network’s own; the same id is counted once'),
    imsi: z.string().regex(/^\d{14,15}$/),
    kind: lineKind,
    quantity: z
      .union([z.int().min(1), z.string().regex(/^[1-9]\d{0,17}$/)])
      .describe('Bytes, seconds or messages'),
    startedAt: instantWire,
    endedAt: instantWire,
    mcc: z.string().regex(/^\d{3}$/),
    mnc: z.string().regex(/^\d{2,3}$/),
  })
  .meta({ id: 'UsageRecord' })

// One record that can't be read must not hold back the others, so each is checked by itself.
export const batchWire = z.object({
  records: z.array(z.record(z.string(), z.unknown())).min(1).max(1000),
})

export const reasonWire = z
  .enum([
    'invalid',
    'absurd',
    'unknown-imsi',
    'unknown-network',
    'from-the-future',
    'before-activation',
    'overlaps',
    'differs',
    'session-ended',
    'refused',
    'unknown-rating-group',
    'missing-column',
    'bad-encoding',
    'cut-off',
  ])
  .describe(
    'The last three are said of lines of files only, the three before them of reports online',
  )

export const batchAnswerWire = z
  .object({
    accepted: z.array(z.string()),
    rejected: z.array(z.object({ id: z.string(), reason: reasonWire })),
  })
  .meta({ id: 'UsageAnswer' })
