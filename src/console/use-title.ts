/** The window's title, so that several tabs of the console can be told apart. */
import { useEffect } from 'react'

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Violet`
  }, [title])
}
