import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isForTestsOnly, openRsp } from './rsp-gateway.ts'

let dataDir: string
const nowMs = Date.now()
const publicUrl = 'https://mobile.example.com'

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'violet-rsp-'))
})
afterAll(() => rm(dataDir, { recursive: true }))

test('a test PKI is made once, also when several processes start at once', async () => {
  const all = await Promise.all([1, 2, 3].map(() => openRsp({ dataDir, publicUrl }, nowMs)))
  const again = await openRsp({ dataDir, publicUrl }, nowMs)
  const keys = [...all, again].map(({ smdp }) => smdp.identities[0]?.ci.serialNumber)
  expect(new Set(keys).size).toBe(1)
  expect(again.smdp.address).toBe('mobile.example.com')
  expect(again.smdp.identities.map(({ dpPb }) => dpPb.key.curve)).toEqual([
    'prime256v1',
    'brainpoolP256r1',
  ])
  expect(again.tls?.cert).toMatch(/BEGIN CERTIFICATE/)
  const named = await openRsp({ dataDir, publicUrl, rspAddress: 'rsp.example.com' }, nowMs)
  expect(named.smdp.address).toBe('rsp.example.com')
})

test('under a test CI only test eUICCs install; ordered elsewhere, or under a CI in earnest, any phone may', async () => {
  const rsp = await openRsp({ dataDir, publicUrl }, nowMs)
  expect(isForTestsOnly({}, rsp)).toBe(true)
  const smdp = { url: '', caFile: '', certFile: '', keyFile: '', requester: '', profileType: '' }
  expect(isForTestsOnly({ smdp }, rsp)).toBe(false)
  const [first] = rsp.smdp.identities
  const subject = [{ oid: '2.5.4.3', value: 'GSM Association - RSP2 Root CI1' }]
  const identities = [{ ...first!, ci: { ...first!.ci, subject } }]
  expect(isForTestsOnly({}, { ...rsp, smdp: { ...rsp.smdp, identities } })).toBe(false)
})

test('the certificates of one CI may lie in the folder itself', async () => {
  const rspPki = join(dataDir, 'rsp', 'nist')
  const { smdp, tls } = await openRsp({ dataDir, publicUrl, rspPki }, nowMs)
  expect(smdp.identities).toHaveLength(1)
  expect(tls?.key).toMatch(/PRIVATE KEY/)
})

test('certificates for orders lie beside the others, are made where there are none, or are named', async () => {
  const laid = (await openRsp({ dataDir, publicUrl }, nowMs)).es2
  expect(laid.ca).toBe(await readFile(join(dataDir, 'rsp/es2/ca.pem'), 'utf8'))
  // A folder from before there were any.
  const rspPki = join(dataDir, 'older')
  await cp(join(dataDir, 'rsp', 'nist'), join(rspPki, 'nist'), { recursive: true })
  const own = await Promise.all([1, 2].map(() => openRsp({ dataDir, publicUrl, rspPki }, nowMs)))
  expect(own[0]?.es2.ca).toBe(own[1]?.es2.ca)
  expect(own[0]?.es2.ca).not.toBe(laid.ca)
  const es2 = { host: 'localhost', port: 0, url: '', pki: join(dataDir, 'rsp/es2') }
  expect((await openRsp({ dataDir, publicUrl, rspPki, es2 }, nowMs)).es2).toEqual(laid)
  const nowhere = { ...es2, pki: join(dataDir, 'nowhere') }
  await expect(openRsp({ dataDir, publicUrl, rspPki, es2: nowhere }, nowMs)).rejects.toThrow(
    /ca\.pem cannot be read/,
  )
})

test('certificates and templates that cannot serve are told of in one sentence, without a key in it', async () => {
  const rspPki = join(dataDir, 'brought')
  const refused = async (change: () => Promise<void>, sentence: RegExp, also = {}) => {
    await rm(rspPki, { recursive: true, force: true })
    await cp(join(dataDir, 'rsp'), rspPki, { recursive: true })
    await change()
    const opening = openRsp({ dataDir, publicUrl, rspPki, ...also }, nowMs)
    await expect(opening).rejects.toMatchObject({
      name: 'CannotStart',
      message: expect.stringMatching(sentence),
    })
  }
  const file = (name: string) => join(rspPki, 'nist', name)
  await refused(() => rm(rspPki, { recursive: true }), /cannot be read \(ENOENT\)/)
  await refused(() => rm(file('dp-pb.pem')), /dp-pb\.pem cannot be read/)
  await refused(() => writeFile(file('ci.pem'), 'x'), /ci\.pem holds no certificate/)
  await refused(
    () => writeFile(file('dp-auth-key.pem'), '-----BEGIN PRIVATE KEY-----\nAAAA\n'),
    /dp-auth-key\.pem holds no private key on P-256/,
  )
  await refused(
    async () => cp(file('dp-auth.pem'), file('dp-pb.pem')),
    /dpPb certificate is invalid/,
  )
  await refused(async () => cp(file('dp-auth-key.pem'), file('dp-pb-key.pem')), /key does not fit/)
  const broken = await readFile(file('ci.pem'), 'utf8')
  await refused(
    () => writeFile(file('ci.pem'), broken.replace(/\n[A-Za-z0-9+/]{64}\n/, '\n')),
    /no certificate of SGP\.22|holds no certificate/,
  )
  const profileTemplate = join(dataDir, 'template.der')
  await refused(() => Promise.resolve(), /template.*cannot be read/, { profileTemplate })
  await refused(() => writeFile(profileTemplate, 'x'), /no profile package/, { profileTemplate })
})
