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

/** Nothing of one person is left in the tab for the next. */
export function forgetDrafts(): void {
  const names = Object.keys(sessionStorage).filter((name) => name.startsWith('violet.'))
  for (const name of names) sessionStorage.removeItem(name)
}
