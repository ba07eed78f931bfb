/** What use may take of a line's credit in a period: set by its owner, from nothing to all there is. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { readMoney } from '../../portal/format.ts'
import { useGo } from '../../portal/go.ts'
import { Page } from '../../portal/page.tsx'
import { lineQuery } from '../../portal/queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

export function CapPage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const line = useQuery(lineQuery(lineId))
  if (line.data) return <Cap key={lineId} line={line.data} />
  return (
    <Page head={t('cap.title')} back={`/lines/${lineId}`}>
      <Loaded query={line} skeleton={<RowsSkeleton />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

const offered = ['0.00', '5.00', '10.00', '20.00'] as const
const capMax = 1000

/** What is set now is what is chosen: this is a setting, not a question. */
function chosenFor({ spendingCap }: Line): { pick: string; other: string } {
  if (!spendingCap) return { pick: 'none', other: '' }
  const isOffered = (offered as readonly string[]).includes(spendingCap.amount)
  return isOffered
    ? { pick: spendingCap.amount, other: '' }
    : { pick: 'other', other: spendingCap.amount }
}

function Cap({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  const { currency } = line.paidCredit
  const [draft, setDraft, forget] = useDraft(`cap:${line.lineId}`, chosenFor(line))
  const [tried, setTried] = useState(false)
  const amount = draft.pick === 'other' ? readMoney(draft.other, 0, capMax) : draft.pick
  const cap = draft.pick === 'none' ? null : { amount: amount ?? '', currency }
  const save = useSave(line, cap, forget)
  const money = (value: string) => format.money({ amount: value, currency })
  const choices = [
    { key: 'none', label: t('cap.none'), detail: t('cap.none-what') },
    ...offered.map((value) => ({
      key: value as string,
      label: money(value),
      ...(value === '0.00' && { detail: t('cap.nothing-what') }),
    })),
    { key: 'other', label: t('top-up.other'), detail: t('cap.range') },
  ]
  return (
    <Page
      head={
        line.spendingCap
          ? t('cap.head', { amount: format.money(line.spendingCap) })
          : t('cap.head-none')
      }
      title={t('cap.title')}
      sub={t('cap.sub', { name: line.nickname, spent: format.money(line.spent) })}
      back={`/lines/${line.lineId}`}
      dock={
        <>
          <Refusal error={save.error} />
          <Button
            kind="primary"
            block
            busy={save.isPending}
            onClick={() => {
              setTried(true)
              if (amount && !save.isPending) save.mutate()
            }}
          >
            {t('button.save')}
          </Button>
        </>
      }
    >
      <div className="grid gap-5 mt-5">
        <Choices
          legend={t('cap.title')}
          hideLegend
          choices={choices}
          value={draft.pick}
          onChange={(pick) => setDraft({ ...draft, pick })}
        />
        {draft.pick === 'other' && (
          <TextField
            label={t('top-up.amount', { currency })}
            inputMode="decimal"
            autoFocus
            value={draft.other}
            onChange={(other) => setDraft({ ...draft, other })}
            error={tried && !amount ? t('refusal.amount-out-of-range') : undefined}
          />
        )}
        <p className="small c2">{t('cap.what')}</p>
      </div>
    </Page>
  )
}

type Cap = { amount: string; currency: string } | null

function useSave(line: Line, spendingCap: Cap, onSaved: () => void) {
  const client = useQueryClient()
  const toast = useToast()
  const go = useGo()
  const { t } = useWords()
  return useMutation({
    mutationFn: () => send<Line>('PATCH', `/v1/lines/${line.lineId}`, { spendingCap }),
    onSuccess: async () => {
      onSaved()
      await client.invalidateQueries({ queryKey: ['lines'] })
      toast(t('account.saved'))
      await go(`/lines/${line.lineId}`)
    },
  })
}
