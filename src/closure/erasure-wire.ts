/** Erasures as staff see them: where each stands, what is kept until when, holds, and what a scan has found. */
import { z } from 'zod'
import { instantWire } from '../values/wire.ts'

export const erasureStates = ['waiting', 'telling', 'held', 'erased'] as const
const stateWire = z
  .enum(erasureStates)
  .describe('waiting: kept until a day; telling: the last message leaves; held: a legal hold')

export const erasureRowWire = z
  .object({
    caseId: z.string(),
    reference: z.string(),
    scope: z.enum(['line', 'account']),
    state: stateWire,
    nextDay: instantWire.nullable().describe('When the next category goes; null: none is left'),
    holds: z.int().describe('Legal holds on the subscriber’s records'),
    changedAt: instantWire,
  })
  .meta({ id: 'ErasureRow' })
export const erasureListWire = z.object({
  items: z.array(erasureRowWire),
  nextCursor: z.string().nullable(),
})

export const holdWire = z
  .object({
    holdId: z.string(),
    record: z.string(),
    basis: z.string(),
    placedAt: instantWire,
    releasedAt: instantWire.nullable(),
  })
  .meta({ id: 'LegalHold' })

export const scanWire = z
  .object({
    scanId: z.string(),
    state: z.enum(['running', 'done', 'failed']),
    askedAt: instantWire,
    endedAt: instantWire.nullable(),
    rowsExpected: z.int().describe('An estimate'),
    rows: z.int(),
    tables: z.int(),
    logs: z.int().describe('Log files'),
    lines: z.int().describe('Lines of log files'),
    sought: z.int().describe('Values it looks for, as keyed hashes'),
    leftovers: z
      .array(z.object({ where: z.string(), row: z.string(), what: z.string() }))
      .describe('Table and column, row, and kind of what is left; never what it says'),
  })
  .meta({ id: 'ErasureScan' })

export const erasureWire = z
  .object({
    reference: z.string(),
    scope: z.enum(['line', 'account']),
    subscriberId: z.string(),
    account: z.enum(['active', 'closed']),
    state: stateWire.nullable().describe('Null before a closure has ended'),
    retention: z.array(
      z.object({
        caseId: z.string(),
        category: z.string(),
        basis: z.string(),
        until: instantWire.nullable(),
        erasedAt: instantWire.nullable(),
        held: z.boolean(),
      }),
    ),
    holds: z.array(holdWire),
    scan: scanWire.nullable().describe('The last one'),
  })
  .meta({ id: 'Erasure' })
