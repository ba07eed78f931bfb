/** ES9+ as JSON (SGP.22 §6.5.2): the requests and answers of its five functions, binary fields in base64. */
import { DerError } from './der.ts'
import { failedHeader, type Header, type StatusName, succeeded } from './status.ts'

/** A request that cannot be understood, by the status it is answered with. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: StatusName
  constructor(status: StatusName) {
    super(status)
    this.status = status
  }
}

/** Base64 of the longest message a phone may send. */
const textMax = 88_000

export type Answer<Body extends object = object> = { readonly header: Header } & Body

export const success = <Body extends object>(body: Body): Answer<Body> => ({
  header: succeeded,
  ...body,
})
export const failure = (name: StatusName): Answer => ({ header: failedHeader(name) })

/** What went wrong while reading, as a status; anything else is a bug and is thrown on. */
export function statusOfError(error: unknown): StatusName {
  if (error instanceof RequestError) return error.status
  if (error instanceof DerError) return 'malformed'
  throw error
}

/** A text member of a request. @throws RequestError */
export function textMember(request: unknown, name: string): string {
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    throw new RequestError('malformed')
  const value = Object.hasOwn(request, name)
    ? (request as Record<string, unknown>)[name]
    : undefined
  if (value === undefined || value === null) throw new RequestError('elementMissing')
  if (typeof value !== 'string') throw new RequestError('malformed')
  if (value.length > textMax) throw new RequestError('tooLong')
  return value
}

/** A base64 member, standard alphabet with padding (RFC 4648 §4). @throws RequestError */
export function bytesMember(request: unknown, name: string): Buffer {
  const value = textMember(request, name)
  if (value === '') throw new RequestError('elementMissing')
  if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value))
    throw new RequestError('malformed')
  return Buffer.from(value, 'base64')
}

/** One spelling of a transaction id: clients differ in case. @throws RequestError */
export function transactionIdMember(request: unknown): string {
  const value = textMember(request, 'transactionId').toUpperCase()
  if (!/^(?:[0-9A-F]{2}){1,16}$/.test(value)) throw new RequestError('malformed')
  return value
}

/** The key by which a server finds the session of a request; undefined when there is none to find. */
export function transactionIdOf(request: unknown): string | undefined {
  try {
    return transactionIdMember(request)
  } catch {
    return undefined
  }
}

export type InitiateAuthenticationRequest = {
  readonly euiccChallenge: string
  readonly euiccInfo1: string
  readonly smdpAddress: string
}

export type InitiateAuthenticationResponse = {
  readonly transactionId: string
  readonly serverSigned1: string
  readonly serverSignature1: string
  readonly euiccCiPKIdToBeUsed: string
  readonly serverCertificate: string
}

export type AuthenticateClientRequest = {
  readonly transactionId: string
  readonly authenticateServerResponse: string
}

export type AuthenticateClientResponse = {
  readonly transactionId: string
  readonly profileMetadata: string
  readonly smdpSigned2: string
  readonly smdpSignature2: string
  readonly smdpCertificate: string
}

export type GetBoundProfilePackageRequest = {
  readonly transactionId: string
  readonly prepareDownloadResponse: string
}

export type GetBoundProfilePackageResponse = {
  readonly transactionId: string
  readonly boundProfilePackage: string
}

export type HandleNotificationRequest = { readonly pendingNotification: string }

export type CancelSessionRequest = {
  readonly transactionId: string
  readonly cancelSessionResponse: string
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
export const unbase64 = (text: string): Buffer => Buffer.from(text, 'base64')
