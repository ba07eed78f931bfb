/** The other operators as a real HTTP server: takes ports by reference, loses answers on order, moves numbers when told. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

type State = 'pending' | 'completed' | 'failed' | 'cancelled'
export type Port = {
  reference: string
  msisdn: string
  code: string
  recipient: string
  state: State
  dueAt: string
  reason?: string
  /** How often it took effect: never more than once. */
  taken: number
}

export async function startHub({ key = 'test-key', now = () => Temporal.Now.instant() } = {}) {
  const ports = new Map<string, Port>()
  const faults = { loseAnswers: 0, fail500: 0, forget: false }
  const calls: string[] = []

  async function answer(request: IncomingMessage): Promise<[number, object]> {
    if (request.headers.authorization !== `Bearer ${key}`) return [401, {}]
    const [, , reference, verb] = (request.url ?? '').split('/')
    calls.push(`${request.method} ${verb ?? (reference ? 'port' : 'ports')}`)
    if (faults.fail500 > 0) {
      faults.fail500 -= 1
      return [500, {}]
    }
    if (reference) {
      const port = ports.get(decodeURIComponent(reference))
      if (!port) return [404, { code: 'not-found' }]
      if (verb === 'cancel' && port.state === 'pending') port.state = 'cancelled'
      return [200, port]
    }
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const asked = JSON.parse(text) as Port
    const known = ports.get(asked.reference)
    if (known) return [200, known]
    if (asked.code.startsWith('WRONG')) return [409, { reason: 'code-wrong' }]
    const dueAt = now().add({ hours: 24 }).round('millisecond').toString()
    const port: Port = { ...asked, state: 'pending', dueAt, taken: 1 }
    ports.set(asked.reference, port)
    return [201, port]
  }

  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      const isEffect = request.method === 'POST' && status < 300
      if (isEffect && faults.loseAnswers > 0) {
        faults.loseAnswers -= 1
        return request.socket.destroy()
      }
      response.writeHead(status, { 'content-type': 'application/json' })
      return response.end(JSON.stringify(body))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    key,
    ports,
    faults,
    calls,
    of: (msisdn: string) => [...ports.values()].filter((one) => one.msisdn === msisdn),
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
