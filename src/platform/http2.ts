/** A server that speaks only HTTP/2: cleartext with prior knowledge (RFC 9113 §3.3), or TLS. */
import { readFileSync } from 'node:fs'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Log } from './log.ts'
import { CannotStart } from './process.ts'

export type Tls = { keyFile: string; certFile: string; caFile?: string }
type Options = { log: Log; tls?: Tls | undefined; bodyLimitBytes: number }

/** Callers with a certificate of `caFile` only, where that is given. */
export function openHttp2({ log, tls, bodyLimitBytes }: Options): FastifyInstance {
  const options = {
    bodyLimit: bodyLimitBytes,
    loggerInstance: log.child({ part: 'http2' }, { level: 'warn' }) as FastifyBaseLogger,
    // A network function keeps its connection; a server that stops must not wait for it.
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    http2: true as const,
  }
  // Its requests and replies have every member that ours use of HTTP/1.1; the types differ in name only.
  const server = tls ? Fastify({ ...options, https: secure(tls) }) : Fastify(options)
  return server as unknown as FastifyInstance
}

function secure({ keyFile, certFile, caFile }: Tls) {
  return {
    allowHTTP1: false,
    key: pem(keyFile, 'VIOLET_NCHF_TLS_KEY'),
    cert: pem(certFile, 'VIOLET_NCHF_TLS_CERT'),
    ...(caFile !== undefined && {
      ca: pem(caFile, 'VIOLET_NCHF_TLS_CA'),
      requestCert: true,
      rejectUnauthorized: true,
    }),
  }
}

function pem(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error'
    throw new CannotStart(`${name} names ${file}, which can’t be read (${code}).`)
  }
}
