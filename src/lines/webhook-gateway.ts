/** Anybody's provisioning system as the network: one address that takes signed commands (Standard Webhooks). */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { callPartner, type PartnerAnswer } from '../platform/partner.ts'
import { Fault } from '../values/fault.ts'
import { type Activation, listedWire, type Network, stateWire } from './gateway.ts'

const name = 'network'
/** One command is sent so often, under one id; whoever asked for it asks again later under the same. */
const waitsMs = [200, 1000]

const foundWire = z.object({ subscription: stateWire.nullable() })
const pageWire = z.object({ items: z.array(listedWire), next: z.string().nullable() })

export type WebhookPlace = { url: string; secret: string; sendsKeys: boolean }
type Command =
  | 'activate'
  | 'suspend'
  | 'resume'
  | 'receive-only'
  | 'cancel-location'
  | 'delete'
  | 'find'
  | 'list'

export function openWebhook({ url, secret, sendsKeys }: WebhookPlace): Network {
  const webhook = new Webhook(secret)
  const once = (id: string, body: object): Promise<PartnerAnswer> => {
    const at = new Date()
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': webhook.sign(id, at, JSON.stringify(body)),
    }
    return callPartner(
      { name, url },
      { method: 'POST', path: '', body, headers, idempotencyKey: id },
    )
  }
  const command = async (what: Command, data: object, id: string): Promise<PartnerAnswer> => {
    const type = `subscription.${what}`
    const body = { type, timestamp: new Date().toISOString(), data }
    let outcome: Fault['outcome'] = 'not-done'
    for (let tries = 0; ; tries += 1) {
      const answer = await once(id, body).catch(faultOf)
      if (!(answer instanceof Fault) && answer.status !== 429) return answer
      // One try that may have been heard is enough.
      if (answer instanceof Fault && answer.outcome === 'unknown') outcome = 'unknown'
      const waitMs = waitsMs[tries]
      if (waitMs === undefined) throw new Fault(name, outcome, whyOf(answer))
      await sleep(waitMs)
    }
  }
  const change = async (what: Command, data: object, key: string) => {
    const { status } = await command(what, data, key)
    if (status >= 300) throw new Fault(name, 'not-done', `refused ${what} with ${status}`)
  }
  /** What is absent needs no removing. */
  const remove = async (what: Command, imsi: string, key: string) => {
    const { status } = await command(what, { imsi }, key)
    if (status >= 300 && status !== 404)
      throw new Fault(name, 'not-done', `refused ${what} with ${status}`)
  }
  const read = async <T>(what: Command, data: object, wire: z.ZodType<T>): Promise<T> => {
    const { status, body } = await command(what, data, `read_${randomUUID()}`)
    if (status >= 300) throw new Fault(name, 'not-done', `refused ${what} with ${status}`)
    const parsed = wire.safeParse(body)
    if (!parsed.success) throw new Fault(name, 'not-done', `answers ${what} with something else`)
    return parsed.data
  }
  return {
    activate: async (subscription, key) =>
      change('activate', await activationOf(subscription, sendsKeys), key),
    suspend: (imsi, key) => change('suspend', { imsi }, key),
    resume: (imsi, key) => change('resume', { imsi }, key),
    receiveOnly: (imsi, key) => change('receive-only', { imsi }, key),
    cancelLocation: (imsi, key) => remove('cancel-location', imsi, key),
    delete: (imsi, key) => remove('delete', imsi, key),
    async find(imsi) {
      const { subscription } = await read('find', { imsi }, foundWire)
      if (!subscription) return undefined
      const { state, msisdn, attached, openSession } = subscription
      return { state, msisdn, attached, openSession }
    },
    async *list() {
      for (let after: string | null = ''; after !== null;) {
        const page: z.output<typeof pageWire> = await read('list', { after }, pageWire)
        yield page.items
        after = page.next
      }
    },
  }
}

async function activationOf(subscription: Activation, sendsKeys: boolean) {
  const { imsi, iccid, msisdn, zones, keys } = subscription
  const data = { imsi, iccid, msisdn, zones }
  if (!sendsKeys) return data
  const secret = await keys()
  if (!secret) throw new Fault(name, 'not-done', 'needs keys, and the profile has none')
  return { ...data, keys: { k: secret.k.toString('hex'), opc: secret.opc.toString('hex') } }
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error
  throw error
}

const whyOf = (answer: PartnerAnswer | Fault): string =>
  answer instanceof Fault ? answer.message.slice(`${name}: `.length) : 'is busy (429)'
