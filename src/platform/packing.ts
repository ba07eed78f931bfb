/** Packs an answer that is the same for everybody; one that holds somebody's own beside what a stranger chose must not be. */
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

const brotli = promisify(brotliCompress)
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }
const leastBytes = 1024

/** An `onSend` hook of a public route. */
export async function packed(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  reply.header('vary', 'accept-encoding')
  const takesIt = /\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''))
  if (!takesIt || typeof payload !== 'string' || payload.length < leastBytes) return payload
  reply.header('content-encoding', 'br')
  reply.removeHeader('content-length')
  return brotli(payload, quality)
}
