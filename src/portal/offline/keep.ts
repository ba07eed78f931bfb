/** Keeps what home shows while somebody is signed in, and lets go of it when they are not. */
import { useEffect } from 'react'
import { forgetDrafts } from '../draft.ts'
import { linesQuery, meQuery, operatorQuery, queryClient } from '../queries.ts'
import { keepKnown, whenOwnerChanges } from './last-known.ts'

export function useKeeping(): void {
  useEffect(() => {
    keepNow()
    const stop = queryClient.getQueryCache().subscribe((event) => {
      const answered = event.type === 'updated' && event.action.type === 'success'
      const { queryKey } = event.query
      if (answered && queryKey.length === 1 && queryKey[0] === 'lines') keepNow()
    })
    const deaf = whenOwnerChanges((owner) => {
      const me = queryClient.getQueryData(meQuery.queryKey)
      if (!me || owner === me.subscriberId) return
      forgetDrafts()
      location.reload()
    })
    return () => {
      stop()
      deaf()
    }
  }, [])
}

function keepNow(): void {
  const me = queryClient.getQueryData(meQuery.queryKey)
  const operator = queryClient.getQueryData(operatorQuery.queryKey)
  const state = queryClient.getQueryState(linesQuery.queryKey)
  if (me && operator && state?.data && !state.error) {
    keepKnown({ me, operator, lines: state.data, at: state.dataUpdatedAt })
  }
}
