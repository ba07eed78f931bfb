/** Which messages a subscriber may do without, by topic and channel, and why the others always come. */
import type { Channel, Recipient, TemplateName } from './notice.ts'
import { topics } from './wire.ts'

export { topics }

export type Topic = (typeof topics)[number]

/** Up to the subscriber, and on or off until they say; always: nobody can switch it off; never: not sent that way. */
export type Rule = 'on' | 'off' | 'always' | 'never'
export type Why = 'law' | 'security' | 'closing'

export const rules: Readonly<
  Record<Topic, { email: Rule; sms: Rule; why?: Why; about: readonly TemplateName[] }>
> = {
  usage: { email: 'on', sms: 'on', about: ['usage-low', 'cap-reached'] },
  // What renews, for how much and until when one can stop it must be said in writing.
  renewal: {
    email: 'always',
    sms: 'off',
    why: 'law',
    about: ['plan-reminder', 'plan-renewed', 'plan-waits', 'plan-ended', 'plan-changed'],
  },
  help: { email: 'on', sms: 'on', about: ['ticket-answered'] },
  news: { email: 'on', sms: 'never', about: ['line-active', 'plan-version'] },
  receipts: { email: 'always', sms: 'never', why: 'law', about: ['order-paid'] },
  security: {
    email: 'always',
    sms: 'always',
    why: 'security',
    about: [
      'sign-in-code',
      'staff-sign-in-code',
      'contact-code',
      'passkey-code',
      'number-code',
      'new-device',
      'contact-added',
      'contact-removed',
      'passkey-added',
      'passkey-removed',
      'port-code-given',
      'number-unlocked',
      'port-pending',
      'port-completed',
      'port-ended',
      'port-after-end',
      'number-arrived',
      'number-stayed-away',
      'line-suspended',
      'line-resumed',
    ],
  },
  closing: {
    email: 'always',
    sms: 'always',
    why: 'closing',
    about: [
      'closure-code',
      'closure-received',
      'closure-announced',
      'closure-called-off',
      'closure-alert',
      'closure-asked',
      'closure-intake',
      'closure-frozen',
      'closure-thawed',
      'closure-withdrawn',
      'closure-approved',
      'closure-rejected',
      'closure-agree-again',
      'closure-act',
      'closure-of-age',
      'closure-late',
      'closure-question',
      'closure-port-stayed',
      'closure-port-choose',
      'closure-service-ended',
      'closure-closed',
      'closure-removal-confirmed',
      'refund-sent',
      'refund-failed',
      'refund-late',
      'payout-failed',
      'erased',
    ],
  },
}

const topicByTemplate = new Map(
  topics.flatMap((topic) => rules[topic].about.map((template) => [template, topic] as const)),
)

/** A template that no topic names is always sent: forgetting one may not silence it. */
export function topicOf(template: TemplateName): Topic {
  return topicByTemplate.get(template) ?? 'security'
}

/** What somebody said of one topic on one channel. */
export type Choice = { topic: string; channel: string; wanted: boolean }

export const isOpen = (rule: Rule): rule is 'on' | 'off' => rule === 'on' || rule === 'off'

/** Whether a topic is sent on a channel to somebody with these choices. */
export function isWanted(topic: Topic, channel: Channel, choices: readonly Choice[]): boolean {
  const rule = rules[topic][channel]
  if (!isOpen(rule)) return rule === 'always'
  const said = choices.find((choice) => choice.topic === topic && choice.channel === channel)
  return said?.wanted ?? rule === 'on'
}

/** Whether what somebody chose has to be looked up before a message is written. */
export function dependsOnChoice(template: TemplateName, recipients: readonly Recipient[]): boolean {
  const rule = rules[topicOf(template)]
  return recipients.some(({ channel }) => isOpen(rule[channel]))
}

/** Those of the recipients who want to hear of it. */
export function whoWants(
  template: TemplateName,
  recipients: readonly Recipient[],
  choices: readonly Choice[],
): Recipient[] {
  const topic = topicOf(template)
  return recipients.filter(({ channel }) => isWanted(topic, channel, choices))
}
