/** The one place that reads environment variables: everything else receives a typed Config. */
import { resolve } from 'node:path'
import { CannotStart } from './process.ts'
import { parseProxies } from './proxies.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type Partner = { url: string; key: string; webhookSecret: string }

/** The network's HTTP API, unless it is an OsmoHLR, reached on its VTY, or takes signed commands at its address. */
export type NetworkPlace = Partner & {
  osmoHlr?: { host: string; port: number }
  webhook?: { secret: string; sendsKeys: boolean }
}

/** Where online charging answers: HTTP/2, cleartext unless there is a certificate. */
export type NchfPlace = {
  host: string
  port: number
  /** The API root that the network functions are told (TS 29.501 §4.4). */
  url: string
  tls?: { keyFile: string; certFile: string; caFile?: string }
  /** Which rating groups are data, voice and SMS, as `first-last=kind`; undefined: the documented ones. */
  ratingGroups?: string
}

/** Where the embedded SM-DP+ takes orders of operators (ES2+), over mutual TLS. */
export type Es2Place = {
  host: string
  port: number
  /** Where the platform's own processes reach it. */
  url: string
  /** Where requesters want to be told of downloads, by their identifier. */
  callbacks?: Readonly<Record<string, string>>
  /** Under whom their listeners are, where it isn't the CA they are under as callers. */
  callbackCaFile?: string
  /** Who we are to them. */
  smdpOid?: string
  /** ca.pem, server.pem and client.pem with their keys; else found beside the SM-DP+'s own, or made. */
  pki?: string
}

/** A certified SM-DP+ that has the profiles of the platform's lines, instead of the embedded one. */
export type SmdpPlace = {
  url: string
  keyFile: string
  certFile: string
  caFile: string
  /** The function requester identifier that the SM-DP+ knows the operator by. */
  requester: string
  profileType: string
}

export type Config = {
  port: number
  dataDir: string
  databaseUrl: string
  publicUrl: string
  payments: Partner
  network: NetworkPlace
  /**
   * Other operators, or the clearing house between: who signs with this may ask for a number; unset, numbers stay.
   * Where it has an address, numbers are brought from there.
   */
  porting?: { webhookSecret: string; url?: string; key?: string }
  phoneUrl: string
  inboxUrl: string
  portingUrl: string
  smtpUrl: string
  smsUrl: string
  nchf: NchfPlace
  /** Left out, nobody outside this process orders profiles. */
  es2?: Es2Place
  smdp?: SmdpPlace
  masterKey: Buffer // 32 bytes
  /** Master keys that may still wrap data keys, until those are wrapped anew. */
  formerMasterKeys?: readonly Buffer[]
  logLevel: LogLevel
  /** Proxies that may say who a request is from; unset: it is from whoever sent it. */
  trustProxy?: string[]
  /** Certificates of the SM-DP+; else a test PKI is made in the data folder. */
  rspPki?: string
  /** The address in activation codes, where it isn't the public one. */
  rspAddress?: string
  /** A TLS listener for phones alone. */
  rspListener?: { port: number; host: string }
  /** Whether phones without an eUICC may say who they are (tests only); off in a started platform. */
  unsignedPhones?: boolean
  /** Profile elements to personalise; else a test USIM. */
  profileTemplate?: string
  signingKey?: string // private JWK, for nodes that share no folder; else made in the data folder
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The checkout's folder, whatever the working directory is. */
export const checkout = resolve(import.meta.dirname, '../..')

export const DEFAULT_PORT = 4400

/** Ports follow the base port, so one `--port` moves the whole platform. */
export const portsAfter = (port: number) => ({
  payments: port + 1,
  network: port + 2,
  phone: port + 3,
  inbox: port + 4,
  smtp: port + 5,
  database: port + 6,
  nchf: port + 7,
  es2: port + 8,
  porting: port + 9,
})

/** Reads a complete environment, as the launcher hands it to its children. */
export function parseConfig(env: Environment = process.env): Config {
  const places = parsePlaces(env)
  return {
    ...places,
    databaseUrl: databaseUrl(required(env, 'DATABASE_URL')),
    payments: partner(env, 'PAYMENTS', places.paymentsUrl),
    network: { ...partner(env, 'NETWORK', places.networkUrl), ...networkKind(env) },
    ...porting(env),
    masterKey: masterKey(required(env, 'VIOLET_MASTER_KEY'), 'VIOLET_MASTER_KEY'),
    ...formerMasterKeys(given(env, 'VIOLET_MASTER_KEYS_FORMER')),
    ...signingKey(given(env, 'VIOLET_SIGNING_KEY')),
    ...remoteProvisioning(env),
    ...smdpPlace(env),
    ...trustProxy(given(env, 'VIOLET_TRUST_PROXY')),
  }
}

function trustProxy(text: string | undefined): Pick<Config, 'trustProxy'> {
  const proxies = parseProxies(text)
  return proxies === undefined ? {} : { trustProxy: proxies }
}

export type Places = ReturnType<typeof parsePlaces>

/** The part of the configuration that has defaults: where things are. */
export function parsePlaces(env: Environment) {
  const port = parsePort(env['VIOLET_PORT'], 'VIOLET_PORT')
  const ports = portsAfter(port)
  const local = (value: number) => `http://localhost:${value}`
  return {
    port,
    dataDir: resolve(given(env, 'VIOLET_DATA') ?? resolve(checkout, '.violet')),
    publicUrl: webUrl(env, 'VIOLET_PUBLIC_URL', local(port)),
    paymentsUrl: webUrl(env, 'VIOLET_PAYMENTS_URL', local(ports.payments)),
    networkUrl: webUrl(env, 'VIOLET_NETWORK_URL', local(ports.network)),
    phoneUrl: webUrl(env, 'VIOLET_PHONE_URL', local(ports.phone)),
    inboxUrl: webUrl(env, 'VIOLET_INBOX_URL', local(ports.inbox)),
    /** Of the simulator; numbers come only where the environment names a clearing house. */
    portingUrl: webUrl(env, 'VIOLET_PORTING_URL', local(ports.porting)),
    smsUrl: webUrl(env, 'VIOLET_SMS_URL', `${local(ports.inbox)}/sms`),
    smtpUrl: url(env, 'VIOLET_SMTP_URL', `smtp://127.0.0.1:${ports.smtp}`, ['smtp:', 'smtps:']),
    nchf: nchfPlace(env, ports.nchf),
    es2: es2Place(env, ports.es2),
    logLevel: logLevel(given(env, 'VIOLET_LOG') ?? 'info'),
  }
}

/** A base port leaves room for the nine ports that follow it. */
export function parsePort(text: string | undefined, name: string): number {
  return portOf(text, name, 65_526) ?? DEFAULT_PORT
}

function portOf(text: string | undefined, name: string, max: number): number | undefined {
  if (text === undefined || text === '') return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (port >= 1 && port <= max) return port
  throw new CannotStart(`${name} must be a port from 1 to ${max}, not "${text}".`)
}

function nchfPlace(env: Environment, otherwise: number): NchfPlace {
  const port = portOf(given(env, 'VIOLET_NCHF_PORT'), 'VIOLET_NCHF_PORT', 65_535) ?? otherwise
  const keyFile = given(env, 'VIOLET_NCHF_TLS_KEY')
  const certFile = given(env, 'VIOLET_NCHF_TLS_CERT')
  const caFile = given(env, 'VIOLET_NCHF_TLS_CA')
  const ratingGroups = given(env, 'VIOLET_NCHF_RATING_GROUPS')
  const fault = (text: string) => new CannotStart(text)
  if ((keyFile === undefined) !== (certFile === undefined)) {
    throw fault('VIOLET_NCHF_TLS_KEY and VIOLET_NCHF_TLS_CERT are set together or not at all.')
  }
  if (caFile !== undefined && keyFile === undefined) {
    throw fault('VIOLET_NCHF_TLS_CA needs VIOLET_NCHF_TLS_KEY and VIOLET_NCHF_TLS_CERT.')
  }
  const tls = keyFile && certFile ? { keyFile, certFile, ...(caFile && { caFile }) } : undefined
  const scheme = tls ? 'https' : 'http'
  return {
    port,
    host: given(env, 'VIOLET_NCHF_HOST') ?? 'localhost',
    url: webUrl(env, 'VIOLET_NCHF_URL', `${scheme}://localhost:${port}`),
    ...(tls && { tls }),
    ...(ratingGroups !== undefined && { ratingGroups }),
  }
}

function es2Place(env: Environment, otherwise: number): Es2Place {
  const pki = given(env, 'VIOLET_ES2_PKI')
  const callbackCa = given(env, 'VIOLET_ES2_CALLBACK_CA')
  const smdpOid = given(env, 'VIOLET_ES2_OID')
  const port = portOf(given(env, 'VIOLET_ES2_PORT'), 'VIOLET_ES2_PORT', 65_535) ?? otherwise
  return {
    host: given(env, 'VIOLET_ES2_HOST') ?? 'localhost',
    port,
    url: url(env, 'VIOLET_ES2_URL', `https://localhost:${port}`, ['https:']),
    ...callbacks(given(env, 'VIOLET_ES2_CALLBACKS')),
    ...(callbackCa && { callbackCaFile: resolve(callbackCa) }),
    ...(smdpOid && { smdpOid }),
    ...(pki && { pki: resolve(pki) }),
  }
}

/** `2.999.21=https://operator.example:8443, 2.999.22=https://…` */
function callbacks(text: string | undefined): Pick<Es2Place, 'callbacks'> {
  if (text === undefined) return {}
  const pairs = text.split(',').map((one): [string, string] => {
    const [, requester, address] = /^\s*([^\s=]{1,255})=(https:\/\/\S+?)\/*\s*$/.exec(one) ?? []
    if (requester && address && URL.canParse(address)) return [requester, address]
    throw new CannotStart(
      `VIOLET_ES2_CALLBACKS must look like 2.999.21=https://host:port, not "${one.trim()}".`,
    )
  })
  return { callbacks: Object.fromEntries(pairs) }
}

function smdpPlace(env: Environment): Pick<Config, 'smdp'> {
  if (given(env, 'VIOLET_SMDP_URL') === undefined) return {}
  const requester = required(env, 'VIOLET_SMDP_REQUESTER')
  const profileType = required(env, 'VIOLET_SMDP_PROFILE_TYPE')
  const file = (name: string) => resolve(required(env, name))
  return {
    smdp: {
      url: url(env, 'VIOLET_SMDP_URL', '', ['https:']),
      keyFile: file('VIOLET_SMDP_KEY'),
      certFile: file('VIOLET_SMDP_CERT'),
      caFile: file('VIOLET_SMDP_CA'),
      requester,
      profileType,
    },
  }
}

/** A PostgreSQL address; the message never repeats it, since it holds a password. */
export function databaseUrl(text: string): string {
  const parsed = URL.parse(text)
  const known = parsed?.protocol === 'postgres:' || parsed?.protocol === 'postgresql:'
  if (known && parsed.pathname.length > 1) return text
  throw new CannotStart('DATABASE_URL must look like postgres://user:password@host:5432/database.')
}

const given = (env: Environment, name: string): string | undefined => env[name]?.trim() || undefined

function required(env: Environment, name: string): string {
  const value = given(env, name)
  if (value !== undefined) return value
  throw new CannotStart(`${name} is not set; "npm start" sets it, or set it yourself.`)
}

function partner(env: Environment, name: string, at: string): Partner {
  const webhookSecret = webhookSecretOf(env, `VIOLET_${name}_WEBHOOK_SECRET`)
  return { url: at, key: required(env, `VIOLET_${name}_KEY`), webhookSecret }
}

function webhookSecretOf(env: Environment, name: string): string {
  const secret = required(env, name)
  if (/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret)) return secret
  throw new CannotStart(`${name} must be "whsec_" and at least 24 bytes in base64.`)
}

function porting(env: Environment): Pick<Config, 'porting'> {
  const name = 'VIOLET_PORTING_WEBHOOK_SECRET'
  if (!given(env, name)) return {}
  const webhookSecret = webhookSecretOf(env, name)
  if (!given(env, 'VIOLET_PORTING_URL')) return { porting: { webhookSecret } }
  const place = webUrl(env, 'VIOLET_PORTING_URL', '')
  return { porting: { webhookSecret, url: place, key: required(env, 'VIOLET_PORTING_KEY') } }
}

function networkKind(env: Environment): Pick<NetworkPlace, 'osmoHlr' | 'webhook'> {
  const kind = given(env, 'VIOLET_NETWORK') ?? 'http'
  if (kind === 'http') return {}
  if (kind === 'osmo-hlr') return { osmoHlr: vtyPlace(given(env, 'VIOLET_OSMO_HLR')) }
  if (kind === 'webhook') return { webhook: webhookPlace(env) }
  throw new CannotStart(`VIOLET_NETWORK must be http, osmo-hlr or webhook, not "${kind}".`)
}

function webhookPlace(env: Environment) {
  const { protocol, hostname } = new URL(required(env, 'VIOLET_NETWORK_URL'))
  const secret = webhookSecretOf(env, 'VIOLET_PROVISIONING_SECRET')
  const sendsKeys = given(env, 'VIOLET_PROVISIONING_KEYS') === '1'
  const isLocal = /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
  if (sendsKeys && protocol !== 'https:' && !isLocal)
    throw new CannotStart('VIOLET_PROVISIONING_KEYS=1 needs an https address: keys go with it.')
  return { secret, sendsKeys }
}

function vtyPlace(text = '127.0.0.1:4258') {
  const [, host, port] = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  if (host === undefined) throw new CannotStart(`VIOLET_OSMO_HLR must be host:port, not "${text}".`)
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: portOf(port, 'VIOLET_OSMO_HLR', 65_535) ?? 4258,
  }
}

const webUrl = (env: Environment, name: string, otherwise: string): string =>
  url(env, name, otherwise, ['http:', 'https:'])

function url(env: Environment, name: string, otherwise: string, protocols: string[]): string {
  const text = given(env, name) ?? otherwise
  const parsed = URL.parse(text)
  // Joined with paths that begin with a slash, so it must not end in one.
  if (parsed && protocols.includes(parsed.protocol)) return text.replace(/\/+$/, '')
  const example = `${protocols[0]}//host:port`
  throw new CannotStart(`${name} must be an address like ${example}, not "${text}".`)
}

function remoteProvisioning(env: Environment) {
  const rspPki = given(env, 'VIOLET_RSP_PKI')
  const rspAddress = given(env, 'VIOLET_RSP_ADDRESS')
  const port = portOf(given(env, 'VIOLET_RSP_PORT'), 'VIOLET_RSP_PORT', 65_535)
  const host = given(env, 'VIOLET_RSP_HOST') ?? 'localhost'
  const profileTemplate = given(env, 'VIOLET_PROFILE_TEMPLATE')
  return {
    unsignedPhones: given(env, 'VIOLET_UNSIGNED_PHONES') === '1',
    ...(rspPki && { rspPki: resolve(rspPki) }),
    ...(rspAddress && { rspAddress }),
    ...(port !== undefined && { rspListener: { port, host } }),
    ...(profileTemplate && { profileTemplate: resolve(profileTemplate) }),
  }
}

const signingKey = (text: string | undefined) => (text === undefined ? {} : { signingKey: text })

function formerMasterKeys(text: string | undefined) {
  if (text === undefined) return {}
  const name = 'VIOLET_MASTER_KEYS_FORMER'
  return { formerMasterKeys: text.split(',').map((one) => masterKey(one.trim(), name)) }
}

function masterKey(text: string, name: string): Buffer {
  const key = Buffer.from(text, 'base64url')
  if (/^[A-Za-z0-9_-]+={0,2}$/.test(text) && key.length === 32) return key
  throw new CannotStart(`${name} must be 32 bytes in base64url.`)
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text)
  if (level) return level
  throw new CannotStart(`VIOLET_LOG must be one of ${LOG_LEVELS.join(', ')}, not "${text}".`)
}
