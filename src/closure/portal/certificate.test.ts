import { beforeAll, expect, test } from 'vitest'
import { checkCertificate, type Jwks } from './certificate.ts'

const claims = { type: 'violet.closure-certificate.v1', reference: 'VC-7K3M-92QF', money: [] }
const encoder = new TextEncoder()
let jwks: Jwks
let jws: string

function base64url(bytes: Uint8Array): string {
  const binary = String.fromCharCode(...bytes)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const part = (value: unknown) => base64url(encoder.encode(JSON.stringify(value)))

async function sign(payload: unknown, key: CryptoKey): Promise<string> {
  const input = `${part({ alg: 'Ed25519', kid: 'k1' })}.${part(payload)}`
  const signature = await crypto.subtle.sign('Ed25519', key, encoder.encode(input))
  return `${input}.${base64url(new Uint8Array(signature))}`
}

let privateKey: CryptoKey

beforeAll(async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  privateKey = pair.privateKey
  const key = await crypto.subtle.exportKey('jwk', pair.publicKey)
  jwks = { keys: [{ ...key, kid: 'k1' }] }
  jws = await sign(claims, pair.privateKey)
})

test('a genuine certificate is valid as a compact JWS and as the JSON file', async () => {
  expect(await checkCertificate(` ${jws}\n`, jwks)).toEqual({
    kind: 'valid',
    claims,
    keyId: 'k1',
    added: [],
  })
  const file = JSON.stringify({ certificate: { ...claims }, jws })
  expect((await checkCertificate(file, jwks)).kind).toBe('valid')
})

test('what was added later counts with its own signature, to this certificate, as it was signed', async () => {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(jws))
  const certificateSha256 = new Uint8Array(digest).toHex()
  const proof = { iccidMasked: '•••• 0826', confirmedAt: '2027-01-05T09:00:00Z' }
  const addendum = { type: 'violet.closure-addendum.v1', certificateSha256, ...proof }
  const file = async (signed: object, shown: object = signed) => {
    const addenda = [{ addendum: shown, jws: await sign(signed, privateKey) }]
    return checkCertificate(JSON.stringify({ certificate: claims, jws, addenda }), jwks)
  }
  expect(await file(addendum)).toEqual({ kind: 'valid', claims, keyId: 'k1', added: [proof] })
  const wrong = { kind: 'not-valid', reason: 'changed' }
  const later = { ...addendum, confirmedAt: '2028-01-01T00:00:00Z' }
  expect(await file(addendum, later)).toEqual(wrong)
  expect(await file({ ...addendum, certificateSha256: '0'.repeat(64) })).toEqual(wrong)
  expect(await file({ ...addendum, type: 'invoice' })).toEqual(wrong)
})

test('nothing stands beside what was signed', async () => {
  for (const more of [{ receipt: { forged: true } }, { note: 'forged' }]) {
    const file = JSON.stringify({ certificate: claims, ...more, jws })
    expect(await checkCertificate(file, jwks)).toEqual({ kind: 'not-valid', reason: 'changed' })
  }
})

test('one changed byte is found, wherever it stands', async () => {
  const at = jws.indexOf('.') + 10
  const changed = jws.slice(0, at) + (jws[at] === 'A' ? 'B' : 'A') + jws.slice(at + 1)
  expect(await checkCertificate(changed, jwks)).toEqual({ kind: 'not-valid', reason: 'changed' })
  const shown = JSON.stringify({ certificate: { ...claims, reference: 'VC-0000-0000' }, jws })
  expect(await checkCertificate(shown, jwks)).toEqual({ kind: 'not-valid', reason: 'changed' })
})

test('an unpublished key, another document and plain rubbish are told apart', async () => {
  const none: Jwks = { keys: [] }
  expect(await checkCertificate(jws, none)).toEqual({ kind: 'not-valid', reason: 'unknown-key' })
  const other = await sign({ type: 'invoice' }, privateKey)
  expect(await checkCertificate(other, jwks)).toEqual({
    kind: 'not-valid',
    reason: 'no-certificate',
  })
  for (const rubbish of ['?', '{}', '{"jws":"a.b"}', 'a.b.c']) {
    expect(await checkCertificate(rubbish, jwks)).toEqual({
      kind: 'not-valid',
      reason: 'no-certificate',
    })
  }
})

test('a genuine retention receipt is valid; shown otherwise than signed it is not, nor is any other document', async () => {
  const receipt = { type: 'violet.retention-receipt.v1', reference: 'VC-7K3M-92QF', kept: [] }
  const signed = await sign(receipt, privateKey)
  const file = (shown: object) => JSON.stringify({ receipt: shown, jws: signed })
  expect(await checkCertificate(file(receipt), jwks)).toMatchObject({
    kind: 'valid',
    claims: receipt,
  })
  const other = { ...receipt, reference: 'VC-7K3M-92QG' }
  expect(await checkCertificate(file(other), jwks)).toMatchObject({ reason: 'changed' })
  const addendum = await sign({ ...receipt, type: 'violet.closure-addendum.v1' }, privateKey)
  expect(await checkCertificate(addendum, jwks)).toMatchObject({ reason: 'no-certificate' })
})
