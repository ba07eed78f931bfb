/** Signing in and out, and what a subscriber may see and change about themselves. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { kindOf, maskContact, signInAddress } from './contact.ts'
import { type ContactNeeded, registerContactRoutes } from './contact-routes.ts'
import { registerExportRoutes } from './export-routes.ts'
import { askForCode, openSignInRoutes, type SignIn, signInWithCode } from './gateway.ts'
import { devicesOf, removeDevice } from './session-store.ts'
import { signInMinutes, signInTries } from './sign-in.ts'
import { endSession, settleSignIn } from './sign-in-store.ts'
import { registerPasskeyRoutes } from './passkey-routes.ts'
import { registerRepresentativeRoutes } from './representative-routes.ts'
import { changeSubscriber, subscriberById } from './store.ts'
import { toWire } from './subscriber.ts'
import {
  askCodeWire,
  codeSentWire,
  deviceWire,
  signInWire,
  subscriberPatchWire,
  subscriberWire,
} from './wire.ts'

const problems = { '4xx': problemWire }

export type SubscriberRoutes = {
  /** Whether an open closure still needs a contact; wired by main, since only closure knows. */
  contactNeeded?: ContactNeeded
}

export function registerSubscriberRoutes(http: Http, app: App, options: SubscriberRoutes = {}) {
  const signIn = openSignInRoutes('subscribers', app)
  registerSignInRoutes(http, app, signIn)
  registerMeRoutes(http, app, signIn)
  registerDeviceRoutes(http, app, signIn)
  registerPasskeyRoutes(http, app, signIn)
  registerContactRoutes(http, app, options.contactNeeded ?? (async () => false))
  registerExportRoutes(http, app)
  registerRepresentativeRoutes(http, app)
}

function registerSignInRoutes(http: Http, app: App, signIn: SignIn) {
  const tags = ['sign-in']

  http.post(
    '/v1/sign-in/code',
    {
      schema: {
        tags,
        summary: 'Have a sign-in code sent by e-mail or text; whose an address is, is not told',
        body: askCodeWire,
        response: { 202: codeSentWire, ...problems },
      },
    },
    async (request, reply) => {
      const { locale } = request.body
      const address = signInAddress(request.body, locale)
      if (isRefusal(address)) return refused(reply, address)
      const { headers, ip } = request
      const refusal = await askForCode(app, 'subscribers', signIn, { address, locale, headers, ip })
      if (refusal) return refused(reply, refusal)
      const channel = kindOf(address)
      return reply.code(202).send({
        channel,
        maskedTo: maskContact(channel, address),
        expiresAt: app.clock.now().add({ minutes: signInMinutes }).toString(),
        triesLeft: signInTries,
      })
    },
  )

  http.post(
    '/v1/sign-in',
    {
      schema: {
        tags,
        summary: 'Sign in with the code; the first time this creates the subscriber',
        body: signInWire,
        response: { 200: subscriberWire, ...problems },
      },
    },
    async (request, reply) => {
      const { code, locale } = request.body
      const address = signInAddress(request.body, locale)
      if (isRefusal(address)) return refused(reply, address)
      const { headers, ip } = request
      const before = await signIn.sessionOf(headers)
      const signedIn = await signInWithCode(app, 'subscribers', signIn, {
        address,
        code,
        headers,
        ip,
      })
      if (isRefusal(signedIn)) return refused(reply, signedIn)
      const subscriber = await settleSignIn(app, {
        address,
        token: signedIn.token,
        locale,
        userAgent: headers['user-agent'] ?? null,
        ip,
      })
      if (isRefusal(subscriber)) return refused(reply, subscriber)
      // The browser forgets the session it had, so that one must not live on as a device nobody uses.
      if (before) await endSession(app, before.token)
      return reply.header('set-cookie', signedIn.cookies).send(toWire(subscriber))
    },
  )

  registerSignOut(http, signIn)
}

function registerSignOut(http: Http, signIn: SignIn) {
  http.post(
    '/v1/sign-out',
    {
      schema: {
        tags: ['sign-in'],
        summary: 'End this session',
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { headers, ip } = request
      const answer = await signIn.call('/sign-out', { headers, ip })
      return reply.code(204).header('set-cookie', answer.headers.getSetCookie()).send(null)
    },
  )
}

function registerMeRoutes(http: Http, app: App, signIn: SignIn) {
  const tags = ['me']

  http.get(
    '/v1/me',
    {
      preHandler: signedIn(app),
      schema: {
        tags,
        summary: 'The signed-in subscriber',
        response: { 200: subscriberWire, ...problems },
      },
    },
    async (request, reply) => {
      const subscriber = await subscriberById(app.db, request.subscriberId)
      if (!subscriber) return refused(reply, refuse('not-signed-in'))
      // The one place where a session's end and last-seen time move on, with the cookie that must know of it.
      const session = await signIn.sessionOf(request.headers, true)
      if (session && session.cookies.length > 0) reply.header('set-cookie', session.cookies)
      return toWire(subscriber)
    },
  )

  http.patch(
    '/v1/me',
    {
      preHandler: signedIn(app),
      schema: {
        tags,
        summary: 'Change name, country of residence, or language',
        body: subscriberPatchWire,
        response: { 200: subscriberWire, ...problems },
      },
    },
    async (request, reply) => {
      const subscriber = await changeSubscriber(app, request.subscriberId, request.body)
      return isRefusal(subscriber) ? refused(reply, subscriber) : toWire(subscriber)
    },
  )
}

function registerDeviceRoutes(http: Http, app: App, signIn: SignIn) {
  const tags = ['me']

  http.get(
    '/v1/me/devices',
    {
      preHandler: signedIn(app),
      schema: {
        tags,
        summary: 'Devices that are signed in, newest first',
        response: { 200: z.object({ items: z.array(deviceWire) }), ...problems },
      },
    },
    async (request) => {
      const session = await signIn.sessionOf(request.headers)
      const devices = await devicesOf(app.db, request.subscriberId)
      const items = devices.map(({ deviceId, name, signedInAt, lastSeenAt }) => ({
        deviceId,
        name,
        signedInAt: signedInAt.toString(),
        lastSeenAt: lastSeenAt.toString(),
        current: deviceId === session?.sessionId,
      }))
      return { items }
    },
  )

  http.delete(
    '/v1/me/devices/:deviceId',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags,
        summary: 'Sign a device out at once',
        params: z.object({ deviceId: z.string().max(60) }),
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const refusal = await removeDevice(app, request.subscriberId, request.params.deviceId)
      return refusal ? refused(reply, refusal) : reply.code(204).send(null)
    },
  )
}
