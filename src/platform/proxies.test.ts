import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { App } from './app.ts'
import { openHttp } from './http.ts'

/** Who a server on a real socket takes a request to be from. */
async function seenFrom(trustProxy: string[] | undefined, forwarded: string): Promise<string> {
  const config = { publicUrl: 'http://localhost', ...(trustProxy && { trustProxy }) }
  const http = await openHttp({ config, log: pino({ level: 'silent' }) } as unknown as App)
  http.get('/from', async (request) => request.ip)
  try {
    const url = await http.listen({ port: 0, host: '127.0.0.1' })
    const answer = await fetch(`${url}/from`, { headers: { 'x-forwarded-for': forwarded } })
    return await answer.text()
  } finally {
    await http.close()
  }
}

test.each<[string[] | undefined, string, string]>([
  [undefined, '192.0.2.7', '127.0.0.1'],
  [['127.0.0.1'], '192.0.2.7', '192.0.2.7'],
  // What a client wrote itself is left of what the proxy wrote.
  [['127.0.0.1'], '203.0.113.9, 192.0.2.7', '192.0.2.7'],
  [['127.0.0.0/8', '10.0.0.0/8'], '203.0.113.9, 192.0.2.7, 10.0.0.5', '192.0.2.7'],
  [['10.0.0.0/8'], '192.0.2.7', '127.0.0.1'],
])('trusting %j, a request forwarded for %s is from %s', async (trusted, forwarded, from) => {
  expect(await seenFrom(trusted, forwarded)).toBe(from)
})
