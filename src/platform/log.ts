/** Logs: JSON in the data folder, a readable line on stderr from "warn" up, nothing personal. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import type { Config } from './config.ts'

export type Log = pino.Logger

const HIDDEN = '[redacted]'

// Compared without case and without "_" and "-", so phone_number and phoneNumber are one.
const PERSONAL = new Set([
  ...['email', 'mail', 'phone', 'phonenumber', 'msisdn', 'imsi', 'iccid', 'eid', 'to', 'contact'],
  ...['name', 'fullname', 'firstname', 'lastname', 'nickname', 'address', 'birthdate', 'birthday'],
  ...['otp', 'pin', 'password', 'secret', 'token', 'key', 'apikey', 'masterkey', 'authorization'],
  ...['cookie', 'setcookie', 'session', 'matchingid', 'activationcode', 'cardnumber', 'iban'],
  ...['k', 'ki', 'opc', 'adm1', 'puk', 'confirmationcode', 'subscription', 'binding'],
  ...['body', 'text', 'html', 'subject', 'attachment', 'attachments', 'ip', 'useragent'],
])

const EMAIL = /[^\s"'<>()=,;:]+@[^\s"'<>()=,;:]+\.[a-z]{2,}/gi
const PHONE = /\+\d{7,15}\b/g
const ACTIVATION_CODE = /\bLPA(?::|%3A)1(?:\$|%24)[^\s"'<>]*/gi
// Ids are shorter; what is longer in a path is a link that opens something.
const LINK = /(?<=\/)[\w.~-]{44,}/g
const DATABASE_PASSWORD = /(postgres(?:ql)?:\/\/[^:@/\s]+):[^@/\s]+@/g

export const scrub = (text: string): string =>
  text
    .replace(DATABASE_PASSWORD, `$1:${HIDDEN}@`)
    .replace(EMAIL, HIDDEN)
    .replace(PHONE, HIDDEN)
    .replace(ACTIVATION_CODE, HIDDEN)

/** A copy without personal fields at any depth; instances of classes keep their own serialisers. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrub(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > 6) return HIDDEN
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  if (!isPlain(value)) return value
  const entries = Object.entries(value).map(([field, inner]) => {
    return [field, inner != null && isPersonal(field, inner) ? HIDDEN : redact(inner, depth + 1)]
  })
  return Object.fromEntries(entries)
}

// The code of a problem is needed, the code that signs someone in is not.
const isPersonal = (field: string, value: unknown): boolean =>
  PERSONAL.has(field.toLowerCase().replaceAll(/[_-]/g, '')) ||
  (field === 'code' && /^\d{4,8}$/.test(String(value)))

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Opens the log of one process: `<data>/logs/<name>.log` and stderr. */
export function openLog(config: Pick<Config, 'dataDir' | 'logLevel'>, name: string): Log {
  const folder = join(config.dataDir, 'logs')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Written at once: the last line before a crash is the one that is needed.
  const dest = join(folder, `${name}.log`)
  const file = pino.destination({ dest, append: true, mode: 0o600, sync: true })
  const streams = [
    { level: 'trace' as const, stream: file },
    { level: 'warn' as const, stream: { write: (line: string) => printLine(line) } },
  ]
  return pino(
    {
      name,
      level: config.logLevel,
      timestamp: pino.stdTimeFunctions.isoTime,
      base: { pid: process.pid },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
      serializers: { err: errorFields, error: errorFields, req: requestFields },
      hooks: {
        logMethod(args, method) {
          const scrubbed = args.map((arg: unknown) => (typeof arg === 'string' ? scrub(arg) : arg))
          method.apply(this, scrubbed as typeof args)
        },
      },
    },
    pino.multistream(streams),
  )
}

// PostgreSQL puts the rejected row into `detail`, so only fields known to be harmless pass.
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return redact(error)
  const { code, constraint, table, routine } = error as unknown as Record<string, unknown>
  const known = { code, constraint, table, routine }
  return {
    type: error.name,
    message: scrub(error.message),
    stack: scrub(error.stack ?? ''),
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  }
}

function requestFields(request: { id?: unknown; method?: string; url?: string }): unknown {
  // A query may carry an address or a number.
  const path = request.url?.split('?')[0] ?? ''
  return { id: request.id, method: request.method, url: scrub(path).replace(LINK, HIDDEN) }
}

function printLine(line: string): void {
  const entry = JSON.parse(line) as {
    level: string
    name: string
    msg?: string
    err?: { message?: string }
  }
  const reason = entry.err?.message
  const text = [entry.msg, reason === entry.msg ? undefined : reason].filter(Boolean).join(': ')
  process.stderr.write(`${entry.name} ${entry.level}: ${text}\n`)
}
