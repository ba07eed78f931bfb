/** A stand-in for the operator's SM-DP+ in the phone's tests: the protocol library over one order in memory. */
import { randomBytes } from 'node:crypto'
import { failure, transactionIdOf } from '../../src/esim/sgp22/es9.ts'
import { personalise, type Subscription } from '../../src/esim/sgp22/saip-personalise.ts'
import {
  type DownloadOrder,
  initiateAuthentication,
  type RspSession,
  type Smdp,
  type Step,
} from '../../src/esim/sgp22/smdp.ts'
import {
  authenticateClient,
  readAuthenticateClient,
  verifyAuthenticateClient,
} from '../../src/esim/sgp22/smdp-authenticate.ts'
import { getBoundProfilePackage } from '../../src/esim/sgp22/smdp-download.ts'
import {
  cancelSession,
  notificationTransactionId,
  readNotification,
  verifyNotification,
} from '../../src/esim/sgp22/smdp-notification.ts'
import type { StatusName } from '../../src/esim/sgp22/status.ts'

export type SmdpDouble = ReturnType<typeof openSmdpDouble>

type Server = { readonly smdp: Smdp; readonly template: Buffer }

export function openSmdpDouble(
  { smdp, template }: Server,
  subscription: Subscription,
  name: string,
) {
  const sessions = new Map<string, RspSession>()
  let order = orderOf(smdp, subscription, name)
  let refusal: StatusName | undefined

  const call = (name: string, request: unknown): Step => {
    const nowMs = Date.now()
    const session = sessions.get(transactionIdOf(request) ?? '')
    if (name === 'initiateAuthentication') {
      const fresh = { transactionId: randomBytes(16), serverChallenge: randomBytes(16) }
      return initiateAuthentication(smdp, request, () => fresh, nowMs)
    }
    if (name === 'authenticateClient') {
      const verified = verifyAuthenticateClient(
        smdp,
        readAuthenticateClient(request),
        session,
        nowMs,
      )
      return 'step' in verified
        ? verified.step
        : authenticateClient(smdp, verified.client, order, nowMs)
    }
    if (name === 'cancelSession') return cancelSession(smdp, request, session, order)
    const made = personalise(template, subscription)
    if ('missing' in made) throw new Error(`the template lacks ${made.missing.join(', ')}`)
    const facts = { session, order, ...made, random: randomBytes(96) }
    return getBoundProfilePackage(smdp, request, facts, nowMs)
  }

  return {
    /** Answers a request to `/gsma/rsp2/es9plus/…`. */
    answer(path: string, request: unknown): { status: number; body?: unknown } {
      const name = path.split('/').at(-1) ?? ''
      if (name === 'handleNotification') return { status: 204 }
      if (refusal && name === 'authenticateClient') return { status: 200, body: failure(refusal) }
      const step = call(name, request)
      if (step.session) sessions.set(step.session.transactionId, step.session)
      if (step.order) order = step.order
      return { status: 200, body: step.answer }
    },
    refuseWith(status: StatusName) {
      refusal = status
    },
    /** What a genuine notification says; undefined for one that isn't. */
    heard(request: unknown) {
      const notification = readNotification(request)
      if (!notification) return undefined
      const session = sessions.get(notificationTransactionId(notification) ?? '')
      return verifyNotification(smdp, notification, session, Date.now())
    },
  }
}

function orderOf(
  { address }: Smdp,
  { iccid, serviceProviderName }: Subscription,
  profileName: string,
): DownloadOrder {
  return {
    iccid,
    matchingId: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    state: 'released',
    eid: null,
    confirmationCodeHash: null,
    confirmationFailures: 0,
    downloadAttempts: 0,
    expiresMs: null,
    binding: null,
    metadata: {
      iccid,
      serviceProviderName,
      profileName,
      profileClass: 'operational',
      notifications: [{ events: ['install', 'enable', 'disable', 'delete'], address }],
    },
  }
}
