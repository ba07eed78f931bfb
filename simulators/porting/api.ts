/** The clearing house's two sides: Violet's requests with a key, and the counter of another operator's shop without one. */
import type { FastifyInstance } from 'fastify'
import { bodyOf, shapedOf, textOf } from '../body.ts'
import { type Faults, sufferFaults } from '../faults.ts'
import { invalid, requireKey } from '../host.ts'
import { type Clearing, type Ending, portWire } from './clearing.ts'

type Means = { clearing: Clearing; faults: Faults; key: string; hangMs: number }
type ByReference = { Params: { reference: string } }

const E164 = /^\+[1-9]\d{6,14}$/

export function addPortingApi(http: FastifyInstance, means: Means): void {
  const { clearing, faults, key, hangMs } = means
  void http.register(async (scope) => {
    scope.addHook('onRequest', requireKey(key))
    sufferFaults(scope, faults, hangMs)
    scope.post('/ports', async (request, reply) => {
      const body = bodyOf(request)
      const { row, isNew } = clearing.ask({
        reference: shapedOf(body, 'reference', /^[\x21-\x7e]{8,100}$/),
        msisdn: shapedOf(body, 'msisdn', E164),
        code: textOf(body, 'code', 40),
        recipient: textOf(body, 'recipient', 80),
      })
      return reply.code(isNew ? 201 : 200).send(portWire(row))
    })
    scope.get<ByReference>('/ports/:reference', async ({ params }) =>
      portWire(clearing.get(params.reference)),
    )
    scope.post<ByReference>('/ports/:reference/cancel', async ({ params }) =>
      portWire(clearing.cancel(params.reference)),
    )
  })
  addCounter(http, clearing)
}

/** What people at the other operator do: the page's buttons, and tests. */
function addCounter(http: FastifyInstance, clearing: Clearing): void {
  http.get('/requests', async () => ({
    items: clearing.recent(200).map(({ code: _, ...row }) => row),
  }))
  http.post('/requests', async (request, reply) => {
    const body = bodyOf(request)
    const row = clearing.want({
      msisdn: shapedOf(body, 'msisdn', /^\+?[\d ]{7,20}$/).replaceAll(' ', ''),
      code: textOf(body, 'code', 40).trim(),
      recipient: body['recipient'] === undefined ? 'Heron Mobile' : textOf(body, 'recipient', 80),
    })
    return reply.code(202).send(portWire(row))
  })
  http.post<ByReference>('/requests/:reference/end', async (request) => {
    const body = bodyOf(request)
    const ending = (['complete', 'fail', 'cancel'] as const).find((one) => one === body['ending'])
    if (!ending) throw invalid('ending must be complete, fail or cancel.')
    return portWire(clearing.decide(request.params.reference, ending, reasonOf(body, ending)))
  })
}

function reasonOf(body: Readonly<Record<string, unknown>>, ending: Ending): string {
  if (ending !== 'fail') return ''
  return body['reason'] === undefined ? 'not reachable' : textOf(body, 'reason', 200)
}
