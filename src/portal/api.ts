/** The one way to the API: problems become errors with a code, and an intent is sent at most once.
 * */

export type Problem = {
  code: string
  status: number
  title: string
  detail?: string
  [extension: string]: unknown
}

/** The server said no, and why. */
export class Refused extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.code)
    this.problem = problem
  }
}

/** No answer, or none that can be trusted: the effect may have happened. */
export class Unanswered extends Error {}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type CallOptions = { body?: unknown; signal?: AbortSignal }

/** After this an answer is not waited for; a repeated effect keeps its key, so that is safe. */
const patienceMs = 30_000

const store = 'violet.intent.'
const underway = new Map<string, Promise<unknown>>()

/** Reads; for effects use `send`. */
export function read<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return call<Answer>('GET', path, signal ? { signal } : {})
}

/**
 * Sends an effect. The same method, path and body is the same intent: it keeps its
 * Idempotency-Key over double clicks, reloads and lost answers, until the server has answered.
 */
export function send<Answer>(method: Method, path: string, body?: unknown): Promise<Answer> {
  const intent = `${store}${method} ${path} ${JSON.stringify(body ?? null)}`
  const running = underway.get(intent)
  if (running) return running as Promise<Answer>
  const sent = sendOnce<Answer>(intent, method, path, body).finally(() => underway.delete(intent))
  underway.set(intent, sent)
  return sent
}

async function sendOnce<Answer>(intent: string, method: Method, path: string, body: unknown) {
  const name = await digest(intent)
  const key = sessionStorage.getItem(name) ?? crypto.randomUUID()
  sessionStorage.setItem(name, key)
  try {
    const answer = await call<Answer>(method, path, { body }, key)
    sessionStorage.removeItem(name)
    return answer
  } catch (error) {
    const open =
      error instanceof Unanswered || (error as Refused).problem?.code === 'still-in-progress'
    if (!open) sessionStorage.removeItem(name)
    throw error
  }
}

/** Bodies hold addresses and codes; only a digest of them is kept in the tab's storage. */
async function digest(intent: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(intent))
  const hex = Array.from(new Uint8Array(bytes).slice(0, 12), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return store + hex.join('')
}

async function call<Answer>(
  method: Method,
  path: string,
  { body, signal }: CallOptions,
  key?: string,
): Promise<Answer> {
  const headers: Record<string, string> = {
    accept: 'application/json, application/problem+json',
    'accept-language': document.documentElement.lang,
  }
  if (key) headers['idempotency-key'] = key
  if (body !== undefined) headers['content-type'] = 'application/json'
  const patience = AbortSignal.timeout(patienceMs)
  const { response, text } = await exchange(path, {
    method,
    headers,
    credentials: 'same-origin',
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: signal ? AbortSignal.any([signal, patience]) : patience,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new Unanswered('no answer')
  })
  const answer = parsed(text)
  if (response.ok && answer === undefined && text !== '') throw new Unanswered('not JSON')
  if (response.ok) return answer as Answer
  if (response.status >= 500 && !hasCode(answer)) throw new Unanswered(`status ${response.status}`)
  if (!hasCode(answer)) {
    throw new Refused({ code: 'unknown', status: response.status, title: response.statusText })
  }
  throw new Refused({ ...answer, status: response.status })
}

/** The whole answer: one that breaks off in the middle is none. */
async function exchange(path: string, request: RequestInit) {
  const response = await fetch(path, request)
  return { response, text: await response.text() }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function hasCode(answer: unknown): answer is Problem {
  return (
    typeof answer === 'object' && answer !== null && typeof (answer as Problem).code === 'string'
  )
}

export function problemCode(error: unknown): string | undefined {
  return error instanceof Refused ? error.problem.code : undefined
}

/** What a ticket says it is about: the refusal's code, or how else it failed. */
export function failureCode(error: unknown): string {
  return problemCode(error) ?? (error instanceof Unanswered ? 'unanswered' : 'bug')
}
