/** Going to a page by its path. */
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { linkProps } from './components/button.tsx'

type Place = { to: string; search: Record<string, string> }

/** Where a person was before signing in; only addresses inside the portal are followed. */
export function placeInside(next: string | undefined): Place {
  const inside = next?.startsWith('/') && !/^\/[/\\]/.test(next) ? next : '/lines'
  const [to = '/lines', query = ''] = inside.split('?')
  return { to, search: Object.fromEntries(new URLSearchParams(query)) }
}

type Options = { search?: Record<string, string | undefined>; replace?: boolean }

export function useGo() {
  const navigate = useNavigate()
  return useCallback(
    (to: string, options: Options = {}) => navigate(linkProps({ to, ...options }) as never),
    [navigate],
  )
}
