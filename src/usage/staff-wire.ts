/** Records that were turned away, as the console sees them. */
import { z } from 'zod'
import { instantWire, pageQuery } from '../values/wire.ts'
import { reasonWire } from './wire.ts'

const stateWire = z.enum(['open', 'replayed', 'discarded'])
const sourceWire = z.enum(['import', 'webhook', 'online'])

export const rejectWire = z
  .object({
    rejectId: z.string(),
    source: sourceWire,
    importId: z.string().nullable(),
    lineNumber: z.string().nullable().describe('Of the file it came in'),
    usageId: z.string(),
    imsi: z.string(),
    reason: reasonWire,
    original: z.string().describe('As it came'),
    canReplay: z.boolean().describe('It could be read; what could not is never taken in'),
    state: stateWire,
    times: z.int().describe('How often it came'),
    firstAt: instantWire,
    lastAt: instantWire,
    endedAt: instantWire.nullable(),
  })
  .meta({ id: 'UsageReject' })

export const rejectQuery = pageQuery.extend({
  state: stateWire.default('open'),
  reason: reasonWire.optional(),
})

export const rejectListWire = z.object({
  items: z.array(rejectWire),
  nextCursor: z.string().nullable(),
  counts: z.array(
    z.object({ source: sourceWire, reason: reasonWire, state: stateWire, count: z.int() }),
  ),
})

export const replayAnswerWire = z.union([
  z.object({ outcome: z.literal('replayed') }),
  z.object({ outcome: z.literal('rejected'), reason: reasonWire }),
])

export const replayAllWire = z.object({
  reason: reasonWire,
  cursor: z.string().max(200).optional(),
})
export const replayAllAnswerWire = z.object({
  replayed: z.int(),
  rejected: z.int(),
  nextCursor: z.string().nullable(),
})
