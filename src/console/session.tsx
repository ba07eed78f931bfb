/** Which member of staff is signed in; when nobody is, sign in and come back to the same page. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { createContext, type ReactNode, use, useEffect } from 'react'
import { problemCode } from '../portal/api.ts'
import { Redirect } from '../portal/redirect.tsx'
import { Failed, WaitingRows } from './components/listing.tsx'
import { staffQuery } from './queries.ts'
import type { Staff } from './wire.ts'

const StaffContext = createContext<Staff | null>(null)

/** Only below `SignedIn`. */
export function useStaff(): Staff {
  const staff = use(StaffContext)
  if (!staff) throw new Error('used outside SignedIn')
  return staff
}

export function SignedIn({ children }: { children: ReactNode }) {
  const me = useQuery(staffQuery)
  const { pathname, searchStr } = useLocation()
  if (me.data === null) {
    const next = pathname === '/' ? undefined : pathname + searchStr
    return <Redirect to="/sign-in" search={{ next }} />
  }
  if (me.data) return <StaffContext value={me.data}>{children}</StaffContext>
  if (me.error) {
    return (
      <main className="page">
        <Failed error={me.error} retry={() => void me.refetch()} />
      </main>
    )
  }
  return (
    <main className="page">
      <WaitingRows />
    </main>
  )
}

/** A 401 anywhere means the session is over. */
export function useStaffWatch(): void {
  const client = useQueryClient()
  useEffect(() => {
    const onError = (error: unknown) => {
      if (problemCode(error) === 'staff-not-signed-in')
        client.setQueryData(staffQuery.queryKey, null)
    }
    const queries = client.getQueryCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'error') onError(event.action.error)
    })
    const mutations = client.getMutationCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'error') onError(event.action.error)
    })
    return () => {
      queries()
      mutations()
    }
  }, [client])
}
