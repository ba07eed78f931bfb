/** Staff register who acts for a subscriber, having seen the proof, and end that. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, staffOnly } from '../platform/http.ts'
import { isRefusal, refuse } from '../values/refusal.ts'
import { none, problemWire } from '../values/wire.ts'
import { endRepresentative, registerRepresentative } from './register-store.ts'
import { representativeShown } from './representative.ts'
import { registerRepresentativeWire, representativeWire } from './wire.ts'

const tags = ['staff']
const params = z.object({ subscriberId: z.string().max(60) })

export function registerRepresentativeRoutes(http: Http, app: App) {
  const guard = staffOnly(app, 'support', 'reviewer', 'admin')
  http.post(
    '/v1/staff/subscribers/:subscriberId/representatives',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'Register a guardian, or after a death who acts for the estate',
        params,
        body: registerRepresentativeWire,
        response: { 201: representativeWire, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const { bornOn = null, kind, ...asked } = request.body
      const born = bornOn === null ? null : Temporal.PlainDate.from(bornOn)
      if ((kind === 'guardian') !== (born !== null) || (born && !isPast(app, born)))
        return refused(reply, refuse('birth-date-not-valid'))
      const { subscriberId } = request.params
      const made = await registerRepresentative(app, request.staff, {
        ...asked,
        kind,
        subscriberId,
        bornOn: born,
      })
      return isRefusal(made)
        ? refused(reply, made)
        : reply.code(201).send(representativeShown(made))
    },
  )

  http.delete(
    '/v1/staff/subscribers/:subscriberId/representatives/:representativeId',
    {
      preHandler: guard,
      schema: {
        tags,
        summary: 'From now on nobody acts for them, or somebody else will',
        params: params.extend({ representativeId: z.string().max(60) }),
        response: { 204: none, '4xx': problemWire },
      },
    },
    async (request, reply) => {
      const done = await endRepresentative(app, request.staff, request.params)
      return isRefusal(done) ? refused(reply, done) : reply.code(204).send(null)
    },
  )
}

function isPast({ clock }: App, day: Temporal.PlainDate): boolean {
  const today = clock.now().toZonedDateTimeISO('UTC').toPlainDate()
  return day.year >= 1900 && Temporal.PlainDate.compare(day, today) < 0
}
