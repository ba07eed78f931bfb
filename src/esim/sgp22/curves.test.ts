import { createECDH, createHash, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  type Curve,
  ecka,
  keyPairFrom,
  keyPairOf,
  privateKeyOf,
  publicKeyOf,
  sign,
  signingKey,
  verify,
} from './curves.ts'

const hex = (digits: string) => Buffer.from(digits, 'hex')
const curves: Curve[] = ['prime256v1', 'brainpoolP256r1']
const random = (seed: string) => createHash('sha384').update(seed).digest()

test('RFC 5903 §8.1: the shared secret on P-256', () => {
  const mine = keyPairFrom(
    'prime256v1',
    hex('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433'),
  )
  const theirs = keyPairFrom(
    'prime256v1',
    hex('c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53'),
  )
  const secret = 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de'
  expect(ecka(mine, theirs.point)?.toString('hex')).toBe(secret)
  expect(ecka(theirs, mine.point)?.toString('hex')).toBe(secret)
})

test('RFC 7027 appendix A.1: the shared secret on brainpoolP256r1', () => {
  const mine = keyPairFrom(
    'brainpoolP256r1',
    hex('81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d'),
  )
  const theirs = keyPairFrom(
    'brainpoolP256r1',
    hex('55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3'),
  )
  expect(mine.point.toString('hex')).toBe(
    '0444106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be5' +
      '8ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc',
  )
  const secret = '89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b'
  expect(ecka(mine, theirs.point)?.toString('hex')).toBe(secret)
})

test.each(curves)('%s: a signature is 64 bytes and holds for exactly these bytes', (curve) => {
  const pair = keyPairOf(curve, random('signer'))
  const key = publicKeyOf(curve, pair.point)
  if (!key) throw new Error('the point of a pair is on its curve')
  const signature = sign(signingKey(pair), Buffer.from('one'), Buffer.from('two'))
  expect(signature).toHaveLength(64)
  expect(verify(key, signature, Buffer.from('onetwo'))).toBe(true)
  expect(verify(key, signature, Buffer.from('onetwo!'))).toBe(false)
  expect(verify(key, signature.subarray(1), Buffer.from('onetwo'))).toBe(false)
  expect(verify(key, Buffer.alloc(64), Buffer.from('onetwo'))).toBe(false)
  expect(verify(key, Buffer.alloc(64, 0xff), Buffer.from('onetwo'))).toBe(false)
  const other = publicKeyOf(curve, keyPairOf(curve, random('other')).point)
  expect(other && verify(other, signature, Buffer.from('onetwo'))).toBe(false)
})

test.each(curves)('%s: a point that is not on the curve is no key', (curve) => {
  const pair = keyPairOf(curve, random('point'))
  const bent = Buffer.from(pair.point)
  bent[64] = (bent[64] ?? 0) ^ 1
  const elsewhere = curves.find((name) => name !== curve) ?? curve
  for (const wrong of [
    bent,
    keyPairOf(elsewhere, random('x')).point,
    Buffer.of(0),
    Buffer.alloc(65),
  ]) {
    expect(publicKeyOf(curve, wrong)).toBeUndefined()
    expect(ecka(pair, wrong)).toBeUndefined()
  }
  const compressed = createECDH(curve)
  compressed.setPrivateKey(pair.scalar)
  expect(ecka(pair, compressed.getPublicKey(null, 'compressed'))).toBeUndefined()
})

test.each(curves)('%s: the same random bytes give the same pair, others another', (curve) => {
  const pair = keyPairOf(curve, random('same'))
  expect(keyPairOf(curve, random('same'))).toEqual(pair)
  expect(keyPairOf(curve, random('others')).scalar.equals(pair.scalar)).toBe(false)
  expect(keyPairOf(curve, Buffer.alloc(48)).scalar.at(-1)).toBe(1)
  expect(() => keyPairOf(curve, Buffer.alloc(32))).toThrow(/128 bits/)
})

test('a key of another curve is not taken', () => {
  const { key } = signingKey(keyPairOf('prime256v1', random('pem')))
  const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString()
  expect(privateKeyOf(pem).curve).toBe('prime256v1')
  const foreign = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey
  const p384 = foreign.export({ format: 'pem', type: 'pkcs8' }).toString()
  expect(() => privateKeyOf(p384)).toThrow(/neither/)
})
