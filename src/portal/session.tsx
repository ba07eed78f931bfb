/** Who is signed in, and what happens when nobody is: sign in, and come back to the same page. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { createContext, type ReactNode, use, useEffect } from 'react'
import { problemCode } from './api.ts'
import { RowsSkeleton, Skeleton } from './components/notice.tsx'
import { Failure, Waiting } from './failure.tsx'
import { rememberedReference } from './farewell.ts'
import { forgetOwner } from './offline/last-known.ts'
import { meQuery } from './queries.ts'
import { Redirect } from './redirect.tsx'
import type { Subscriber } from './wire.ts'
import { useWords } from './words.tsx'

const SubscriberContext = createContext<Subscriber | null>(null)

/** Only below `SignedIn`. */
export function useSubscriber(): Subscriber {
  const subscriber = use(SubscriberContext)
  if (!subscriber) throw new Error('used outside SignedIn')
  return subscriber
}

export function SignedIn({ children }: { children: ReactNode }) {
  const me = useQuery(meQuery)
  const { href, pathname } = useLocation()
  if (me.data === null) {
    const reference = pathname.startsWith('/closures/') ? rememberedReference() : null
    if (reference) return <Redirect to={`/c/${reference}`} />
    return <Redirect to="/sign-in" search={{ next: href }} />
  }
  if (me.data) return <SubscriberContext value={me.data}>{children}</SubscriberContext>
  if (me.error) {
    return (
      <div className="app px-gutter">
        <Failure error={me.error} retry={() => void me.refetch()} />
      </div>
    )
  }
  return <PageSkeleton />
}

export function PageSkeleton() {
  const { t } = useWords()
  return (
    <div className="app" aria-busy="true">
      <div className="topbar" />
      <main className="main grid content-start gap-3">
        <h1 className="sr-only">{t('page.loading')}</h1>
        <Waiting />
        <Skeleton width="70%" height={34} />
        <Skeleton width="46%" height={18} />
        <div className="mt-4">
          <RowsSkeleton count={4} />
        </div>
      </main>
    </div>
  )
}

/** A 401 anywhere means the session is over: the page asks again, and `SignedIn` leads to sign-in.
 * */
export function useSessionWatch(): void {
  const client = useQueryClient()
  useEffect(() => {
    const onError = (error: unknown) => {
      if (problemCode(error) !== 'not-signed-in') return
      forgetOwner()
      client.setQueryData(meQuery.queryKey, null)
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
