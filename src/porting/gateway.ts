/** The other operators, or the clearing house between: asked for a number by our own name of the port. */
import { z } from 'zod'
import { type CallPartner, callPartner, type PartnerAnswer } from '../platform/partner.ts'
import { Fault } from '../values/fault.ts'
import { instantWire } from '../values/wire.ts'
import type { Heard } from './port-in.ts'

export type Asked = { reference: string; msisdn: string; code: string; recipient: string }

export type Clearing = {
  /** Asked twice under one reference it is asked once. */
  ask(asked: Asked): Promise<Heard>
  find(reference: string): Promise<Heard | undefined>
  /** What it is afterwards; it may have moved already. */
  cancel(reference: string): Promise<Heard>
}

const name = 'porting'
const heardWire = z.discriminatedUnion('state', [
  z.object({ state: z.literal('pending'), dueAt: instantWire.nullish() }),
  z.object({ state: z.literal('completed') }),
  z.object({ state: z.literal('failed'), reason: z.string().max(200) }),
  z.object({ state: z.literal('cancelled') }),
])
const refusedWire = z.object({ reason: z.string().max(200) })

export function openClearing(
  config: { url: string; key: string },
  reach: CallPartner = callPartner,
): Clearing {
  const at = (reference: string) => `/ports/${encodeURIComponent(reference)}`
  return {
    async ask(asked) {
      const answer = await reach(
        { name, ...config },
        { method: 'POST', path: '/ports', body: asked, idempotencyKey: asked.reference },
      )
      // Refused for good: a wrong code, a number it does not have.
      const refused = refusedWire.safeParse(answer.body)
      if ((answer.status === 409 || answer.status === 422) && refused.success)
        return { state: 'failed', reason: refused.data.reason }
      return heardOf(answer)
    },
    async find(reference) {
      const answer = await reach({ name, ...config }, { method: 'GET', path: at(reference) })
      return answer.status === 404 ? undefined : heardOf(answer)
    },
    async cancel(reference) {
      const path = `${at(reference)}/cancel`
      const idempotencyKey = `${reference}:cancel`
      const call = { method: 'POST', path, idempotencyKey } as const
      const answer = await reach({ name, ...config }, call)
      // Never heard of: nothing to stop.
      return answer.status === 404 ? { state: 'cancelled' } : heardOf(answer)
    },
  }
}

function heardOf({ status, body }: PartnerAnswer): Heard {
  if (status >= 300) throw new Fault(name, 'not-done', `refused with ${status}`)
  const parsed = heardWire.safeParse(body)
  if (!parsed.success) throw new Fault(name, 'unknown', 'answers with something else')
  const { data } = parsed
  if (data.state !== 'pending') return data
  return { state: 'pending', dueAt: data.dueAt ? Temporal.Instant.from(data.dueAt) : null }
}
