/** People, their contacts and devices, as the API shows them. */
import { z } from 'zod'
import { codeWire, countryWire, instantWire, localeWire, segmentWire } from '../values/wire.ts'

export const operatorWire = z
  .object({
    name: z.string(),
    address: z.string(),
    url: z.string(),
    currency: z.string(),
    timeZone: z.string().describe('IANA'),
    locales: z.array(localeWire),
    residence: z.array(countryWire).describe('Countries whose policy the operator has published'),
    signInFirst: z
      .array(z.string())
      .describe('Where who has an account may be asked to sign in before closing'),
    leaving: z
      .record(
        z.string(),
        z.object({
          open: z.record(z.string(), z.string()),
          withdraw: z.record(z.string(), z.string()),
          withdrawDays: z.int().nullable(),
        }),
      )
      .describe(
        'By residence: prescribed words for closing and for withdrawing, and for how long the latter',
      ),
    regions: z.array(z.string()).describe('Parts of them with a policy of their own, as US-CA'),
    testPhonesOnly: z
      .boolean()
      .describe('Profiles are under a test CI: only test eUICCs install them'),
    demo: z
      .object({ inboxUrl: z.string(), phoneUrl: z.string() })
      .nullable()
      .describe('Set on a demo platform only'),
  })
  .meta({ id: 'Operator' })

const signInAddressWire = {
  email: z.email().max(254).optional(),
  phone: z
    .string()
    .max(40)
    .optional()
    .describe('In the place of an e-mail address: a telephone number with its country’s code'),
}
const isOne = ({ email, phone }: { email?: string | undefined; phone?: string | undefined }) =>
  (email === undefined) !== (phone === undefined)
const oneOf = { error: 'either an e-mail address or a telephone number', path: ['email'] }

export const askCodeWire = z
  .object({ ...signInAddressWire, locale: localeWire.default('en') })
  .refine(isOne, oneOf)
export const signInWire = z
  .object({
    ...signInAddressWire,
    code: codeWire,
    locale: localeWire.default('en').describe('Kept as the language of a new subscriber'),
  })
  .refine(isOne, oneOf)

export const contactWire = z
  .object({
    contactId: z.string(),
    kind: z.enum(['email', 'phone']),
    value: z.string(),
    addedAt: instantWire,
    verifiedAt: instantWire.nullable(),
  })
  .meta({ id: 'Contact' })

export const subscriberWire = z
  .object({
    subscriberId: z.string(),
    name: z.string().describe('Empty until given'),
    country: countryWire
      .nullable()
      .describe('Country of residence: it decides the policy; null until given'),
    region: z.string().nullable().describe('The part of that country, as CA of US-CA'),
    segment: segmentWire.describe('What law may tell apart in leaving; a consumer until said'),
    locale: localeWire,
    createdAt: instantWire,
    state: z.enum(['active', 'closed']),
    contacts: z.array(contactWire),
    complete: z.boolean().describe('Name, country and a verified e-mail are there: money may move'),
  })
  .meta({ id: 'Subscriber' })

export const subscriberPatchWire = z.object({
  name: z.string().trim().min(1).max(100).optional(),
  country: countryWire.optional(),
  region: z
    .string()
    .regex(/^[A-Z0-9]{1,3}$/)
    .nullish()
    .describe('Of the country given with it; left out: none'),
  segment: segmentWire.optional(),
  locale: localeWire.optional(),
})

export const addContactWire = z.object({
  kind: z.enum(['email', 'phone']),
  value: z
    .string()
    .trim()
    .min(3)
    .max(254)
    .describe(
      'E-mail address, or telephone number in E.164 or as written in the subscriber’s country',
    ),
})
export const verifyContactWire = z.object({ code: codeWire })

export const representativeWire = z
  .object({
    representativeId: z.string(),
    kind: z.enum(['guardian', 'estate']),
    name: z.string(),
    email: z.string(),
    bornOn: z.string().nullable().describe('When who a guardian acts for was born'),
    addedAt: instantWire,
  })
  .meta({ id: 'Representative' })
export const registerRepresentativeWire = z.object({
  kind: z.enum(['guardian', 'estate']),
  name: z.string().trim().min(1).max(100),
  email: z.email().max(254),
  bornOn: z.iso.date().optional().describe('For a guardian: when the subscriber was born'),
  evidence: z.string().trim().min(1).max(500).describe('What was seen that proves it'),
  locale: localeWire,
})

export const deviceWire = z
  .object({
    deviceId: z.string(),
    name: z.string().describe('Read from the user agent'),
    signedInAt: instantWire,
    lastSeenAt: instantWire,
    current: z.boolean(),
  })
  .meta({ id: 'Device' })

export const codeSentWire = z
  .object({
    channel: z.enum(['email', 'phone']),
    maskedTo: z.string().describe('l••••e@example.com'),
    expiresAt: instantWire,
    triesLeft: z.int(),
  })
  .meta({ id: 'CodeSent' })
