/** What the four steps share: the draft they work on, its names, and the way to stay. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { Loaded } from '../../portal/failure.tsx'
import { Redirect } from '../../portal/redirect.tsx'
import { Page } from '../../portal/page.tsx'
import { closureQuery, linesQuery, queryClient } from '../../portal/queries.ts'
import { useGo } from '../../portal/go.ts'
import { useToast } from '../../portal/toast.tsx'
import type { Closure } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { openQuestion } from './question.tsx'

type DraftProps = { step: number; children: (closure: Closure) => ReactNode }

const isEditable = (closure: Closure) =>
  closure.state === 'draft' || (closure.state === 'needs_customer' && !openQuestion(closure))

/** A step of what can still be chosen; what runs by itself belongs on the progress page. */
export function Draft({ step, children }: DraftProps) {
  const { caseId } = useParams({ strict: false }) as { caseId: string }
  const { t } = useWords()
  const closure = useQuery({ ...closureQuery(caseId), staleTime: 0 })
  if (closure.data && !isEditable(closure.data)) {
    return <Redirect to={`/closures/${caseId}`} />
  }
  if (closure.data) return children(closure.data)
  return (
    <Page head={t('closing.waiting')} step={step}>
      <Loaded query={closure} skeleton={<RowsSkeleton count={5} />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

export function useClosureName() {
  const { t } = useWords()
  return (closure: Closure) => closure.lineName ?? t('closing.account')
}

/** A line's own name; moved money and account closures name several. */
export function useLineName() {
  const lines = useQuery(linesQuery)
  return (lineId: string | null) => lines.data?.find((line) => line.lineId === lineId)?.nickname
}

/** Where the country prescribes a button's words, they win over ours. */
export function useLabel(closure: Closure) {
  const { locale } = useWords()
  return (slot: 'close.confirm' | 'withdraw.confirm', ours: string) =>
    closure.policy.buttonLabels[slot]?.[locale] ?? ours
}

export function homeOf(closure: Closure): string {
  return closure.lineId ? `/lines/${closure.lineId}` : '/account'
}

/** Drops the draft; one half of every choice between staying and going. */
export function KeepButton({ closure, block }: { closure: Closure; block?: boolean }) {
  const { t } = useWords()
  const go = useGo()
  const toast = useToast()
  const keep = useMutation({
    mutationFn: () => send<Closure>('POST', `/v1/closures/${closure.caseId}/withdraw`),
    onSettled: async () => {
      await go(homeOf(closure))
      queryClient.removeQueries({ queryKey: closureQuery(closure.caseId).queryKey })
      await queryClient.invalidateQueries({ queryKey: ['lines'] })
      toast(t('closing.kept'))
    },
  })
  // A number that has left is given back by nobody.
  if (!closure.canWithdraw) return null
  return (
    <Button
      kind="even"
      busy={keep.isPending}
      onClick={() => keep.mutate()}
      {...(block && { block })}
    >
      {closure.scope === 'line' ? t('closing.keep-line') : t('closing.keep-account')}
    </Button>
  )
}

export function useChange(closure: Closure) {
  const { queryKey } = closureQuery(closure.caseId)
  return useMutation({
    // One after another, so that what was chosen last is what stays.
    scope: { id: closure.caseId },
    mutationFn: (change: Partial<Pick<Closure, 'choices' | 'reason' | 'reasonText'>>) =>
      send<Closure>('PATCH', `/v1/closures/${closure.caseId}`, change),
    onSuccess: (next) => queryClient.setQueryData(queryKey, next),
  })
}
