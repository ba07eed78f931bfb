/** Adding paid credit to a line: an amount, then the pay page. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '../../portal/components/button.tsx'
import { Choices } from '../../portal/components/choices.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { lineQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { CouponSection } from './coupon-section.tsx'
import { usePay } from './pay.ts'
import { readAmount } from './top-up-amount.ts'

export function TopUpPage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const line = useQuery(lineQuery(lineId))
  if (line.data) return <TopUp line={line.data} />
  return (
    <Page head={t('line.top-up')}>
      <Loaded query={line} skeleton={<RowsSkeleton />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

const offered = ['5.00', '10.00', '20.00', '50.00'] as const

function TopUp({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  const { currency } = line.paidCredit
  const [draft, setDraft] = useDraft<{ pick: string; other: string }>(`top-up:${line.lineId}`, {
    pick: '',
    other: '',
  })
  const [tried, setTried] = useState(false)
  const amount = draft.pick === 'other' ? readAmount(draft.other) : draft.pick || undefined
  const body = { amount: { amount: amount ?? '', currency } }
  const pay = usePay(`${line.lineId}:${amount ?? ''}`, `/v1/lines/${line.lineId}/top-ups`, body)
  const choices = offered.map((value) => ({
    key: value as string,
    label: format.money({ amount: value, currency }),
  }))
  const submit = () => {
    setTried(true)
    if (amount && !pay.isPending) pay.mutate()
  }
  const dock = (
    <>
      <Refusal error={pay.error} />
      <Button kind="primary" block busy={pay.isPending} onClick={submit}>
        {amount
          ? t('checkout.pay', { amount: format.money({ amount, currency }) })
          : t('top-up.pay')}
      </Button>
    </>
  )
  return (
    <Page
      head={t('top-up.head')}
      sub={t('top-up.sub', { name: line.nickname, balance: format.money(line.paidCredit) })}
      back={`/lines/${line.lineId}`}
      dock={dock}
    >
      <div className="grid gap-5 mt-5">
        <Choices
          legend={t('top-up.head')}
          hideLegend
          choices={[
            ...choices,
            { key: 'other', label: t('top-up.other'), detail: t('top-up.range') },
          ]}
          value={draft.pick || undefined}
          onChange={(pick) => setDraft({ ...draft, pick })}
          error={tried && !draft.pick ? t('top-up.missing') : undefined}
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
        <p className="small c2">{t('top-up.refundable')}</p>
      </div>
      <CouponSection lineId={line.lineId} />
    </Page>
  )
}
