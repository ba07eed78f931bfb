/** What a certificate could not say yet: that the phone, later, confirmed that the profile is gone. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { certificateSchema, type ClosureCertificate, maskIccid } from './certificate.ts'

export const addendumType = 'violet.closure-addendum.v1'

const { issuer, reference } = certificateSchema.shape

export const addendumSchema = z.strictObject({
  type: z.literal(addendumType),
  issuer,
  reference,
  certificateSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256 of the compact JWS of the certificate that this adds to'),
  iccidMasked: z.string().describe('The last four digits'),
  profileRemoval: z.literal('confirmed'),
  confirmedAt: z.iso
    .datetime()
    .describe('When the report that the phone signed came in; RFC 3339, UTC'),
})
export type ClosureAddendum = z.infer<typeof addendumSchema>

type Signed = { readonly certificate: ClosureCertificate; readonly jws: string }

/** Whether a certificate leaves open what became of a profile. */
export function isOpenIn({ lines }: ClosureCertificate, iccid: string): boolean {
  const masked = maskIccid(iccid)
  return lines.some(
    ({ iccidMasked, profileRemoval }) => iccidMasked === masked && profileRemoval === 'unconfirmed',
  )
}

export function makeAddendum(
  { certificate, jws }: Signed,
  { iccid, confirmedAt }: { iccid: string; confirmedAt: string },
): ClosureAddendum {
  const parsed = addendumSchema.safeParse({
    type: addendumType,
    issuer: certificate.issuer,
    reference: certificate.reference,
    certificateSha256: digestOf(jws),
    iccidMasked: maskIccid(iccid),
    profileRemoval: 'confirmed',
    confirmedAt,
  })
  assert(parsed.success, `not an addendum: ${z.prettifyError(parsed.error ?? { issues: [] })}`)
  return parsed.data
}

/** Whether an addendum is to this certificate, and about one of its lines. */
export function belongsTo(addendum: ClosureAddendum, { certificate, jws }: Signed): boolean {
  return (
    addendum.certificateSha256 === digestOf(jws) &&
    addendum.reference === certificate.reference &&
    certificate.lines.some(({ iccidMasked }) => iccidMasked === addendum.iccidMasked)
  )
}

function digestOf(jws: string): string {
  return createHash('sha256').update(jws).digest('hex')
}

/** JSON Schema 2020-12, as published in docs/schemas. */
export function publishedAddendumSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(addendumSchema)
  return {
    $schema,
    $id: 'urn:violet:schema:closure-addendum.v1',
    title: 'Addendum to a closure certificate',
    description: 'The payload of a JWS (RFC 7515) with alg Ed25519 and typ violet-closure+jws.',
    ...schema,
  }
}
