/** The platform's own code, built once: whoever runs it brings the process, the database and the time along. */
import { generateKeyPairSync } from 'node:crypto'
import { pino } from 'pino'
import { makeCertificate } from '../../src/closure/certificate.ts'
import type { Documents } from '../../src/closure/steps/documents.ts'
import { openNetwork } from '../../src/lines/gateway.ts'
import { allJobs, allQueues, registerRoutes, sweeps, upkeep } from '../../src/main/wiring.ts'
import { openPayments } from '../../src/payments/gateway.ts'
import type { App } from '../../src/platform/app.ts'
import type { Config } from '../../src/platform/config.ts'
import type { Db } from '../../src/platform/database.ts'
import { openHttp } from '../../src/platform/http.ts'
import type { Job } from '../../src/platform/queue.ts'
import { openSigner } from '../../src/platform/signing.ts'
import { openSessions } from '../../src/subscribers/gateway.ts'
import { current, processDb, worldNow } from './node.ts'
import { letterbox, partnerKey, reach } from './partners.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const partner = { url: 'https://partner.example', key: partnerKey, webhookSecret: secret }

export const config: Config = {
  port: 0,
  dataDir: '',
  publicUrl: 'https://violet.example',
  databaseUrl: '',
  masterKey: Buffer.alloc(32, 9),
  logLevel: 'silent',
  payments: partner,
  network: partner,
  phoneUrl: 'https://phone.example',
  inboxUrl: 'https://inbox.example',
  smtpUrl: 'smtp://inbox.example',
  smsUrl: 'https://inbox.example/sms',
  signingKey: JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })),
}

/** A database that is always that of the process which asks. */
function ownDatabase(find: () => Db): Db {
  return new Proxy({} as Db, {
    get(_, name) {
      if (name === 'withPlugin')
        return (plugin: Parameters<Db['withPlugin']>[0]) =>
          ownDatabase(() => find().withPlugin(plugin))
      const db = find()
      const value: unknown = Reflect.get(db, name)
      return typeof value === 'function' ? value.bind(db) : value
    },
  })
}

/** What the platform says in its log while a world runs it. */
function keepLine(line: string) {
  worldNow()?.log.push(line)
}

/** `spare` serves what the platform asks when it is built, before any process runs it. */
function appOf(spare: Db): App {
  const db = ownDatabase(() => processDb() ?? spare)
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
      work: async () => {},
      close: async () => {},
    },
    sessions: openSessions(config, db),
  }
}

export type Platform = Awaited<ReturnType<typeof openPlatform>>

export async function openPlatform(spare: Db) {
  const app = appOf(spare)
  const signer = await openSigner(config)
  // Typesetting reaches nobody and waits for nothing; what is signed is what is checked.
  const documents: Documents = {
    async certify(input) {
      const certificate = makeCertificate(input)
      const jws = await signer.sign(certificate)
      return { certificate, jws, pdf: Buffer.from(jws) }
    },
  }
  const gateways = {
    payments: openPayments(config.payments, reach),
    network: openNetwork(config.network, reach),
    signer,
    documents,
    outbox: letterbox,
  }
  const http = await openHttp(app)
  await registerRoutes(http, app, gateways)
  await http.ready()
  const jobs = new Map<string, Job>(allJobs(app, gateways).map((job) => [job.queue, job]))
  return { app, http, jobs, queues: allQueues, sweeps, upkeep, signer, secret }
}
