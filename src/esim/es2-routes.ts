/** ES2+ over HTTP (SGP.22 §6.5.2): what operators order. Failures are answers with status 200. */
import { createHmac, X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import { sealKey } from '../platform/seal.ts'
import { noContent, send } from './answer-routes.ts'
import { matchingIdOf } from './iccid.ts'
import { hearProgress } from './progress-steps.ts'
import { confirmationHashOf, sealedConfirmationHash } from './rsp-store.ts'
import {
  answerSeal,
  matchingIdSeals,
  openMatchingId,
  openSealed,
  sealed,
  sealedMatchingId,
} from './seal-store.ts'
import {
  decideOrder,
  type Es2Step,
  type OrderFunction,
  orderFunctions,
  type OrderRequest,
  readOrderRequest,
  readProgress,
  type StockProfile,
} from './sgp22/es2.ts'
import { type Answer, failure, statusOfError } from './sgp22/es9.ts'
import type { StatusName } from './sgp22/status.ts'
import {
  answerOfCall,
  isMatchingIdUsed,
  isTypeKnown,
  lockStock,
  saveStock,
  type StockRow,
} from './stock-store.ts'

const base = '/gsma/rsp2/es2plus'
const bodyLimit = 16 * 1024

export type Es2Means = {
  readonly smdpAddress: string
  /** PEM: operators are under it. */
  readonly ca: string
  /** PEM: the SM-DP+ of a third party is under it. */
  readonly smdpCa?: string | undefined
}

/** Adds the functions to a listener that has verified who calls: the requester is whom the certificate names. */
export async function registerEs2Routes(
  server: Pick<FastifyInstance, 'register'>,
  app: App,
  { smdpAddress, ca, smdpCa = '' }: Es2Means,
): Promise<void> {
  // The two do not speak for each other: who reports downloads orders nothing.
  const [operators, smdps] = [fingerprintsOf(ca), fingerprintsOf(smdpCa)]
  const isUnder = (roots: readonly string[], request: FastifyRequest) =>
    roots.includes(rootOf(request.raw.socket as TLSSocket) ?? '')
  await server.register(async (scope) => {
    scope.setErrorHandler((error: FastifyError, request, reply) =>
      answerError(app, error, request, reply),
    )
    for (const name of orderFunctions)
      scope.post(`${base}/${name}`, { bodyLimit }, async (request, reply) => {
        const { answer, status } = await takeOrder(app, name, request.body, {
          requester: isUnder(operators, request)
            ? requesterOf(request.raw.socket as TLSSocket)
            : undefined,
          smdpAddress,
        })
        if (status !== 'ok') app.log.info({ function: name, status }, 'an order was refused')
        return send(reply, answer)
      })
    scope.post(`${base}/handleDownloadProgressInfo`, { bodyLimit }, async (request, reply) => {
      if (isUnder(smdps, request)) await hear(app, request.body)
      return noContent(reply)
    })
  })
}

/** §5.3.5: answered 204 whatever it says. */
async function hear(app: App, body: unknown): Promise<void> {
  try {
    await hearProgress(app, readProgress(body))
  } catch (error) {
    const status = statusOfError(error)
    app.log.warn({ status }, 'a notification of the SM-DP+ is not understood')
  }
}

/** Under whose CA the caller's certificate is: the last one of its chain, as TLS has verified it. */
function rootOf(socket: TLSSocket): string | undefined {
  let certificate = socket.getPeerCertificate?.(true)
  while (certificate?.issuerCertificate) {
    const { issuerCertificate } = certificate
    if (issuerCertificate.fingerprint256 === certificate.fingerprint256) break
    certificate = issuerCertificate
  }
  return certificate?.fingerprint256
}

const fingerprintsOf = (pem: string): string[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one).fingerprint256,
  )

function answerError(app: App, error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const { statusCode = 500 } = error
  const isNotification = request.routeOptions.url?.endsWith('/handleDownloadProgressInfo')
  if (statusCode < 500 && isNotification) return noContent(reply)
  if (statusCode < 500)
    return send(reply.code(200), failure(statusCode === 413 ? 'tooLong' : 'malformed'))
  app.log.error({ err: error, route: request.routeOptions.url }, 'an order failed')
  // Not understood is not the same as not done: the operator asks again.
  return reply.code(500).send()
}

const requesters = new Map<string, string>()

/** The registeredID of the certificate, or its common name. */
export function requesterOf(socket: Pick<TLSSocket, 'getPeerX509Certificate'>): string {
  const certificate = socket.getPeerX509Certificate?.()
  if (!certificate) return ''
  const known = requesters.get(certificate.fingerprint256)
  if (known !== undefined) return known
  const found = namedBy(certificate)
  if (requesters.size > 1000) requesters.clear()
  requesters.set(certificate.fingerprint256, found)
  return found
}

function namedBy({ subject, subjectAltName = '' }: X509Certificate): string {
  const [, oid] = /(?:^|, )Registered ID:([0-9.]+)(?:,|$)/.exec(subjectAltName) ?? []
  const [, name] = /(?:^|\n)CN=([^\n]+)/.exec(subject) ?? []
  return oid ?? name ?? ''
}

type Caller = { readonly requester: string | undefined; readonly smdpAddress: string }
type Taken = { answer: Answer; status: StatusName | 'ok' }

/** One call, whole or not at all. The same call again has the answer it had, unless another order came between. */
export async function takeOrder(
  app: App,
  name: OrderFunction,
  body: unknown,
  caller: Caller,
): Promise<Taken> {
  let request: OrderRequest
  try {
    request = readOrderRequest(name, body)
  } catch (error) {
    const status = statusOfError(error)
    return { answer: failure(status), status }
  }
  const { functionRequesterIdentifier: owner } = request.header
  if (owner !== caller.requester)
    return { answer: failure('requesterUnknown'), status: 'requesterUnknown' }
  // With a key, as a code of six digits is soon found again from what is known of the rest.
  const call = createHmac('sha256', sealKey(app.config.masterKey, 'profile'))
    .update(`${name}\n${JSON.stringify(body)}`)
    .digest('base64')
  try {
    return await app.db.transaction().execute(async (trx) => {
      const again = await answerOfCall(trx, owner, call)
      if (again) {
        const answer = openSealed(app, answerSeal(again.sealAbout), again.sealedAnswer) as Answer
        return { answer, status: 'ok' as const }
      }
      return perform(trx, app, name, request, { call, smdpAddress: caller.smdpAddress })
    })
  } catch (error) {
    // Two orders asked for one matching id at once.
    if ((error as { constraint?: string }).constraint !== 'profile_stock_matching_id_key')
      throw error
    return { answer: failure('matchingIdInUse'), status: 'matchingIdInUse' }
  }
}

async function perform(
  trx: Trx,
  app: App,
  name: OrderFunction,
  request: OrderRequest,
  { call, smdpAddress }: { call: string; smdpAddress: string },
): Promise<Taken> {
  const { functionRequesterIdentifier: owner } = request.header
  const { iccid, profileType = '', matchingId } = request
  const stock = await lockStock(trx, iccid ? { iccid } : { owner, freeOf: profileType })
  const profile = stock && orderOf(app, stock)
  const step = decideOrder(name, request, {
    profile,
    isTypeKnown: stock !== undefined || (await isTypeKnown(trx, owner, profileType)),
    isMatchingIdUsed:
      matchingId !== undefined &&
      matchingId !== profile?.matchingId &&
      (await isMatchingIdUsed(trx, matchingIdSeals(app.config, matchingId))),
    newMatchingId: matchingIdOf(app.ids.random(16)),
    smdpAddress,
  })
  if (stock && step.profile) await save(trx, app, stock, step, { name, call, owner })
  return step
}

const orderOf = (app: App, stock: StockRow): StockProfile => ({
  iccid: stock.iccid,
  profileType: stock.profileType,
  owner: stock.owner,
  state: stock.state,
  eid: stock.eid,
  matchingId: stock.sealedMatchingId && openMatchingId(app, stock.sealedMatchingId),
  confirmationCodeHash: confirmationHashOf(app, stock),
})

async function save(
  trx: Trx,
  app: App,
  stock: StockRow,
  { profile, answer }: Es2Step,
  { name, call, owner }: { name: OrderFunction; call: string; owner: string },
): Promise<void> {
  if (!profile) return
  const { state, eid, matchingId, confirmationCodeHash: hash } = profile
  const isNew = name === 'cancelOrder' || name === 'downloadOrder'
  const isOver = state === 'unavailable'
  const change = {
    state,
    eid,
    sealedMatchingId: matchingId && sealedMatchingId(app.config.masterKey, matchingId),
    confirmationHash: hash && sealedConfirmationHash(app, stock, hash),
    // A profile of a line stays that line's, whatever becomes of its order.
    taken: state !== 'available' || stock.line !== undefined,
    ...(isNew && { binding: null, confirmationFailures: 0, downloadAttempts: 0 }),
    // Nobody downloads it any more, so nobody needs its keys.
    ...(isOver && { subscription: null }),
    lastCall: call,
    lastAnswer: sealed(app, answerSeal(stock.sealAbout), answer),
  }
  await saveStock(trx, app.clock.now(), stock, change, { actor: owner, action: name })
}
