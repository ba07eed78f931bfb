import { createHash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { attribute, parseCertificate } from './certificate.ts'
import { issueCertificate, type Request } from './certificate-write.ts'
import { eidOfCertificate, euiccChainFault, isCi, serverCertificateFault } from './chain.ts'
import { type Curve, keyPairOf, signingKey } from './curves.ts'
import { DerError } from './der.ts'
import foreign from './fixtures/openssl-chains.json' with { type: 'json' }
import { eidOf } from './identifiers.ts'
import { certificateFromPem, certificatePem, testEuicc, testPki } from './test-pki.ts'

const curves: Curve[] = ['prime256v1', 'brainpoolP256r1']
const eid = '89049032123451234512345678901235'
const nowMs = Date.UTC(2030, 0, 1)
const pkiOf = (curve: Curve, seed = 1) =>
  testPki({
    seed: Buffer.alloc(32, seed),
    curve,
    nowMs,
    smdpHost: 'smdp.example.com',
    smdpOid: '2.999.10',
    eidPrefix: '89049032',
  })
const euiccOf = (curve: Curve, own = eid) =>
  testEuicc(pkiOf(curve), own, { seed: Buffer.alloc(32, 2), nowMs })

test.each(curves)('a chain that OpenSSL made in the shape of SGP.26, %s', (curve) => {
  const { ci, eum, euicc } = foreign[curve]
  const [root, middle, leaf] = [ci, eum, euicc].map((text) =>
    parseCertificate(Buffer.from(text, 'base64')),
  )
  if (!root || !middle || !leaf) throw new Error('three certificates')
  expect(leaf.publicKey.curve).toBe(curve)
  expect(isCi(root)).toBe(true)
  expect(isCi(middle)).toBe(false)
  expect(eidOfCertificate(leaf)).toBe(eid)
  expect(middle.registeredId).toBe('2.999.5')
  expect(euiccChainFault(leaf, middle, root, nowMs)).toBeUndefined()
  expect(euiccChainFault(leaf, middle, root, undefined)).toBeUndefined()
  const later = Date.UTC(2060, 0, 1)
  expect(euiccChainFault(leaf, middle, root, later)).toEqual({ of: 'eum', fault: 'expired' })
  const between = Date.UTC(2055, 0, 1)
  expect(euiccChainFault(leaf, middle, root, between)).toEqual({ of: 'euicc', fault: 'expired' })
  expect(euiccChainFault(leaf, leaf, root, nowMs)).toEqual({ of: 'eum', fault: 'invalid' })
  expect(euiccChainFault(middle, middle, root, nowMs)).toEqual({ of: 'euicc', fault: 'invalid' })
})

test.each(curves)('OpenSSL reads and verifies what the test PKI issues, %s', (curve) => {
  const { ci, eum, dpAuth, dpPb, dpTls } = pkiOf(curve)
  const root = new X509Certificate(ci.certificate)
  for (const { certificate } of [ci, eum, dpAuth, dpPb, dpTls]) {
    const read = new X509Certificate(certificate)
    expect(read.verify(root.publicKey)).toBe(true)
    expect(read.checkIssued(root)).toBe(true)
  }
  const leaf = new X509Certificate(euiccOf(curve).certificate)
  expect(leaf.checkIssued(new X509Certificate(eum.certificate))).toBe(true)
  expect(leaf.verify(new X509Certificate(eum.certificate).publicKey)).toBe(true)
  const tls = new X509Certificate(dpTls.certificate)
  expect(tls.checkHost('smdp.example.com')).toBe('smdp.example.com')
  expect(tls.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  expect(new X509Certificate(eum.certificate).ca).toBe(true)
  const pem = certificatePem(ci.certificate)
  expect(new X509Certificate(pem).fingerprint256).toBe(root.fingerprint256)
  expect(certificateFromPem(pem)?.equals(ci.certificate)).toBe(true)
})

test.each(curves)('our own chain holds, in each role and in no other, %s', (curve) => {
  const pki = pkiOf(curve)
  const ci = parseCertificate(pki.ci.certificate)
  const eum = parseCertificate(pki.eum.certificate)
  const euicc = parseCertificate(euiccOf(curve).certificate)
  expect(isCi(ci)).toBe(true)
  expect(attribute(ci, 'commonName')).toMatch(/test eUICCs only/)
  expect(euiccChainFault(euicc, eum, ci, nowMs)).toBeUndefined()
  const dpAuth = parseCertificate(pki.dpAuth.certificate)
  expect(dpAuth.registeredId).toBe('2.999.10')
  expect(serverCertificateFault(dpAuth, ci, 'dpAuth', nowMs)).toBeUndefined()
  expect(serverCertificateFault(dpAuth, ci, 'dpPb', nowMs)).toBe('invalid')
  expect(serverCertificateFault(dpAuth, ci, 'dpAuth', Date.UTC(2045, 0, 1))).toBe('expired')
  expect(serverCertificateFault(eum, ci, 'eum', nowMs)).toBe('invalid')
  const other = parseCertificate(pkiOf(curve, 9).ci.certificate)
  expect(serverCertificateFault(dpAuth, other, 'dpAuth', nowMs)).toBe('invalid')
  expect(euiccChainFault(euicc, eum, other, nowMs)).toEqual({ of: 'eum', fault: 'invalid' })
})

const issuedBy = (curve: Curve, change: Partial<Request>) => {
  const { eum } = pkiOf(curve)
  const pair = keyPairOf(curve, createHash('sha384').update('leaf').digest())
  const request: Request = {
    role: 'euicc',
    subject: { organization: 'Violet Test EUM', commonName: 'x', serialNumber: eid },
    pair,
    serialNumber: 5n,
    notBeforeMs: nowMs - 1000,
    notAfterMs: nowMs + 1000,
  }
  const issuer = { subject: eum.subject, pair: eum.pair, key: signingKey(eum.pair) }
  return parseCertificate(issueCertificate({ ...request, ...change }, issuer))
}

test('an EUM speaks only for the EIDs and the organization its constraints name', () => {
  const curve = 'prime256v1'
  const ci = parseCertificate(pkiOf(curve).ci.certificate)
  const eum = parseCertificate(pkiOf(curve).eum.certificate)
  const faultOf = (change: Partial<Request>) =>
    euiccChainFault(issuedBy(curve, change), eum, ci, nowMs)
  const invalid = { of: 'euicc', fault: 'invalid' }
  expect(faultOf({})).toBeUndefined()
  const organization = 'Violet Test EUM'
  const serialNumber = eidOf('890490331234512345123456789012')
  expect(faultOf({ subject: { organization, serialNumber } })).toEqual(invalid)
  expect(faultOf({ subject: { organization: 'Another', serialNumber: eid } })).toEqual(invalid)
  expect(faultOf({ subject: { serialNumber: eid } })).toEqual(invalid)
  expect(faultOf({ subject: { organization } })).toEqual(invalid)
  const uneven = `${eid.slice(0, -1)}0`
  expect(faultOf({ subject: { organization, serialNumber: uneven } })).toEqual(invalid)
  expect(faultOf({ role: 'eum' })).toEqual(invalid)
  expect(faultOf({ role: 'dpAuth', registeredId: '2.999.10' })).toEqual(invalid)
  expect(faultOf({ notAfterMs: nowMs - 1 })).toEqual({ of: 'euicc', fault: 'expired' })
  const unbound = parseCertificate(pkiOf(curve).dpAuth.certificate)
  expect(euiccChainFault(unbound, eum, ci, nowMs)).toEqual(invalid)
})

test('one changed bit anywhere in a certificate is refused or breaks its signature', () => {
  const pki = pkiOf('prime256v1')
  const ci = parseCertificate(pki.ci.certificate)
  const whole = pki.dpAuth.certificate
  for (let place = 0; place < whole.length; place++) {
    const bent = Buffer.from(whole)
    bent[place] = (bent[place] ?? 0) ^ (1 << (place % 8))
    try {
      const fault = serverCertificateFault(parseCertificate(bent), ci, 'dpAuth', nowMs)
      expect(fault, `bit in byte ${place}`).toBeDefined()
    } catch (error) {
      expect(error, `bit in byte ${place}`).toBeInstanceOf(DerError)
    }
  }
})

test('a certificate that says something else of its signature than what is signed is refused', () => {
  const { certificate } = pkiOf('prime256v1').dpAuth
  // The algorithm outside the signed part, with a tag that is no object identifier’s.
  const place = certificate.lastIndexOf(Buffer.from('300a06082a8648ce3d040302', 'hex'))
  const bent = Buffer.from(certificate)
  bent[place + 2] = 0x0a
  expect(() => parseCertificate(bent)).toThrow(DerError)
  bent[place + 2] = 0x06
  bent[place + 11] = 0x03
  expect(() => parseCertificate(bent)).toThrow(DerError)
})
