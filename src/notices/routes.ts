/** Which messages the signed-in subscriber gets, and choosing among those that are up to them. */
import { z } from 'zod'
import type { App } from '../platform/app.ts'
import { type Http, refused, signedIn } from '../platform/http.ts'
import { problemWire } from '../values/wire.ts'
import { type Choice, isOpen, isWanted, rules, type Topic, topics } from './choice.ts'
import { choicesOf, choose } from './choice-store.ts'
import { noticeChoiceParams, noticeChoiceWire, noticeTopicWire } from './wire.ts'

const answers = { 200: z.object({ items: z.array(noticeTopicWire) }), '4xx': problemWire }

export function registerNoticesRoutes(http: Http, app: App) {
  const shown = async (subscriberId: string) => {
    const choices = await choicesOf(app.db, subscriberId)
    return { items: topics.map((topic) => topicShown(topic, choices)) }
  }

  http.get(
    '/v1/me/notices',
    {
      preHandler: signedIn(app),
      schema: {
        tags: ['me'],
        summary: 'What we write to you about, on which channels, and what can’t be switched off',
        response: answers,
      },
    },
    async (request) => shown(request.subscriberId),
  )

  http.put(
    '/v1/me/notices/:topic/:channel',
    {
      preHandler: signedIn(app, true),
      schema: {
        tags: ['me'],
        summary: 'Switch one kind of message on or off on one channel',
        params: noticeChoiceParams,
        body: noticeChoiceWire,
        response: answers,
      },
    },
    async (request, reply) => {
      const { subscriberId, params, body } = request
      const no = await choose(app, subscriberId, { ...params, ...body })
      return no ? refused(reply, no) : shown(subscriberId)
    },
  )
}

function topicShown(topic: Topic, choices: readonly Choice[]): z.input<typeof noticeTopicWire> {
  const rule = rules[topic]
  const channel = (name: 'email' | 'sms') =>
    rule[name] === 'never'
      ? null
      : { wanted: isWanted(topic, name, choices), mayChange: isOpen(rule[name]) }
  return { topic, email: channel('email'), sms: channel('sms'), why: rule.why ?? null }
}
