/** What the calls of a moment ago left of their sessions: the next one of each most often comes to the same server. */
import type { Facts } from './download-store.ts'

const kept = 1000

export type Recent = {
  keep(transactionId: string | undefined, facts: Facts): void
  /** Given once: whoever takes it leaves what comes after it. */
  take(transactionId: string | undefined): Facts | undefined
}

export function openRecent(): Recent {
  const known = new Map<string, Facts>()
  return {
    keep(transactionId, facts) {
      if (transactionId === undefined) return
      if (known.size >= kept) known.delete(known.keys().next().value ?? '')
      known.set(transactionId, facts)
    },
    take(transactionId) {
      if (transactionId === undefined) return undefined
      const facts = known.get(transactionId)
      known.delete(transactionId)
      return facts
    },
  }
}
