/** Calls a partner's JSON API with a time limit, and says of each failure whether the thing may have happened. */
import { Fault } from '../values/fault.ts'

/** Without a key the call proves otherwise who makes it. */
export type PartnerAddress = { name: string; url: string; key?: string }
export type PartnerCall = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  body?: unknown
  /** The same key is the same effect, however often it is asked for. */
  idempotencyKey?: string
  headers?: Readonly<Record<string, string>>
}
export type PartnerAnswer = { status: number; body: unknown }
/** How a gateway reaches its partner; a simulation passes one of its own. */
export type CallPartner = (to: PartnerAddress, call: PartnerCall) => Promise<PartnerAnswer>

const waitMsMax = 5000
/** The connection was never made, so nothing was asked. */
const unreached = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Answers below 500 are returned, 404 included; everything else is thrown as a Fault. */
export async function callPartner(
  { name, url, key }: PartnerAddress,
  { method, path, body, idempotencyKey, headers: more }: PartnerCall,
): Promise<PartnerAnswer> {
  const headers: Record<string, string> = { ...more }
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
  try {
    const answer = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(waitMsMax),
      redirect: 'error',
    })
    const text = await answer.text()
    if (answer.status >= 500) throw new Fault(name, 'unknown', `answered ${answer.status}`)
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
  } catch (error) {
    if (error instanceof Fault) throw error
    const code = codeOf(error)
    throw new Fault(name, unreached.has(code) ? 'not-done' : 'unknown', `did not answer (${code})`)
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code)
  return error.name
}
