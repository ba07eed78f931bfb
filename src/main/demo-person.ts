/** Somebody who uses the platform over HTTP as the portal and the console do, reading codes in the inbox. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

// oxlint-disable-next-line typescript/no-explicit-any -- answers are read field by field, as a shell script would
export type Reply = any
export type Answer<Body = Reply> = { status: number; body: Body; headers: Headers }
export type Person = ReturnType<typeof person>

export type Places = { url: string; urls: { inbox: string } }

export function person(platform: Places) {
  let cookies = new Map<string, string>()

  async function call<Body = Reply>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const response = await fetch(`${platform.url}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(cookies.size > 0 && {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';')
      const at = pair.indexOf('=')
      if (/max-age=0/i.test(cookie)) cookies.delete(pair.slice(0, at))
      else cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return {
      status: response.status,
      body: (isJson && text !== '' ? JSON.parse(text) : text) as Body,
      headers: response.headers,
    }
  }

  const self = {
    call,
    codeFor: (to: string, after: string) => codeFor(platform, to, after),
    get: (path: string) => call('GET', path),
    post: (path: string, body: unknown = {}, key: string = randomUUID()) =>
      call('POST', path, body, { 'idempotency-key': key }),
    patch: (path: string, body: unknown) => call('PATCH', path, body),
    put: (path: string, body: unknown) => call('PUT', path, body),
    delete: (path: string) => call('DELETE', path),
    /** Another browser of the same person: a copy of the cookies. */
    cookies: () => new Map(cookies),
    use(copy: Map<string, string>) {
      cookies = copy
      return self
    },
    /** With an e-mail address, or a telephone number. */
    async signIn(to: string) {
      const after = new Date(Date.now() - 1).toISOString()
      const address = to.includes('@') ? { email: to } : { phone: to }
      const sent = await self.post('/v1/sign-in/code', address)
      if (sent.status !== 202) return sent
      return self.post('/v1/sign-in', { ...address, code: await codeFor(platform, to, after) })
    },
    async signInAsStaff(email: string) {
      const after = new Date(Date.now() - 1).toISOString()
      await self.post('/v1/staff/sign-in/code', { email })
      return self.post('/v1/staff/sign-in', { email, code: await codeFor(platform, email, after) })
    },
  }
  return self
}

export const cards = {
  good: '4242424242424242',
  declined: '4000000000000002',
  secure: '4000000000003220',
  timeout: '4000000000000119',
  expires: '4000000000000341',
}

async function codeFor({ urls }: Places, to: string, after: string): Promise<string> {
  const asked = `to=${encodeURIComponent(to)}&after=${encodeURIComponent(after)}`
  const look = async () => {
    const response = await fetch(`${urls.inbox}/messages?${asked}`)
    const { items = [] } = (await response.json()) as { items?: { code?: string | null }[] }
    return items.find(({ code }) => code)?.code ?? ''
  }
  return until(look, (code) => code !== '')
}

/** Waits until something holds, and says what it last was when it never does. */
export async function until<Value>(
  look: () => Promise<Value>,
  holds: (value: Value) => boolean,
  ms = 15_000,
): Promise<Value> {
  const end = Date.now() + ms
  // At once while it is likely, then less often: looking costs what is waited for.
  for (let pauseMs = 40; ; pauseMs = Math.min(pauseMs * 1.3, 250)) {
    const value = await look()
    if (holds(value)) return value
    if (Date.now() > end)
      throw new Error(`still ${JSON.stringify(value)?.slice(0, 600)} after ${ms} ms`)
    await sleep(pauseMs)
  }
}
