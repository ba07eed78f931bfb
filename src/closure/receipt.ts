/** The retention receipt: each field that is kept after a closure, for what reason, and until which day. */
import assert from 'node:assert/strict'
import { z } from 'zod'
import {
  type Category,
  type Closing,
  type Emptied,
  type TableClaim,
  categories,
  goesWith,
} from '../values/closing.ts'

export const receiptType = 'violet.retention-receipt.v1'

const instant = z.iso.datetime().describe('RFC 3339, UTC')
const field = z
  .string()
  .regex(/^[a-z_]+(\.[a-z_]+)?$/)
  .describe('A table, or one of its columns')

export const receiptSchema = z.strictObject({
  type: z.literal(receiptType),
  issuer: z.strictObject({ name: z.string(), address: z.string(), url: z.url() }),
  reference: z.string().regex(/^VC-[0-9A-Z]{4}-[0-9A-Z]{4}$/),
  scope: z.enum(['line', 'account']),
  policy: z.strictObject({
    country: z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/),
    version: z.int().positive(),
  }),
  issuedAt: instant,
  kept: z.array(z.strictObject({ field, category: z.string(), basis: z.string(), until: instant })),
  erased: z.array(z.strictObject({ field, at: instant })),
  anonymous: z.array(field).describe('Stays, since it leads to nobody any more'),
})
export type RetentionReceipt = z.infer<typeof receiptSchema>

export type ReceiptInput = Omit<RetentionReceipt, 'type' | 'kept' | 'erased' | 'anonymous'> & {
  closings: readonly Closing[]
  kept: readonly { category: Category; basis: string; until: string }[]
}

/** Names no person: it can be shown to anybody, and is checked against the operator's published key. */
export function makeReceipt(input: ReceiptInput): RetentionReceipt {
  const { issuer, reference, scope, policy, issuedAt, closings, kept } = input
  const claims = claimsOf(closings)
  const named = kept.map(({ category }) => category)
  const made = {
    type: receiptType,
    issuer: { name: issuer.name, address: issuer.address, url: issuer.url },
    reference,
    scope,
    policy: { country: policy.country, version: policy.version },
    issuedAt,
    kept: kept.flatMap(({ category, basis, until }) =>
      goesWith(category, named)
        .flatMap((one) => fieldsKept(claims, one, scope))
        .map((name) => ({ field: name, category, basis, until })),
    ),
    erased:
      scope === 'account'
        ? fieldsErased(claims).map((name) => ({ field: name, at: issuedAt }))
        : [],
    anonymous: scope === 'account' ? fieldsAnonymous(claims) : [],
  }
  const parsed = receiptSchema.safeParse(made)
  assert(parsed.success, `not a receipt: ${z.prettifyError(parsed.error ?? { issues: [] })}`)
  return parsed.data
}

type Claims = readonly (readonly [string, TableClaim])[]

function claimsOf(closings: readonly Closing[]): Claims {
  return closings.flatMap(({ leftovers }) =>
    Object.entries(leftovers).flatMap(([table, claim]) =>
      claim === 'nobody' ? [] : [[table, claim] as const],
    ),
  )
}

/** A line's closure keeps what is the line's or the case's own. */
function fieldsKept(claims: Claims, category: Category, scope: 'line' | 'account'): string[] {
  return claims.flatMap(([table, claim]) => {
    const what = claim.retain?.[category]
    const byKey = claim.keyed?.[category]?.split(' ') ?? []
    const fields = [
      ...(what ? namesOf(table, what) : []),
      ...byKey.map((column) => `${table}.${column}`),
    ]
    const isCases = claim.byLine === true || claim.plain?.split(/\s+/).includes('case_id') === true
    return scope === 'account' || isCases ? fields : []
  })
}

const fieldsErased = (claims: Claims) =>
  claims.flatMap(([table, { erase }]) => (erase ? namesOf(table, erase) : []))

const fieldsAnonymous = (claims: Claims) =>
  claims.flatMap(([table, { anonymise = '' }]) =>
    anonymise
      .split(/\s+/)
      .filter((name) => name !== '')
      .map((name) => `${table}.${name}`),
  )

/** What a column is emptied of; what only follows from it, such as a version, is no field of anybody. */
const isEmptied = (literal: string) => ["''", "'-'", "'{}'", 'null'].includes(literal)

function namesOf(table: string, what: Emptied): string[] {
  if (what === 'rows') return [table]
  return Object.entries(what).flatMap(([column, literal]) =>
    isEmptied(literal) && !column.endsWith('_at') ? [`${table}.${column}`] : [],
  )
}

/** Every field that a receipt can name, for whoever has to give each a name to read. */
export function receiptFields(closings: readonly Closing[]): string[] {
  const claims = claimsOf(closings)
  return [
    ...new Set([
      ...categories.flatMap((category) => fieldsKept(claims, category, 'account')),
      ...fieldsErased(claims),
    ]),
  ]
}
