/** What a change costs, today and from then on, and the button that says so; the price shown is the price paid. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { problemCode, send } from '../../portal/api.ts'
import { Button, ButtonLink } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { Refusal, useSentence } from '../../portal/failure.tsx'
import { isNegative, isZero, negate } from '../../portal/format.ts'
import { useGo } from '../../portal/go.ts'
import { changeQuoteQuery, type ChangeWish } from '../../portal/line-queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { ChangeQuote, Line, Renewal } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

type Wish = Omit<ChangeWish, 'when'> & { when: ChangeWish['when'] | '' }
type Props = { line: Line; wish: Wish; moved: boolean; onDone: () => void }

export function ChangeDock({ line, wish, moved, onDone }: Props) {
  const { t } = useWords()
  const [tried, setTried] = useState(false)
  if (moved && wish.when !== '')
    return <Priced line={line} wish={{ ...wish, when: wish.when }} onDone={onDone} />
  return (
    <>
      {tried && (
        <div className="mb-3" id="change-why">
          <Notice>{t(moved ? 'change.choose-when' : 'change.move-first')}</Notice>
        </div>
      )}
      <Button kind="primary" block onClick={() => setTried(true)}>
        {t('change.confirm')}
      </Button>
    </>
  )
}

type PricedProps = { line: Line; wish: ChangeWish; onDone: () => void }

function Priced({ line, wish, onDone }: PricedProps) {
  const { t } = useWords()
  const format = useFormat()
  const sentence = useSentence()
  const settled = useSettled(wish)
  const quote = useQuery(changeQuoteQuery(line.lineId, settled))
  const confirm = useConfirm(line, settled, quote.data, onDone)
  const fresh = settled === wish && !quote.isFetching
  if (quote.error) return <Notice tone="warn">{sentence(quote.error)}</Notice>
  if (!quote.data)
    return (
      <Button kind="primary" block busy>
        {t('change.confirm')}
      </Button>
    )
  const { missing } = quote.data
  const changed = problemCode(confirm.error) === 'quote-changed'
  return (
    <>
      {changed ? (
        <div className="mb-3">
          <Notice tone="info">{t('change.quote-changed')}</Notice>
        </div>
      ) : (
        <Refusal error={confirm.error} />
      )}
      <Figures quote={quote.data} />
      {missing ? (
        <ButtonLink to={`/lines/${line.lineId}/top-up`} kind="primary" block>
          {t('change.within', { amount: format.money(missing) })}
        </ButtonLink>
      ) : (
        <Button
          kind="primary"
          block
          busy={confirm.isPending || !fresh}
          onClick={() => confirm.mutate()}
        >
          <Label quote={quote.data} />
        </Button>
      )}
    </>
  )
}

/** While a slider moves, nobody asks for prices. */
function useSettled(wish: ChangeWish): ChangeWish {
  const [settled, setSettled] = useState(wish)
  const same = JSON.stringify(settled) === JSON.stringify(wish)
  useEffect(() => {
    if (same) return
    const timer = setTimeout(() => setSettled(wish), 180)
    return () => clearTimeout(timer)
  })
  return same ? wish : settled
}

function useConfirm(
  line: Line,
  { when, steps, version, planId }: ChangeWish,
  quote: ChangeQuote | undefined,
  onDone: () => void,
) {
  const client = useQueryClient()
  const { t } = useWords()
  const format = useFormat()
  const toast = useToast()
  const go = useGo()
  return useMutation({
    mutationFn: () =>
      send<Renewal>('POST', `/v1/lines/${line.lineId}/plan-change`, {
        when,
        adjustment: steps,
        ...(version !== undefined && { version }),
        ...(planId !== undefined && { planId }),
        quoteHash: quote?.hash ?? '',
      }),
    onSuccess: async () => {
      onDone()
      await client.invalidateQueries({ queryKey: ['lines'] })
      await client.invalidateQueries({ queryKey: ['statement'] })
      const done = { now: 'change.done', renewal: 'change.done-at', period: 'change.done-period' }
      const key = done[quote?.kind ?? 'now'] as 'change.done'
      toast(t(key, { date: format.day(quote?.from ?? '') }))
      await go(`/lines/${line.lineId}`)
    },
    onError: (error) => {
      if (problemCode(error) === 'quote-changed')
        void client.invalidateQueries({ queryKey: ['lines', line.lineId] })
    },
  })
}

function Figures({ quote }: { quote: ChangeQuote }) {
  const { t } = useWords()
  const format = useFormat()
  const { due, rest, paidAlready, days, ofDays, priceBefore, priceAfter, kind } = quote
  const back = isNegative(due)
  const facts = {
    rest: format.money(rest),
    paid: format.money(paidAlready),
    days,
    of: ofDays,
  }
  return (
    <div className="grid gap-2.5 mb-4" role="status">
      {kind !== 'renewal' && (
        <Figure
          label={t(back ? 'change.back' : 'change.pay')}
          detail={
            kind === 'now'
              ? t(back ? 'change.of-back' : 'change.of', facts)
              : t('change.from-credit', { amount: format.money(quote.credit) })
          }
        >
          <b className="num">{format.money(back ? negate(due) : due)}</b>
        </Figure>
      )}
      <Figure
        label={t('change.every', {
          count: quote.periodDays,
          date: format.day(kind === 'now' ? quote.until : quote.from),
        })}
        {...(quote.percentOff > 0 && {
          detail: t('change.percent-off', { percent: quote.percentOff }),
        })}
      >
        {priceBefore.amount !== priceAfter.amount && (
          <s className="num c3 me-2">{format.money(priceBefore)}</s>
        )}
        <b className="num">{format.money(priceAfter)}</b>
      </Figure>
    </div>
  )
}

type FigureProps = { label: string; detail?: string; children: React.ReactNode }

function Figure({ label, detail, children }: FigureProps) {
  return (
    <div>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span>{label}</span>
        <span className="ms-auto">{children}</span>
      </div>
      {detail && <div className="caption c3">{detail}</div>}
    </div>
  )
}

function Label({ quote }: { quote: ChangeQuote }) {
  const { t } = useWords()
  const format = useFormat()
  const { kind, due } = quote
  if (kind === 'renewal') return t('change.confirm-at', { date: format.day(quote.from) })
  if (kind === 'period') return t('change.begin', { amount: format.money(due) })
  if (isZero(due)) return t('change.confirm')
  if (isNegative(due)) return t('change.confirm-back', { amount: format.money(negate(due)) })
  return t('change.confirm-pay', { amount: format.money(due) })
}
