/** ES9+ over HTTP (SGP.22 §6.5.2): what phones call. Failures are answers with status 200, notifications always 204. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { tellOwner } from './progress-steps.ts'
import { hearReport } from './report-steps.ts'
import type { Rsp } from './rsp-gateway.ts'
import { insertSession, lockOrder, lockSession, saveOrder, saveSession } from './rsp-store.ts'
import type { OrderRow } from './rsp-store.ts'
import { failure, transactionIdOf } from './sgp22/es9.ts'
import { personalise } from './sgp22/saip-personalise.ts'
import { type DownloadOrder, initiateAuthentication, type Step } from './sgp22/smdp.ts'
import { authenticateClient, verifyAuthenticateClient } from './sgp22/smdp-authenticate.ts'
import { getBoundProfilePackage } from './sgp22/smdp-download.ts'
import {
  cancelSession,
  handleNotification,
  notificationTransactionId,
  readNotification,
  verifyNotification,
  type VerifiedNotification,
} from './sgp22/smdp-notification.ts'
import { saveStock } from './stock-store.ts'

/** A result of an installation may carry the card's answers to every profile element. */
const bodyLimit = 128 * 1024
const base = '/gsma/rsp2/es9plus'

type Call = (app: App, rsp: Rsp, request: unknown) => Promise<Step>

/** Adds the functions to a server; errors in their scope are answered as the specification says. */
export async function registerEs9Routes(
  server: Pick<FastifyInstance, 'register'>,
  app: App,
  rsp: Rsp,
): Promise<void> {
  await server.register(async (scope) => {
    scope.setErrorHandler((error: FastifyError, request, reply) =>
      answerError(app, error, request, reply),
    )
    const options = { bodyLimit, schema: { hide: true } as object }
    const add = (name: string, call: Call) =>
      scope.post(`${base}/${name}`, options, async (request, reply) => {
        const { answer, status } = await call(app, rsp, request.body)
        if (status !== 'ok') app.log.info({ function: name, status }, 'a phone was refused')
        return send(reply, answer)
      })
    add('initiateAuthentication', initiate)
    add('authenticateClient', authenticate)
    add('getBoundProfilePackage', deliver)
    add('cancelSession', cancel)
    scope.post(`${base}/handleNotification`, options, async (request, reply) => {
      await hear(app, rsp, request.body)
      return noContent(reply)
    })
  })
}

const protocol = 'gsma/rsp/v2.5.0'

const send = (reply: FastifyReply, answer: object) =>
  reply
    .header('x-admin-protocol', protocol)
    .type('application/json')
    .serializer(JSON.stringify)
    .send(answer)

const noContent = (reply: FastifyReply) =>
  reply.header('x-admin-protocol', protocol).code(204).send()

function answerError(app: App, error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const { statusCode = 500 } = error
  if (statusCode >= 500) {
    app.log.error({ err: error, route: request.routeOptions.url }, 'remote provisioning failed')
    // Not understood is not the same as not done: the phone asks again.
    return reply.code(500).send()
  }
  if (request.routeOptions.url?.endsWith('/handleNotification')) return noContent(reply)
  return send(reply.code(200), failure(statusCode === 413 ? 'tooLong' : 'malformed'))
}

const nowMsOf = (app: App): number => app.clock.now().epochMilliseconds

/** §5.6.1 */
const initiate: Call = async (app, { smdp }, request) => {
  const random = (bytes: number) => Buffer.from(app.ids.random(bytes))
  const fresh = { transactionId: random(16), serverChallenge: random(16) }
  const step = initiateAuthentication(smdp, request, fresh, nowMsOf(app))
  if (step.session) await insertSession(app.db, step.session)
  return step
}

/** §5.6.3 */
const authenticate: Call = (app, { smdp }, request) =>
  app.db.transaction().execute(async (trx) => {
    const session = await lockSession(trx, transactionIdOf(request))
    const nowMs = nowMsOf(app)
    const verified = verifyAuthenticateClient(smdp, request, session, nowMs)
    if ('step' in verified) return verified.step
    const { matchingId } = verified.client
    const found = matchingId ? await lockOrder(trx, app, smdp.address, { matchingId }) : undefined
    const step = authenticateClient(smdp, verified.client, found?.order, nowMs)
    await store(trx, app, step, found)
    return step
  })

/** §5.6.2 */
const deliver: Call = (app, { smdp, template }, request) =>
  app.db.transaction().execute(async (trx) => {
    const session = await lockSession(trx, transactionIdOf(request))
    const found = session?.iccid
      ? await lockOrder(trx, app, smdp.address, { iccid: session.iccid })
      : undefined
    const step = getBoundProfilePackage(
      smdp,
      request,
      {
        session,
        order: found?.order,
        profilePackage: profileFor(template, found),
        random: app.ids.random(96),
      },
      nowMsOf(app),
    )
    await store(trx, app, step, found)
    return step
  })

function profileFor(template: Buffer, found: OrderRow | undefined): Buffer {
  if (!found?.subscription) return Buffer.alloc(0)
  const made = personalise(template, found.subscription)
  // The operator's template has no place for what every subscription has.
  if ('missing' in made) throw new Error(`the template lacks ${made.missing.join(', ')}`)
  return made.profilePackage
}

/** §5.6.5 */
const cancel: Call = (app, { smdp }, request) =>
  app.db.transaction().execute(async (trx) => {
    const session = await lockSession(trx, transactionIdOf(request))
    const found = session?.iccid
      ? await lockOrder(trx, app, smdp.address, { iccid: session.iccid })
      : undefined
    const step = cancelSession(smdp, request, session, found?.order)
    await store(trx, app, step, found)
    return step
  })

/** What a step changed, and its entry in the audit trail. */
async function store(trx: Trx, app: App, step: Step, found: OrderRow | undefined): Promise<void> {
  if (step.session) await saveSession(trx, step.session)
  if (!step.order || !found) return
  const now = app.clock.now()
  const { state } = step.order
  const { line } = found.stock
  await saveOrder(trx, app, now, found, step.order, step.status === 'ok' ? state : step.status)
  if (state === found.order.state) return
  if (!line) return tellOwner(trx, app, found.stock)
  await audit(trx, app.ids, now, {
    subscriberId: line.subscriberId,
    actor: system,
    action: `profile-${state}`,
    subject: { kind: 'line', id: line.lineId },
    reason:
      state === 'downloaded'
        ? 'a phone was given the profile'
        : `the download ended: ${step.status}`,
  })
}

/** §5.6.4: what is not genuine, late or repeated changes nothing. */
async function hear(app: App, { smdp }: Rsp, request: unknown): Promise<void> {
  const notification = readNotification(request)
  if (!notification) return
  await app.db.transaction().execute(async (trx) => {
    const session = await lockSession(trx, notificationTransactionId(notification))
    const verified = verifyNotification(smdp, notification, session, nowMsOf(app))
    if (!verified) return
    const found = await lockOrder(trx, app, smdp.address, { iccid: verified.iccid })
    if (!found) return
    const order = handleNotification(found.order, verified)
    if (order?.state === 'error') {
      const answer = failure('euiccReportsError')
      await store(trx, app, { answer, status: 'euiccReportsError', order }, found)
    } else await report(trx, app, found, order, verified)
  })
}

async function report(
  trx: Trx,
  app: App,
  found: OrderRow,
  order: DownloadOrder | undefined,
  { eid, iccid, event, seqNumber: seq, finalResult }: VerifiedNotification,
): Promise<void> {
  const { stock } = found
  if (order) {
    const by = stock.line ? undefined : { actor: 'phone', action: event }
    await saveStock(trx, app.clock.now(), stock, { state: order.state, binding: null }, by)
    if (!stock.line) await tellOwner(trx, app, stock)
  }
  // An installation that failed says nothing of a profile that is there.
  if (!stock.line || finalResult?.kind === 'error') return
  await hearReport(trx, app, { eid, iccid, event, seq })
}
