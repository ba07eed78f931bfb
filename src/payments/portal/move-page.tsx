/** Moving paid credit from one line to another of the same person. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { Empty, RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { useGo } from '../../portal/go.ts'
import { Page } from '../../portal/page.tsx'
import { linesQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { amountIn, MoveFields, type Wished } from './move-fields.tsx'
import { othersOf } from './move-text.ts'

export function MovePage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const lines = useQuery(linesQuery)
  const line = lines.data?.find((one) => one.lineId === lineId)
  const others = lines.data && line ? othersOf(line, lines.data) : []
  if (line && others.length > 0) return <Move line={line} others={others} />
  return (
    <Page head={t('move.title')} back={`/lines/${lineId}`}>
      <Loaded query={lines} skeleton={<RowsSkeleton />}>
        {() => <Empty>{t('move.no-other')}</Empty>}
      </Loaded>
    </Page>
  )
}

type MoveDraft = Wished & { atClosing?: 'returns' | 'stays' }

function Move({ line, others }: { line: Line; others: Line[] }) {
  const { t } = useWords()
  const format = useFormat()
  const { currency } = line.paidCredit
  const initial: MoveDraft = { to: '', amount: '' }
  const [draft, setDraft, forget] = useDraft(`move:${line.lineId}`, initial)
  const [tried, setTried] = useState(false)
  const amount = amountIn(draft, line.paidCredit)
  const to = others.find(({ lineId }) => lineId === draft.to)
  const move = useMove(line, draft, { amount: amount ?? '', currency }, forget)
  const submit = () => {
    setTried(true)
    if (amount && to && draft.atClosing && !move.isPending) move.mutate()
  }
  return (
    <Page
      head={t('move.head')}
      title={t('move.title')}
      sub={t('top-up.sub', { name: line.nickname, balance: format.money(line.paidCredit) })}
      back={`/lines/${line.lineId}`}
      dock={
        <>
          <Refusal error={move.error} />
          <Button kind="primary" block busy={move.isPending} onClick={submit}>
            {amount && to
              ? t('move.confirm', { amount: format.money({ amount, currency }), name: to.nickname })
              : t('move.confirm-none')}
          </Button>
        </>
      }
    >
      <div className="grid gap-5 mt-5">
        <MoveFields
          lines={others}
          most={line.paidCredit}
          wished={draft}
          tried={tried}
          onChange={(change) => setDraft({ ...draft, ...change })}
        />
        {to && (
          <AtClosing
            from={line.nickname}
            to={to.nickname}
            value={draft.atClosing}
            onChange={(atClosing) => setDraft({ ...draft, atClosing })}
            error={tried && !draft.atClosing ? t('move.at-closing-choose') : undefined}
          />
        )}
        <p className="small c2">{t('move.what')}</p>
      </div>
    </Page>
  )
}

type AtClosingProps = {
  from: string
  to: string
  value: MoveDraft['atClosing']
  onChange: (value: 'returns' | 'stays') => void
  error: string | undefined
}

/** Said now, so that nobody has to agree about it when a line ends. */
function AtClosing({ from, to, ...question }: AtClosingProps) {
  const { t } = useWords()
  const returns = { label: t('move.returns', { name: from }), detail: t('move.returns-detail') }
  const stays = { label: t('move.stays', { name: to }), detail: t('move.stays-detail') }
  return (
    <Choices
      legend={t('move.at-closing', { name: to })}
      choices={[
        { key: 'returns', ...returns },
        { key: 'stays', ...stays },
      ]}
      {...question}
    />
  )
}

function useMove(
  line: Line,
  { to: toLineId, atClosing }: MoveDraft,
  amount: { amount: string; currency: string },
  onDone: () => void,
) {
  const client = useQueryClient()
  const toast = useToast()
  const go = useGo()
  const { t } = useWords()
  return useMutation({
    mutationFn: () =>
      send<Line>('POST', `/v1/lines/${line.lineId}/credit-moves`, { toLineId, amount, atClosing }),
    onSuccess: async () => {
      onDone()
      await client.invalidateQueries({ queryKey: ['lines'] })
      await client.invalidateQueries({ queryKey: ['statement'] })
      toast(t('move.done'))
      await go(`/lines/${line.lineId}`)
    },
  })
}
