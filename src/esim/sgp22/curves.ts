/** Elliptic curves of SGP.22 §2.6.7: ECDSA with SHA-256 and the key agreement ECKA, on P-256 and brainpoolP256r1. */
import assert from 'node:assert/strict'
import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  type ECDH,
  type KeyObject,
  sign as ecdsaSign,
  verify as ecdsaVerify,
} from 'node:crypto'
import { bits, integer, octets, oid, sequence, tlv } from './der-write.ts'

export type Curve = 'prime256v1' | 'brainpoolP256r1'

export const curveOid = {
  prime256v1: '1.2.840.10045.3.1.7',
  brainpoolP256r1: '1.3.36.3.3.2.8.1.1.7',
} as const satisfies Record<Curve, string>

export const idEcPublicKey = '1.2.840.10045.2.1'

/** Orders of the base points (FIPS 186-4 §D.1.2.3, RFC 5639 §3.4). */
const order = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  brainpoolP256r1: 0xa9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7n,
} as const satisfies Record<Curve, bigint>

export type PublicKey = { readonly curve: Curve; readonly point: Buffer; readonly key: KeyObject }
export type PrivateKey = { readonly curve: Curve; readonly key: KeyObject }

/** A key pair as bytes: a scalar of 32 and an uncompressed point of 65. */
export type KeyPair = { readonly curve: Curve; readonly scalar: Buffer; readonly point: Buffer }

export function curveOf(oidText: string): Curve | undefined {
  const found = Object.entries(curveOid).find(([, known]) => known === oidText)
  return found?.[0] as Curve | undefined
}

/** SubjectPublicKeyInfo (RFC 5480 §2). */
export function subjectPublicKeyInfo(curve: Curve, point: Uint8Array): Buffer {
  return sequence(
    sequence(oid(idEcPublicKey), oid(curveOid[curve])),
    tlv(0x03, Buffer.of(0), point),
  )
}

/** Undefined when the 65 bytes are not an uncompressed point of the curve. */
export function publicKeyOf(curve: Curve, point: Uint8Array): PublicKey | undefined {
  if (point.length !== 65 || point[0] !== 4) return undefined
  try {
    const spki = subjectPublicKeyInfo(curve, point)
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    return { curve, point: Buffer.from(point), key }
  } catch {
    return undefined
  }
}

/** A private key from PKCS #8 or SEC 1, PEM. @throws Error when it is not a key on one of the two curves. */
export function privateKeyOf(pem: string): PrivateKey {
  const key = createPrivateKey(pem)
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (curve !== 'prime256v1' && curve !== 'brainpoolP256r1')
    throw new Error('the key is on neither P-256 nor brainpoolP256r1')
  return { curve, key }
}

/** The pair that 48 random bytes give: reduced like FIPS 186-4 §B.4.1, so no scalar is likelier. */
export function keyPairOf(curve: Curve, random: Uint8Array): KeyPair {
  assert.equal(random.length, 48, '128 bits more than the order, so that the rest is even')
  const wide = BigInt(`0x${Buffer.from(random).toString('hex')}`)
  const scalar = (wide % (order[curve] - 1n)) + 1n
  return keyPairFrom(curve, Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex'))
}

export function keyPairFrom(curve: Curve, scalar: Buffer): KeyPair {
  const ecdh = createECDH(curve)
  ecdh.setPrivateKey(scalar)
  const pair = { curve, scalar, point: ecdh.getPublicKey() }
  opened.set(pair, ecdh)
  return pair
}

/** Setting a private key computes its public one, which is half the cost of an agreement. */
const opened = new WeakMap<KeyPair, ECDH>()

function ecdhOf(pair: KeyPair): ECDH {
  const known = opened.get(pair)
  if (known) return known
  const ecdh = createECDH(pair.curve)
  ecdh.setPrivateKey(pair.scalar)
  return ecdh
}

/** ECPrivateKey of RFC 5915, so that a pair of bytes can sign. */
export function signingKey({ curve, scalar, point }: KeyPair): PrivateKey {
  const sec1 = sequence(
    integer(1),
    octets(scalar),
    tlv(0xa0, oid(curveOid[curve])),
    tlv(0xa1, tlv(0x03, Buffer.of(0), point)),
  )
  return { curve, key: createPrivateKey({ key: sec1, format: 'der', type: 'sec1' }) }
}

/** SGP.22 §2.6.7.2: r‖s, 64 bytes, over the parts one after the other. */
export function sign({ key }: PrivateKey, ...parts: readonly Uint8Array[]): Buffer {
  return ecdsaSign('sha256', Buffer.concat(parts), { key, dsaEncoding: 'ieee-p1363' })
}

export function verify(
  { key }: PublicKey,
  signature: Uint8Array,
  ...parts: readonly Uint8Array[]
): boolean {
  if (signature.length !== 64) return false
  return ecdsaVerify('sha256', Buffer.concat(parts), { key, dsaEncoding: 'ieee-p1363' }, signature)
}

/** X.509 carries signatures in DER (RFC 5758 §3.2). */
export function signDer({ key }: PrivateKey, bytes: Uint8Array): Buffer {
  return ecdsaSign('sha256', bytes, { key, dsaEncoding: 'der' })
}

export function verifyDer({ key }: PublicKey, signature: Uint8Array, bytes: Uint8Array): boolean {
  return ecdsaVerify('sha256', bytes, { key, dsaEncoding: 'der' }, signature)
}

/** SGP.22 annex G, BSI TR-03111 §4.3.1: ECKA; 32 bytes, or undefined when the point is not on the curve. */
export function ecka(pair: KeyPair, point: Uint8Array): Buffer | undefined {
  if (point.length !== 65 || point[0] !== 4) return undefined
  try {
    return ecdhOf(pair).computeSecret(point)
  } catch {
    return undefined
  }
}

/** The bits a key usage extension may name (RFC 5280 §4.2.1.3). */
export const keyUsageBits = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const
export const keyUsage = (...uses: readonly (keyof typeof keyUsageBits)[]): Buffer =>
  bits(uses.map((use) => keyUsageBits[use]))
