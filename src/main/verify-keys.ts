/** Reads an operator's published keys (JWKS) from a file or an address that somebody named. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const jwks = z.object({
  keys: z.array(
    z.object({ kty: z.string(), crv: z.string(), x: z.string(), kid: z.string() }).partial(),
  ),
})
export type Keys = z.infer<typeof jwks>
export type KeysAt = { keys: Keys; from: string }

/** Said to the person at the terminal; verifying could not begin. */
export class NoKeys extends Error {}

const waitMsMax = 10_000
const bytesMax = 1_000_000
const publishedAt = '/.well-known/closure-keys.json'

/**
 * `given` is an address or a file. Without it the certificate itself would name who vouches for
 * it, so its own address is asked only on this machine.
 */
export async function readKeys(
  given: string | undefined,
  issuerUrl: string | undefined,
): Promise<KeysAt> {
  const from = given ?? ownAddress(issuerUrl)
  const text = /^https?:\/\//i.test(from) ? await fetchText(from) : await readText(from)
  try {
    return { keys: jwks.parse(JSON.parse(text)), from }
  } catch {
    throw new NoKeys(`${from} holds no keys: a JSON Web Key Set was expected.`)
  }
}

function ownAddress(issuerUrl: string | undefined): string {
  const url = issuerUrl === undefined ? undefined : URL.parse(issuerUrl)
  if (!url) throw new NoKeys('Say where the operator publishes its keys: --keys <url|file>.')
  const address = `${url.origin}${publishedAt}`
  if (isThisMachine(url)) return address
  throw new NoKeys(
    `The certificate names ${address}. If it is truly the operator's, add: --keys ${address}`,
  )
}

async function fetchText(from: string): Promise<string> {
  const url = URL.parse(from)
  if (!url) throw new NoKeys(`${from} is not an address.`)
  if (url.protocol === 'http:' && !isThisMachine(url)) {
    throw new NoKeys(`${from} can be altered on its way; use https, or a file.`)
  }
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(waitMsMax), redirect: 'error' })
    if (!answer.ok) throw new NoKeys(`${from} answered ${answer.status} instead of the keys.`)
    const text = await answer.text()
    if (text.length > bytesMax) throw new NoKeys(`${from} is too large to be a set of keys.`)
    return text
  } catch (error) {
    if (error instanceof NoKeys) throw error
    throw new NoKeys(
      `The keys at ${from} can't be read: ${reason(error)}. Without a network use a file.`,
    )
  }
}

async function readText(from: string): Promise<string> {
  try {
    return await readFile(from, 'utf8')
  } catch (error) {
    throw new NoKeys(`The keys in ${from} can't be read (${reason(error)}).`)
  }
}

function isThisMachine({ protocol, hostname }: URL): boolean {
  return /^https?:$/.test(protocol) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

function reason(error: unknown): string {
  const { code, cause, message } = error as NodeJS.ErrnoException & {
    cause?: NodeJS.ErrnoException
  }
  return code ?? cause?.code ?? message
}
