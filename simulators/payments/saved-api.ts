/** The provider's API for saved cards: a page to save one, what came of it, and forgetting one. */
import type { FastifyInstance } from 'fastify'
import { bodyOf, textOf } from '../body.ts'
import { keyOf, type Means, newestAndAll, referenceOf, webAddress } from './request.ts'
import { setupWire } from './saved.ts'
import { once } from './store.ts'

export function addSaved(scope: FastifyInstance, { db, provider, clock, baseUrl }: Means): void {
  scope.post('/setups', async (request, reply) => {
    const body = bodyOf(request)
    const wanted = {
      reference: textOf(body, 'reference', 200),
      returnUrl: webAddress(body, 'returnUrl'),
      locale: textOf(body, 'locale', 35),
    }
    const nowMs = clock.now().epochMilliseconds
    const answer = once(db, { endpoint: 'setups', key: keyOf(request), body, nowMs }, () =>
      setupWire(provider.createSetup(wanted), baseUrl()),
    )
    return reply.code(201).send(answer)
  })
  scope.get('/setups', async (request) => {
    const rows = provider.setupsOf(referenceOf(request))
    return newestAndAll(
      'setup',
      rows.map((row) => setupWire(row, baseUrl())),
    )
  })
  scope.delete<{ Params: { id: string } }>('/methods/:id', async ({ params }) => {
    provider.forgetCard(params.id)
    return { id: params.id, forgotten: true }
  })
}
