/** The inbox's API: what arrived, for tests and the demo, and the SMS gateway that fills it. */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { bodyOf, shapedOf, textOf } from '../body.ts'
import { invalid, notFound } from '../host.ts'
import { type Inbox, type MessageRow, messageWire } from './store.ts'

export function addInboxApi(http: FastifyInstance, inbox: Inbox): void {
  http.post('/sms', async (request, reply) => {
    const body = bodyOf(request)
    const row = inbox.keepSms({
      id: textOf(body, 'id', 200),
      to: shapedOf(body, 'to', /^\+[1-9]\d{5,14}$/),
      text: textOf(body, 'text', 1600),
      from: body['from'] === undefined ? 'Violet' : textOf(body, 'from', 40),
    })
    return reply.code(202).send({ id: row.key, deliveries: row.deliveries })
  })
  http.get('/messages', async (request) => {
    const { to = '', after = '' } = request.query as Record<string, unknown>
    if (typeof to !== 'string' || typeof after !== 'string') throw invalid('Ask for one address.')
    // A plus in an address that was not encoded arrives as a blank.
    const rows = inbox.list({ to: to.replace(/^ (?=\d)/, '+').trim(), ...afterOf(after) })
    return { items: rows.map(messageWire) }
  })
  http.get<{ Params: { id: string } }>('/messages/:id', async ({ params }) =>
    messageWire(messageOf(inbox, params.id)),
  )
  http.get<{ Params: { id: string; n: string } }>(
    '/messages/:id/attachments/:n',
    async ({ params }, reply) => {
      const { key } = messageOf(inbox, params.id)
      const found = /^\d{1,4}$/.test(params.n) ? inbox.attachment(key, Number(params.n)) : undefined
      if (!found) throw notFound('attachment')
      const plain = found.name.replaceAll(/[^\w.-]/g, '_')
      const coded = encodeURIComponent(found.name)
      return reply
        .type(/^[\w.+-]+\/[\w.+-]+$/.test(found.type) ? found.type : 'application/octet-stream')
        .header('content-disposition', `attachment; filename="${plain}"; filename*=UTF-8''${coded}`)
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('x-content-type-options', 'nosniff')
        .send(Buffer.from(found.content))
    },
  )
}

export function messageOf(inbox: Inbox, id: string): MessageRow {
  const row = /^\d{1,12}$/.test(id) ? inbox.find(Number(id)) : undefined
  if (!row) throw notFound('message')
  return row
}

/** `after` is the id of a message, or a moment. */
function afterOf(after: string): { afterId?: number; afterMs?: number } {
  if (after === '') return {}
  if (/^\d{1,12}$/.test(after)) return { afterId: Number(after) }
  try {
    return { afterMs: Temporal.Instant.from(after).epochMilliseconds }
  } catch {
    throw invalid('after is the id of a message or a moment like 2026-11-30T23:59:00Z.')
  }
}

/** Tells open pages that something arrived. */
export function addBell(http: FastifyInstance) {
  const listening = new Set<ServerResponse>()
  http.get('/events', (request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    reply.raw.write('retry: 1000\n\n')
    listening.add(reply.raw)
    request.raw.on('close', () => listening.delete(reply.raw))
  })
  return {
    ring() {
      for (const page of listening) page.write('event: message\ndata: new\n\n')
    },
    close() {
      for (const page of listening) page.end()
      listening.clear()
    },
  }
}
