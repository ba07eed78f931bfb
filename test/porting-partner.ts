/** Another operator in tests: signs what it says about a number. */
import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect } from 'vitest'
import type { Person } from '../src/main/demo-person.ts'
import type { TestPlatform } from './platform.ts'

export type Someone = Person & { email: string }
// oxlint-disable-next-line typescript/no-explicit-any -- answers are read field by field in tests
type Said = { status: number; body: Record<string, any> }

export function otherOperator(platform: () => TestPlatform) {
  async function say(type: string, data: object, secret = ''): Promise<Said> {
    const { config, url } = platform()
    const text = JSON.stringify({ type, data })
    const [id, at] = [randomUUID(), new Date()]
    const key = secret || config.porting!.webhookSecret
    const response = await fetch(`${url}/v1/webhooks/porting`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(key).sign(id, at, text),
      },
      body: text,
    })
    return { status: response.status, body: (await response.json()) as Said['body'] }
  }

  const soon = () => platform().app.clock.now().add({ hours: 24 }).toString()
  const request = (msisdn: string, code: string, reference = randomUUID(), dueAt = soon()) =>
    say('port-out.requested', { reference, msisdn, code, recipient: 'Heron Mobile', dueAt })

  async function confirmation(someone: Someone, lineId: string): Promise<string> {
    const after = new Date(Date.now() - 1).toISOString()
    const sent = await someone.post(`/v1/lines/${lineId}/port-out/confirmation`, {})
    expect(sent.status).toBe(202)
    return someone.codeFor(someone.email, after)
  }

  async function portCode(someone: Someone, lineId: string): Promise<string> {
    const code = await confirmation(someone, lineId)
    const given = await someone.post(`/v1/lines/${lineId}/port-out`, { code })
    expect(given.status).toBe(200)
    return given.body.portCode
  }
  return { say, request, confirmation, portCode }
}
