/** The network's two sides: the operator's provisioning with a key, and the radio side of phones without one. */
import type { FastifyInstance } from 'fastify'
import { type Body, bodyOf, countOf, DIALLED, IMSI, MCCMNC, shapedOf, textOf } from '../body.ts'
import { type Faults, sufferFaults } from '../faults.ts'
import { invalid, notFound, requireKey } from '../host.ts'
import { type Register, subscriberWire } from './register.ts'

type Means = { register: Register; faults: Faults; key: string; hangMs: number }
const PAGE = 500

type ByImsi = { Params: { imsi: string } }

export function addNetworkApi(http: FastifyInstance, means: Means): void {
  void http.register(async (scope) => {
    scope.addHook('onRequest', requireKey(means.key))
    sufferFaults(scope, means.faults, means.hangMs)
    addProvisioning(scope, means.register)
  })
  addPhoneSide(http, means.register)
}

function addProvisioning(scope: FastifyInstance, register: Register): void {
  scope.get<{ Querystring: { after?: string } }>('/subscribers', async ({ query }) => {
    const rows = register.page(query.after ?? '', PAGE)
    const next = rows.length === PAGE ? (rows.at(-1)?.imsi ?? null) : null
    return { items: rows.map(subscriberWire), next }
  })
  scope.get<ByImsi>('/subscribers/:imsi', async ({ params }) => {
    const row = register.find(params.imsi)
    if (!row) throw notFound('subscriber')
    return subscriberWire(row)
  })
  scope.put<ByImsi>('/subscribers/:imsi', async (request, reply) => {
    const body = bodyOf(request)
    const { isNew, row } = register.activate({
      imsi: shapedOf(request.params, 'imsi', IMSI),
      msisdn: body['msisdn'] == null ? null : shapedOf(body, 'msisdn', /^\+?\d{5,15}$/),
      iccid: shapedOf(body, 'iccid', /^\d{18,20}$/),
      zones: zonesOf(body['zones']),
    })
    return reply.code(isNew ? 201 : 200).send(subscriberWire(row))
  })
  scope.post<ByImsi>('/subscribers/:imsi/suspend', async ({ params }) =>
    subscriberWire(register.suspend(params.imsi)),
  )
  scope.post<ByImsi>('/subscribers/:imsi/resume', async ({ params }) =>
    subscriberWire(register.resume(params.imsi)),
  )
  scope.post<ByImsi>('/subscribers/:imsi/receive-only', async ({ params }) =>
    subscriberWire(register.receiveOnly(params.imsi)),
  )
  scope.post<ByImsi>('/subscribers/:imsi/cancel-location', async ({ params }) =>
    subscriberWire(register.cancelLocation(params.imsi)),
  )
  scope.delete<ByImsi>('/subscribers/:imsi', async ({ params }, reply) => {
    register.remove(params.imsi)
    return reply.code(204).send()
  })
}

function addPhoneSide(http: FastifyInstance, register: Register): void {
  http.post('/phone/attach', async (request) => {
    const body = bodyOf(request)
    const eid = shapedOf(body, 'eid', /^\d{32}$/)
    const mccmnc = shapedOf(body, 'mccmnc', MCCMNC)
    return subscriberWire(register.attach(imsiOf(body), eid, mccmnc))
  })
  http.post('/phone/detach', async (request) =>
    subscriberWire(register.detach(imsiOf(bodyOf(request)))),
  )
  http.post('/phone/data', async (request) => {
    const body = bodyOf(request)
    const quantity = countOf(body, 'bytes', 10 ** 12)
    const used = { kind: 'data' as const, quantity, seconds: 1 }
    return register.use(imsiOf(body), used, networkIn(body))
  })
  http.post('/phone/call', async (request) => {
    const body = bodyOf(request)
    shapedOf(body, 'to', DIALLED)
    const quantity = countOf(body, 'seconds', 86_400)
    const used = { kind: 'voice' as const, quantity, seconds: quantity }
    return register.use(imsiOf(body), used, networkIn(body))
  })
  http.post('/phone/sms', async (request) => {
    const body = bodyOf(request)
    shapedOf(body, 'to', DIALLED)
    const quantity = Math.ceil(textOf(body, 'text', 1600).length / 160)
    const used = { kind: 'sms' as const, quantity, seconds: 0 }
    return register.use(imsiOf(body), used, networkIn(body))
  })
  http.post('/late-usage', async (request, reply) => {
    const body = bodyOf(request)
    const kind = (['data', 'voice', 'sms'] as const).find((one) => one === (body['kind'] ?? 'data'))
    if (!kind) throw invalid('kind must be data, voice or sms.')
    const sent = register.late({
      imsi: imsiOf(body),
      kind,
      quantity: countOf(body, 'quantity', 10 ** 12),
      mccmnc: shapedOf(body, 'mccmnc', MCCMNC),
      minutesAgo: body['minutesAgo'] === undefined ? 0 : countOf(body, 'minutesAgo', 525_600),
    })
    return reply.code(202).send(sent)
  })
}

const imsiOf = (body: Body): string => shapedOf(body, 'imsi', IMSI)

const networkIn = (body: Body): string | undefined =>
  body['mccmnc'] === undefined ? undefined : shapedOf(body, 'mccmnc', MCCMNC)

function zonesOf(value: unknown): string[] {
  if (value === undefined || value === null) return []
  const fine = (zone: unknown) => typeof zone === 'string' && zone.length <= 60
  if (Array.isArray(value) && value.length <= 300 && value.every(fine)) return value as string[]
  throw invalid('zones must be a list of country codes or names.')
}
