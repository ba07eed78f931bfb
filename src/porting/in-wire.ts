/** Numbers on their way to us, as the API shows them. */
import { z } from 'zod'
import { instantWire } from '../values/wire.ts'

export const portInWire = z
  .object({
    refusal: z
      .object({ code: z.string() })
      .nullable()
      .describe('Why no number can be announced now, as the code of the problem'),
    port: z
      .object({
        portId: z.string(),
        msisdn: z.string().describe('E.164'),
        state: z
          .enum(['asked', 'pending', 'completed', 'failed', 'cancelled'])
          .describe('asked: the other operator has not answered yet'),
        stopping: z.boolean().describe('Its owner wants it stopped; the other operator decides'),
        dueAt: instantWire.nullable(),
        endedAt: instantWire.nullable(),
        reason: z.string().nullable(),
      })
      .nullable()
      .describe('The latest; null before the first'),
  })
  .meta({ id: 'PortIn' })

export const announceWire = z.object({
  msisdn: z.string().trim().min(4).max(30).describe('E.164'),
  code: z.string().trim().min(3).max(40).describe('What the other operator gave its owner'),
})
