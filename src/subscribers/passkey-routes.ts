/** Passkeys over the API: signing in with one, and the list of one's own. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { isRefusal } from '../values/refusal.ts'
import { codeWire, problemWire } from '../values/wire.ts'
import { type SignIn, signInWithPasskey } from './gateway.ts'
import type { Passkey } from './passkey.ts'
import { askForAny } from './passkey-sign-in-store.ts'
import {
  addPasskey,
  askForNew,
  passkeysOf,
  removePasskey,
  renamePasskey,
  sendPasskeyCode,
} from './passkey-store.ts'
import {
  assertionWire,
  creationOptionsWire,
  newCredentialWire,
  passkeyNameWire,
  passkeyWire,
  requestOptionsWire,
} from './passkey-wire.ts'
import { endSession, settlePasskey } from './sign-in-store.ts'
import { toWire } from './subscriber.ts'
import { codeSentWire, subscriberWire } from './wire.ts'

const problems = { '4xx': problemWire }
const passkeyParams = z.object({ passkeyId: z.string().max(60) })

export function registerPasskeyRoutes(http: Http, app: App, signIn: SignIn) {
  registerSignIn(http, app, signIn)
  registerAdding(http, app)
  registerOwn(http, app)
}

function registerSignIn(http: Http, app: App, signIn: SignIn) {
  const tags = ['sign-in']

  http.get(
    '/v1/sign-in/passkey',
    {
      schema: {
        tags,
        summary: 'What to ask the browser for, to sign in with a passkey; good for ten minutes',
        response: { 200: requestOptionsWire, ...problems },
      },
    },
    async () => askForAny(app),
  )

  http.post(
    '/v1/sign-in/passkey',
    {
      schema: {
        tags,
        summary: 'Sign in with the passkey the browser answered with',
        body: z.object({ credential: assertionWire }),
        response: { 200: subscriberWire, ...problems },
      },
    },
    async (request, reply) => {
      const { headers, ip } = request
      const before = await signIn.sessionOf(headers)
      const begun = await signInWithPasskey(signIn, { headers, ip }, request.body.credential)
      if (isRefusal(begun)) return refused(reply, begun)
      const userAgent = headers['user-agent'] ?? null
      const subscriber = await settlePasskey(app, { ...begun, userAgent, ip })
      if (isRefusal(subscriber)) return refused(reply, subscriber)
      // The browser forgets the session it had, so that one must not live on as a device nobody uses.
      if (before) await endSession(app, before.token)
      return reply.header('set-cookie', begun.cookies).send(toWire(subscriber))
    },
  )
}

function registerAdding(http: Http, app: App) {
  const preHandler = signedIn(app, true)
  const tags = ['me']

  http.post(
    '/v1/me/passkeys/code',
    {
      preHandler,
      schema: {
        tags,
        summary: 'Have the code sent that adding a passkey is confirmed with',
        response: { 202: codeSentWire, ...problems },
      },
    },
    async (request, reply) => {
      const sent = await sendPasskeyCode(app, request.subscriberId)
      return isRefusal(sent) ? refused(reply, sent) : reply.code(202).send(sent)
    },
  )

  http.post(
    '/v1/me/passkeys/options',
    {
      preHandler,
      schema: {
        tags,
        summary: 'What to have the browser make; it uses the code up and is good for ten minutes',
        body: z.object({ code: codeWire }),
        response: { 200: creationOptionsWire, ...problems },
      },
    },
    async (request, reply) => {
      const options = await askForNew(app, request.subscriberId, request.body.code)
      return isRefusal(options) ? refused(reply, options) : options
    },
  )

  http.post(
    '/v1/me/passkeys',
    {
      preHandler,
      schema: {
        tags,
        summary: 'Add the passkey the browser made; the contacts are told',
        body: z.object({
          credential: newCredentialWire,
          name: passkeyNameWire.optional().describe('Left out, it is named after the device'),
        }),
        response: { 201: passkeyWire, ...problems },
      },
    },
    async (request, reply) => {
      const { credential, name } = request.body
      const userAgent = request.headers['user-agent']
      const added = await addPasskey(app, request.subscriberId, { credential, name, userAgent })
      return isRefusal(added) ? refused(reply, added) : reply.code(201).send(wireOf(added))
    },
  )
}

function registerOwn(http: Http, app: App) {
  const preHandler = signedIn(app, true)
  const tags = ['me']

  http.get(
    '/v1/me/passkeys',
    {
      preHandler,
      schema: {
        tags,
        summary: 'Passkeys that sign in here, oldest first',
        response: { 200: z.object({ items: z.array(passkeyWire) }), ...problems },
      },
    },
    async (request) => ({ items: (await passkeysOf(app.db, request.subscriberId)).map(wireOf) }),
  )

  http.patch(
    '/v1/me/passkeys/:passkeyId',
    {
      preHandler,
      schema: {
        tags,
        summary: 'Name a passkey',
        params: passkeyParams,
        body: z.object({ name: passkeyNameWire }),
        response: { 200: passkeyWire, ...problems },
      },
    },
    async (request, reply) => {
      const { passkeyId } = request.params
      const named = await renamePasskey(app, request.subscriberId, passkeyId, request.body.name)
      return isRefusal(named) ? refused(reply, named) : wireOf(named)
    },
  )

  http.delete(
    '/v1/me/passkeys/:passkeyId',
    {
      preHandler,
      schema: {
        tags,
        summary: 'Remove a passkey: it signs in no more; the contacts are told',
        params: passkeyParams,
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const refusal = await removePasskey(app, request.subscriberId, request.params.passkeyId)
      return refusal ? refused(reply, refusal) : reply.code(204).send(null)
    },
  )
}

function wireOf({ passkeyId, credentialId, name, createdAt, lastUsedAt, backedUp }: Passkey) {
  return {
    passkeyId,
    credentialId,
    name,
    createdAt: createdAt.toString(),
    lastUsedAt: lastUsedAt?.toString() ?? null,
    backedUp,
  }
}
