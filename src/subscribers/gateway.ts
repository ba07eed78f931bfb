/** Sign-in by better-auth: two realms, subscribers and staff, each with its own tables and cookie. */
import { createHmac, hkdfSync } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type BetterAuthPlugin, betterAuth } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { emailOTP } from 'better-auth/plugins'
import type { KyselyPlugin } from 'kysely'
import { z } from 'zod'
import { sendVisitorCode } from '../notices/store.ts'
import type { App, Sessions } from '../platform/app.ts'
import type { Config } from '../platform/config.ts'
import type { Db } from '../platform/database.ts'
import { memberOf } from '../staff/store.ts'
import type { SubscriberId } from '../values/ids.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import { countAsk, countUse, nameInRealm, whyNot } from './ask-store.ts'
import { pseudonymOf } from './client-address.ts'
import { kindOf, recipientOf } from './contact.ts'
import { signsIn } from './number-sign-in-store.ts'
import { type PasskeyUse, usePasskey } from './passkey-sign-in-store.ts'
import { type Assertion, assertionWire } from './passkey-wire.ts'
import {
  asksPerHourMax,
  flood,
  type Realm,
  signInMinutes,
  signInTries,
  textsPerHourMax,
  textsPerHourOfClientMax,
} from './sign-in.ts'

export type CodeMail = { address: string; code: string; locale: string }
type Means = {
  /** Is handed every code that has to leave. */
  send: (mail: CodeMail) => Promise<void>
  /** Whose account a passkey opens; left out where nobody signs in with one. */
  passkey?: (assertion: Assertion) => Promise<PasskeyUse | Refusal>
}

const realms = {
  subscribers: { tables: 'sign_in_', cookie: 'violet', days: 30, signUp: true },
  staff: { tables: 'staff_sign_in_', cookie: 'violet-staff', days: 1, signUp: false },
} as const

/** Where our own routes reach better-auth; nothing is served there. */
const basePath = '/v1/better-auth'
const passkeyPath = '/sign-in/passkey'
const localeHeader = 'x-violet-locale'
/** The address a code goes to, beside the alias that better-auth keeps of it. */
const addressHeader = 'x-violet-address'
const lastSeenSeconds = 300
export const signInTerms = { minutes: signInMinutes, tries: signInTries }

export type SignIn = {
  /** Calls better-auth as a browser of this origin would; `ip` is the peer's address and not what it claims. */
  call(path: string, request: SignInRequest): Promise<Response>
  /** The session of a cookie, straight from the database; `refresh` also moves its end and its last-seen time. */
  sessionOf(headers: IncomingHttpHeaders, refresh?: boolean): Promise<SessionFound | undefined>
}
export type SignInRequest = {
  body?: Record<string, unknown>
  headers: IncomingHttpHeaders
  ip: string
  locale?: string
  /** Where a code is sent. */
  address?: string
}
export type SessionFound = {
  sessionId: string
  token: string
  email: string
  subscriberId: string | null
  cookies: string[]
}

/** Opens one realm; without means to sign in, it only reads sessions. */
export function openSignIn(
  realm: Realm,
  config: Pick<Config, 'masterKey' | 'publicUrl'>,
  db: Db,
  means: Means = { send: cannotSend },
): SignIn {
  const auth = openBetterAuth(realm, config, db, means)
  const origin = new URL(config.publicUrl).origin
  const ipKey = derive(config.masterKey, `violet ${realm} client address`)
  return {
    call(path, { body, headers, ip, locale, address }) {
      const from = pseudonymOf(ip, ipKey)
      const sent = new Headers({ origin, 'x-client-ip': from, 'content-type': 'application/json' })
      copyHeader(sent, headers, 'cookie')
      copyHeader(sent, headers, 'user-agent')
      if (locale) sent.set(localeHeader, locale)
      if (address) sent.set(addressHeader, encodeURIComponent(address))
      const request = { method: 'POST', headers: sent, body: JSON.stringify(body ?? {}) }
      return auth.handler(new Request(`${origin}${basePath}${path}`, request))
    },
    async sessionOf(headers, refresh = false) {
      if (!headers.cookie?.includes(`${realms[realm].cookie}.`)) return undefined
      const found = await auth.api.getSession({
        headers: new Headers({ cookie: headers.cookie }),
        query: { disableCookieCache: true, disableRefresh: !refresh },
        returnHeaders: true,
      })
      if (!found.response) return undefined
      const { session, user } = found.response
      return {
        sessionId: session.id,
        token: session.token,
        email: user.email,
        subscriberId: (user as { subscriberId?: string | null }).subscriberId ?? null,
        cookies: found.headers.getSetCookie(),
      }
    },
  }
}

/** A realm that also sends codes, as the routes need it. */
export function openSignInRoutes(realm: Realm, app: App): SignIn {
  const template = realm === 'staff' ? 'staff-sign-in-code' : 'sign-in-code'
  return openSignIn(realm, app.config, app.db, {
    async send({ address, ...mail }) {
      const kind = kindOf(address)
      // Its code is made and asked for all the same: nobody learns which numbers are whose.
      if (kind === 'phone' && !(await signsIn(app.db, address))) return
      const recipient = recipientOf({ kind, value: address })
      await sendVisitorCode(app, { ...mail, recipient, template, minutes: signInMinutes })
    },
    ...(realm === 'subscribers' && { passkey: (assertion) => usePasskey(app, assertion) }),
  })
}

/** Has a code sent to an address; whether anybody may sign in with it is not told. */
export async function askForCode(
  app: App,
  realm: Realm,
  signIn: SignIn,
  request: SignInRequest & { address: string },
): Promise<Refusal | undefined> {
  const { address, headers, ip } = request
  const isText = kindOf(address) === 'phone'
  const refusal =
    (isText ? await countText(app, realm, ip) : undefined) ??
    (await countAsk(app, realm, address, isText ? textsPerHourMax : asksPerHourMax))
  if (refusal) return refusal
  const response = await signIn.call('/email-otp/send-verification-otp', {
    ...request,
    headers: { 'user-agent': headers['user-agent'] },
    ip,
    body: { email: await nameInRealm(app, realm, address), type: 'sign-in' },
  })
  if (response.status === 429) return tooFast(response)
  if (!response.ok) throw new Error(`better-auth did not send a code: ${response.status}`)
  return undefined
}

function countText(app: App, realm: Realm, ip: string): Promise<Refusal | undefined> {
  const client = pseudonymOf(ip, derive(app.config.masterKey, 'violet texts asked for'))
  return countAsk(app, realm, `from ${client}`, textsPerHourOfClientMax)
}

/** Signs in with a code: the session's token and the cookies to hand on, or why not. */
export async function signInWithCode(
  app: App,
  realm: Realm,
  signIn: SignIn,
  request: SignInRequest & { address: string; code: string },
): Promise<{ token: string; cookies: string[] } | Refusal> {
  const { address, code, headers, ip } = request
  // Without the cookies of whoever was signed in before: a sign-in never builds on an old session.
  const response = await signIn.call('/sign-in/email-otp', {
    headers: { 'user-agent': headers['user-agent'] },
    ip,
    body: { email: await nameInRealm(app, realm, address), otp: code },
  })
  if (response.status === 429) return tooFast(response)
  if (response.status >= 500) throw new Error(`better-auth failed: ${response.status}`)
  const answer = (await response.json()) as { code?: string; token?: string }
  if (response.ok && answer.token) {
    await countUse(app, realm, address)
    return { token: answer.token, cookies: response.headers.getSetCookie() }
  }
  return whyNot(app, realm, address, answer.code ?? '')
}

/** Signs in with a passkey: the session's token, whose it is, and the cookies to hand on, or why not. */
export async function signInWithPasskey(
  signIn: SignIn,
  { headers, ip }: Pick<SignInRequest, 'headers' | 'ip'>,
  credential: Assertion,
): Promise<({ token: string; cookies: string[] } & PasskeyUse) | Refusal> {
  const response = await signIn.call(passkeyPath, {
    headers: { 'user-agent': headers['user-agent'] },
    ip,
    body: { credential },
  })
  if (response.status === 429) return tooFast(response)
  if (!response.ok) throw new Error(`better-auth failed: ${response.status}`)
  const answer = (await response.json()) as PasskeyAnswer
  if ('refusal' in answer) return answer.refusal
  return { token: answer.token, cookies: response.headers.getSetCookie(), ...answer.use }
}

function tooFast(response: Response): Refusal {
  const seconds = Number(response.headers.get('x-retry-after') ?? 60)
  const minutes = Math.max(1, Math.ceil(seconds / 60))
  return refuse('too-many-requests', { minutes: String(minutes) }, { minutes })
}

/**
 * Who a request belongs to. Both ways ask the database, one indexed look-up, so that a removed device or a closed
 * account is out at once; there is no cached cookie that `fresh` would have to go around.
 */
export function openSessions(config: Pick<Config, 'masterKey' | 'publicUrl'>, db: Db): Sessions {
  const subscribers = openSignIn('subscribers', config, db)
  const staff = openSignIn('staff', config, db)
  return {
    async subscriberOf(headers) {
      const session = await subscribers.sessionOf(headers)
      return (session?.subscriberId as SubscriberId | null | undefined) ?? undefined
    },
    async staffOf(headers) {
      const session = await staff.sessionOf(headers)
      return session && memberOf(db, session.email)
    },
  }
}

function openBetterAuth(
  realm: Realm,
  { masterKey, publicUrl }: Pick<Config, 'masterKey' | 'publicUrl'>,
  db: Db,
  { send, passkey }: Means,
) {
  const { tables, cookie, days, signUp } = realms[realm]
  const times = { createdAt: 'created_at', updatedAt: 'updated_at' }
  return betterAuth({
    appName: 'Violet',
    baseURL: publicUrl,
    basePath,
    secret: derive(masterKey, `violet ${realm} sign-in`).toString('base64url'),
    trustedOrigins: [new URL(publicUrl).origin],
    database: { db: db.withPlugin(plainTypes), type: 'postgres' },
    telemetry: { enabled: false },
    logger: { level: 'error' },
    user: {
      modelName: `${tables}user`,
      fields: { emailVerified: 'email_verified', ...times },
      ...(signUp && { additionalFields: { subscriberId: subscriberIdField } }),
    },
    session: {
      modelName: `${tables}session`,
      fields: {
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        userId: 'user_id',
        ...times,
      },
      expiresIn: days * 86_400,
      updateAge: lastSeenSeconds,
    },
    account: { modelName: `${tables}account`, fields: accountFields },
    verification: {
      modelName: `${tables}verification`,
      fields: { expiresAt: 'expires_at', ...times },
    },
    rateLimit: {
      enabled: true,
      storage: 'database',
      modelName: `${tables}rate_limit`,
      fields: { key: 'key', count: 'count', lastRequest: 'last_request' },
      customRules: {
        '/email-otp/send-verification-otp': flood,
        '/sign-in/email-otp': flood,
        [passkeyPath]: flood,
      },
    },
    databaseHooks: {
      session: {
        // Kept beside the session, sealed for its owner, once it is known who that is.
        create: {
          before: async (session) => ({ data: { ...session, userAgent: null, ipAddress: null } }),
        },
      },
    },
    advanced: {
      cookiePrefix: cookie,
      // Our migrations make these tables; reading the whole catalog at every start would be for nothing.
      database: { generateId: 'uuid', validateSchema: false },
      ipAddress: { ipAddressHeaders: ['x-client-ip'] },
    },
    plugins: [emailCodes(realm, masterKey, send), ...(passkey ? [passkeys(passkey)] : [])],
  })
}

function emailCodes(realm: Realm, masterKey: Uint8Array, send: (mail: CodeMail) => Promise<void>) {
  const codeKey = derive(masterKey, `violet ${realm} sign-in code`)
  return emailOTP({
    otpLength: 6,
    expiresIn: signInMinutes * 60,
    allowedAttempts: signInTries,
    disableSignUp: !realms[realm].signUp,
    // Keyed, since six digits are soon found from a plain hash.
    storeOTP: {
      hash: async (code) => createHmac('sha256', codeKey).update(code).digest('base64url'),
    },
    async sendVerificationOTP({ email, otp }, context) {
      const locale = context?.request?.headers.get(localeHeader) ?? 'en'
      const address = context?.request?.headers.get(addressHeader)
      await send({ address: address ? decodeURIComponent(address) : email, code: otp, locale })
    },
  })
}

type PasskeyAnswer = { refusal: Refusal } | { token: string; use: PasskeyUse }

/** A session for whom a passkey opens; better-auth counts the tries before, and makes the session and its cookie. */
function passkeys(check: NonNullable<Means['passkey']>): BetterAuthPlugin {
  const signInPasskey = createAuthEndpoint(
    passkeyPath,
    { method: 'POST', body: z.object({ credential: assertionWire }) },
    async (context) => {
      const use = await check(context.body.credential)
      if (isRefusal(use)) return context.json<PasskeyAnswer>({ refusal: use })
      const { internalAdapter } = context.context
      const found = await internalAdapter.findUserByEmail(use.alias)
      if (!found) return context.json<PasskeyAnswer>({ refusal: refuse('passkey-unknown') })
      const session = await internalAdapter.createSession(found.user.id)
      await setSessionCookie(context, { session, user: found.user })
      return context.json<PasskeyAnswer>({ token: session.token, use })
    },
  )
  return { id: 'violet-passkeys', endpoints: { signInPasskey } }
}

const subscriberIdField = {
  type: 'string',
  required: false,
  input: false,
  fieldName: 'subscriber_id',
} as const

const accountFields = {
  accountId: 'account_id',
  providerId: 'provider_id',
  userId: 'user_id',
  accessToken: 'access_token',
  refreshToken: 'refresh_token',
  idToken: 'id_token',
  accessTokenExpiresAt: 'access_token_expires_at',
  refreshTokenExpiresAt: 'refresh_token_expires_at',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
}

/** better-auth reckons in Date and number; our pool reads Temporal.Instant and bigint. */
const plainTypes: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => ({
    ...result,
    rows: result.rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plainValue(value)])),
    ),
  }),
}

function plainValue(value: unknown): unknown {
  if (value instanceof Temporal.Instant) return new Date(value.epochMilliseconds)
  return typeof value === 'bigint' ? Number(value) : value
}

function derive(masterKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', purpose, 32))
}

function copyHeader(to: Headers, from: IncomingHttpHeaders, name: 'cookie' | 'user-agent') {
  const value = from[name]
  if (value !== undefined) to.set(name, value)
}

async function cannotSend(): Promise<void> {
  throw new Error('this sign-in only reads sessions')
}
