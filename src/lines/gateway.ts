/** The mobile network: gives a subscription service, takes it away, and says what it holds. */
import { z } from 'zod'
import {
  type CallPartner,
  callPartner,
  type PartnerAnswer,
  type PartnerCall,
} from '../platform/partner.ts'
import { Fault } from '../values/fault.ts'

export const listedWire = z.object({
  imsi: z.string(),
  state: z.enum(['active', 'suspended', 'receive-only']),
  msisdn: z.string().nullable(),
})
export const stateWire = listedWire.extend({ attached: z.boolean(), openSession: z.boolean() })
const pageWire = z.object({ items: z.array(listedWire), next: z.string().nullable() })

export type NetworkState = {
  state: 'active' | 'suspended' | 'receive-only'
  msisdn: string | null // E.164
  attached: boolean
  openSession: boolean
}
/** One row of what the network holds altogether. */
export type Listed = Pick<NetworkState, 'state' | 'msisdn'> & { imsi: string }
/** Keys of the subscription (TS 35.206), 16 bytes each. */
export type SubscriptionKeys = { k: Buffer; opc: Buffer }
export type Activation = {
  imsi: string
  iccid: string
  msisdn: string | null
  zones: string[]
  /** Unsealed only by a network that has to be told; undefined: the profile has none. */
  keys: () => Promise<SubscriptionKeys | undefined>
}

/** Every change carries a key: the same key is the same effect. */
export type Network = {
  /** Gives service; what is there already is made to fit. */
  activate(subscription: Activation, key: string): Promise<void>
  /** Drops the phone and lets it in no more; `not-done` where the network has no such subscription. */
  suspend(imsi: string, key: string): Promise<void>
  /** Lets a suspended subscription in again; `not-done` where the network has none. */
  resume(imsi: string, key: string): Promise<void>
  /** Bars calls, data and texts that go out, and lets texts arrive; a network that can't has no such thing. */
  receiveOnly?(imsi: string, key: string): Promise<void>
  /** Drops the phone from wherever it is attached. */
  cancelLocation(imsi: string, key: string): Promise<void>
  delete(imsi: string, key: string): Promise<void>
  /** What the network holds of a subscription; undefined: it has none. */
  find(imsi: string): Promise<NetworkState | undefined>
  /** Everything the network holds, in pages. */
  list(): AsyncIterable<Listed[]>
}

const name = 'network'

export function openNetwork(
  config: { url: string; key: string },
  reach: CallPartner = callPartner,
): Network {
  const call = (asked: PartnerCall) => reach({ name, ...config }, asked)
  const at = (imsi: string) => `/subscribers/${encodeURIComponent(imsi)}`
  return {
    async activate({ imsi, iccid, msisdn, zones }, key) {
      const body = { iccid, msisdn, zones }
      done(await call({ method: 'PUT', path: at(imsi), body, idempotencyKey: key }))
    },
    async suspend(imsi, key) {
      done(await call({ method: 'POST', path: `${at(imsi)}/suspend`, idempotencyKey: key }))
    },
    async resume(imsi, key) {
      done(await call({ method: 'POST', path: `${at(imsi)}/resume`, idempotencyKey: key }))
    },
    async receiveOnly(imsi, key) {
      done(await call({ method: 'POST', path: `${at(imsi)}/receive-only`, idempotencyKey: key }))
    },
    async cancelLocation(imsi, key) {
      const path = `${at(imsi)}/cancel-location`
      doneOrAbsent(await call({ method: 'POST', path, idempotencyKey: key }))
    },
    async delete(imsi, key) {
      doneOrAbsent(await call({ method: 'DELETE', path: at(imsi), idempotencyKey: key }))
    },
    async find(imsi) {
      const answer = await call({ method: 'GET', path: at(imsi) })
      if (answer.status === 404) return undefined
      done(answer)
      const { state, msisdn, attached, openSession } = stateWire.parse(answer.body)
      return { state, msisdn, attached, openSession }
    },
    async *list() {
      for (let after: string | null = ''; after !== null;) {
        const path: string = `/subscribers?after=${encodeURIComponent(after)}`
        const answer = await call({ method: 'GET', path })
        done(answer)
        const { items, next } = pageWire.parse(answer.body)
        yield items
        after = next
      }
    },
  }
}

function done({ status }: PartnerAnswer) {
  if (status >= 300) throw new Fault(name, 'not-done', `refused with ${status}`)
}

// What is absent needs no removing.
function doneOrAbsent(answer: PartnerAnswer) {
  if (answer.status !== 404) done(answer)
}
