/** Single-key shortcuts: never while somebody types or a dialog is open, and they can be
 * switched off. */
import { useEffect, useRef, useSyncExternalStore } from 'react'

const saved = 'violet.keys'
const listeners = new Set<() => void>()

export function keysOn(): boolean {
  return localStorage.getItem(saved) !== 'off'
}

export function switchKeys(on: boolean): void {
  localStorage.setItem(saved, on ? 'on' : 'off')
  for (const listener of listeners) listener()
}

export function useKeysOn(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, keysOn)
}

export type KeyMap = Readonly<Record<string, (() => void) | undefined>>

export function useKeys(map: KeyMap): void {
  const current = useRef(map)
  useEffect(() => {
    current.current = map
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!keysOn() || event.defaultPrevented || event.repeat) return
      if (event.metaKey || event.ctrlKey || event.altKey || busyElsewhere(event.target)) return
      const act = current.current[event.key.toLowerCase()]
      if (!act) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

function busyElsewhere(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]')) return true
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable]') !== null
  )
}
