/** The provider's API for payouts and disputes; a dispute is opened and decided by hand, as a bank would. */
import type { FastifyInstance } from 'fastify'
import { bodyOf, textOf } from '../body.ts'
import { invalid } from '../host.ts'
import { keyOf, type Means, moneyIn, newestAndAll, referenceOf } from './request.ts'
import { amountOf, once } from './store.ts'
import { disputeWire, payoutWire } from './payouts.ts'

export function addPayouts(scope: FastifyInstance, { db, provider, clock }: Means): void {
  scope.post('/payouts', async (request, reply) => {
    const body = bodyOf(request)
    const wanted = {
      reference: textOf(body, 'reference', 200),
      amount: moneyIn(body),
      name: textOf(body, 'name', 200),
      account: accountIn(body['account']),
    }
    const nowMs = clock.now().epochMilliseconds
    const answer = once(db, { endpoint: 'payouts', key: keyOf(request), body, nowMs }, () =>
      payoutWire(provider.createPayout(wanted)),
    )
    return reply.code(201).send(answer)
  })
  scope.get('/payouts', async (request) =>
    newestAndAll('payout', provider.payoutsOf(referenceOf(request)).map(payoutWire)),
  )
  scope.get('/disputes', async (request) =>
    newestAndAll('dispute', provider.disputesOf(referenceOf(request)).map(disputeWire)),
  )
}

export function addBank(http: FastifyInstance, { provider }: Pick<Means, 'provider'>): void {
  http.post('/bank/disputes', async (request, reply) => {
    const body = bodyOf(request)
    const amount = body['amount'] === undefined ? undefined : amountOf(body['amount'])
    return reply.code(201).send(provider.openDispute(textOf(body, 'paymentId', 100), amount))
  })
  http.post<{ Params: { id: string } }>('/bank/disputes/:id', async (request) => {
    const status = textOf(bodyOf(request), 'status', 10)
    if (status !== 'won' && status !== 'lost') throw invalid('status must be won or lost.')
    return provider.decideDispute(request.params.id, status)
  })
}

function accountIn(value: unknown): string {
  const given = (value ?? {}) as Record<string, unknown>
  const { kind, iban, bankCode, accountNumber } = given
  if (kind === 'iban' && typeof iban === 'string') return iban
  if (kind === 'account' && typeof accountNumber === 'string')
    return `${String(bankCode)} ${accountNumber}`
  throw invalid('account must be an IBAN, or a bank code with an account number.')
}
