/** The time of this device, moving on every half minute; deadlines are shown to the minute. */
import { useSyncExternalStore } from 'react'

const everyMs = 30_000
let nowMs = Date.now()

function subscribe(listener: () => void): () => void {
  nowMs = Date.now()
  const timer = setInterval(() => {
    nowMs = Date.now()
    listener()
  }, everyMs)
  return () => clearInterval(timer)
}

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs)
}
