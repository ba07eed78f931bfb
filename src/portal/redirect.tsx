/** Leads on from a page that has nothing to show, once, without leaving it in the history. */
import { useEffect, useRef } from 'react'
import { useGo } from './go.ts'

type RedirectProps = { to: string; search?: Record<string, string | undefined> }

export function Redirect({ to, search }: RedirectProps) {
  const go = useGo()
  const gone = useRef(false)
  useEffect(() => {
    // While the next page loads this one may render again; it has decided already.
    if (gone.current) return
    gone.current = true
    void go(to, { replace: true, ...(search && { search }) })
  }, [go, to, search])
  return null
}
