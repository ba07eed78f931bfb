/** How functions of SGP.22 are answered over HTTP, phones and operators alike (§6.5.2). */
import type { FastifyReply } from 'fastify'

const protocol = 'gsma/rsp/v2.5.0'

export const send = (reply: FastifyReply, answer: object) =>
  reply
    .header('x-admin-protocol', protocol)
    .type('application/json')
    .serializer(JSON.stringify)
    .send(answer)

export const noContent = (reply: FastifyReply) =>
  reply.header('x-admin-protocol', protocol).code(204).send()
