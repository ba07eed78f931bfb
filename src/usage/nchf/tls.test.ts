import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openH2 } from '../../../test/charging.ts'
import type { App } from '../../platform/app.ts'
import { openHttp2 } from '../../platform/http2.ts'
import { CannotStart } from '../../platform/process.ts'
import type { Charger } from './batch-store.ts'
import { problem } from './problem.ts'
import { nchfBodyLimitBytes, registerNchfRoutes } from './routes.ts'

let folder: string
const file = (name: string) => join(folder, name)
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'violet-tls-'))
  const p256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const ca = ['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Core network', '-days', '2']
  openssl('req', '-x509', ...p256, ...ca)
  for (const name of ['chf', 'smf']) {
    openssl(
      'req',
      ...p256,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      '/CN=localhost',
    )
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Nobody is known here: what matters is who gets as far as to be told so. */
const nobody: Charger = {
  create: async () => problem('USER_UNKNOWN'),
  update: async () => problem('CONTEXT_NOT_FOUND'),
  release: async () => problem('CONTEXT_NOT_FOUND'),
}

async function serve(caFile?: string) {
  const tls = { keyFile: file('chf.key'), certFile: file('chf.pem'), ...(caFile && { caFile }) }
  const log = pino({ level: 'silent' })
  const server = openHttp2({ log, tls, bodyLimitBytes: nchfBodyLimitBytes })
  const app = { config: { nchf: { host: 'localhost', port: 0, url: 'https://chf' } }, log }
  registerNchfRoutes(server, app as unknown as App, nobody)
  await server.listen({ port: 0, host: '127.0.0.1' })
  return { server, url: `https://localhost:${(server.server.address() as AddressInfo).port}` }
}

const request = {
  subscriberIdentifier: 'imsi-234990000000001',
  nfConsumerIdentification: { nodeFunctionality: 'SMF' },
  invocationTimeStamp: '2026-11-20T10:00:00Z',
  invocationSequenceNumber: 0,
}
const at = '/nchf-convergedcharging/v3/chargingdata'
const pem = (name: string) => readFileSync(file(name), 'utf8')

test('over TLS the network is answered', async () => {
  const { server, url } = await serve()
  const client = openH2(url, { ca: pem('ca.pem') })
  expect((await client.post(at, request)).body.cause).toBe('USER_UNKNOWN')
  await client.close()
  await server.close()
})

test('where an authority is named, only network functions with its certificate are', async () => {
  const { server, url } = await serve(file('ca.pem'))
  const smf = openH2(url, { ca: pem('ca.pem'), key: pem('smf.key'), cert: pem('smf.pem') })
  expect((await smf.post(at, request)).body.cause).toBe('USER_UNKNOWN')
  await smf.close()
  const stranger = openH2(url, { ca: pem('ca.pem') })
  await expect(stranger.post(at, request)).rejects.toThrow()
  await server.close()
})

test('a key that can’t be read, or groups that can’t be, are said in one sentence', () => {
  const log = pino({ level: 'silent' })
  const tls = { keyFile: file('none.key'), certFile: file('chf.pem') }
  expect(() => openHttp2({ log, tls, bodyLimitBytes: 1 })).toThrow(CannotStart)
  const nchf = { host: '', port: 0, url: '', ratingGroups: '1-9=data,5=sms' }
  const app = { config: { nchf }, log } as unknown as App
  const server = openHttp2({ log, bodyLimitBytes: 1 })
  expect(() => registerNchfRoutes(server, app, nobody)).toThrow(
    /VIOLET_NCHF_RATING_GROUPS .*"1-9=data,5=sms"\.$/,
  )
})
