/** Reads fields of a request's JSON body, each with a clear refusal. */
import type { FastifyRequest } from 'fastify'
import { invalid } from './host.ts'

export type Body = Readonly<Record<string, unknown>>

export function bodyOf({ body }: Pick<FastifyRequest, 'body'>): Body {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body
  throw invalid('The body must be a JSON object.')
}

export function textOf(body: Body, name: string, max: number): string {
  const value = body[name]
  if (typeof value === 'string' && value.length > 0 && value.length <= max) return value
  throw invalid(`${name} must be a text of 1 to ${max} characters.`)
}

export function shapedOf(body: Body, name: string, shape: RegExp): string {
  const value = body[name]
  if (typeof value === 'string' && shape.test(value)) return value
  throw invalid(`${name} is missing or malformed.`)
}

export function countOf(body: Body, name: string, max: number): number {
  const value = body[name]
  if (Number.isInteger(value) && Number(value) > 0 && Number(value) <= max) return Number(value)
  throw invalid(`${name} must be a whole number from 1 to ${max}.`)
}

export const MCCMNC = /^\d{3}-?\d{2,3}$/
export const IMSI = /^\d{6,15}$/
export const DIALLED = /^\+?[\d ]{3,20}$/
