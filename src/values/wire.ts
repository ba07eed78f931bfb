/** The JSON shapes that every feature's API shares: money, moments, pages, problems. */
import { z } from 'zod'
import { locales, staffLocales } from './locale.ts'

export const moneyWire = z
  .object({
    amount: z
      .string()
      .regex(/^-?\d{1,15}(\.\d{1,3})?$/)
      .describe('Decimal string, e.g. "25.25"'),
    currency: z.string().length(3).describe('ISO 4217'),
  })
  .meta({ id: 'Money' })

export const instantWire = z.iso.datetime().describe('RFC 3339, UTC')

export const problemWire = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional().describe('What to do, in the language of the request'),
    code: z.string().describe('Stable, for programs'),
    instance: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

export const pageQuery = z.object({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})

/** The localised name of a thing in the catalog, by BCP 47 tag. */
export const wordsWire = z.record(z.string(), z.string()).meta({ id: 'Words' })

/** As an operator writes it: in the languages of its staff, and in others if it likes. */
export const writtenWords = wordsWire.refine(
  (texts) => staffLocales.every((locale) => texts[locale]),
  `in ${staffLocales.join(' and ')} at least`,
)

export const countryWire = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .describe('ISO 3166-1 alpha-2')
/** Whom rules of leaving may tell apart. */
export const segmentWire = z.enum(['consumer', 'micro', 'business'])
export type Segment = z.infer<typeof segmentWire>
export const localeWire = z.enum(locales)
export const staffLocaleWire = z.enum(staffLocales)
export const codeWire = z
  .string()
  .regex(/^\d{6}$/)
  .describe('Six digits, single use')
export const lineKind = z.enum(['data', 'voice', 'sms'])
export const none = z.null().describe('No content')
