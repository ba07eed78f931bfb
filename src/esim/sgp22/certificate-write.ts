/** Issues the certificates of SGP.22 §4.5.2: Node can read X.509 but not make it. */
import { createHash } from 'node:crypto'
import {
  type Attribute,
  attributeOid,
  ecdsaWithSha256,
  extensionOid,
  type Role,
  roleOid,
} from './certificate.ts'
import { keyUsage, type KeyPair, type PrivateKey, signDer, subjectPublicKeyInfo } from './curves.ts'
import { boolean, integer, octets, oid, sequence, text, tlv } from './der-write.ts'

export type Subject = {
  readonly country?: string
  readonly organization?: string
  readonly commonName?: string
  readonly serialNumber?: string
}

export type Issuer = { readonly subject: Subject; readonly pair: KeyPair; readonly key: PrivateKey }

export type Request = {
  readonly role: Role
  readonly subject: Subject
  readonly pair: Pick<KeyPair, 'curve' | 'point'>
  readonly serialNumber: bigint
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** The owner's own object identifier, in the subject alternative name. */
  readonly registeredId?: string
  readonly dnsNames?: readonly string[]
  /** For an EUM: the first digits of the EIDs it may issue. */
  readonly eidPrefixes?: readonly string[]
}

/** DER of the certificate. */
export function issueCertificate(request: Request, issuer: Issuer): Buffer {
  const { subject, pair, serialNumber, notBeforeMs, notAfterMs } = request
  const algorithm = sequence(oid(ecdsaWithSha256))
  const tbs = sequence(
    tlv(0xa0, integer(2)),
    integer(serialNumber),
    algorithm,
    name(issuer.subject),
    sequence(time(notBeforeMs), time(notAfterMs)),
    name(subject),
    subjectPublicKeyInfo(pair.curve, pair.point),
    tlv(0xa3, sequence(...extensions(request, issuer))),
  )
  return sequence(tbs, algorithm, tlv(0x03, Buffer.of(0), signDer(issuer.key, tbs)))
}

function extensions(request: Request, issuer: Issuer): Buffer[] {
  const { role, pair, registeredId, dnsNames = [], eidPrefixes } = request
  const signs = role === 'ci' || role === 'eum'
  const usage =
    role === 'ci' || role === 'eum'
      ? ['keyCertSign' as const, 'crlSign' as const]
      : ['digitalSignature' as const]
  const names = [
    ...dnsNames.map((dns) => text(dns, 0x82)),
    ...(registeredId ? [oid(registeredId, 0x88)] : []),
  ]
  const pathLength = role === 'eum' ? [integer(0)] : []
  return [
    extension(
      'authorityKeyIdentifier',
      false,
      sequence(tlv(0x80, keyIdentifier(issuer.pair.point))),
    ),
    extension('subjectKeyIdentifier', false, octets(keyIdentifier(pair.point))),
    extension('keyUsage', true, keyUsage(...usage)),
    extension('certificatePolicies', true, sequence(sequence(oid(roleOid[role])))),
    ...(signs ? [extension('basicConstraints', true, sequence(boolean(true), ...pathLength))] : []),
    ...(role === 'dpTls'
      ? [extension('extendedKeyUsage', true, sequence(oid(serverAuth), oid(clientAuth)))]
      : []),
    ...(names.length > 0 ? [extension('subjectAltName', false, sequence(...names))] : []),
    ...(eidPrefixes
      ? [extension('nameConstraints', true, nameConstraints(request.subject, eidPrefixes))]
      : []),
  ]
}

const serverAuth = '1.3.6.1.5.5.7.3.1'
const clientAuth = '1.3.6.1.5.5.7.3.2'

function nameConstraints({ organization }: Subject, eidPrefixes: readonly string[]): Buffer {
  const subtrees = eidPrefixes.map((serialNumber) =>
    sequence(tlv(0xa4, name({ ...(organization && { organization }), serialNumber }))),
  )
  return sequence(tlv(0xa0, ...subtrees))
}

const extension = (id: keyof typeof extensionOid, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(extensionOid[id]), ...(critical ? [boolean(true)] : []), octets(value))

/** RFC 5280 §4.2.1.2, method 1: also how a CI's key is named in an activation (euiccCiPKId). */
export const keyIdentifier = (point: Uint8Array): Buffer =>
  createHash('sha1').update(point).digest()

const order = ['country', 'organization', 'commonName', 'serialNumber'] as const

export function attributesOf(subject: Subject): Attribute[] {
  return order.flatMap((key) => {
    const value = subject[key]
    return value === undefined ? [] : [{ oid: attributeOid[key], value }]
  })
}

function name(subject: Subject): Buffer {
  const printable = new Set<string>([attributeOid.country, attributeOid.serialNumber])
  const sets = attributesOf(subject).map(({ oid: id, value }) =>
    tlv(0x31, sequence(oid(id), text(value, printable.has(id) ? 0x13 : 0x0c))),
  )
  return sequence(...sets)
}

/** RFC 5280 §4.1.2.5: UTCTime until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return digits < '2050' ? text(digits.slice(2), 0x17) : text(digits, 0x18)
}
