/** What a country's rules decide about closing: one versioned document, each value with its source and confidence. */
import { z } from 'zod'

/** S statute seen · S? statute named, not read · C court · R regulator · 2 secondary · P practice · D Violet's default, no source. */
const confidence = z.enum(['S', 'S?', 'C', 'R', '2', 'P', 'D'])

const rule = <Value extends z.ZodType>(value: Value) =>
  z.strictObject({ value, source: z.string().min(1), confidence })

const duration = z.string().refine(isDuration, 'an ISO 8601 duration that is not negative')
const labels = z.record(z.string(), z.string().min(1))
const keep = z.strictObject({ for: duration, basis: z.string().min(1) })

export const policySchema = z.strictObject({
  country: z.string().regex(/^[A-Z]{2}$/),
  version: z.int().min(1),
  review: z.literal('operator: have this reviewed'),
  timeZone: z.string(),
  rules: z.strictObject({
    reasonMode: rule(z.enum(['none', 'optional', 'required'])),
    coolingOff: rule(duration),
    autoApprove: rule(z.boolean()),
    reviewSla: rule(duration),
    ifLate: rule(z.enum(['approved', 'escalated'])),
    paidDispositions: rule(z.array(z.enum(['refund', 'move', 'donate'])).min(1)),
    promotionalDispositions: rule(z.array(z.enum(['move', 'give-up'])).min(1)),
    promoRefundable: rule(z.literal(false)),
    refundDeadline: rule(duration),
    driftTolerance: rule(z.record(z.string(), z.string())),
    quarantineMin: rule(duration),
    buttonLabels: rule(z.strictObject({ 'close.open': labels, 'close.confirm': labels })),
    retention: rule(
      z.strictObject({ invoices: keep, usage: keep, certificate: keep, contacts: keep }),
    ),
  }),
})

export type Policy = z.infer<typeof policySchema>
export type RetentionCategory = keyof Policy['rules']['retention']['value']

/** A rule of calendar length counted from a moment, on the operator's local calendar. */
export function after(start: Temporal.Instant, length: string, timeZone: string): Temporal.Instant {
  return start.toZonedDateTimeISO(timeZone).add(Temporal.Duration.from(length)).toInstant()
}

function isDuration(text: string): boolean {
  try {
    return Temporal.Duration.from(text).sign >= 0
  } catch {
    return false
  }
}
