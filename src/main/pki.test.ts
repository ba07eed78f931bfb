import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseCertificate } from '../esim/sgp22/certificate.ts'
import { eidOfCertificate, euiccChainFault, serverCertificateFault } from '../esim/sgp22/chain.ts'
import { privateKeyOf, sign, verify } from '../esim/sgp22/curves.ts'
import { isEid } from '../esim/sgp22/eid.ts'
import { certificateFromPem } from '../esim/sgp22/test-pki.ts'
import { initPki, type PkiMade } from '../esim/pki-gateway.ts'
import { run } from './cli.ts'
import { pkiCommand } from './pki.ts'

let folder: string
let made: PkiMade
const nowMs = Date.now()
const options = { host: 'smdp.example.com', euiccs: '2', smdpOid: '2.999.10' }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'violet-pki-'))
  made = await initPki(join(folder, 'pki'), options, nowMs)
})
afterAll(() => rm(folder, { recursive: true }))

const read = async (...path: string[]) => {
  const der = certificateFromPem(await readFile(join(made.folder, ...path), 'utf8'))
  if (!der) throw new Error('a certificate is in the file')
  return parseCertificate(der)
}

test.each(['nist', 'brainpool'])('%s: every chain holds and every key fits', async (name) => {
  const ci = await read(name, 'ci.pem')
  const eum = await read(name, 'eum.pem')
  expect(made.eids).toHaveLength(2)
  for (const eid of made.eids) {
    expect(isEid(eid)).toBe(true)
    const euicc = await read(name, 'euicc', `${eid}.pem`)
    expect(eidOfCertificate(euicc)).toBe(eid)
    expect(euiccChainFault(euicc, eum, ci, nowMs)).toBeUndefined()
    const key = privateKeyOf(
      await readFile(join(made.folder, name, 'euicc', `${eid}-key.pem`), 'utf8'),
    )
    expect(verify(euicc.publicKey, sign(key, Buffer.from('x')), Buffer.from('x'))).toBe(true)
  }
  expect(
    serverCertificateFault(await read(name, 'dp-auth.pem'), ci, 'dpAuth', nowMs),
  ).toBeUndefined()
  expect(serverCertificateFault(await read(name, 'dp-pb.pem'), ci, 'dpPb', nowMs)).toBeUndefined()
})

test('the TLS certificate is for the host, and the note says what all of it is for', async () => {
  const pem = await readFile(join(made.folder, 'nist', 'dp-tls.pem'))
  expect(new X509Certificate(pem).checkHost('smdp.example.com')).toBe('smdp.example.com')
  expect(await readFile(join(made.folder, 'README.txt'), 'utf8')).toMatch(/test/)
})

test('ES2+ has a CA of its own, and the client’s certificate names its function requester', async () => {
  const pem = (name: string) => readFile(join(made.folder, 'es2', name))
  const ca = new X509Certificate(await pem('ca.pem'))
  const ci = new X509Certificate(await readFile(join(made.folder, 'nist', 'ci.pem')))
  for (const name of ['server.pem', 'client.pem']) {
    const certificate = new X509Certificate(await pem(name))
    expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true)
    expect(certificate.verify(ci.publicKey)).toBe(false)
  }
  const server = new X509Certificate(await pem('server.pem'))
  expect(server.checkHost('smdp.example.com')).toBe('smdp.example.com')
  expect(parseCertificate(new X509Certificate(await pem('client.pem')).raw).registeredId).toBe(
    made.requester,
  )
})

test('keys are their owner’s only', async () => {
  const files = await readdir(made.folder, { recursive: true })
  const keys = files.filter((file) => file.endsWith('-key.pem'))
  expect(keys).toHaveLength(16)
  for (const file of keys) expect((await stat(join(made.folder, file))).mode & 0o777).toBe(0o600)
})

test('nothing is overwritten, and nonsense is answered in one sentence', async () => {
  const before = await readFile(join(made.folder, 'nist', 'ci-key.pem'), 'utf8')
  await expect(initPki(made.folder, options, nowMs)).rejects.toThrow(/not empty/)
  expect(await readFile(join(made.folder, 'nist', 'ci-key.pem'), 'utf8')).toBe(before)
  const file = join(folder, 'file')
  await writeFile(file, '')
  for (const [path, change] of [
    [file, {}],
    [join(folder, 'a'), { host: 'a b' }],
    [join(folder, 'a'), { host: 'localhost:4400' }],
    [join(folder, 'a'), { smdpOid: '9.1' }],
    [join(folder, 'a'), { euiccs: '-1' }],
    [join(folder, 'a'), { euiccs: '5000' }],
  ] as const)
    await expect(initPki(path, { ...options, ...change }, nowMs)).rejects.toThrow(
      expect.objectContaining({ name: 'CannotStart' }),
    )
})

test('the command line says what it made and that it is for tests', async () => {
  let said = ''
  const write = (text: string) => void (said += text)
  expect(await pkiCommand(join(folder, 'json'), { ...options, json: true }, write)).toBe(0)
  expect(JSON.parse(said)).toMatchObject({ testOnly: true, host: 'smdp.example.com' })
  said = ''
  expect(await pkiCommand(join(folder, 'plain'), { ...options, json: false }, write)).toBe(0)
  expect(said).toMatch(/test eUICCs only/)
  expect(await run(['pki', 'init'])).toBe(2)
})
