/** The console's own API: signing in, and the lists that belong to no other feature. */
import { z } from 'zod'
import type { App, StaffMember } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import {
  askForCode,
  openSignInRoutes,
  type SignIn,
  signInTerms,
  signInWithCode,
} from '../subscribers/gateway.ts'
import { maskContact } from '../subscribers/subscriber.ts'
import { codeSentWire } from '../subscribers/wire.ts'
import { staffLocale } from '../values/locale.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { pageQuery, problemWire } from '../values/wire.ts'
import { auditTrail, refundList } from './list-store.ts'
import { findSubscribers } from './search-store.ts'
import { memberOf } from './store.ts'
import {
  auditListWire,
  refundListWire,
  staffAskCodeWire,
  staffSignInWire,
  staffWire,
  subscriberListWire,
} from './wire.ts'

const tags = ['staff']
const problems = { '4xx': problemWire }

export function registerStaffRoutes(http: Http, app: App) {
  const signIn = openSignInRoutes('staff', app)
  registerSignInRoutes(http, app, signIn)
  registerSessionRoutes(http, app, signIn)
  registerListRoutes(http, app)
}

function registerSignInRoutes(http: Http, app: App, signIn: SignIn) {
  http.post(
    '/v1/staff/sign-in/code',
    {
      schema: {
        tags,
        summary:
          'Have a console code sent; only staff receive one, and nobody is told who is staff',
        body: staffAskCodeWire,
        response: { 202: codeSentWire, ...problems },
      },
    },
    async (request, reply) => {
      const address = request.body.email.toLowerCase()
      const { locale } = request.body
      const { headers, ip } = request
      const refusal = await askForCode(app, 'staff', signIn, { address, locale, headers, ip })
      if (refusal) return refused(reply, refusal)
      const { minutes, tries } = signInTerms
      return reply.code(202).send({
        channel: 'email',
        maskedTo: maskContact('email', address),
        expiresAt: app.clock.now().add({ minutes }).toString(),
        triesLeft: tries,
      })
    },
  )

  http.post(
    '/v1/staff/sign-in',
    {
      schema: {
        tags,
        summary: 'Sign in to the console with the code',
        body: staffSignInWire,
        response: { 200: staffWire, ...problems },
      },
    },
    async (request, reply) => {
      const email = request.body.email.toLowerCase()
      const { headers, ip } = request
      const signedIn = await signInWithCode(app, 'staff', signIn, {
        address: email,
        code: request.body.code,
        headers,
        ip,
      })
      if (isRefusal(signedIn)) return refused(reply, signedIn)
      const member = await memberOf(app.db, email)
      if (!member) return refused(reply, refuse('staff-not-signed-in'))
      return reply.header('set-cookie', signedIn.cookies).send(memberToWire(member))
    },
  )
}

function registerSessionRoutes(http: Http, app: App, signIn: SignIn) {
  http.post(
    '/v1/staff/sign-out',
    {
      schema: {
        tags,
        summary: 'End this console session',
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { headers, ip } = request
      const answer = await signIn.call('/sign-out', { headers, ip })
      return reply.code(204).header('set-cookie', answer.headers.getSetCookie()).send(null)
    },
  )

  http.get(
    '/v1/staff/me',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary: 'The signed-in member of staff',
        response: { 200: staffWire, ...problems },
      },
    },
    async (request, reply) => {
      const session = await signIn.sessionOf(request.headers, true)
      if (session && session.cookies.length > 0) reply.header('set-cookie', session.cookies)
      return memberToWire(request.staff)
    },
  )
}

function registerListRoutes(http: Http, app: App) {
  http.get(
    '/v1/staff/subscribers',
    {
      preHandler: staffOnly(app),
      schema: {
        tags,
        summary:
          'Find subscribers by name, e-mail, number or closure reference; every look is recorded',
        querystring: pageQuery.extend({ query: z.string().max(100).default('') }),
        response: { 200: subscriberListWire, ...problems },
      },
    },
    async (request) => {
      const { query, cursor, limit } = request.query
      return findSubscribers(app, request.staff, { query, cursor, limit })
    },
  )

  http.get(
    '/v1/staff/audit',
    {
      preHandler: staffOnly(app, 'auditor', 'admin'),
      schema: {
        tags,
        summary: 'Who did what, newest first',
        querystring: pageQuery,
        response: { 200: auditListWire, ...problems },
      },
    },
    async ({ query: { cursor, limit } }) => auditTrail(app, { cursor, limit }),
  )

  http.get(
    '/v1/staff/refunds',
    {
      preHandler: staffOnly(app, 'finance', 'admin', 'reviewer', 'auditor'),
      schema: {
        tags,
        summary: 'Refunds, newest first',
        querystring: pageQuery,
        response: { 200: refundListWire, ...problems },
      },
    },
    async ({ query: { cursor, limit } }) => refundList(app, { cursor, limit }),
  )
}

function memberToWire({
  staffId,
  name,
  email,
  role,
  locale,
}: StaffMember): z.input<typeof staffWire> {
  return { staffId, name, email, role, locale: staffLocale(locale) }
}
