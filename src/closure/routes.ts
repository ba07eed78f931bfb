/** The closure API for subscribers, and the public progress by reference. */
import { z } from 'zod'
import type { Network } from '../lines/gateway.ts'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { codeSentWire } from '../subscribers/wire.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { appeal } from './appeal-store.ts'
import { answer } from './ask-question-store.ts'
import { registerActingRoutes } from './acting-routes.ts'
import { registerMoneyRoutes } from './money-routes.ts'
import { findCertificate, findReceipt, printedCertificate } from './evidence-store.ts'
import type { Documents } from './steps/documents.ts'
import { parseReference } from './reference.ts'
import { publicProgress } from './intake-view-store.ts'
import { registerIntakeRoutes } from './intake-routes.ts'
import { type ClosureView, viewOf } from './view.ts'
import { seeCase, seeCases } from './view-store.ts'
import {
  askClosureCode,
  type Change,
  changeClosure,
  startClosure,
  submitClosure,
  withdrawClosure,
} from './way-store.ts'
import {
  answerWire,
  appealWire,
  askClosureCodeWire,
  changeClosureWire,
  closureWire,
  publicClosureWire,
  startClosureWire,
  submitClosureWire,
} from './wire.ts'

const tags = ['closure']
const caseParams = z.object({ caseId: z.string().max(60) })
const problems = { '4xx': problemWire }

type Outside = {
  network: Pick<Network, 'find'>
  documents: Pick<Documents, 'print' | 'printReceipt'>
}

export function registerClosureRoutes(http: Http, app: App, { network, documents }: Outside) {
  registerStartRoutes(http, app)
  registerCaseRoutes(http, app, network)
  registerConfirmRoutes(http, app)
  registerEvidenceRoutes(http, app, documents)
  registerMoneyRoutes(http, app)
  registerActingRoutes(http, app)
  registerIntakeRoutes(http, app)
  registerAppealRoute(http, app)
  registerAnswerRoute(http, app)
}

function registerStartRoutes(http: Http, app: App) {
  const guard = signedIn(app, true)

  http.get(
    '/v1/closures',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'My closure cases, newest first',
        response: { 200: z.object({ items: z.array(closureWire) }), ...problems },
      },
    },
    async (request) => ({ items: await seeCases(app, request.subscriberId) }),
  )

  http.post(
    '/v1/closures',
    {
      preHandler: guard,
      schema: {
        tags,
        summary:
          'Open the closing way of a line or the account; gives back the open case if there is one',
        body: startClosureWire,
        response: { 200: closureWire, 201: closureWire, ...problems },
      },
    },
    async (request, reply) => {
      const { scope, lineId } = request.body
      if ((scope === 'line') !== (lineId !== undefined)) {
        const errors = [{ path: 'lineId', message: 'needed for a line, left out for the account' }]
        return refused(reply, refuse('invalid-request', {}, { errors }))
      }
      const started = await startClosure(app, request.subscriberId, {
        scope,
        lineId: lineId ?? null,
      })
      if (isRefusal(started)) return refused(reply, started)
      const view = await see(app, request.subscriberId, started.c.caseId)
      return view
        ? reply.code(started.isNew ? 201 : 200).send(view)
        : refused(reply, refuse('not-found'))
    },
  )
}

function registerCaseRoutes(http: Http, app: App, network: Pick<Network, 'find'>) {
  const guard = signedIn(app, true)

  http.get(
    '/v1/closures/:caseId',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'One case: checklist, quote, timeline',
        params: caseParams,
        response: { 200: closureWire, ...problems },
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const first = await seeCase(app, request.subscriberId, caseId)
      if (!first) return refused(reply, refuse('not-found'))
      if (first.c.state !== 'draft') return viewOf(first)
      const open = await openSession(
        network,
        first.facts.lines.map(({ imsi }) => imsi),
      )
      const seen = await seeCase(app, request.subscriberId, caseId, open)
      return seen ? viewOf(seen) : refused(reply, refuse('not-found'))
    },
  )

  http.patch(
    '/v1/closures/:caseId',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Choose where the money goes, give a reason',
        params: caseParams,
        body: changeClosureWire,
        response: { 200: closureWire, ...problems },
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const changed = await changeClosure(
        app,
        request.subscriberId,
        caseId,
        withoutUndefined(request.body),
      )
      if (isRefusal(changed)) return refused(reply, changed)
      return (await see(app, request.subscriberId, caseId)) ?? refused(reply, refuse('not-found'))
    },
  )
}

function registerConfirmRoutes(http: Http, app: App) {
  const guard = signedIn(app, true)

  http.post(
    '/v1/closures/:caseId/code',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Send the confirmation code to a channel that is not closing',
        params: caseParams,
        body: askClosureCodeWire,
        response: { 202: codeSentWire, ...problems },
      },
    },
    async (request, reply) => {
      const sent = await askClosureCode(
        app,
        request.subscriberId,
        request.params.caseId,
        request.body.contactId,
      )
      return isRefusal(sent) ? refused(reply, sent) : reply.code(202).send(sent)
    },
  )

  http.post(
    '/v1/closures/:caseId/submit',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Submit, with the current quote and the code',
        params: caseParams,
        body: submitClosureWire,
        response: { 202: closureWire, ...problems },
      },
    },
    async (request, reply) => {
      if (!request.idempotency) return refused(reply, refuse('idempotency-key-missing'))
      const { caseId } = request.params
      const submitted = await submitClosure(app, request.subscriberId, caseId, request.body)
      if (isRefusal(submitted)) return refused(reply, submitted)
      const view = await see(app, request.subscriberId, caseId)
      return view ? reply.code(202).send(view) : refused(reply, refuse('not-found'))
    },
  )

  http.post(
    '/v1/closures/:caseId/withdraw',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Take the closure back',
        params: caseParams,
        response: { 200: closureWire, ...problems },
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const withdrawn = await withdrawClosure(app, request.subscriberId, caseId)
      if (isRefusal(withdrawn)) return refused(reply, withdrawn)
      return (await see(app, request.subscriberId, caseId)) ?? refused(reply, refuse('not-found'))
    },
  )
}

function registerAppealRoute(http: Http, app: App) {
  http.post(
    '/v1/closures/:caseId/appeal',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags,
        summary: 'Appeal against a rejection, once; another reviewer decides',
        params: caseParams,
        body: appealWire,
        response: { 200: closureWire, ...problems },
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const done = await appeal(app, request.subscriberId, caseId, request.body.text)
      if (isRefusal(done)) return refused(reply, done)
      return (await see(app, request.subscriberId, caseId)) ?? refused(reply, refuse('not-found'))
    },
  )
}

function registerAnswerRoute(http: Http, app: App) {
  http.post(
    '/v1/closures/:caseId/answer',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags,
        summary: 'Answer what a reviewer asks; the review goes on with the time that was left',
        params: caseParams,
        body: answerWire,
        response: { 200: closureWire, ...problems },
      },
    },
    async (request, reply) => {
      const { caseId } = request.params
      const done = await answer(app, request.subscriberId, caseId, request.body)
      if (isRefusal(done)) return refused(reply, done)
      return (await see(app, request.subscriberId, caseId)) ?? refused(reply, refuse('not-found'))
    },
  )
}

function registerReceiptRoutes(http: Http, app: App, documents: Outside['documents']) {
  for (const format of ['json', 'pdf'] as const) {
    http.get(
      `/v1/closures/:caseId/receipt.${format}`,
      {
        preHandler: signedIn(app, true),
        schema: {
          tags,
          summary: `What is still kept, why and until when, signed, as ${format.toUpperCase()}`,
          params: caseParams,
        },
      },
      async (request, reply) => {
        const { subscriberId, params } = request
        const found = await findReceipt(app.db, documents, subscriberId, params.caseId)
        if (!found) return refused(reply, refuse('certificate-not-ready'))
        const name = `${found.reference}-kept.${format}`
        return reply
          .type(format === 'pdf' ? 'application/pdf' : 'application/json')
          .header('content-disposition', `attachment; filename="${name}"`)
          .serializer((payload: unknown) => payload as string)
          .send(format === 'pdf' ? found.pdf : Buffer.from(found.json))
      },
    )
  }
}

function registerEvidenceRoutes(http: Http, app: App, documents: Outside['documents']) {
  registerReceiptRoutes(http, app, documents)
  for (const format of ['json', 'pdf'] as const) {
    http.get(
      `/v1/closures/:caseId/certificate.${format}`,
      {
        preHandler: signedIn(app, true),
        schema: {
          tags,
          summary: `The signed closure certificate as ${format.toUpperCase()}`,
          params: caseParams,
        },
      },
      async (request, reply) => {
        const { subscriberId, params } = request
        const found = await findCertificate(app.db, subscriberId, params.caseId)
        if (!found) return refused(reply, refuse('certificate-not-ready'))
        const type = format === 'pdf' ? 'application/pdf' : 'application/json'
        const body =
          format === 'pdf'
            ? await printedCertificate(app, documents, subscriberId, params.caseId)
            : Buffer.from(found.json)
        return reply
          .type(type)
          .header('content-disposition', `attachment; filename="${found.reference}.${format}"`)
          .serializer((payload: unknown) => payload as string)
          .send(body)
      },
    )
  }

  http.get(
    '/v1/closures/by-reference/:reference',
    {
      schema: {
        tags,
        summary: 'Public progress: no sign-in, nothing personal',
        params: z.object({ reference: z.string().max(40) }),
        response: { 200: publicClosureWire, ...problems },
      },
    },
    async (request, reply) => {
      const reference = parseReference(request.params.reference)
      const seen = reference && (await publicProgress(app, reference))
      return seen ? seen : refused(reply, refuse('not-found'))
    },
  )
}

async function see(
  app: App,
  subscriberId: string,
  caseId: string,
): Promise<ClosureView | undefined> {
  const seen = await seeCase(app, subscriberId, caseId)
  return seen && viewOf(seen)
}

/** Whether any of the lines is in use right now; undefined when the network doesn't answer. */
async function openSession(
  network: Pick<Network, 'find'>,
  imsis: readonly string[],
): Promise<boolean | undefined> {
  try {
    const states = await Promise.all(imsis.map((imsi) => network.find(imsi)))
    return states.some((state) => state?.openSession)
  } catch {
    return undefined
  }
}

function withoutUndefined(body: z.infer<typeof changeClosureWire>): Change {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}
