/** ES9+ over HTTP (SGP.22 §6.5.2): what phones call. Failures are answers with status 200, notifications always 204. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../platform/app.ts'
import { type AuditEntry, system } from '../platform/audit.ts'
import { sealKey } from '../platform/seal.ts'
import { noContent, send } from './answer-routes.ts'
import { type Change, commit, type Facts, nothing, readFacts } from './download-store.ts'
import { report } from './esim.ts'
import { tellingOwner } from './progress-steps.ts'
import { openRecent, type Recent } from './recent-store.ts'
import { followingOf } from './report-steps.ts'
import type { Rsp } from './rsp-gateway.ts'
import { orderOf, stockChangeOf, subscriptionOf } from './rsp-store.ts'
import { failure, transactionIdOf } from './sgp22/es9.ts'
import { personalise, type Subscription } from './sgp22/saip-personalise.ts'
import {
  type DownloadOrder,
  initiateAuthentication,
  type SessionCis,
  type Step,
} from './sgp22/smdp.ts'
import {
  authenticateClient,
  readAuthenticateClient,
  verifyAuthenticateClient,
  wantedMatchingId,
} from './sgp22/smdp-authenticate.ts'
import { getBoundProfilePackage } from './sgp22/smdp-download.ts'
import {
  cancelSession,
  handleNotification,
  notificationTransactionId,
  readNotification,
  verifyNotification,
  type VerifiedNotification,
} from './sgp22/smdp-notification.ts'
import { begunWith, freshAt, nonceBytes } from './transaction.ts'

/** A result of an installation may carry the card's answers to every profile element. */
const bodyLimit = 128 * 1024
const base = '/gsma/rsp2/es9plus'

/** What the calls of one server share. */
type Es9 = Rsp & { readonly app: App; readonly recent: Recent }
type Call = (es9: Es9, request: unknown) => Promise<Step>

/** Adds the functions to a server; errors in their scope are answered as the specification says. */
export async function registerEs9Routes(
  server: Pick<FastifyInstance, 'register'>,
  app: App,
  rsp: Rsp,
): Promise<void> {
  const es9: Es9 = { ...rsp, app, recent: openRecent() }
  await server.register(async (scope) => {
    scope.setErrorHandler((error: FastifyError, request, reply) =>
      answerError(app, error, request, reply),
    )
    const options = { bodyLimit, schema: { hide: true } as object }
    const add = (name: string, call: Call) =>
      scope.post(`${base}/${name}`, options, async (request, reply) => {
        const { answer, status } = await call(es9, request.body)
        if (status !== 'ok') app.log.info({ function: name, status }, 'a phone was refused')
        return send(reply, answer)
      })
    add('initiateAuthentication', initiate)
    add('authenticateClient', authenticate)
    add('getBoundProfilePackage', deliver)
    add('cancelSession', cancel)
    scope.post(`${base}/handleNotification`, options, async (request, reply) => {
      await hear(es9, request.body)
      return noContent(reply)
    })
  })
}

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

const attemptsMax = 20

type Decided<Result> = {
  readonly result: Result
  readonly change: Change
  readonly keeps?: boolean
}

/**
 * Reads, decides and writes; anew where somebody else has changed meanwhile what was read. What the call before left is as
 * good as read, as long as something is written: the statement that writes says whether it still holds.
 */
async function settled<Result>(
  { app, recent }: Es9,
  transactionId: string | undefined,
  read: () => Promise<Facts>,
  decide: (facts: Facts) => Decided<Result>,
): Promise<Result> {
  let known = recent.take(transactionId)
  for (let count = 0; count < attemptsMax; count++) {
    const facts = known ?? (await read())
    const { result, change, keeps } = decide(facts)
    const isRemembered = known !== undefined
    known = undefined
    if (isRemembered && !change.stock) continue
    const after = await commit(app, facts, change)
    if (!after) continue
    if (keeps) recent.keep(transactionId, after)
    return result
  }
  throw new Error('a call was overtaken again and again')
}

const sessionKey = ({ config }: App) => sealKey(config.masterKey, 'session')

/** §5.6.1 */
const initiate: Call = async ({ app, smdp }, request) => {
  const nowMs = nowMsOf(app)
  const nonce = app.ids.random(nonceBytes)
  const begin = (cis: SessionCis) => freshAt(sessionKey(app), nowMs, nonce, cis)
  return initiateAuthentication(smdp, request, begin, nowMs)
}

/** With the session that was only begun so far, where none is stored. */
async function factsOf(
  { app, smdp }: Es9,
  which: 'offered' | 'chosen',
  transactionId: string | undefined,
  matchingId?: string,
): Promise<Facts> {
  if (transactionId === undefined) return nothing
  const keys = which === 'offered' ? [transactionId, matchingId] : [transactionId]
  const facts = await readFacts(app, which, ...keys)
  const session = facts.session ?? begunWith(sessionKey(app), smdp, transactionId)
  return { ...facts, session }
}

/** §5.6.3 */
const authenticate: Call = (es9, request) => {
  const { app, smdp } = es9
  const message = readAuthenticateClient(request)
  const transactionId = transactionIdOf(request)
  // Nobody is believed yet: what the phone names is only looked at once it is verified.
  const read = () => factsOf(es9, 'offered', transactionId, wantedMatchingId(message))
  return settled(es9, transactionId, read, ({ session, stock }) => {
    const nowMs = nowMsOf(app)
    const verified = verifyAuthenticateClient(smdp, message, session, nowMs)
    if ('step' in verified) return { result: verified.step, change: {} }
    const order = stock && orderOf(app, smdp.address, stock)
    const step = authenticateClient(smdp, verified.client, order, nowMs)
    return { result: step, change: { session: step.session }, keeps: step.status === 'ok' }
  })
}

/** §5.6.2 */
const deliver: Call = (es9, request) => {
  const { app, smdp, template } = es9
  const transactionId = transactionIdOf(request)
  const read = () => factsOf(es9, 'chosen', transactionId)
  return settled(es9, transactionId, read, (facts) => {
    const { session, stock } = facts
    const keys = stock && subscriptionOf(app, stock)
    const step = getBoundProfilePackage(
      smdp,
      request,
      {
        session,
        order: stock && orderOf(app, smdp.address, stock),
        profilePackage: profileFor(template, keys?.subscription),
        random: app.ids.random(96),
      },
      nowMsOf(app),
    )
    const change = changeOf(app, facts, step, keys?.sealed)
    return { result: step, change, keeps: step.status === 'ok' }
  })
}

function profileFor(template: Buffer, subscription: Subscription | undefined): Buffer {
  if (!subscription) return Buffer.alloc(0)
  const made = personalise(template, subscription)
  // The operator's template has no place for what every subscription has.
  if ('missing' in made) throw new Error(`the template lacks ${made.missing.join(', ')}`)
  return made.profilePackage
}

/** §5.6.5 */
const cancel: Call = (es9, request) => {
  const { app, smdp } = es9
  const transactionId = transactionIdOf(request)
  const read = () => factsOf(es9, 'chosen', transactionId)
  return settled(es9, transactionId, read, (facts) => {
    const { session, stock } = facts
    const order = stock && orderOf(app, smdp.address, stock)
    const step = cancelSession(smdp, request, session, order)
    return { result: step, change: changeOf(app, facts, step) }
  })
}

/** What a step changes: the line follows its profile, and whoever may know is told. */
function changeOf(
  app: App,
  { stock, profile }: Facts,
  { session, order, status }: Pick<Step, 'session' | 'order' | 'status'>,
  newKeys?: string,
): Change {
  if (!stock || !order) return { session }
  const both = { session, stock: stockChangeOf(app, stock, order, newKeys) }
  const { state, eid } = order
  const isNew = state !== stock.state
  const { line } = stock
  if (!line) {
    const event = { actor: 'phone', action: status === 'ok' ? state : status }
    return { ...both, ...(isNew && { event, job: tellingOwner(app, stock) }) }
  }
  const follows = profile && profile.state !== 'unavailable' && (isNew || eid !== stock.eid)
  const entry: AuditEntry = {
    subscriberId: line.subscriberId,
    actor: system,
    action: `profile-${state}`,
    subject: { kind: 'line', id: line.lineId },
    reason:
      state === 'downloaded' ? 'a phone was given the profile' : `the download ended: ${status}`,
  }
  return {
    ...both,
    ...(follows && { profile: { ...profile, state, eid } }),
    ...(isNew && { entry }),
  }
}

/** §5.6.4: what is not genuine, late or repeated changes nothing. */
async function hear(es9: Es9, request: unknown): Promise<void> {
  const { app, smdp } = es9
  const notification = readNotification(request)
  if (!notification) return
  const transactionId = notificationTransactionId(notification)
  const read = () =>
    transactionId === undefined
      ? readFacts(app, 'named', notification.metadata.iccid)
      : readFacts(app, 'installed', transactionId)
  await settled(es9, transactionId, read, (facts) => {
    const { session, stock } = facts
    const verified = verifyNotification(smdp, notification, session, nowMsOf(app))
    if (!verified || !stock) return { result: undefined, change: {} }
    const order = handleNotification(orderOf(app, smdp.address, stock), verified)
    const change =
      order?.state === 'error'
        ? changeOf(app, facts, { order, status: 'euiccReportsError' })
        : reportOf(app, facts, order, verified)
    return { result: undefined, change }
  })
}

function reportOf(
  app: App,
  { stock, profile }: Facts,
  order: DownloadOrder | undefined,
  { eid, event, seqNumber, finalResult }: VerifiedNotification,
): Change {
  if (!stock) return {}
  const { line } = stock
  const own = order && { stock: stockChangeOf(app, stock, order) }
  if (!line)
    return {
      ...own,
      ...(own && { event: { actor: 'phone', action: event }, job: tellingOwner(app, stock) }),
    }
  // An installation that failed says nothing of a profile that is there.
  const isHeard = profile?.eid === eid && finalResult?.kind !== 'error'
  const after = isHeard ? report(profile, event, seqNumber) : undefined
  if (!after || !profile) return { ...own }
  const about = { ...line, iccid: stock.iccid }
  return { ...own, profile: after, ...followingOf(profile, after, about, app.clock.now()) }
}
