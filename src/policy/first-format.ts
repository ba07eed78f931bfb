/** Documents published before format 2: cases stay pinned to them, so they are read as long as there are any. */
import { z } from 'zod'
import { defaultRules } from './packs.ts'
import { confidence, laterRules } from './schema.ts'

const rule = <Value extends z.ZodType>(value: Value) =>
  z.strictObject({ value, source: z.string().min(1), confidence })

const labels = z.record(z.string(), z.string().min(1))
const keep = z.strictObject({ for: z.string(), basis: z.string().min(1) })

export const firstSchema = z.strictObject({
  country: z.string().regex(/^[A-Z]{2}$/),
  version: z.int().min(1),
  review: z.literal('operator: have this reviewed'),
  timeZone: z.string(),
  rules: z.strictObject({
    reasonMode: rule(z.enum(['none', 'optional', 'required'])),
    coolingOff: rule(z.string()),
    autoApprove: rule(z.boolean()),
    reviewSla: rule(z.string()),
    ifLate: rule(z.enum(['approved', 'escalated'])),
    paidDispositions: rule(z.array(z.enum(['refund', 'move', 'donate'])).min(1)),
    promotionalDispositions: rule(z.array(z.enum(['move', 'give-up'])).min(1)),
    promoRefundable: rule(z.literal(false)),
    refundDeadline: rule(z.string()),
    driftTolerance: rule(z.record(z.string(), z.string())),
    quarantineMin: rule(z.string()),
    buttonLabels: rule(z.strictObject({ 'close.open': labels, 'close.confirm': labels })),
    retention: rule(
      z.strictObject({ invoices: keep, usage: keep, certificate: keep, contacts: keep }),
    ),
  }),
})

/**
 * The rules it had, as it had them; those that came later are Violet's defaults, which change nothing it decided. Its lengths of
 * time were any text, so that what comes of it is for the schema to read.
 */
export function upgrade(document: z.infer<typeof firstSchema>): unknown {
  const { rules } = document
  const buttonLabels = {
    ...rules.buttonLabels,
    value: { ...rules.buttonLabels.value, 'withdraw.open': {}, 'withdraw.confirm': {} },
  }
  return {
    ...document,
    format: 2,
    notes: [],
    rules: { ...defaultRules, ...laterRules, ...rules, buttonLabels },
  }
}
