/** A subscriber's contacts: add, verify, remove. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { isRefusal } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import {
  addContact,
  type ContactNeeded,
  removeContact,
  sendContactCodeAgain,
  verifyContact,
} from './contact-store.ts'
import { contactToWire } from './subscriber.ts'
import { addContactWire, codeSentWire, contactWire, verifyContactWire } from './wire.ts'

export type { ContactNeeded }

const tags = ['me']
const problems = { '4xx': problemWire }
const contactParams = z.object({ contactId: z.string().max(60) })

export function registerContactRoutes(http: Http, app: App, contactNeeded: ContactNeeded) {
  const guard = signedIn(app, true)

  http.post(
    '/v1/me/contacts',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Add an e-mail address or telephone number; a code is sent to it',
        body: addContactWire,
        response: { 201: z.object({ contact: contactWire, sent: codeSentWire }), ...problems },
      },
    },
    async (request, reply) => {
      const added = await addContact(app, request.subscriberId, request.body)
      if (isRefusal(added)) return refused(reply, added)
      return reply.code(201).send({ contact: contactToWire(added.contact), sent: added.sent })
    },
  )

  http.post(
    '/v1/me/contacts/:contactId/code',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Send the code again; the one before no longer works',
        params: contactParams,
        response: { 202: codeSentWire, ...problems },
      },
    },
    async (request, reply) => {
      const sent = await sendContactCodeAgain(app, request.subscriberId, request.params.contactId)
      return isRefusal(sent) ? refused(reply, sent) : reply.code(202).send(sent)
    },
  )

  registerContactEnds(http, app, contactNeeded)
}

function registerContactEnds(http: Http, app: App, contactNeeded: ContactNeeded) {
  const guard = signedIn(app, true)

  http.post(
    '/v1/me/contacts/:contactId/verify',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Prove that the contact reaches the subscriber',
        params: contactParams,
        body: verifyContactWire,
        response: { 200: contactWire, ...problems },
      },
    },
    async (request, reply) => {
      const { contactId } = request.params
      const verified = await verifyContact(app, request.subscriberId, contactId, request.body.code)
      return isRefusal(verified) ? refused(reply, verified) : contactToWire(verified)
    },
  )

  http.delete(
    '/v1/me/contacts/:contactId',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Remove a contact; the contacts there were before are told',
        params: contactParams,
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { contactId } = request.params
      const refusal = await removeContact(app, request.subscriberId, contactId, contactNeeded)
      return refusal ? refused(reply, refusal) : reply.code(204).send(null)
    },
  )
}
