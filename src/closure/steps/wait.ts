/** What settling waits for before the last cent has its place: records that come late, and the word of a bank. */
import { askDisputes, disputesOf } from '../../payments/dispute-store.ts'
import { endOfAny, type Policy, ruleFor } from '../../policy/policy.ts'
import type { Outcome, OutsideStep, Pending, StepContext } from './step.ts'

/** Until when records of an ended line are still taken for it. */
export function lateUntil(policy: Policy, endedAt: Temporal.Instant): Temporal.Instant {
  return endOfAny(policy, ruleFor(policy, 'lateUsageWindow'), endedAt) ?? endedAt
}

export const lateUsage: OutsideStep = {
  kind: 'outside',
  isDone: async (context) => untilOver(context),
  perform: async (context) => untilOver(context),
  async record(_trx, all) {
    return all.map(() => ({ events: [{ kind: 'late-usage-over' }] }))
  },
}

function untilOver({ c, policy, now }: StepContext): Outcome | Pending {
  const until = lateUntil(policy, c.serviceEndedAt ?? now)
  const leftMs = until.epochMilliseconds - now.epochMilliseconds
  return leftMs > 0 ? { pendingMs: leftMs } : { until: until.toString() }
}

/** A bank takes weeks; the provider's message is faster than asking. */
const askAgainMs = 86_400_000

export const dispute: OutsideStep = {
  kind: 'outside',

  async isDone({ app, c, subject }) {
    const found = await disputesOf(app.db, [c.subscriberId])
    const { state } = found(c.subscriberId).find(({ disputeId }) => disputeId === subject) ?? {
      state: 'won',
    }
    return state === 'open' ? undefined : { state }
  },

  async perform(context) {
    const { app, c, partners, subject } = context
    const { subscriberId } = c
    const found = (await disputesOf(app.db, [subscriberId]))(subscriberId)
    const { orderId = '' } = found.find(({ disputeId }) => disputeId === subject) ?? {}
    await askDisputes(app, partners.payments, { subscriberId, orderId })
    return (await dispute.isDone(context)) ?? { pendingMs: askAgainMs }
  },

  async record(_trx, all) {
    return all.map(({ subject, performed }) => {
      const detail = { dispute: subject, state: performed['state'] ?? '' }
      return { events: [{ kind: 'dispute-decided', detail }] }
    })
  },
}
