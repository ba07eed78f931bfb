/** What a person typed survives a reload and a sign-in: kept in the tab's storage until it is sent.
 * */
import { useCallback, useState } from 'react'

const store = 'violet.draft.'

export function useDraft<Value>(name: string, initial: Value) {
  const key = store + name
  const [value, setValue] = useState<Value>(() => load(key) ?? initial)
  const set = useCallback(
    (next: Value) => {
      sessionStorage.setItem(key, JSON.stringify(next))
      setValue(next)
    },
    [key],
  )
  const clear = useCallback(() => sessionStorage.removeItem(key), [key])
  return [value, set, clear] as const
}

function load<Value>(key: string): Value | undefined {
  const saved = sessionStorage.getItem(key)
  if (saved === null) return undefined
  try {
    return JSON.parse(saved) as Value
  } catch {
    return undefined
  }
}

const owner = 'violet.owner'

/** What somebody typed before signing in again is theirs; of anybody else nothing stays. */
export async function ownDrafts(subscriberId: string): Promise<void> {
  const [salt = '', before] = sessionStorage.getItem(owner)?.split(' ') ?? []
  if (before !== undefined && before !== (await markOf(salt, subscriberId))) forgetDrafts()
  const fresh = salt || crypto.randomUUID()
  sessionStorage.setItem(owner, `${fresh} ${await markOf(fresh, subscriberId)}`)
}

/** Tells one owner from another, and tells nobody who it is. */
async function markOf(salt: string, subscriberId: string): Promise<string> {
  const text = new TextEncoder().encode(salt + subscriberId)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
  return btoa(String.fromCharCode(...digest))
}

/** Nothing of one person is left in the tab for the next. */
export function forgetDrafts(): void {
  const names = Object.keys(sessionStorage).filter((name) => name.startsWith('violet.'))
  for (const name of names) sessionStorage.removeItem(name)
}
