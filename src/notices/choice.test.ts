/** Every message belongs to one topic, and nothing about closing, money owed or security can be silenced. */
import { expect, test } from 'vitest'
import { dependsOnChoice, rules, topicOf, topics, whoWants } from './choice.ts'
import type { TemplateName } from './notice.ts'
import { templates } from './template.ts'

const names = Object.keys(templates) as TemplateName[]
const both = [
  { channel: 'email', address: 'lin@example.com' },
  { channel: 'sms', address: '+447700900461' },
] as const
const everything = topics.flatMap((topic) =>
  (['email', 'sms'] as const).map((channel) => ({ topic, channel, wanted: false })),
)

test('every template is in exactly one topic', () => {
  const named = topics.flatMap((topic) => rules[topic].about)
  expect([...named].sort()).toEqual([...names].sort())
})

test('whatever is switched off, codes, closing, security and receipts are sent', () => {
  const silenced = names.filter((name) => whoWants(name, both, everything).length === 0)
  expect(silenced.map(topicOf).sort()).toEqual(['help', 'news', 'news', 'usage', 'usage'])
  for (const name of ['closure-received', 'closure-code', 'new-device', 'refund-failed'] as const)
    expect(whoWants(name, both, everything)).toEqual(both)
  expect(whoWants('plan-reminder', both, everything)).toEqual([both[0]])
})

test('a reminder comes by text only to who asked for it; answers come until switched off', () => {
  const yes = [{ topic: 'renewal', channel: 'sms', wanted: true }]
  expect(whoWants('plan-reminder', both, [])).toEqual([both[0]])
  expect(whoWants('plan-reminder', both, yes)).toEqual(both)
  expect(whoWants('ticket-answered', both, yes)).toEqual(both)
  expect(whoWants('plan-version', both, yes)).toEqual([both[0]])
})

test('what always comes is written without a look at anybody’s choices', () => {
  expect(dependsOnChoice('closure-closed', both)).toBe(false)
  expect(dependsOnChoice('plan-renewed', [both[0]])).toBe(false)
  expect(dependsOnChoice('plan-renewed', both)).toBe(true)
})
