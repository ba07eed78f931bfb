/** A public key infrastructure for trying things out: its CI is trusted by test eUICCs and by nothing else. */
import assert from 'node:assert/strict'
import { x963Kdf } from './bsp.ts'
import { type Issuer, issueCertificate, type Request, type Subject } from './certificate-write.ts'
import { attribute, attributeOid, type Certificate, parseCertificate } from './certificate.ts'
import {
  type Curve,
  type KeyPair,
  keyPairFrom,
  keyPairOf,
  privateKeyOf,
  signingKey,
} from './curves.ts'
import { readDer } from './der.ts'
import { isEid } from './eid.ts'

export type Credential = {
  /** DER. */
  readonly certificate: Buffer
  readonly pair: KeyPair
  readonly subject: Subject
}

export type TestPki = {
  readonly curve: Curve
  readonly ci: Credential
  readonly eum: Credential
  readonly dpAuth: Credential
  readonly dpPb: Credential
  readonly dpTls: Credential
}

export type TestPkiWish = {
  /** 32 random bytes: every key comes from them. */
  readonly seed: Uint8Array
  readonly curve: Curve
  readonly nowMs: number
  /** The SM-DP+'s host name, without a port. */
  readonly smdpHost: string
  readonly smdpOid: string
  /** The EIDs that may exist begin with these eight digits. */
  readonly eidPrefix: string
}

const yearMs = 365 * 86_400_000
const warning = 'for test eUICCs only'

/** Whether a CI is one of these, so that nothing it vouches for is accepted by a phone that is sold. */
export const isTestCi = (ci: Certificate): boolean =>
  attribute(ci, 'commonName')?.endsWith(warning) === true

export function testPki(wish: TestPkiWish): TestPki {
  assert.equal(wish.seed.length, 32, '256 bits, as many as a key has')
  const { curve, smdpHost, smdpOid, eidPrefix } = wish
  const organization = 'Violet Test'
  const own = (commonName: string): Subject => ({ organization, commonName })
  const ciSubject = own(`Test CI ${curve} ${warning}`)
  const ci = issue(wish, 'ci', { role: 'ci', subject: ciSubject }, 35)
  const eumSubject = { country: 'DE', organization: 'Violet Test EUM', commonName: 'Test EUM' }
  const server = { registeredId: smdpOid, dnsNames: [smdpHost] }
  return {
    curve,
    ci,
    eum: issue(wish, 'eum', { role: 'eum', subject: eumSubject, eidPrefixes: [eidPrefix] }, 30, ci),
    dpAuth: issue(
      wish,
      'dpAuth',
      { role: 'dpAuth', subject: own('SM-DP+ auth'), registeredId: smdpOid },
      10,
      ci,
    ),
    dpPb: issue(
      wish,
      'dpPb',
      { role: 'dpPb', subject: own('SM-DP+ pb'), registeredId: smdpOid },
      10,
      ci,
    ),
    dpTls: issue(wish, 'dpTls', { role: 'dpTls', subject: own(smdpHost), ...server }, 10, ci),
  }
}

export type Es2Pki = {
  readonly ca: Credential
  /** The SM-DP+'s, for requests that come and for its callbacks. */
  readonly server: Credential
  /** The operator's, naming its function requester identifier. */
  readonly client: Credential
}

export type Es2PkiWish = {
  readonly seed: Uint8Array
  readonly nowMs: number
  readonly host: string
  readonly smdpOid: string
  readonly requester: string
}

/** ES2+ has a CA of its own: whoever holds a certificate of the CI, such as an eUICC, is no operator. */
export function testEs2Pki({ seed, nowMs, host, smdpOid, requester }: Es2PkiWish): Es2Pki {
  assert.equal(seed.length, 32, '256 bits, as many as a key has')
  const wish = { seed, nowMs, curve: 'prime256v1' as const }
  const organization = 'Violet Test'
  const named = (commonName: string): Subject => ({ organization, commonName })
  const ca = issue(wish, 'es2 ca', { role: 'ci', subject: named('Test ES2+ CA') }, 35)
  const under = (label: string, commonName: string, registeredId: string, dnsNames: string[]) =>
    issue(
      wish,
      label,
      { role: 'dpTls', subject: named(commonName), registeredId, dnsNames },
      10,
      ca,
    )
  const hosts = [...new Set([host, 'localhost'])]
  return {
    ca,
    server: under('es2 server', 'Test ES2+ server', smdpOid, hosts),
    client: under('es2 client', 'Test ES2+ client', requester, []),
  }
}

/** The certificate and key of one test eUICC under the test EUM. */
export function testEuicc(
  { curve, eum }: Pick<TestPki, 'curve' | 'eum'>,
  eid: string,
  { seed, nowMs }: Pick<TestPkiWish, 'seed' | 'nowMs'>,
): Credential {
  assert(isEid(eid), 'a test eUICC has an EID like any other')
  const { organization = '' } = eum.subject
  const subject = { country: 'DE', organization, commonName: 'Test eUICC', serialNumber: eid }
  return issue({ seed, curve, nowMs }, `euicc ${eid}`, { role: 'euicc', subject }, 30, eum)
}

function issue(
  { seed, curve, nowMs }: Pick<TestPkiWish, 'seed' | 'curve' | 'nowMs'>,
  label: string,
  request: Pick<Request, 'role' | 'subject' | 'registeredId' | 'dnsNames' | 'eidPrefixes'>,
  years: number,
  issuer?: Credential,
): Credential {
  const drawn = (what: string, bytes: number) =>
    x963Kdf(seed, Buffer.from(`${curve} ${label} ${what}`), bytes)
  const pair = keyPairOf(curve, drawn('key', 48))
  const { subject } = request
  const by: Issuer = issuerOf(issuer ?? { pair, subject })
  const certificate = issueCertificate(
    {
      ...request,
      pair,
      serialNumber: BigInt(`0x01${drawn('serial', 15).toString('hex')}`),
      notBeforeMs: nowMs - 86_400_000,
      notAfterMs: nowMs + years * yearMs,
    },
    by,
  )
  return { certificate, pair, subject }
}

const issuerOf = ({ pair, subject }: Pick<Credential, 'pair' | 'subject'>): Issuer => ({
  subject,
  pair,
  key: signingKey(pair),
})

/** RFC 7468. */
export function certificatePem(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** PKCS #8. */
export function keyPem(pair: KeyPair): string {
  return signingKey(pair).key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** A credential of a test PKI as it was written to disk, so that more can be issued under it. */
export function credentialFromPem(certificate: string, key: string): Credential | undefined {
  const der = certificateFromPem(certificate)
  if (!der) return undefined
  const { curve, key: opened } = privateKeyOf(key)
  // ECPrivateKey (RFC 5915): version, then the scalar.
  const [, scalar] = readDer(opened.export({ format: 'der', type: 'sec1' })).children
  if (!scalar) return undefined
  const parsed = parseCertificate(der)
  const named = Object.entries(attributeOid).flatMap(([name, oid]) => {
    const value = parsed.subject.find((one) => one.oid === oid)?.value
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    certificate: der,
    pair: keyPairFrom(curve, scalar.value),
    subject: Object.fromEntries(named),
  }
}

/** The DER of the first certificate in a PEM file. */
export function certificateFromPem(pem: string): Buffer | undefined {
  const [, body] =
    /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem) ?? []
  return body === undefined ? undefined : Buffer.from(body, 'base64')
}
