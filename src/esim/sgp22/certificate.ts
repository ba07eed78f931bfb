/** X.509 certificates as far as SGP.22 §4.5 uses them: who signed for whom, in which role, for which EIDs. */
import { type Curve, curveOf, idEcPublicKey, type PublicKey, publicKeyOf } from './curves.ts'
import {
  bitsOf,
  booleanOf,
  DerError,
  fieldsOf,
  integerOf,
  oidOf,
  onlyChild,
  onlyChildOf,
  readDer,
  textOf,
  type Tlv,
} from './der.ts'

/** SGP.22 annex H, id-rspRole: 2.23.146.1.2.1. */
export const roleOid = {
  ci: '2.23.146.1.2.1.0',
  euicc: '2.23.146.1.2.1.1',
  eum: '2.23.146.1.2.1.2',
  dpTls: '2.23.146.1.2.1.3',
  dpAuth: '2.23.146.1.2.1.4',
  dpPb: '2.23.146.1.2.1.5',
} as const
export type Role = keyof typeof roleOid

export const attributeOid = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  organization: '2.5.4.10',
} as const

export const extensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const
const known = new Set<string>(Object.values(extensionOid))

export const ecdsaWithSha256 = '1.2.840.10045.4.3.2'

export type Attribute = { readonly oid: string; readonly value: string }

export type Certificate = {
  /** The whole certificate, as received. */
  readonly raw: Buffer
  /** What is signed. */
  readonly tbs: Buffer
  readonly signature: Buffer
  readonly serialNumber: string // hex
  readonly issuer: readonly Attribute[]
  readonly subject: readonly Attribute[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly publicKey: PublicKey
  readonly subjectKeyIdentifier: Buffer
  readonly authorityKeyIdentifier: Buffer | undefined
  readonly keyUsage: readonly number[]
  readonly policies: readonly string[]
  readonly isCa: boolean
  /** Name constraints: the subtrees whose names this one may sign for. */
  readonly permitted: readonly (readonly Attribute[])[] | undefined
  /** The registeredID of the subject alternative name: an SM-DP+'s own OID. */
  readonly registeredId: string | undefined
  readonly dnsNames: readonly string[]
}

/** @throws DerError when the bytes are no certificate of SGP.22: another curve, an unknown critical extension. */
export function parseCertificate(bytes: Uint8Array): Certificate {
  return certificateOf(readDer(bytes))
}

/** Phones of one maker show the same EUM certificate, and one phone shows its own in every call: read once. */
const read = new Map<string, Certificate>()
const readMax = 1000

/** The same, for one that stands inside a message. @throws DerError */
export function certificateOf(element: Tlv): Certificate {
  const key = element.raw.toString('latin1')
  const known = read.get(key)
  if (known) return known
  // A copy, so that what is remembered does not hold the message it came in.
  const certificate = decoded(readDer(Buffer.from(element.raw)))
  if (read.size >= readMax) read.delete(read.keys().next().value ?? '')
  read.set(key, certificate)
  return certificate
}

function decoded(element: Tlv): Certificate {
  const outer = fieldsOf(element, 0x30)
  const tbs = outer.need(0x30)
  const algorithm = oidOf(onlyChild(outer.need(0x30)))
  const signature = octetsInBits(outer.need(0x03))
  outer.end()
  const fields = fieldsOf(tbs, 0x30)
  if (integerOf(onlyChildOf(fields.need(0xa0), 0x02)) !== 2) throw new DerError('not a version 3')
  const serialNumber = fields.need(0x02).value.toString('hex')
  const inner = oidOf(onlyChild(fields.need(0x30)))
  if (algorithm !== ecdsaWithSha256 || inner !== algorithm)
    throw new DerError('not signed with ECDSA and SHA-256')
  const issuer = nameOf(fields.need(0x30))
  const [notBefore, notAfter, ...more] = fields.need(0x30).children
  if (!notBefore || !notAfter || more.length > 0) throw new DerError('no validity')
  const subject = nameOf(fields.need(0x30))
  const publicKey = subjectKeyOf(fields.need(0x30))
  const extensions = fields.need(0xa3)
  fields.end()
  return {
    raw: element.raw,
    tbs: tbs.raw,
    signature,
    serialNumber,
    issuer,
    subject,
    notBeforeMs: timeOf(notBefore),
    notAfterMs: timeOf(notAfter),
    publicKey,
    ...extensionsOf(onlyChildOf(extensions, 0x30)),
  }
}

function octetsInBits({ value }: Tlv): Buffer {
  if (value[0] !== 0) throw new DerError('a bit string of whole octets')
  return value.subarray(1)
}

function nameOf(element: Tlv): Attribute[] {
  return element.children.flatMap((set) => {
    if (set.tag !== 0x31) throw new DerError('no name')
    return set.children.map((pair) => {
      const [type, value, ...more] = pair.children
      if (!type || !value || more.length > 0) throw new DerError('no attribute')
      return { oid: oidOf(type), value: textOf(value) }
    })
  })
}

function subjectKeyOf(element: Tlv): PublicKey {
  const fields = fieldsOf(element, 0x30)
  const [algorithm, parameters] = fields.need(0x30).children
  const curve: Curve | undefined =
    algorithm && parameters && oidOf(algorithm) === idEcPublicKey
      ? curveOf(oidOf(parameters))
      : undefined
  const key = curve && publicKeyOf(curve, octetsInBits(fields.need(0x03)))
  if (!key) throw new DerError('no public key on P-256 or brainpoolP256r1')
  return key
}

const timeShape = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/

/** RFC 5280 §4.1.2.5. */
function timeOf(element: Tlv): number {
  const digits = textOf(element)
  const year = element.tag === 0x17 ? (Number(digits.slice(0, 2)) < 50 ? '20' : '19') : ''
  const parts = timeShape
    .exec(year + digits)
    ?.slice(1)
    .map(Number)
  if (!parts || (element.tag !== 0x17 && element.tag !== 0x18)) throw new DerError('no time')
  const [years = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
  return Date.UTC(years, month - 1, day, hour, minute, second)
}

type Extensions = Pick<
  Certificate,
  | 'subjectKeyIdentifier'
  | 'authorityKeyIdentifier'
  | 'keyUsage'
  | 'policies'
  | 'isCa'
  | 'permitted'
  | 'registeredId'
  | 'dnsNames'
>

function extensionsOf(list: Tlv): Extensions {
  const found = new Map<string, Tlv>()
  for (const element of list.children) {
    const fields = fieldsOf(element, 0x30)
    const id = oidOf(fields.need(0x06))
    const flag = fields.may(0x01)
    const value = fields.need(0x04)
    fields.end()
    if (found.has(id)) throw new DerError('an extension stands twice')
    if (flag && booleanOf(flag) && !known.has(id)) throw new DerError('unknown critical extension')
    if (known.has(id)) found.set(id, readDer(value.value))
  }
  const get = (name: keyof typeof extensionOid) => found.get(extensionOid[name])
  const subjectKey = get('subjectKeyIdentifier')
  if (!subjectKey || subjectKey.tag !== 0x04) throw new DerError('no subject key identifier')
  const usage = get('keyUsage')
  const alternative = get('subjectAltName')?.children ?? []
  const registered = alternative.find(({ tag }) => tag === 0x88)
  return {
    subjectKeyIdentifier: subjectKey.value,
    authorityKeyIdentifier: get('authorityKeyIdentifier')?.children.find(({ tag }) => tag === 0x80)
      ?.value,
    keyUsage: usage ? usageOf(usage) : [],
    policies: (get('certificatePolicies')?.children ?? []).map(policyOf),
    isCa: isCa(get('basicConstraints')),
    permitted: permittedOf(get('nameConstraints')),
    registeredId: registered && oidOf(registered, 0x88),
    dnsNames: alternative.filter(({ tag }) => tag === 0x82).map(textOf),
  }
}

function usageOf(element: Tlv): number[] {
  if (element.tag !== 0x03) throw new DerError('no key usage')
  return bitsOf(element)
}

function policyOf({ children: [id] }: Tlv): string {
  if (!id) throw new DerError('no policy')
  return oidOf(id)
}

function isCa(constraints: Tlv | undefined): boolean {
  const flag = constraints?.children[0]
  return flag?.tag === 0x01 && booleanOf(flag)
}

/** RFC 5280 §4.2.1.10; excluded subtrees would be ignored, so they are refused. */
function permittedOf(constraints: Tlv | undefined): Attribute[][] | undefined {
  if (!constraints) return undefined
  const [permitted, ...more] = constraints.children
  if (permitted?.tag !== 0xa0 || more.length > 0) throw new DerError('unknown name constraints')
  return permitted.children.map(({ children: [base, ...limits] }) => {
    if (base?.tag !== 0xa4 || limits.length > 0) throw new DerError('unknown name constraints')
    return nameOf(onlyChildOf(base, 0x30))
  })
}

export const attribute = (
  { subject }: Pick<Certificate, 'subject'>,
  name: keyof typeof attributeOid,
): string | undefined => subject.find(({ oid }) => oid === attributeOid[name])?.value
