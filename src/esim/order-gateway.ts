/** Orders of profiles at an SM-DP+ over ES2+ (SGP.22 §5.3): the embedded one and certified ones alike. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import type { Config } from '../platform/config.ts'
import type { PartnerAnswer } from '../platform/partner.ts'
import { CannotStart } from '../platform/process.ts'
import { Fault } from '../values/fault.ts'
import type { Es2Pki } from './es2-pki-gateway.ts'
import { iccidToWire, type OrderFunction } from './sgp22/es2.ts'
import { ownKind } from './stock-store.ts'

const name = 'smdp'
const waitMsMax = 10_000

export type Order = {
  readonly iccid: string
  readonly profileType: string
  readonly matchingId: string
  readonly eid: string | null
  readonly confirmationCode: string | null
}

/** Every call has a name: the same name is the same effect, however often it is asked for. */
export type Orders = {
  /** Reserves the profile and gives the order its matching id; what stands already is left as it is. */
  place(order: Order, key: string): Promise<{ smdpAddress: string | null }>
  /**
   * From now on a phone may download it; `not-done` where the order is not confirmed any more. `again`: it may have been
   * released before, without our having heard of it.
   */
  release(iccid: string, key: string, again: boolean): Promise<void>
  /** Ends the order for good, unless a phone has the profile already. */
  cancel(iccid: string, key: string): Promise<'cancelled' | 'too-late'>
  /** The order came to nothing: the profile can be ordered anew. */
  reset(iccid: string, key: string): Promise<void>
}

/** Carries one call there. Throws a Fault when there is no answer. */
export type CallSmdp = (
  name: OrderFunction | 'handleDownloadProgressInfo',
  body: object,
) => Promise<PartnerAnswer>

/** Its own orders under `requester`, the function requester identifier. */
export function openOrders(call: CallSmdp, requester: string): Orders {
  const ask = async (what: OrderFunction, key: string, body: object) => {
    const functionCallIdentifier = `${key}:${what}`
    const header = { functionRequesterIdentifier: requester, functionCallIdentifier }
    const read = readAnswer(what, await call(what, { header, ...body }))
    return { ...read, message: withoutSecrets(read.message, body) }
  }
  const cancel = async (iccid: string, key: string, wanted: 'Available' | 'Unavailable') =>
    ask('cancelOrder', key, { iccid: iccidToWire(iccid), finalProfileStatusIndicator: wanted })
  return {
    async place({ iccid: plain, profileType, matchingId, eid, confirmationCode }, key) {
      const iccid = iccidToWire(plain)
      const forPhone = eid === null ? {} : { eid }
      const ordered = await ask('downloadOrder', key, { iccid, profileType, ...forPhone })
      // Ordered before, and the answer was lost: the confirmation tells.
      if (ordered.refused !== undefined && ordered.refused !== inUse) throw refusal(ordered)
      const confirmed = await ask('confirmOrder', key, {
        iccid,
        matchingId,
        releaseFlag: false,
        ...forPhone,
        ...(confirmationCode !== null && { confirmationCode }),
      })
      if (confirmed.refused !== undefined && confirmed.refused !== inUse) throw refusal(confirmed)
      const { smdpAddress } = confirmed.body as { smdpAddress?: unknown }
      return { smdpAddress: typeof smdpAddress === 'string' ? smdpAddress : null }
    },
    async release(iccid, key, again) {
      const released = await ask('releaseProfile', key, { iccid: iccidToWire(iccid) })
      if (again && released.refused === notReleasable) return
      if (released.refused !== undefined) throw refusal(released)
    },
    async cancel(iccid, key) {
      const cancelled = await cancel(iccid, key, 'Unavailable')
      if (cancelled.refused === undefined) return 'cancelled'
      if (cancelled.refused === inUse) return 'too-late'
      throw refusal(cancelled)
    },
    async reset(iccid, key) {
      const cancelled = await cancel(iccid, key, 'Available')
      if (cancelled.refused !== undefined && cancelled.refused !== inUse) throw refusal(cancelled)
    },
  }
}

/** Not in the state that the function needs: before it, or beyond it. */
const inUse = '8.2.1/3.3'
const notReleasable = '8.2.1/3.5'

type Read = { what: OrderFunction; refused?: string; message: string; body: object }

function readAnswer(what: OrderFunction, { status, body }: PartnerAnswer): Read {
  const { header } = (body ?? {}) as {
    header?: { functionExecutionStatus?: { status?: unknown; statusCodeData?: Codes } }
  }
  const { status: execution, statusCodeData = {} } = header?.functionExecutionStatus ?? {}
  if (status !== 200 || typeof execution !== 'string')
    throw new Fault(name, 'unknown', `${what} was answered with ${status} and no execution status`)
  const read = { what, body: body as object, message: String(statusCodeData.message ?? '') }
  if (execution === 'Executed-Success' || execution === 'Executed-WithWarning') return read
  if (execution === 'Expired') throw new Fault(name, 'unknown', `${what} has expired`)
  const { subjectCode, reasonCode } = statusCodeData
  return { ...read, refused: `${String(subjectCode)}/${String(reasonCode)}` }
}

/** What an SM-DP+ says of a refusal may quote what it was asked, and is logged. */
function withoutSecrets(message: string, asked: object): string {
  const { matchingId, confirmationCode } = asked as Record<string, unknown>
  return [matchingId, confirmationCode]
    .filter((secret) => typeof secret === 'string')
    .reduce<string>((text, secret) => text.replaceAll(secret, '…'), message)
}

type Codes = { subjectCode?: unknown; reasonCode?: unknown; message?: unknown }

const refusal = ({ what, refused, message }: Read) =>
  new Fault(name, 'not-done', `refused ${what}: ${refused} ${message}`.trim())

export type SmdpPlace = {
  readonly url: string
  /** PEM: whom we trust, and who we are. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/**
 * At the SM-DP+ that the configuration names, or else at the embedded one, over its own listener.
 * @throws CannotStart when a file cannot be read or is no certificate or key.
 */
export function openConfiguredOrders(config: Pick<Config, 'es2' | 'smdp'>, own: Es2Pki): Orders {
  const { owner } = ownKind(config)
  if (config.smdp) {
    const { url, caFile, certFile, keyFile } = config.smdp
    const place = { url, ca: pem(caFile), cert: pem(certFile), key: pem(keyFile) }
    checkPair(place, certFile, keyFile)
    return openOrders(callOver(place), owner)
  }
  if (!config.es2) throw new CannotStart('There is no SM-DP+ to order profiles at.')
  return openOrders(callOver({ url: config.es2.url, ca: own.ca, ...own.client }), owner)
}

function pem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CannotStart(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
}

function checkPair({ ca, cert, key }: SmdpPlace, certFile: string, keyFile: string): void {
  const whole = (what: string, read: () => boolean) => {
    try {
      if (read()) return
    } catch {
      // OpenSSL's reasons may quote the key.
    }
    throw new CannotStart(what)
  }
  whole('VIOLET_SMDP_CA holds no certificate.', () => new X509Certificate(ca).raw.length > 0)
  whole(`${keyFile} does not fit ${certFile}.`, () =>
    new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)),
  )
}

const unreached = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Over mutual TLS, on connections that are kept. */
export function callOver({ url, ...tls }: SmdpPlace): CallSmdp {
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 8, minVersion: 'TLSv1.2' })
  return (what, body) =>
    new Promise<PartnerAnswer>((done, fail) => {
      const headers = {
        'content-type': 'application/json',
        'x-admin-protocol': 'gsma/rsp/v2.5.0',
      }
      const signal = AbortSignal.timeout(waitMsMax)
      const to = `${url}/gsma/rsp2/es2plus/${what}`
      const failed = (error: NodeJS.ErrnoException) => {
        const code = error.code ?? error.name
        const outcome = unreached.has(code) ? 'not-done' : 'unknown'
        fail(new Fault(name, outcome, `did not answer ${what} (${code})`))
      }
      const out = request(to, { agent, method: 'POST', headers, signal }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('error', failed)
        response.on('end', () => done({ status: response.statusCode ?? 0, body: jsonOf(text) }))
      })
      out.on('error', failed)
      out.end(JSON.stringify(body))
    })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
