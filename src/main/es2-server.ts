/** A listener of its own for operators: ES2+ over mutual TLS, and nothing else behind it. */
import { readFileSync } from 'node:fs'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Es2Pki } from '../esim/es2-pki-gateway.ts'
import { registerEs2Routes } from '../esim/es2-routes.ts'
import type { App } from '../platform/app.ts'

export async function openEs2Server(
  app: App,
  { ca, server: { cert, key } }: Es2Pki,
  smdpAddress: string,
) {
  // The SM-DP+ that the platform's own profiles are ordered at tells of them here.
  const smdpCa = app.config.smdp && readFileSync(app.config.smdp.caFile, 'utf8')
  const server = Fastify({
    https: {
      cert,
      key,
      ca: smdpCa === undefined ? ca : [ca, smdpCa],
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    loggerInstance: app.log.child({ part: 'es2' }, { level: 'warn' }) as FastifyBaseLogger,
    // An operator keeps its connection; a server that stops must not wait for it.
    forceCloseConnections: true,
  })
  // The types of a TLS server differ from those of a plain one in what no route uses.
  const means = { smdpAddress, ca, smdpCa }
  await registerEs2Routes(server as unknown as FastifyInstance, app, means)
  return server
}
