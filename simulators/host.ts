/** What every simulator does alike as a server: answer problems, listen on this machine only, stop cleanly. */
import { timingSafeEqual } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { parsePlaces, portsAfter } from '../src/platform/config.ts'
import { openLog } from '../src/platform/log.ts'
import { announceReady, CannotStart, exitWithParent, runMain } from '../src/platform/process.ts'

export type Running = { url: string; close(): Promise<void> }

export type Log = {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

export const silentLog: Log = { info() {}, warn() {}, error() {} }

/** An expected "no" to a request: RFC 9457 with a stable code. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly more: object

  constructor(status: number, code: string, detail: string, more: object = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.more = more
  }
}

export const invalid = (detail: string): Problem => new Problem(422, 'invalid-request', detail)
export const notFound = (what: string): Problem => new Problem(404, 'not-found', `No such ${what}.`)

export function sendProblem(reply: FastifyReply, { status, code, message, more }: Problem) {
  const type = `urn:simulator:problem:${code}`
  const title = STATUS_CODES[status] ?? 'Error'
  const problem = { type, title, status, code, detail: message, ...more }
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
}

const known: Record<number, string> = {
  400: 'not-json',
  413: 'body-too-large',
  415: 'unsupported-media-type',
}

export function openHost(log: Log): FastifyInstance {
  const http = Fastify({ bodyLimit: 256 * 1024, forceCloseConnections: true })
  const parseJson = http.getDefaultJsonParser('error', 'error')
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Many clients name the type of a body they don't send.
    if (body === '') return done(null, undefined)
    return parseJson(request, String(body), done)
  })
  http.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
  http.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof Problem) return sendProblem(reply, error)
    const status = error.statusCode ?? 500
    if (status >= 500) {
      log.error({ err: error, path: request.url.split('?')[0] }, 'a request failed')
      return sendProblem(reply, new Problem(500, 'internal', 'The simulator has a bug.'))
    }
    return sendProblem(reply, new Problem(status, known[status] ?? 'bad-request', error.message))
  })
  http.setNotFoundHandler((_request, reply) => sendProblem(reply, notFound('address')))
  return http
}

/** Listens on every loopback address, since "localhost" means IPv6 for some clients and IPv4 for others. */
export async function listen(http: FastifyInstance, port: number): Promise<string> {
  try {
    await http.listen({ port, host: 'localhost' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new CannotStart(`Port ${port} is taken by another program.`)
  }
  const address = http.server.address()
  const taken = typeof address === 'object' && address ? address.port : port
  return `http://localhost:${taken}`
}

/** Refuses requests without the partner's key. */
export function requireKey(key: string) {
  const expected = Buffer.from(`Bearer ${key}`)
  return async (request: FastifyRequest) => {
    const given = Buffer.from(request.headers.authorization ?? '')
    if (given.length === expected.length && timingSafeEqual(given, expected)) return
    throw new Problem(401, 'bad-key', 'The API key is missing or wrong.')
  }
}

export type Settings = {
  port: number
  dataDir: string
  publicUrl?: string
  places: ReturnType<typeof parsePlaces>
  log: Log
  secret: (name: string) => string
}

type Name = 'payments' | 'network' | 'phone' | 'inbox' | 'porting'

/** Runs a simulator as a program of its own, by hand or as a child of the launcher. */
export function runAsProgram(name: Name, start: (settings: Settings) => Promise<Running>): void {
  void runMain(async () => {
    exitWithParent()
    let running: Running | undefined
    let leaving = false
    const leave = async () => {
      if (leaving) return
      leaving = true
      await running?.close()
      process.exit(0)
    }
    process.on('SIGTERM', () => void leave())
    if (process.connected === undefined) process.on('SIGINT', () => void leave())
    running = await start(settingsOf(name, process.env))
    announceReady(running.url)
    if (process.connected === undefined) process.stdout.write(`${name} simulator: ${running.url}\n`)
  })
}

function settingsOf(name: Name, env: NodeJS.ProcessEnv): Settings {
  const places = parsePlaces(env)
  const log = openLog(places, name)
  return {
    port: portOf(env, portsAfter(places.port)[name]),
    dataDir: places.dataDir,
    ...(env[`VIOLET_${name.toUpperCase()}_URL`] ? { publicUrl: places[`${name}Url`] } : {}),
    places,
    log,
    secret(variable) {
      const value = env[variable]?.trim()
      if (value) return value
      throw new CannotStart(`${variable} is not set; "npm start" sets it, or set it yourself.`)
    },
  }
}

// Hosts often set PORT for the one program they run: under the launcher it is not meant for us.
function portOf(env: NodeJS.ProcessEnv, otherwise: number): number {
  const own = env['VIOLET_PORT'] ? undefined : env['PORT']?.trim()
  const port = Number(own || otherwise)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new CannotStart(`PORT must be a port, not "${own}".`)
}
