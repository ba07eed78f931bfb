/** Moving credit that is on no line, kept when one closed, to a line that can use it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, ButtonLink } from '../../portal/components/button.tsx'
import { Empty, RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import type { Money } from '../../portal/format.ts'
import { useGo } from '../../portal/go.ts'
import { Page } from '../../portal/page.tsx'
import { accountCreditQuery, linesQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { amountIn, MoveFields } from './move-fields.tsx'
import { linesFor } from './move-text.ts'

export function CreditPage() {
  const { t } = useWords()
  const credit = useQuery(accountCreditQuery)
  const lines = useQuery(linesQuery)
  const own = credit.data ?? []
  const fitting = (lines.data ?? []).filter((line) => linesFor(own, line))
  if (fitting.length > 0) return <Move credit={own} lines={fitting} />
  return (
    <Page head={t('credit.head')} title={t('credit.title')} back="/lines">
      <Loaded query={credit} skeleton={<RowsSkeleton />}>
        {() => (
          <Loaded query={lines} skeleton={<RowsSkeleton />}>
            {() => <NoLine credit={own} />}
          </Loaded>
        )}
      </Loaded>
    </Page>
  )
}

function NoLine({ credit }: { credit: readonly Money[] }) {
  const { t } = useWords()
  const format = useFormat()
  if (credit.length === 0) return <Empty>{t('credit.none')}</Empty>
  const choose = (
    <ButtonLink to="/" kind="primary">
      {t('home.choose')}
    </ButtonLink>
  )
  const amount = format.list(credit.map(format.money))
  return <Empty action={choose}>{t('credit.no-line', { amount })}</Empty>
}

function Move({ credit, lines }: { credit: readonly Money[]; lines: readonly Line[] }) {
  const { t } = useWords()
  const format = useFormat()
  const [draft, setDraft, forget] = useDraft('credit', { to: '', amount: '' })
  const [tried, setTried] = useState(false)
  const to = lines.find(({ lineId }) => lineId === draft.to)
  const of = credit.find(({ currency }) => currency === to?.paidCredit.currency) ?? credit[0]!
  const amount = amountIn(draft, of)
  const move = useMove({ toLineId: draft.to, amount: { ...of, amount: amount ?? '' } }, forget)
  const submit = () => {
    setTried(true)
    if (amount && to && !move.isPending) move.mutate()
  }
  return (
    <Page
      head={t('credit.head')}
      title={t('credit.title')}
      sub={t('credit.sub', { amount: format.list(credit.map(format.money)) })}
      back="/lines"
      dock={
        <>
          <Refusal error={move.error} />
          <Button kind="primary" block busy={move.isPending} onClick={submit}>
            {amount && to
              ? t('move.confirm', { amount: format.money({ ...of, amount }), name: to.nickname })
              : t('move.confirm-none')}
          </Button>
        </>
      }
    >
      <div className="grid gap-5 mt-5">
        <MoveFields
          lines={lines}
          most={of}
          wished={draft}
          tried={tried}
          onChange={(change) => setDraft({ ...draft, ...change })}
        />
      </div>
    </Page>
  )
}

function useMove(body: { toLineId: string; amount: Money }, onDone: () => void) {
  const client = useQueryClient()
  const toast = useToast()
  const go = useGo()
  const { t } = useWords()
  return useMutation({
    mutationFn: () => send<Line>('POST', '/v1/credit/moves', body),
    onSuccess: async () => {
      onDone()
      for (const queryKey of [['credit'], ['lines'], ['statement']])
        await client.invalidateQueries({ queryKey })
      toast(t('move.done'))
      await go('/lines')
    },
  })
}
