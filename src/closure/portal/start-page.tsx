/** Opens the closing of a line or of the account, or finds the one already open, and goes on there.
 * */
import { useMutation } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { send } from '../../portal/api.ts'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { Failure } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { closureQuery, queryClient } from '../../portal/queries.ts'
import { useGo } from '../../portal/go.ts'
import { markWithdrawal } from './withdrawal.ts'
import type { Closure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

export function StartPage() {
  const { lineId } = useParams({ strict: false }) as { lineId?: string }
  const { withdraw } = useSearch({ strict: false }) as { withdraw?: string }
  const { t } = useWords()
  const go = useGo()
  const start = useMutation({
    mutationFn: () =>
      send<Closure>(
        'POST',
        '/v1/closures',
        lineId ? { scope: 'line', lineId } : { scope: 'account' },
      ),
    onSuccess: async (closure) => {
      queryClient.setQueryData(closureQuery(closure.caseId).queryKey, closure)
      markWithdrawal(closure.caseId, withdraw !== undefined)
      const base = `/closures/${closure.caseId}`
      await go(closure.state === 'draft' ? `${base}/ready` : base, { replace: true })
    },
  })
  const { mutate } = start
  useEffect(() => mutate(), [mutate])
  const head = lineId ? t('line.close') : t('account.close')
  return (
    <Page head={head} flow={head} step={1} back={lineId ? `/lines/${lineId}` : '/account'}>
      {start.error ? (
        <Failure error={start.error} retry={() => mutate()} />
      ) : (
        <div className="mt-4" aria-busy="true">
          <RowsSkeleton count={6} />
        </div>
      )}
    </Page>
  )
}
