/** Lines as the API shows them. */
import { z } from 'zod'
import { allowanceWire, planWire } from '../plans/wire.ts'
import { countryWire, instantWire, lineKind, moneyWire } from '../values/wire.ts'

export const bucketWire = z
  .object({
    bucketId: z.string(),
    kind: lineKind,
    granted: z.string().describe('Bytes, seconds or messages; a decimal string'),
    remaining: z.string(),
    expiresAt: instantWire.nullable(),
    isAddon: z.boolean().describe('Bought beside the plan, with an end of its own'),
  })
  .meta({ id: 'Bucket' })

export const lineWire = z
  .object({
    lineId: z.string(),
    nickname: z.string(),
    state: z.enum(['ordered', 'active', 'suspended', 'closing', 'closed']),
    suspendedBy: z
      .array(z.enum(['subscriber', 'operator']))
      .describe('Service waits for the last of them; a subscriber lifts only their own'),
    msisdn: z.string().nullable().describe('E.164'),
    plan: planWire,
    bought: allowanceWire.describe('Allowance of the current period, adjustments included'),
    buckets: z.array(bucketWire),
    paidCredit: moneyWire,
    promotionalCredit: moneyWire,
    spendingCap: moneyWire.nullable().describe('What use may take of the credit in a period'),
    spent: moneyWire.describe('What use has taken of the credit in this period'),
    periodStart: instantWire.nullable(),
    periodEnd: instantWire.nullable(),
    autoRenew: z.boolean().describe('The next period begins by itself, paid from the credit'),
    profile: z.object({
      iccidMasked: z.string(),
      eidMasked: z.string().nullable().describe('The eUICC of the phone that has it'),
      state: z.enum([
        'available',
        'allocated',
        'linked',
        'confirmed',
        'released',
        'downloaded',
        'installed',
        'error',
        'unavailable',
      ]),
      deviceState: z.enum(['enabled', 'disabled', 'deleted']).nullable(),
    }),
    closureCaseId: z.string().nullable().describe('The open closure case, if there is one'),
    orderedAt: instantWire,
    activatedAt: instantWire.nullable(),
    closedAt: instantWire.nullable(),
  })
  .meta({ id: 'Line' })

const suspenderWire = z.enum(['subscriber', 'operator', 'fraud'])
export const staffSuspensionWire = z.object({
  cause: suspenderWire.exclude(['subscriber']),
  reason: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .describe('For the audit trail; the subscriber never sees it'),
})
export const staffLineWire = z
  .object({
    lineId: z.string(),
    state: lineWire.shape.state,
    suspensions: z.array(suspenderWire),
  })
  .meta({ id: 'StaffLine' })

export const linePatchWire = z
  .object({
    nickname: z.string().trim().min(1).max(40).optional(),
    spendingCap: moneyWire
      .nullable()
      .optional()
      .describe('What use may take of the credit in a period; null: all there is'),
  })
  .refine(({ nickname, spendingCap }) => nickname !== undefined || spendingCap !== undefined, {
    message: 'nothing to change',
  })

export const usageWire = z
  .object({
    usageId: z.string(),
    kind: lineKind,
    quantity: z.string(),
    startedAt: instantWire,
    country: countryWire,
    fromBucket: z.string(),
    charged: moneyWire,
    outcome: z
      .enum(['charged', 'absorbed'])
      .describe(
        'absorbed: the operator bears all of it, because the line was closed or nothing was left to pay with',
      ),
  })
  .meta({ id: 'Usage' })

export const usagePageWire = z.object({
  items: z.array(usageWire),
  nextCursor: z.string().nullable(),
})

export const usageSumsWire = z
  .object({
    from: z.iso.date().describe('The first of thirty days, in the operator’s zone'),
    until: z.iso.date().describe('The last of them'),
    rows: z
      .array(
        z.object({
          day: z.iso.date(),
          country: countryWire,
          kind: lineKind,
          quantity: z.string(),
          charged: moneyWire,
        }),
      )
      .describe('The newest day first'),
    earlier: z.iso.date().nullable().describe('The last day before them with any use'),
  })
  .meta({ id: 'UsageSums' })

export const installationWire = z
  .object({
    activationCode: z.string().describe('LPA:1$host$matchingId'),
    manual: z.object({ address: z.string(), matchingId: z.string() }),
    confirmationCode: z
      .string()
      .nullable()
      .describe('The phone asks for it; null: it asks for none'),
    eid: z.string().nullable().describe('The only phone that may download it; null: any'),
    links: z.object({ ios: z.string(), android: z.string() }),
    qrSvg: z.string().describe('SVG image of the activation code'),
    state: lineWire.shape.profile.shape.state,
  })
  .meta({ id: 'Installation' })

const count = z.int().min(0)
export const stockWire = z
  .object({
    country: countryWire,
    type: z.enum(['mobile', 'fixed', 'toll-free', 'voip', 'other']),
    available: count,
    reserved: count.describe('Kept for an order that is not paid yet'),
    assigned: count,
    quarantined: count.describe('Kept unused after a closing, for as long as policy says'),
    portedOut: count.describe('With another operator now; nobody is given them'),
  })
  .meta({ id: 'NumberStock' })
