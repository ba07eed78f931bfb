/** Keys are made once however many processes start together, and what they signed stays provable. */
import { fork } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSigner, signatureType } from './signing.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'violet-signing-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const keyFile = () => join(dataDir, 'keys', 'signing.json')

test('what is signed verifies with the published key, whose id is its thumbprint', async () => {
  const signer = await openSigner({ dataDir })
  const [key] = signer.jwks().keys
  expect(key?.kid).toBe(await calculateJwkThumbprint(key!))
  expect(JSON.stringify(signer.jwks())).not.toContain('"d"')
  const jws = await signer.sign({ amount: '25.25', name: '林悦' })
  const { payload, protectedHeader } = await compactVerify(jws, await importJWK(key!, 'Ed25519'))
  expect(protectedHeader).toEqual({ alg: 'Ed25519', kid: signer.keyId, typ: signatureType })
  expect(new TextDecoder().decode(payload)).toBe('{"amount":"25.25","name":"林悦"}')
})

test('opened again it is the same key, readable by its owner only', async () => {
  const first = await openSigner({ dataDir })
  chmodSync(keyFile(), 0o644)
  const second = await openSigner({ dataDir })
  expect(second.keyId).toBe(first.keyId)
  expect(statSync(keyFile()).mode & 0o777).toBe(0o600)
})

test('processes that start together agree on one key and leave no drafts', async () => {
  const program = join(dataDir, 'open.ts')
  const signing = new URL('signing.ts', import.meta.url).href
  writeFileSync(
    program,
    `import { openSigner } from ${JSON.stringify(signing)}
process.send((await openSigner({ dataDir: ${JSON.stringify(dataDir)} })).keyId)`,
  )
  const children = Array.from({ length: 6 }, () => fork(program))
  const ids = await Promise.all(
    children.map(
      (child) =>
        new Promise((resolve, reject) => {
          child
            .once('message', resolve)
            .once('exit', (code) => reject(new Error(`left with ${code}`)))
        }),
    ),
  )
  expect(new Set(ids).size).toBe(1)
  expect(readdirSync(join(dataDir, 'keys'))).toEqual(['signing.json'])
})

test('a replaced key stays published', async () => {
  const old = await openSigner({ dataDir })
  const jws = await old.sign({ old: true })
  renameSync(keyFile(), join(dataDir, 'keys', 'retired-2026.json'))
  const now = await openSigner({ dataDir })
  expect(now.keyId).not.toBe(old.keyId)
  const { keys } = now.jwks()
  expect(keys.map(({ kid }) => kid)).toEqual([now.keyId, old.keyId])
  await expect(compactVerify(jws, await importJWK(keys[1]!, 'Ed25519'))).resolves.toBeDefined()
})

test('a given key signs on every machine, and the folder’s own stays published', async () => {
  const own = await openSigner({ dataDir })
  const other = join(dataDir, 'other')
  const given = await openSigner({ dataDir: other })
  const signingKey = readFileSync(join(other, 'keys', 'signing.json'), 'utf8')
  const first = await openSigner({ dataDir, signingKey })
  expect(first.jwks().keys.map(({ kid }) => kid)).toEqual([given.keyId, own.keyId])
  const empty = join(dataDir, 'empty')
  expect((await openSigner({ dataDir: empty, signingKey })).keyId).toBe(given.keyId)
  expect(existsSync(empty)).toBe(false)
})

test('a given key that is none, or no pair, is one sentence without the secret', async () => {
  await openSigner({ dataDir })
  const pair = JSON.parse(readFileSync(keyFile(), 'utf8')) as { x: string; d: string }
  const mixed = JSON.stringify({
    ...pair,
    x: `${pair.x.startsWith('A') ? 'B' : 'A'}${pair.x.slice(1)}`,
  })
  for (const signingKey of ['', 'null', '{"kty":"OKP"}', mixed]) {
    const refused = openSigner({ dataDir, signingKey })
    await expect(refused).rejects.toThrow(/VIOLET_SIGNING_KEY must be a private JWK/)
    await expect(refused).rejects.not.toThrow(pair.d)
  }
})

test('a damaged key is never replaced', async () => {
  await openSigner({ dataDir })
  writeFileSync(keyFile(), '{"kty":"OKP"')
  await expect(openSigner({ dataDir })).rejects.toThrow(/is damaged; restore it/)
  expect(readFileSync(keyFile(), 'utf8')).toBe('{"kty":"OKP"')
})

test('a folder that cannot be made is one sentence', async () => {
  writeFileSync(join(dataDir, 'keys'), '')
  await expect(openSigner({ dataDir })).rejects.toThrow(/signing keys in .* cannot be opened/)
})
