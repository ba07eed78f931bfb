/** Sends a file so that a browser saves it and never runs it. */
import type { FastifyReply } from 'fastify'

type File = { name: string; type: string; content: Buffer }

export function sendFile(reply: FastifyReply, { name, type, content }: File) {
  return reply
    .type(type)
    .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .send(content)
}
