/** Faults on order: what a partner does wrong for its next calls, kept in the database until used up. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Database } from './database.ts'
import { invalid, Problem } from './host.ts'

export type FaultSet = {
  timeoutAfterSuccess: number // calls that do their work and never answer
  resetAfterSuccess: number // calls that do their work and lose the connection
  fail500: number // calls that do nothing and answer 500
  delayMs: number // every call waits this long first
  dropWebhooks: number // deliveries that get lost on the way (and are retried later)
  loseWebhooks: number // deliveries that never go out at all
  delayWebhooksMs: number // every delivery waits this long first
  duplicateWebhooks: boolean // every delivery goes out twice
  delayUsageMs: number // the network reports usage this much later
}

export type Faults = {
  read(): FaultSet
  write(given: unknown): FaultSet
  take(name: Counted): boolean
}

type Counted =
  | 'timeoutAfterSuccess'
  | 'resetAfterSuccess'
  | 'fail500'
  | 'dropWebhooks'
  | 'loseWebhooks'

const none: FaultSet = {
  timeoutAfterSuccess: 0,
  resetAfterSuccess: 0,
  fail500: 0,
  delayMs: 0,
  dropWebhooks: 0,
  loseWebhooks: 0,
  delayWebhooksMs: 0,
  duplicateWebhooks: false,
  delayUsageMs: 0,
}

const schema =
  'create table if not exists fault (id integer primary key, text text not null) strict'

export function openFaults(db: Database): Faults {
  db.run(schema)
  const read = (): FaultSet => {
    const row = db.get<{ text: string }>('select text from fault where id = 1')
    return row ? { ...none, ...(JSON.parse(row.text) as Partial<FaultSet>) } : none
  }
  const save = (faults: FaultSet) => {
    db.run('insert or replace into fault (id, text) values (1, :text)', {
      text: JSON.stringify(faults),
    })
    return faults
  }
  return {
    read,
    write: (given) => save(parseFaults(given)),
    take(name) {
      const faults = read()
      if (faults[name] <= 0) return false
      save({ ...faults, [name]: faults[name] - 1 })
      return true
    },
  }
}

function parseFaults(given: unknown): FaultSet {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('The faults must be a JSON object.')
  }
  const faults: FaultSet = { ...none }
  for (const [name, value] of Object.entries(given)) {
    if (name === 'duplicateWebhooks') faults[name] = booleanOf(name, value)
    else if (name === 'delayMs') faults[name] = countOf(name, value, 60_000)
    else if (name === 'delayUsageMs' || name === 'delayWebhooksMs')
      faults[name] = countOf(name, value, 7 * 86_400_000)
    else if (Object.hasOwn(none, name)) faults[name as Counted] = countOf(name, value, 1_000_000)
    else throw invalid(`Unknown fault "${name.slice(0, 40)}".`)
  }
  return faults
}

function countOf(name: string, value: unknown, max: number): number {
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max) return Number(value)
  throw invalid(`${name} must be a whole number from 0 to ${max}.`)
}

function booleanOf(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(`${name} must be true or false.`)
}

/** `GET|PUT|POST|DELETE /faults`: no key, since it belongs to the test bench and not to the partner. */
export function addFaultRoutes(http: FastifyInstance, faults: Faults): void {
  http.get('/faults', async () => faults.read())
  http.put('/faults', async (request) => faults.write(request.body))
  http.post('/faults', async (request) => faults.write(request.body))
  http.delete('/faults', async () => faults.write({}))
}

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Makes the routes of one Fastify scope suffer from the faults. */
export function sufferFaults(scope: FastifyInstance, faults: Faults, hangMs: number): void {
  scope.addHook('preHandler', async () => {
    const { delayMs } = faults.read()
    if (delayMs > 0) await wait(delayMs)
    if (faults.take('fail500'))
      throw new Problem(500, 'fault', 'An ordered fault: nothing was done.')
  })
  scope.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload) => {
    // Only what has an effect can fail after it; otherwise a poll would use the fault up.
    if (reply.statusCode >= 300 || request.method === 'GET') return payload
    if (faults.take('resetAfterSuccess')) {
      reply.raw.socket?.destroy()
      return payload
    }
    if (!faults.take('timeoutAfterSuccess')) return payload
    await wait(hangMs)
    reply.code(504).type('application/problem+json')
    return JSON.stringify({ status: 504, code: 'gateway-timeout', title: 'Gateway Timeout' })
  })
}
