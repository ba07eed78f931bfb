/** What every request to the provider's API brings: a key, an amount, a reference; and what answers it. */
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../src/platform/clock.ts'
import type { Money } from '../../src/values/money.ts'
import { type Body, textOf } from '../body.ts'
import type { Database } from '../database.ts'
import type { Faults } from '../faults.ts'
import { invalid, Problem } from '../host.ts'
import type { Provider } from './provider.ts'
import { amountOf } from './store.ts'

export type Means = {
  db: Database
  provider: Provider
  clock: Clock
  faults: Faults
  key: string
  hangMs: number
  baseUrl: () => string
}

/** The newest with that reference, and all of them in `items`. */
export function newestAndAll<T extends object>(what: string, items: T[]): T & { items: T[] } {
  const [newest] = items
  if (!newest) throw new Problem(404, 'not-found', `No ${what} has this reference.`, { items })
  return { ...newest, items }
}

export function keyOf({ headers }: FastifyRequest): string {
  const key = headers['idempotency-key']
  if (typeof key === 'string' && key.length > 0 && key.length <= 255) return key
  const detail = 'Send an Idempotency-Key header of 1 to 255 characters.'
  throw new Problem(400, 'idempotency-key-missing', detail)
}

export function moneyIn(body: Body): Money {
  const amount = amountOf(body['amount'])
  if (amount) return amount
  throw invalid('amount must be above zero: {"amount": "12.50", "currency": "GBP"}.')
}

export function referenceOf({ query }: FastifyRequest): string {
  const { reference } = query as Record<string, unknown>
  if (typeof reference === 'string' && reference !== '') return reference
  throw invalid('Say which: ?reference=…')
}

export function webAddress(body: Body, name: string): string {
  const text = textOf(body, name, 2000)
  const parsed = URL.parse(text)
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return text
  throw invalid(`${name} must be a web address.`)
}
