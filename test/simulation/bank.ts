/** The banks of people in a world: they ask for a payment back, and decide weeks later. */
import type { Provider } from '../../simulators/payments/provider.ts'
import type { openDatabase } from '../../simulators/database.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { money } from '../../src/values/money.ts'

export type Verdict = 'won' | 'lost'
export type Claim = { orderId: string; part: 'all' | 'half'; verdict: Verdict; decidesInMs: number }
export type Bank = {
  /** False when there is no such payment. */
  claim(claim: Claim): boolean
  due(): number | undefined
  work(): void
}

export function openBank(
  db: ReturnType<typeof openDatabase>,
  provider: Provider,
  clock: Clock,
): Bank {
  let undecided: { id: string; verdict: Verdict; dueMs: number }[] = []
  const nowMs = () => clock.now().epochMilliseconds
  return {
    claim({ orderId, part, verdict, decidesInMs }) {
      const payment = db.get<{ id: string; minor: number; currency: string }>(
        `select p.id, p.minor, p.currency from payment p join checkout c on c.id = p.checkout_id
         where c.reference glob :orderId || '*' order by p.id limit 1`,
        { orderId },
      )
      if (!payment) return false
      const half = money(BigInt(payment.minor) / 2n, payment.currency)
      const { id } = provider.openDispute(payment.id, part === 'half' ? half : undefined)
      undecided.push({ id, verdict, dueMs: nowMs() + decidesInMs })
      return true
    },
    due() {
      return undecided.length > 0 ? Math.min(...undecided.map(({ dueMs }) => dueMs)) : undefined
    },
    work() {
      const now = nowMs()
      for (const { id, verdict } of undecided.filter(({ dueMs }) => dueMs <= now))
        provider.decideDispute(id, verdict)
      undecided = undecided.filter(({ dueMs }) => dueMs > now)
    },
  }
}
