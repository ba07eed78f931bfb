/** A stand-in for Violet in the simulators' tests: takes signed messages, and fails on request. */
import { createServer } from 'node:http'
import { Webhook } from 'standardwebhooks'

export const SECRET = `whsec_${Buffer.from('a secret of the simulators tests').toString('base64')}`

export type Received = { id: string; path: string; message: Record<string, unknown>; at: number }

export type PlatformDouble = {
  url: string
  received: Received[]
  failNext(times: number): void
  answerWith(answer: (path: string, body: Record<string, unknown>) => Answer): void
  close(): Promise<void>
}

type Answer = { status: number; body?: unknown }

export async function startPlatformDouble(port = 0): Promise<PlatformDouble> {
  const received: Received[] = []
  let failing = 0
  let answer = (_path: string, _body: Record<string, unknown>): Answer => ({ status: 204 })
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => {
      const respond = ({ status, body }: Answer) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(body === undefined ? undefined : JSON.stringify(body))
      }
      if (failing > 0) {
        failing -= 1
        return respond({ status: 503 })
      }
      const path = request.url ?? ''
      const headers = request.headers as Record<string, string>
      if (path.startsWith('/v1/')) {
        try {
          new Webhook(SECRET).verify(text, headers)
        } catch {
          return respond({ status: 401 })
        }
      }
      const message = JSON.parse(text) as Record<string, unknown>
      received.push({ id: headers['webhook-id'] ?? '', path, message, at: Date.now() })
      respond(answer(path, message))
    })
  })
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  const address = server.address()
  const taken = typeof address === 'object' && address ? address.port : port
  return {
    url: `http://127.0.0.1:${taken}`,
    received,
    failNext(times) {
      failing = times
    },
    answerWith(next) {
      answer = next
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}
