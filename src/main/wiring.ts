/** Puts the features together: which gateways, routes, jobs and sweeps the platform has. */
import { readFileSync } from 'node:fs'
import { registerAddonsRoutes } from '../addons/routes.ts'
import { sweepAddons } from '../addons/store.ts'
import { openDocuments } from '../closure/document-gateway.ts'
import { registerClosureRoutes } from '../closure/routes.ts'
import { registerErasureRoutes } from '../closure/erasure-routes.ts'
import { registerReplayRoutes } from '../closure/replay-routes.ts'
import { registerClosureStaffRoutes } from '../closure/staff-routes.ts'
import { addendumJobs, addendumQueues } from '../closure/addendum-steps.ts'
import {
  bulkJobs,
  bulkQueues,
  endBulk,
  sweepBulk,
  sweepBulkRejects,
} from '../closure/bulk-steps.ts'
import { scanJobs, scanQueue } from '../closure/scan-steps.ts'
import { closureJobs, closureQueues } from '../closure/steps.ts'
import type { Documents } from '../closure/steps/documents.ts'
import { findReceipt, printedCertificate } from '../closure/evidence-store.ts'
import { portedJobs, portedQueues } from '../closure/ported-store.ts'
import { sweepEndedIntakes, sweepIntakes } from '../closure/intake-match-store.ts'
import { sweepRetention } from '../closure/retention-store.ts'
import { hasOpenCase, sweepClosures } from '../closure/store.ts'
import { orderQueue, progressQueue } from '../esim/esim.ts'
import { registerEs9Routes } from '../esim/es9-routes.ts'
import { callOver, openConfiguredOrders, type Orders } from '../esim/order-gateway.ts'
import { orderJobs } from '../esim/order-steps.ts'
import { type CallRequester, progressJobs } from '../esim/progress-steps.ts'
import { registerEsimRoutes } from '../esim/routes.ts'
import { openRsp, type Rsp } from '../esim/rsp-gateway.ts'
import { sweepRspSessions } from '../esim/rsp-store.ts'
import { keepStock } from '../esim/stock-steps.ts'
import { sweepHolds } from '../ledger/hold-store.ts'
import { sealDays } from '../ledger/operator-store.ts'
import type { Network } from '../lines/gateway.ts'
import { openConfiguredNetwork } from '../lines/network-gateway.ts'
import { sweepNumbers } from '../lines/number-store.ts'
import { registerLinesRoutes } from '../lines/routes.ts'
import { sweepAccess } from '../lines/access-steps.ts'
import { lineQueues, linesJobs } from '../lines/steps.ts'
import { openOutbox, type Outbox } from '../notices/gateway.ts'
import { registerNoticesRoutes } from '../notices/routes.ts'
import { noticeJobs, sweepNotices } from '../notices/steps.ts'
import { noticeQueues } from '../notices/store.ts'
import { openPayments, type Payments } from '../payments/gateway.ts'
import { registerPaymentsRoutes } from '../payments/routes.ts'
import { paymentsQueues, paymentsJobs, sweepPayments } from '../payments/steps.ts'
import { registerPlansRoutes } from '../plans/routes.ts'
import type { App } from '../platform/app.ts'
import type { Config } from '../platform/config.ts'
import { openKeyedPool } from '../platform/copy.ts'
import { openDatabase } from '../platform/database.ts'
import type { Http } from '../platform/http.ts'
import { openHttp2 } from '../platform/http2.ts'
import { sweepIdempotency } from '../platform/idempotency.ts'
import type { Job } from '../platform/queue.ts'
import { openSigner, type Signer } from '../platform/signing.ts'
import { type Clearing, openClearing } from '../porting/gateway.ts'
import { sweepArrivals } from '../porting/in-store.ts'
import { portingJobs, portingQueues } from '../porting/steps.ts'
import { registerPortingRoutes } from '../porting/routes.ts'
import { sweepPorts } from '../porting/partner-store.ts'
import { registerPolicyStaffRoutes } from '../policy/staff-routes.ts'
import { registerRenewalsRoutes } from '../renewals/routes.ts'
import { tellNewVersions } from '../renewals/version-store.ts'
import { renewalJobs, renewalQueues, sweepRenewals } from '../renewals/steps.ts'
import { registerStaffRoutes } from '../staff/routes.ts'
import { registerSubscriberRoutes } from '../subscribers/routes.ts'
import { sweepSubscribers } from '../subscribers/sign-in-store.ts'
import { registerTicketsRoutes } from '../tickets/routes.ts'
import { registerTicketsStaffRoutes } from '../tickets/staff-routes.ts'
import { openCharger } from '../usage/nchf/batch-store.ts'
import { nchfBodyLimitBytes, registerNchfRoutes } from '../usage/nchf/routes.ts'
import { sweepSessions } from '../usage/nchf/steps.ts'
import { registerUsageRoutes } from '../usage/routes.ts'
import { registerUsageStaffRoutes } from '../usage/staff-routes.ts'
import { registerOperatorRoutes } from './operator.ts'

export type Gateways = {
  payments: Payments
  network: Network
  signer: Signer
  rsp: Rsp
  orders: Orders
  requesters: CallRequester
  documents: Documents
  outbox: Outbox
  /** Undefined: no other operator is connected, and no number can be brought. */
  clearing?: Clearing | undefined
}

export async function openGateways(config: Config): Promise<Gateways> {
  const signer = await openSigner(config)
  const rsp = await openRsp(config, Date.now())
  return {
    payments: openPayments(config.payments),
    network: openConfiguredNetwork(config.network),
    signer,
    rsp,
    orders: openConfiguredOrders(config, rsp.es2),
    requesters: openRequesters(config, rsp.es2),
    documents: openDocuments(config, signer),
    outbox: openOutbox(config),
    clearing: clearingOf(config),
  }
}

function clearingOf({ porting }: Config): Clearing | undefined {
  const { url, key } = porting ?? {}
  return url && key ? openClearing({ url, key }) : undefined
}

/** Connections to those who order at the embedded SM-DP+ are made when they are needed, and kept. */
function openRequesters({ es2 }: Config, own: Rsp['es2']): CallRequester {
  const open = new Map<string, ReturnType<CallRequester>>()
  return (url) => {
    const file = es2?.callbackCaFile
    const ca = () => (file === undefined ? own.ca : readFileSync(file, 'utf8'))
    const call = open.get(url) ?? callOver({ url, ca: ca(), ...own.server })
    open.set(url, call)
    return call
  }
}

export const allQueues: readonly string[] = [
  ...closureQueues,
  ...bulkQueues,
  scanQueue,
  ...addendumQueues,
  ...portedQueues,
  ...noticeQueues,
  ...lineQueues,
  orderQueue,
  progressQueue,
  ...renewalQueues,
  ...portingQueues,
  ...paymentsQueues,
]

export async function registerRoutes(
  http: Http,
  app: App,
  { payments, network, signer, rsp, documents }: Gateways,
) {
  registerSubscriberRoutes(http, app, {
    contactNeeded: (db, subscriberId) => hasOpenCase(db, subscriberId),
  })
  registerNoticesRoutes(http, app)
  registerOperatorRoutes(http, app, rsp)
  registerPlansRoutes(http, app)
  registerPaymentsRoutes(http, app, payments)
  registerLinesRoutes(http, app)
  registerRenewalsRoutes(http, app)
  registerAddonsRoutes(http, app)
  registerPortingRoutes(http, app)
  registerEsimRoutes(http, app)
  await registerEs9Routes(http, app, rsp)
  registerUsageRoutes(http, app)
  registerUsageStaffRoutes(http, app)
  registerTicketsRoutes(http, app)
  registerTicketsStaffRoutes(http, app)
  registerStaffRoutes(http, app)
  registerClosureRoutes(http, app, { network, documents })
  registerClosureStaffRoutes(http, app)
  registerErasureRoutes(http, app)
  registerPolicyStaffRoutes(http, app)
  registerReplayRoutes(http, app)
  http.get(
    '/.well-known/closure-keys.json',
    { schema: { tags: ['closure'], summary: 'Public keys of certificates (JWKS)' } },
    async (_, reply) =>
      reply.type('application/jwk-set+json').serializer(JSON.stringify).send(signer.jwks()),
  )
}

/** Online charging, on a port of its own: the network speaks HTTP/2 only. */
export function openNchf(app: App) {
  const { tls } = app.config.nchf
  const server = openHttp2({ log: app.log, tls, bodyLimitBytes: nchfBodyLimitBytes })
  const db = openDatabase(openKeyedPool(app.config.databaseUrl, 8), app.config)
  server.addHook('onClose', () => db.destroy())
  registerNchfRoutes(server, app, openCharger({ ...app, db }))
  return server
}

export function allJobs(app: App, gateways: Gateways): Job[] {
  return [
    ...closureJobs(app, gateways),
    ...bulkJobs(app, gateways),
    ...scanJobs(app),
    ...addendumJobs(app, gateways),
    ...portedJobs(app),
    ...noticeJobs(app, gateways.outbox, {
      certificate: (...asked) => printedCertificate(app, gateways.documents, ...asked),
      receipt: async (...asked) => (await findReceipt(app.db, gateways.documents, ...asked))?.pdf,
    }),
    ...linesJobs(app, gateways.network),
    ...orderJobs(app, gateways.orders),
    ...progressJobs(app, gateways.requesters),
    ...renewalJobs(app),
    ...portingJobs(app, gateways.clearing),
    ...paymentsJobs(app, gateways.payments),
  ]
}

/** Each is run every second and does nothing when nothing is due. */
export const sweeps: readonly ((app: App) => Promise<void>)[] = [
  sweepClosures,
  sweepIntakes,
  sweepBulk,
  sweepNotices,
  sweepRenewals,
  sweepAddons,
  sweepAccess,
  sweepNumbers,
  sweepPorts,
  sweepArrivals,
  sweepPayments,
  sweepRetention,
  sweepHolds,
  sweepSessions,
]

/** Each is run once a minute: what nobody waits for. */
export const upkeep: readonly ((app: App) => Promise<void>)[] = [
  endBulk,
  sweepBulkRejects,
  sweepEndedIntakes,
  sweepSubscribers,
  sweepIdempotency,
  sealDays,
  tellNewVersions,
  sweepRspSessions,
  keepStock,
]
