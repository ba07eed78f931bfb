/** What home showed last, kept on this device for its owner, so that it opens without a network. */
import type { Line, Operator, Subscriber } from '../wire.ts'

export type Known = {
  me: Subscriber
  operator: Operator
  lines: Line[]
  /** Milliseconds of the epoch: when the lines were answered. */
  at: number
}

const ownerKey = 'violet.signed-in'
const knownKey = 'violet.last-known'

/** Who is signed in on this device, as far as it knows. */
export function ownerHere(): string | null {
  return localStorage.getItem(ownerKey)
}

/** Of whoever was here before nothing stays. */
export function rememberOwner(subscriberId: string): void {
  if (ownerHere() !== subscriberId) localStorage.removeItem(knownKey)
  localStorage.setItem(ownerKey, subscriberId)
}

export function forgetOwner(): void {
  localStorage.removeItem(ownerKey)
  localStorage.removeItem(knownKey)
}

/** Kept only for the owner of this device, and for nobody who is leaving. */
export function keepKnown(known: Known): void {
  const leaving =
    known.lines.length > 0 &&
    known.lines.every(({ state }) => state === 'closing' || state === 'closed')
  if (known.me.subscriberId !== ownerHere()) return
  if (leaving) forgetKnown()
  else localStorage.setItem(knownKey, JSON.stringify(known))
}

export function forgetKnown(): void {
  localStorage.removeItem(knownKey)
}

export function lastKnown(): Known | undefined {
  const text = localStorage.getItem(knownKey)
  if (text === null) return undefined
  try {
    const known = JSON.parse(text) as Known
    return known.me.subscriberId === ownerHere() ? known : undefined
  } catch {
    return undefined
  }
}

/** Another tab signed somebody in or out: what this one shows may be nobody's here any more. */
export function whenOwnerChanges(tell: (owner: string | null) => void): () => void {
  const hear = ({ key, newValue }: StorageEvent) => {
    if (key === ownerKey || key === null) tell(newValue)
  }
  window.addEventListener('storage', hear)
  return () => window.removeEventListener('storage', hear)
}
