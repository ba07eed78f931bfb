/** Acting for a subscriber: a guardian, or after a death who acts for the estate. The link is who they are, a code proves it. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { codeSentWire } from '../subscribers/wire.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import { codeWire, problemWire } from '../values/wire.ts'
import {
  answerActing,
  appealActing,
  chooseActing,
  confirmActing,
  declineActing,
  nameAccountActing,
  numberForHeirs,
  seeActing,
  sendActingCode,
  startForEstate,
} from './acting-store.ts'
import {
  actingWire,
  answerWire,
  appealWire,
  nameAccountWire,
  startClosureWire,
  startedWire,
  submitClosureWire,
} from './wire.ts'

import { choicesWire } from './quote-wire.ts'

const tags = ['closure']
const problems = { '4xx': problemWire }
const link = z.object({ token: z.string().max(200) })

export function registerActingRoutes(http: Http, app: App) {
  registerLook(http, app)
  registerSay(http, app)
  registerAfter(http, app)
  registerNumber(http, app)
  registerEstate(http, app)
}

const answers = { 200: actingWire, ...problems }
const seeAfter = async (app: App, done: unknown, token: string) =>
  isRefusal(done) ? (done as Refusal) : seeActing(app, token)

function registerLook(http: Http, app: App) {
  http.post(
    '/v1/closures/act/look',
    { schema: { tags, summary: 'The closure that a link is for', body: link, response: answers } },
    async ({ body }, reply) => {
      const seen = await seeActing(app, body.token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  http.post(
    '/v1/closures/act/choices',
    {
      schema: {
        tags,
        summary: 'Choose where the money of an estate goes',
        body: link.extend({ choices: choicesWire }),
        response: answers,
      },
    },
    async ({ body: { token, choices } }, reply) => {
      const seen = await seeAfter(app, await chooseActing(app, token, { choices }), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  http.post(
    '/v1/closures/act/code',
    {
      schema: {
        tags,
        summary: 'Send the code to who acts for the subscriber',
        body: link,
        response: { 202: codeSentWire, ...problems },
      },
    },
    async ({ body }, reply) => {
      const sent = await sendActingCode(app, body.token)
      return isRefusal(sent) ? refused(reply, sent) : reply.code(202).send(sent)
    },
  )
  http.post(
    '/v1/closures/act/confirm',
    {
      schema: {
        tags,
        summary: 'Authorise what a minor asked for, or close for an estate',
        body: submitClosureWire.extend(link.shape),
        response: answers,
      },
    },
    async ({ body: { token, ...given } }, reply) => {
      const seen = await seeAfter(app, await confirmActing(app, token, given), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
}

function registerSay(http: Http, app: App) {
  http.post(
    '/v1/closures/act/answer',
    {
      schema: {
        tags,
        summary: 'Answer what a reviewer asks about the closure of an estate',
        body: answerWire.extend(link.shape),
        response: answers,
      },
    },
    async ({ body: { token, ...given } }, reply) => {
      const seen = await seeAfter(app, await answerActing(app, token, given), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  http.post(
    '/v1/closures/act/decline',
    { schema: { tags, summary: 'Nothing is to be closed', body: link, response: answers } },
    async ({ body: { token } }, reply) => {
      const seen = await seeAfter(app, await declineActing(app, token), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
}

/** Once the estate’s closure was decided: its money goes on, or the decision is not accepted. */
function registerAfter(http: Http, app: App) {
  http.post(
    '/v1/closures/act/account',
    {
      schema: {
        tags,
        summary: 'Name an account for a refund of an estate that its card refused',
        body: nameAccountWire.extend({ ...link.shape, refundId: z.string().max(80) }),
        response: answers,
      },
    },
    async ({ body: { token, ...given } }, reply) => {
      const seen = await seeAfter(app, await nameAccountActing(app, token, given), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
  http.post(
    '/v1/closures/act/appeal',
    {
      schema: {
        tags,
        summary: 'Appeal against the rejection of an estate’s closure, once',
        body: appealWire.extend(link.shape),
        response: answers,
      },
    },
    async ({ body: { token, text } }, reply) => {
      const seen = await seeAfter(app, await appealActing(app, token, text), token)
      return isRefusal(seen) ? refused(reply, seen) : seen
    },
  )
}

function registerNumber(http: Http, app: App) {
  http.post(
    '/v1/closures/act/number',
    {
      schema: {
        tags,
        summary: 'A code with which heirs take the number along',
        body: link.extend({ lineId: z.string().max(60), code: codeWire }),
        response: { 200: z.object({ portCode: z.string() }), ...problems },
      },
    },
    async ({ body: { token, ...asked } }, reply) => {
      const given = await numberForHeirs(app, token, asked)
      return isRefusal(given) ? refused(reply, given) : given
    },
  )
}

function registerEstate(http: Http, app: App) {
  http.post(
    '/v1/staff/subscribers/:subscriberId/closures',
    {
      preHandler: staffOnly(app, 'support', 'reviewer', 'admin'),
      schema: {
        tags: ['staff'],
        summary: 'Open the closure of somebody who died; who acts for the estate goes on with it',
        params: z.object({ subscriberId: z.string().max(60) }),
        body: startClosureWire,
        response: { 201: startedWire, ...problems },
      },
    },
    async (request, reply) => {
      const { scope, lineId } = request.body
      if ((scope === 'line') !== (lineId !== undefined)) return refused(reply, refuse('not-found'))
      const wanted = { scope, lineId: lineId ?? null }
      const started = await startForEstate(app, request.staff, request.params.subscriberId, wanted)
      if (isRefusal(started)) return refused(reply, started)
      const { caseId, reference } = started
      return reply.code(201).send({ caseId, reference })
    },
  )
}
