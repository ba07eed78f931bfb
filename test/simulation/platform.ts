/** The platform's own code, built once: whoever runs it brings the process, the database and the time along. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { makeAddendum } from '../../src/closure/addendum.ts'
import { makeCertificate } from '../../src/closure/certificate.ts'
import { makeReceipt } from '../../src/closure/receipt.ts'
import type { Documents } from '../../src/closure/steps/documents.ts'
import { openOrders } from '../../src/esim/order-gateway.ts'
import { openRsp } from '../../src/esim/rsp-gateway.ts'
import { ownRequester } from '../../src/esim/stock-store.ts'
import { openNetwork } from '../../src/lines/gateway.ts'
import { allJobs, allQueues, registerRoutes, sweeps, upkeep } from '../../src/main/wiring.ts'
import { openClearing } from '../../src/porting/gateway.ts'
import { openPayments } from '../../src/payments/gateway.ts'
import type { App, Sessions } from '../../src/platform/app.ts'
import type { Config } from '../../src/platform/config.ts'
import { openDatabase } from '../../src/platform/database.ts'
import { type Http, openHttp } from '../../src/platform/http.ts'
import type { Job } from '../../src/platform/queue.ts'
import { openSigner } from '../../src/platform/signing.ts'
import { openSessions } from '../../src/subscribers/gateway.ts'
import { openCharger } from '../../src/usage/nchf/batch-store.ts'
import { registerNchfRoutes } from '../../src/usage/nchf/routes.ts'
import { openSimPool } from './connection.ts'
import { current, worldNow } from './node.ts'
import { callHere } from '../orders-here.ts'
import { letterbox, partnerKey, reach, reachSmdp } from './partners.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
// Keys of the embedded SM-DP+ are files; the phones of a world use the short channel and need none of them.
const dataDir = mkdtempSync(join(tmpdir(), 'violet-worlds-'))
process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }))
const partner = { url: 'https://partner.example', key: partnerKey, webhookSecret: secret }

export const config: Config = {
  port: 0,
  dataDir,
  publicUrl: 'https://violet.example',
  databaseUrl: '',
  masterKey: Buffer.alloc(32, 9),
  logLevel: 'silent',
  payments: partner,
  network: partner,
  porting: { url: partner.url, key: partnerKey, webhookSecret: secret },
  nchf: { host: 'localhost', port: 0, url: 'http://charging.example' },
  phoneUrl: 'https://phone.example',
  inboxUrl: 'https://inbox.example',
  portingUrl: 'https://porting.example',
  smtpUrl: 'smtp://inbox.example',
  smsUrl: 'https://inbox.example/sms',
  signingKey: JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })),
}

/** What the platform says in its log while a world runs it. */
function keepLine(line: string) {
  worldNow()?.log.push(line)
}

/** One process of the platform: its own pool, its own memory; the database and the time are those of the world. */
export type Services = {
  app: App
  http: Http | null
  /** Online charging, at a door of its own. */
  nchf: FastifyInstance | null
  jobs: ReadonlyMap<string, Job>
}

const nobody: Sessions = { subscriberOf: async () => undefined, staffOf: async () => undefined }

function appOf(isServer: boolean): App {
  const db = openDatabase(openSimPool(), config)
  return {
    config,
    db,
    clock: { now: () => current().world.clock.now() },
    ids: {
      make: (prefix) => current().world.ids.make(prefix),
      random: (size) => current().world.ids.random(size),
    },
    log: pino({ level: 'error', base: null, timestamp: false }, { write: keepLine }),
    queue: {
      send: (...job) => current().world.queue.send(...job),
      sendAgain: (...job) => current().world.queue.sendAgain(...job),
      sendAll: (...jobs) => current().world.queue.sendAll(...jobs),
      sending: (...job) => current().world.queue.sending(...job),
      work: async () => {},
      close: async () => {},
    },
    sessions: isServer ? openSessions(config, db) : nobody,
  }
}

const signer = await openSigner(config)

// Typesetting reaches nobody and waits for nothing; what is signed is what is checked.
const documents: Documents = {
  async certify(input) {
    const certificate = makeCertificate(input)
    const jws = await signer.sign(certificate)
    return { certificate, jws }
  },
  print: async ({ jws }) => Buffer.from(jws),
  async receipt(input) {
    const receipt = makeReceipt(input)
    return { receipt, jws: await signer.sign(receipt) }
  },
  printReceipt: async ({ jws }) => Buffer.from(jws),
  async amend(signed, removal) {
    const addendum = makeAddendum(signed, removal)
    return { addendum, jws: await signer.sign(addendum) }
  },
}
const gateways = {
  payments: openPayments(config.payments, reach),
  network: openNetwork(config.network, reach),
  clearing: openClearing(partner, reach),
  signer,
  rsp: await openRsp(config, Date.now()),
  orders: openOrders(reachSmdp(callHere(() => current().life.services.app)), ownRequester),
  // Nobody else orders profiles in a world.
  requesters: () => async () => ({ status: 204, body: undefined }),
  documents,
  outbox: letterbox,
}

/** Servers that are whole: starting one takes a while, and what it remembers is the same in every world. */
const whole: Services[] = []

export async function putAway(services: Services, isWhole: boolean): Promise<void> {
  if (!services.http) return
  await services.nchf?.close()
  if (isWhole) whole.push(services)
  else await services.http.close()
}

/** Made anew for each start, since it remembers lines. */
async function openNchf(app: App): Promise<FastifyInstance> {
  const server = Fastify({ logger: false })
  registerNchfRoutes(server, app, openCharger(app))
  await server.ready()
  return server
}

/** Starts a process inside of the one that calls. */
export async function openServices(kind: 'server' | 'worker'): Promise<Services> {
  const kept = kind === 'server' ? whole.pop() : undefined
  if (kept) return { ...kept, nchf: await openNchf(kept.app) }
  const app = appOf(kind === 'server')
  if (kind === 'worker') {
    const jobs = new Map(allJobs(app, gateways).map((job) => [job.queue, job]))
    return { app, http: null, nchf: null, jobs }
  }
  const http = await openHttp(app)
  await registerRoutes(http, app, gateways)
  await http.ready()
  // The first request to each realm makes its sign-in ready, which takes statements of its own.
  const headers = { cookie: 'violet.session_token=none; violet-staff.session_token=none' }
  await http.inject({ url: '/v1/me', headers })
  await http.inject({ url: '/v1/staff/closures', headers })
  return { app, http, nchf: await openNchf(app), jobs: new Map() }
}

/** What every process shares, as all processes of one release do. */
export const release = { signer, secret, sweeps, upkeep, queues: allQueues }
