/** Staff read the published policies, and write the next version of one: saved, checked, compared, published by somebody else. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { App, StaffMember } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import {
  policyDraftWire,
  policyTextMax,
  policyVersionsWire,
  policyWire,
  savePolicyDraftWire,
} from '../staff/wire.ts'
import { acceptedLocale } from '../values/locale.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import { problemWire } from '../values/wire.ts'
import { discardDraft, type DraftView, publishDraft, saveDraft, seeDraft } from './draft-store.ts'
import { publishedPolicies, publishedVersion, versionsOf } from './store.ts'

const tags = ['staff']
const problems = { '4xx': problemWire }
const country = z
  .string()
  .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'a country, as DE, or a part, as US-CA')
const params = z.object({ country })
const seen = z.object({ version: z.int().min(1) })
/** Who may say what closing follows. */
export const policyWriters = ['reviewer', 'finance', 'admin'] as const

export function registerPolicyStaffRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/policies',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'The newest policy of every country',
        response: { 200: z.object({ items: z.array(policyWire) }) },
      },
    },
    async () => ({ items: (await publishedPolicies(app.db)).map(policyToWire) }),
  )

  http.get(
    '/v1/staff/policies/:country/versions',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'Every version of a country, the newest first',
        params,
        response: { 200: policyVersionsWire, ...problems },
      },
    },
    async (request) => ({
      items: (await versionsOf(app.db, request.params.country)).map((row) => ({
        version: row.version,
        publishedAt: row.published_at.toString(),
      })),
    }),
  )

  http.get(
    '/v1/staff/policies/:country/versions/:version',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'One version as it was published',
        params: params.extend({ version: z.coerce.number().int().min(1).max(1_000_000) }),
        response: { 200: policyWire, ...problems },
      },
    },
    async (request, reply) => {
      const found = await publishedVersion(app.db, request.params.country, request.params.version)
      return found ? policyToWire(found) : refused(reply, refuse('not-found'))
    },
  )

  registerDraftRoutes(http, app)
}

/** Findings are said in the language that the console speaks now. */
const reading = ({ staff, headers }: FastifyRequest): StaffMember => ({
  ...staff,
  locale: acceptedLocale(headers['accept-language']),
})

function registerDraftRoutes(http: Http, app: App) {
  const path = '/v1/staff/policies/:country/draft'
  const writing = staffOnly(app, ...policyWriters)
  const answer = { 200: policyDraftWire, ...problems }
  const shown = (reply: FastifyReply, done: DraftView | Refusal) =>
    isRefusal(done) ? refused(reply, done) : draftToWire(done)

  http.get(
    path,
    {
      preHandler: staffOnly(app),
      schema: { tags, summary: 'The next version while it is written', params, response: answer },
    },
    async (request) => draftToWire(await seeDraft(app, request.params.country, reading(request))),
  )

  http.put(
    path,
    {
      preHandler: writing,
      bodyLimit: 4 * policyTextMax,
      schema: {
        tags,
        summary: 'Save it, right or not yet; the answer says what is wrong, on which line',
        params,
        body: savePolicyDraftWire,
        response: answer,
      },
    },
    async (request, reply) =>
      shown(reply, await saveDraft(app, reading(request), { ...request.params, ...request.body })),
  )

  http.post(
    `${path}/publish`,
    {
      preHandler: writing,
      schema: {
        tags,
        summary: 'Publish what somebody else wrote; open cases keep their version',
        params,
        body: seen,
        response: answer,
      },
    },
    async (request, reply) => {
      const done = await publishDraft(app, reading(request), { ...request.params, ...request.body })
      if (isRefusal(done)) return refused(reply, done)
      return draftToWire(await seeDraft(app, request.params.country, reading(request)))
    },
  )

  http.post(
    `${path}/discard`,
    {
      preHandler: writing,
      schema: { tags, summary: 'Throw it away', params, body: seen, response: answer },
    },
    async (request, reply) => {
      const done = await discardDraft(app, request.staff, { ...request.params, ...request.body })
      if (done) return refused(reply, done)
      return draftToWire(await seeDraft(app, request.params.country, reading(request)))
    },
  )
}

type Row = { country: string; version: number; published_at: Temporal.Instant; document: unknown }

const policyToWire = ({ country: place, version, published_at, document }: Row) => ({
  country: place,
  version,
  publishedAt: published_at.toString(),
  document: document as Record<string, unknown>,
})

function draftToWire(view: DraftView): z.output<typeof policyDraftWire> {
  const { newest, saved, checked } = view
  return {
    country: view.country,
    published: newest && {
      country: view.country,
      version: newest.version,
      publishedAt: newest.publishedAt.toString(),
      document: newest.policy,
    },
    text: view.text,
    version: saved?.version ?? 0,
    editedBy: saved?.editorName ?? null,
    editedAt: saved?.editedAt.toString() ?? null,
    errors: checked.errors,
    warnings: checked.warnings,
    document: checked.policy,
    changes: [...view.changes],
    held: view.held,
  }
}
