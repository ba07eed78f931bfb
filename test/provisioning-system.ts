/** Somebody's own provisioning system in tests: proves who asks, does each command once, and fails when told to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { Listed } from '../src/lines/gateway.ts'

type Subscription = Listed & { attached: boolean; openSession: boolean }
type Command = { type: string; timestamp: string; data: { imsi: string } & Record<string, unknown> }
/** What it does wrong with its next command. */
export type Failing =
  | 'refuses-500'
  | 'busy-429'
  | 'resets-before'
  | 'resets-after'
  | 'errs-after'
  | 'hangs-after'
  | 'says-nonsense'
  | 'refuses-409'

export async function openSystem(secret: string) {
  const subscriptions = new Map<string, Subscription>()
  const seen = new Map<string, { status: number; body: unknown }>()
  const received: { id: string; command: Command; text: string }[] = []
  const effects: string[] = []
  const failing: Failing[] = []
  const hanging: ServerResponse[] = []
  const webhook = new Webhook(secret)

  function act({ type, data }: Command) {
    const { imsi } = data
    const held = subscriptions.get(imsi)
    if (type === 'subscription.find') return { status: 200, body: { subscription: held ?? null } }
    if (type === 'subscription.list') {
      const all = [...subscriptions.values()].sort((a, b) => (a.imsi < b.imsi ? -1 : 1))
      const items = all.filter((one) => one.imsi > String(data['after'])).slice(0, 2)
      return { status: 200, body: { items, next: items.length === 2 ? items[1]!.imsi : null } }
    }
    effects.push(`${type} ${imsi}`)
    if (type === 'subscription.activate') {
      const msisdn = data['msisdn'] as string | null
      const state = 'active' as const
      subscriptions.set(imsi, { imsi, msisdn, state, attached: false, openSession: false })
    } else if (!held) return { status: 404, body: {} }
    else if (type === 'subscription.suspend') held.state = 'suspended'
    else if (type === 'subscription.resume') held.state = 'active'
    else if (type === 'subscription.receive-only') held.state = 'receive-only'
    else if (type === 'subscription.delete') subscriptions.delete(imsi)
    return { status: 200, body: {} }
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const text = Buffer.concat(await Array.fromAsync(request)).toString()
    const id = String(request.headers['webhook-id'])
    const say = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const headers = request.headers as Record<string, string>
    try {
      webhook.verify(text, headers)
    } catch {
      return say(401, {})
    }
    const command = JSON.parse(text) as Command
    received.push({ id, command, text })
    const wrong = failing.shift()
    if (wrong === 'refuses-500') return say(500, {})
    if (wrong === 'busy-429') return say(429, {})
    if (wrong === 'refuses-409') return say(409, {})
    if (wrong === 'resets-before') return request.socket.destroy()
    if (!seen.has(id)) seen.set(id, act(command))
    if (wrong === 'resets-after') return request.socket.destroy()
    if (wrong === 'errs-after') return say(502, {})
    if (wrong === 'hangs-after') return hanging.push(response)
    if (wrong === 'says-nonsense') return say(200, { hello: 'world' })
    const { status, body } = seen.get(id)!
    return say(status, body)
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/violet`,
    subscriptions,
    received,
    effects,
    failing,
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
