/** What a subscriber is told and on which channels, as the API shows it. */
import { z } from 'zod'

export const topics = [
  'usage',
  'renewal',
  'help',
  'news',
  'receipts',
  'security',
  'closing',
] as const

const channelWire = z
  .object({
    wanted: z.boolean(),
    mayChange: z.boolean().describe('False: it always comes, for the reason `why` names'),
  })
  .nullable()
  .describe('Null: never sent this way')

export const noticeTopicWire = z
  .object({
    topic: z.enum(topics),
    email: channelWire,
    sms: channelWire,
    why: z.enum(['law', 'security', 'closing']).nullable(),
  })
  .meta({ id: 'NoticeTopic' })

export const noticeChoiceParams = z.object({
  topic: z.enum(topics),
  channel: z.enum(['email', 'sms']),
})
export const noticeChoiceWire = z.object({ wanted: z.boolean() })
