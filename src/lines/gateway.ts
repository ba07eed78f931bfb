/** The mobile network: gives a subscription service, takes it away, and says what it holds. */
import { z } from 'zod'
import {
  type CallPartner,
  callPartner,
  type PartnerAnswer,
  type PartnerCall,
} from '../platform/partner.ts'
import { Fault } from '../values/fault.ts'

const stateWire = z.object({
  imsi: z.string(),
  state: z.enum(['active', 'suspended']),
  attached: z.boolean(),
  openSession: z.boolean(),
})

export type NetworkState = {
  state: 'active' | 'suspended'
  attached: boolean
  openSession: boolean
}
export type Activation = { imsi: string; iccid: string; msisdn: string | null; zones: string[] }

/** Every change carries a key: the same key is the same effect. */
export type Network = {
  activate(subscription: Activation, key: string): Promise<void>
  suspend(imsi: string, key: string): Promise<void>
  /** Drops the phone from wherever it is attached. */
  cancelLocation(imsi: string, key: string): Promise<void>
  delete(imsi: string, key: string): Promise<void>
  /** What the network holds of a subscription; undefined: it has none. */
  find(imsi: string): Promise<NetworkState | undefined>
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
      const { state, attached, openSession } = stateWire.parse(answer.body)
      return { state, attached, openSession }
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
