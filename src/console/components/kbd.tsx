/** A key's hint beside the action it triggers; the dialog of all keys says it to screen readers. */
import { useKeysOn } from '../keys.ts'

export function Kbd({ children }: { children: string }) {
  if (!useKeysOn()) return null
  return (
    <kbd className="kbd" aria-hidden="true">
      {children}
    </kbd>
  )
}
