/** The closure certificate: what ended, where every cent went, what is kept, and no more. */
import assert from 'node:assert/strict'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { z } from 'zod'
import { decimal, fromWire, type Money, money, sum, zero } from '../values/money.ts'

export const certificateType = 'violet.closure-certificate.v1'

const instant = z.iso.datetime().describe('RFC 3339, UTC')
const amount = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,3})?$/)
  .describe('Exact decimal string, e.g. "25.25"')
const detail = z
  .record(z.string(), z.string())
  .describe(
    'daysLeft, daysTotal, price, instrument, account, what, toLineName, records, source, rate …',
  )

const source = z.strictObject({
  kind: z.enum([
    'paid-credit',
    'account-credit',
    'plan-days',
    'addon',
    'promotional-credit',
    'disputed-credit',
    'becomes-owed',
    'exchanged-from',
  ]),
  detail: detail.optional(),
  amount,
})
const destination = z.strictObject({
  kind: z.enum([
    'refund',
    'payout',
    'unclaimed',
    'moved',
    'kept',
    'share-returned',
    'donated',
    'promotion-forfeited',
    'arrears-paid',
    'early-fee',
    'refund-fee',
    'late-usage',
    'charged-back',
    'exchanged-into',
  ]),
  detail: detail.optional(),
  amount,
  at: instant,
})
const line = z.strictObject({
  name: z.string().max(200),
  numberMasked: z.string().nullable().describe('Country code and the last four digits'),
  iccidMasked: z.string().describe('The last four digits'),
  profileRemoval: z.enum(['confirmed', 'unconfirmed', 'never-downloaded']),
  numberKeptUnusedUntil: instant.nullable(),
  numberPortedAt: instant.optional().describe('Another operator has the number since then'),
})
const table = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .describe('ISO 4217'),
  sources: z.array(source),
  destinations: z.array(destination),
  total: amount.describe('Both sides add up to this'),
  leftOver: z
    .string()
    .regex(/^0(\.0{2,3})?$/)
    .describe('Always nothing'),
})

export const certificateSchema = z.strictObject({
  type: z.literal(certificateType),
  issuer: z.strictObject({ name: z.string(), address: z.string(), url: z.url() }),
  reference: z.string().regex(/^VC-[0-9A-Z]{4}-[0-9A-Z]{4}$/),
  scope: z.enum(['line', 'account']),
  subscriberName: z.string().max(200).optional(),
  policy: z.strictObject({
    country: z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/),
    version: z.int().positive(),
  }),
  submittedAt: instant,
  serviceEndedAt: instant,
  settledAt: instant,
  lines: z.array(line),
  money: z.array(table),
  owed: z
    .array(z.strictObject({ currency: z.string().regex(/^[A-Z]{3}$/), amount }))
    .optional()
    .describe('What is still to be paid; empty: no debt is left, and this is the letter of it'),
  kept: z.array(z.strictObject({ category: z.string(), basis: z.string(), until: instant })),
  erased: z.array(z.strictObject({ category: z.string(), at: instant })),
})

export type ClosureCertificate = z.infer<typeof certificateSchema>
export type CertificateTable = ClosureCertificate['money'][number]

export type CertificateInput = Omit<
  ClosureCertificate,
  'type' | 'subscriberName' | 'lines' | 'money'
> & {
  subscriberName?: string | undefined
  lines: readonly {
    name: string
    msisdn: string | null
    iccid: string
    profileRemoval: ClosureCertificate['lines'][number]['profileRemoval']
    numberKeptUnusedUntil: string | null
    numberPortedAt?: string | undefined
  }[]
  money: readonly {
    currency: string
    sources: readonly EntryInput[]
    destinations: readonly (EntryInput & { at: string })[]
  }[]
}
/** The kinds are those of a quote's rows; one on the wrong side of the table is a bug. */
type EntryInput = { kind: string; detail?: Readonly<Record<string, string>>; amount: string }

/** Masks what identifies, drops what only we need, and asserts that the money adds up. */
export function makeCertificate(input: CertificateInput): ClosureCertificate {
  const { issuer, policy, subscriberName } = input
  // A certificate is read as text, so its keys always come in the order of the schema.
  const made = {
    type: certificateType,
    issuer: { name: issuer.name, address: issuer.address, url: issuer.url },
    reference: input.reference,
    scope: input.scope,
    ...(subscriberName ? { subscriberName } : {}),
    policy: { country: policy.country, version: policy.version },
    submittedAt: input.submittedAt,
    serviceEndedAt: input.serviceEndedAt,
    settledAt: input.settledAt,
    lines: input.lines.map((one) => ({
      name: one.name === one.msisdn ? maskNumber(one.msisdn) : one.name,
      numberMasked: one.msisdn === null ? null : maskNumber(one.msisdn),
      iccidMasked: maskIccid(one.iccid),
      profileRemoval: one.profileRemoval,
      numberKeptUnusedUntil: one.numberKeptUnusedUntil,
      ...(one.numberPortedAt ? { numberPortedAt: one.numberPortedAt } : {}),
    })),
    money: input.money.map(makeTable),
    ...(input.owed
      ? { owed: input.owed.map(({ currency, amount: left }) => ({ currency, amount: left })) }
      : {}),
    kept: input.kept.map(({ category, basis, until }) => ({ category, basis, until })),
    erased: input.erased.map(({ category, at }) => ({ category, at })),
  }
  const parsed = certificateSchema.safeParse(made)
  assert(parsed.success, `not a certificate: ${z.prettifyError(parsed.error ?? { issues: [] })}`)
  const [problem] = arithmeticProblems(parsed.data)
  assert(problem === undefined, `${problem?.field}: ${problem?.problem}`)
  return parsed.data
}

function makeTable({ currency, sources, destinations }: CertificateInput['money'][number]) {
  const total = sum(
    sources.map((entry) => amountOf(entry.amount, currency)),
    currency,
  )
  return {
    currency,
    sources: sources.map((entry) => makeEntry(entry)),
    destinations: destinations.map((entry) => ({ ...makeEntry(entry), at: entry.at })),
    total: decimal(total),
    leftOver: decimal(zero(currency)),
  }
}

/** Internal ids stay inside; only what explains an amount to its owner leaves. */
const shownDetails = [
  'daysLeft',
  'daysTotal',
  'price',
  'instrument',
  'account',
  'what',
  'toLineName',
  'by',
  'records',
  'source',
  'from',
  'was',
  'into',
  'becomes',
  'rate',
  'asOf',
  'rounding',
]

function makeEntry({ kind, detail: facts = {}, amount: value }: EntryInput) {
  const shown = shownDetails.flatMap((name) => {
    const fact = facts[name]
    return fact === undefined ? [] : [[name, fact] as const]
  })
  return { kind, ...(shown.length > 0 ? { detail: Object.fromEntries(shown) } : {}), amount: value }
}

function amountOf(value: string, currency: string): Money {
  const amount = fromWire({ amount: value, currency })
  assert(amount !== undefined, `not an amount of ${currency}: ${value}`)
  return amount
}

export type CertificateProblem = { field: string; problem: string }

/** Where a certificate's money does not add up; empty when every table does. */
export function arithmeticProblems({ money: tables }: ClosureCertificate): CertificateProblem[] {
  return tables.flatMap((one, index) => {
    const at = `money.${index}`
    const sides = {
      sources: total(one.sources, one.currency),
      destinations: total(one.destinations, one.currency),
    }
    const stated = fromWire({ amount: one.total, currency: one.currency })
    if (!stated)
      return [{ field: `${at}.total`, problem: `${one.total} is not an amount of ${one.currency}` }]
    const problems = Object.entries(sides).flatMap(([side, value]) => {
      if (value?.minor === stated.minor) return []
      const found = value ? decimal(value) : 'something that is no amount'
      return [
        {
          field: `${at}.${side}`,
          problem: `adds up to ${found}, not to ${one.total} ${one.currency}`,
        },
      ]
    })
    const nothing = decimal(zero(one.currency))
    if (one.leftOver === nothing) return problems
    return [
      ...problems,
      { field: `${at}.leftOver`, problem: `${one.leftOver} instead of ${nothing}` },
    ]
  })
}

function total(entries: readonly { amount: string }[], currency: string): Money | undefined {
  let minor = 0n
  for (const entry of entries) {
    const value = fromWire({ amount: entry.amount, currency })
    if (!value) return undefined
    minor += value.minor
  }
  return money(minor, currency)
}

/** `+44 •••• ••0461`: country and last four digits; the dots do not tell the length. */
export function maskNumber(msisdn: string): string {
  const code = parsePhoneNumberFromString(msisdn)?.countryCallingCode
  return `${code ? `+${code} ` : ''}•••• ••${msisdn.slice(-4)}`
}

/** `•••• 0826`. */
export function maskIccid(iccid: string): string {
  return `•••• ${iccid.slice(-4)}`
}

/** JSON Schema 2020-12, as published in docs/schemas. */
export function publishedSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(certificateSchema)
  return {
    $schema,
    $id: 'urn:violet:schema:closure-certificate.v1',
    title: 'Closure certificate',
    description:
      'The payload of a JWS (RFC 7515) with alg Ed25519 and typ violet-closure+jws. ' +
      'Beyond this schema: in every table of money the sources and the destinations each add up to the total.',
    ...schema,
  }
}
