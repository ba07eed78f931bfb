/** What is sold, as the API shows it. */
import { z } from 'zod'
import { countryWire, moneyWire, wordsWire } from '../values/wire.ts'

export const allowanceWire = z
  .object({
    dataBytes: z.string().regex(/^\d+$/).describe('Bytes; a decimal string'),
    voiceSeconds: z.int().min(0),
    smsMessages: z.int().min(0),
  })
  .meta({ id: 'Allowance' })

/** One adjustable dimension: a whole number of steps between the limits, each step at a price for a full period. */
export const dialWire = z
  .object({
    kind: z.enum(['data', 'voice', 'sms']),
    step: z.string().regex(/^\d+$/).describe('Bytes, seconds or messages in one step'),
    min: z.int().min(0).describe('Steps'),
    max: z.int().min(0).describe('Steps'),
    included: z.int().min(0).describe('Steps in the base price'),
    pricePerStep: moneyWire,
  })
  .meta({ id: 'Dial' })

/** What a contract binds its owner to; their country's policy says what of it holds when they leave. */
export const termWire = z
  .object({
    months: z
      .int()
      .min(0)
      .describe('Minimum term, from the day the line is in service; 0: only a notice binds'),
    fee: moneyWire.optional().describe('Asked by the contract for ending within the term'),
    equipment: moneyWire
      .optional()
      .describe('Price of equipment not paid yet; a share falls away with each month'),
    benefit: moneyWire.optional().describe('Given for the promise to stay'),
    savedPercent: z
      .int()
      .optional()
      .describe('Of the fees for the months left, what their early end saves the operator'),
    notice: z
      .object({
        value: z.string().describe('ISO 8601 duration, e.g. P1M'),
        days: z
          .enum(['calendar', 'business', 'business_incl_saturday'])
          .describe('Which days count'),
      })
      .optional()
      .describe('How long before its end that has to be asked for'),
  })
  .meta({ id: 'Term' })

export const planWire = z
  .object({
    planId: z.string(),
    version: z.int(),
    kind: z.enum(['home', 'travel', 'adjustable', 'companion']),
    name: wordsWire,
    summary: wordsWire,
    zoneId: z.string(),
    countries: z.array(countryWire).describe('Where it works without further cost'),
    price: moneyWire,
    periodDays: z.int().min(1),
    renews: z.boolean(),
    allowance: allowanceWire,
    dials: z.array(dialWire),
    multiLine: z
      .array(z.object({ lines: z.int(), percent: z.int() }))
      .describe('From so many lines on, each costs so many percent less'),
    hasNumber: z.boolean().describe('Comes with a telephone number'),
    term: termWire.optional().describe('Absent: it ends on any day'),
  })
  .meta({ id: 'Plan' })

export const zoneWire = z
  .object({ zoneId: z.string(), name: wordsWire, countries: z.array(countryWire) })
  .meta({ id: 'Zone' })

export const planListWire = z.object({ plans: z.array(planWire), zones: z.array(zoneWire) })

/** Chosen steps of an adjustable plan. */
export const adjustmentWire = z
  .object({ data: z.int().min(0), voice: z.int().min(0), sms: z.int().min(0) })
  .meta({ id: 'Adjustment' })

export const coverageWire = z
  .object({
    planId: z.string(),
    version: z.int(),
    countries: z.array(
      z.object({
        country: countryWire,
        included: z.boolean().describe('The plan’s allowance is used there; else the prices hold'),
        networks: z
          .array(z.object({ mcc: z.string(), mnc: z.string(), name: z.string() }))
          .describe('Roaming partners; empty where none is named'),
        dataPerMegabyte: moneyWire,
        voicePerMinute: moneyWire,
        smsEach: moneyWire,
      }),
    ),
  })
  .meta({ id: 'Coverage' })
