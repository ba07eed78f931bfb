/** Numbers on their way to another operator, as the API shows them. */
import { z } from 'zod'
import { instantWire } from '../values/wire.ts'

export const portStateWire = z
  .enum(['issued', 'pending', 'completed', 'failed', 'expired', 'cancelled'])
  .describe(
    'issued: a code is out; pending: the other operator has asked with it; the others are ends',
  )

export const portOutWire = z
  .object({
    msisdn: z.string().nullable().describe('E.164'),
    locked: z.boolean().describe('No code is given, and none is taken, until it is unlocked'),
    refusal: z
      .object({ code: z.string(), until: instantWire.nullable() })
      .nullable()
      .describe('Why no code is given now, as the code of the problem that asking would bring'),
    codeContacts: z.array(
      z.object({
        contactId: z.string(),
        channel: z.enum(['email', 'phone']),
        maskedTo: z.string(),
      }),
    ),
    port: z
      .object({
        portId: z.string(),
        state: portStateWire,
        codeExpiresAt: instantWire,
        recipient: z.string().nullable().describe('The operator that takes the number'),
        dueAt: instantWire.nullable().describe('When the number is to move'),
        endedAt: instantWire.nullable(),
        reason: z.string().nullable(),
      })
      .nullable()
      .describe('The latest; null before the first'),
  })
  .meta({ id: 'PortOut' })

export const portCodeWire = portOutWire
  .extend({
    portCode: z.string().describe('Shown this once: give it to the new operator'),
  })
  .meta({ id: 'PortCode' })

export const leavingWire = z
  .object({
    numbers: z.array(
      portOutWire.omit({ codeContacts: true }).extend({
        lineId: z.string(),
        until: instantWire.nullable().describe('Until when it can leave'),
      }),
    ),
  })
  .meta({ id: 'Leaving' })

export const leavingCodeWire = leavingWire
  .extend({ portCode: z.string().describe('Shown this once: give it to the new operator') })
  .meta({ id: 'LeavingCode' })

const oneTimeCode = z.string().regex(/^\d{6}$/)
export const askPortCodeWire = z.object({ code: oneTimeCode })
export const confirmPortWire = z.object({ contactId: z.string().max(60).optional() }).optional()
export const portLockWire = z.object({
  locked: z.boolean(),
  code: oneTimeCode.optional().describe('Needed to unlock'),
})

const reference = z
  .string()
  .min(8)
  .max(100)
  .regex(/^[\x21-\x7e]+$/)
/** What another operator, or the clearing house between, says. docs/porting.md. */
export const portingMessageWire = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('port-out.requested'),
    data: z.object({
      reference,
      msisdn: z.string().regex(/^\+[1-9]\d{6,14}$/),
      code: z.string().min(1).max(40),
      recipient: z.string().trim().min(1).max(80),
      dueAt: instantWire,
    }),
  }),
  z.object({ type: z.literal('port-out.completed'), data: z.object({ reference }) }),
  z.object({ type: z.literal('port-out.cancelled'), data: z.object({ reference }) }),
  z.object({
    type: z.literal('port-in.changed').describe('A hint: what has changed is asked for'),
    data: z.object({ reference }),
  }),
  z.object({
    type: z.literal('port-out.failed'),
    data: z.object({ reference, reason: z.string().trim().min(1).max(200) }),
  }),
])

export const portingAnswerWire = z.object({
  reference: z.string(),
  state: portStateWire.or(z.literal('asked')),
  dueAt: instantWire.nullable(),
})

export const staffPortWire = z
  .object({
    portId: z.string(),
    subscriberId: z.string(),
    name: z.string(),
    lineId: z.string(),
    msisdn: z.string(),
    state: portStateWire,
    recipient: z.string().nullable(),
    dueAt: instantWire.nullable(),
    codeExpiresAt: instantWire,
    createdAt: instantWire,
  })
  .meta({ id: 'StaffPort' })
