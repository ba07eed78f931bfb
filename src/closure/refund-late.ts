/** When a refund is later than was promised: what its owner or a bank holds up is not. */
import { isOurs, type TrackedRefund } from '../payments/payments.ts'
import { dueBy, type Policy } from '../policy/policy.ts'
import type { StoredCase } from './case.ts'
import { laterOf, type Lateness, standing } from './closure.ts'
import type { Table } from './final-statement.ts'

type Case = Pick<StoredCase, 'state' | 'attention' | 'quote'>
type Settled = Readonly<Record<string, string>> | undefined

/** Of a case whose money is settled, also where that is stuck. */
export function lateness(
  c: Case,
  policy: Policy,
  refunds: readonly TrackedRefund[],
  settled: Settled,
  now: Temporal.Instant,
): Lateness {
  if (standing(c) !== 'settling') return { late: [], next: null }
  const quoted = quotedRefunds(settled)
  const open = refunds
    .filter((refund) => refund.lateAt === null && isOurs(refund))
    .map((refund) => {
      const promised = quoted.has(refund.refundId) ? (c.quote?.refundBy ?? null) : null
      const promisedAt = promised === null ? null : Temporal.Instant.from(promised)
      return { refund, ...dueOf(policy, refund, promisedAt) }
    })
  const isLate = ({ due }: { due: Temporal.Instant }) => Temporal.Instant.compare(due, now) <= 0
  const [next = null] = open
    .filter((one) => !isLate(one))
    .map(({ due }) => due)
    .sort(Temporal.Instant.compare)
  const late = open.filter(isLate).map(({ refund, promisedAt }) => ({ refund, promisedAt }))
  return { late, next }
}

/** What was in the quote has its day there; what late records or a bank held back first has none. */
function quotedRefunds(settled: Settled): ReadonlySet<string> {
  const tables = JSON.parse(settled?.['tables'] ?? '[]') as Table[]
  return new Set(
    tables.flatMap(({ destinations }) =>
      destinations.flatMap(({ detail }) => detail['refund'] ?? []),
    ),
  )
}

/** Begun after its day, for whatever reason, it has this long before anybody is told. */
const atLeast = { hours: 1 }

/** The day that was promised; what could be sent only later has the time that policy gives from then. */
function dueOf(policy: Policy, refund: TrackedRefund, promised: Temporal.Instant | null) {
  const { requestedAt, namedAt, decidedAt } = refund
  const from = [promised === null ? requestedAt : null, namedAt, decidedAt]
  const days = from.flatMap((at) => (at ? dueBy(policy, 'refundDeadline', at) : []))
  const promisedAt = latest([...(promised ? [promised] : []), ...days])
  return { promisedAt, due: latest([promisedAt, requestedAt.add(atLeast)]) }
}

function latest(all: readonly Temporal.Instant[]): Temporal.Instant {
  return all.reduce((a, b) => laterOf(a, b))
}
