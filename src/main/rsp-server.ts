/** A listener of its own for phones: ES9+ over TLS, with the SM-DP+'s certificate and nothing else behind it. */
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { registerEs9Routes } from '../esim/es9-routes.ts'
import type { Rsp } from '../esim/rsp-gateway.ts'
import type { App } from '../platform/app.ts'
import { CannotStart } from '../platform/process.ts'

export async function openRspServer(app: App, rsp: Rsp) {
  if (!rsp.tls)
    throw new CannotStart('VIOLET_RSP_PORT needs dp-tls.pem and dp-tls-key.pem in VIOLET_RSP_PKI.')
  const { cert, key } = rsp.tls
  const server = Fastify({
    https: { cert, key, minVersion: 'TLSv1.2' },
    loggerInstance: app.log.child({ part: 'rsp' }, { level: 'warn' }) as FastifyBaseLogger,
  })
  // The types of a TLS server differ from those of a plain one in what no route uses.
  await registerEs9Routes(server as unknown as FastifyInstance, app, rsp)
  return server
}
