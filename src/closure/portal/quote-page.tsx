/** Step 2: what comes back, to the cent, and where each amount goes; nothing is chosen for anyone. */
import { useState } from 'react'
import { Button, Pair } from '../../portal/components/button.tsx'
import { type Choice, Choices } from '../../portal/components/choices.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { isZero } from '../../portal/format.ts'
import { Page, Section } from '../../portal/page.tsx'
import { useGo } from '../../portal/session.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, ClosureChoices, Quote } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { Draft, KeepButton, useChange } from './case.tsx'
import { Destinations, type QuoteBefore, Sources } from './quote-tables.tsx'
import { instrumentText, refunds, refundText, totalOf } from './quote-text.ts'

export function QuotePage() {
  return (
    <Draft step={2}>
      {(closure) => (closure.quote ? <Shown closure={closure} quote={closure.quote} /> : null)}
    </Draft>
  )
}

type QuoteProps = { closure: Closure; quote: Quote }

function Shown({ closure, quote }: QuoteProps) {
  const { t } = useWords()
  const format = useFormat()
  const go = useGo()
  const change = useChange(closure)
  const [tried, setTried] = useState(false)
  const [before] = useDraft<QuoteBefore | null>(`quote-before:${closure.caseId}`, null)
  const missing = quote.choicesNeeded.filter((need) => need !== 'reason')
  const goOn = () => {
    setTried(true)
    if (missing.length > 0) {
      document.querySelector<HTMLElement>('.choices.error input, fieldset[data-open] input')?.focus()
      return
    }
    const askReason = closure.policy.reasonMode === 'required' && closure.reason === null
    void go(`/closures/${closure.caseId}/${askReason ? 'reason' : 'answers'}`)
  }
  return (
    <Page
      head={<Headline quote={quote} />}
      title={t('quote.title')}
      sub={<EndsAt closure={closure} quote={quote} />}
      flow={t(closure.scope === 'line' ? 'line.close' : 'account.close')}
      step={2}
      back={`/closures/${closure.caseId}/ready`}
      dock={
        <>
          <Refusal error={change.error} />
          <Result quote={quote} />
          <Pair>
            <KeepButton closure={closure} />
            <Button kind="even" onClick={goOn}>
              {t('quote.go-on')}
            </Button>
          </Pair>
        </>
      }
    >
      {before && (
        <div className="mt-4">
          <Notice>{t('quote.changed')}</Notice>
        </div>
      )}
      {quote.currencies.map((table) => (
        <div className="mt-5" key={table.currency}>
          <Sources
            closure={closure}
            table={table}
            before={before?.currencies.find((one) => one.currency === table.currency)}
          />
        </div>
      ))}
      <Questions
        closure={closure}
        quote={quote}
        tried={tried}
        onChange={(choices) => change.mutate({ choices })}
      />
      {quote.currencies.map((table) => (
        <div className="sect" key={table.currency}>
          <Destinations closure={closure} table={table} />
        </div>
      ))}
      <p className="caption c3 mt-5">
        {t('quote.fixed-until', { at: format.moment(quote.validUntil) })}
      </p>
    </Page>
  )
}

function Headline({ quote }: { quote: Quote }) {
  const { t } = useWords()
  const format = useFormat()
  const empty = quote.currencies.every((table) => isZero(table.sourcesTotal))
  if (empty) return t('quote.head-nothing')
  if (quote.choicesNeeded.some((need) => need !== 'reason')) {
    const totals = quote.currencies.map((table) => format.money(table.sourcesTotal))
    return t('quote.head-choose', { amount: format.list(totals) })
  }
  if (refunds(quote).length > 0) return t('quote.head', { amount: refundText(quote, format) })
  return t('quote.head-no-refund')
}

export function EndsAt({ closure, quote }: QuoteProps) {
  const { t } = useWords()
  const format = useFormat()
  const line = closure.scope === 'line'
  if (quote.immediate) return t(line ? 'quote.ends-now' : 'quote.ends-now-account')
  const here = format.here(quote.endsAt)
  return (
    <>
      {t('quote.ends-at', { at: format.full(quote.endsAt) })}
      {here && ` ${t('quote.here', { at: here })}`}
    </>
  )
}

function Result({ quote }: { quote: Quote }) {
  const { t } = useWords()
  const format = useFormat()
  const open = quote.choicesNeeded.some((need) => need !== 'reason')
  const back = refundText(quote, format)
  const none = quote.currencies[0] && format.money(quote.currencies[0].refund)
  return (
    <div className="due" role="status">
      <span className="small c2">{t('quote.back-to-you')}</span>
      <span className="small num strong">
        {open ? <span className="c3">{t('quote.choose-first')}</span> : back || none}
      </span>
    </div>
  )
}

type QuestionsProps = QuoteProps & { tried: boolean; onChange: (choices: ClosureChoices) => void }

function Questions({ closure, quote, tried, onChange }: QuestionsProps) {
  const { t } = useWords()
  const format = useFormat()
  // Shown at once; the server's answer replaces it.
  const [choices, setChoices] = useState(closure.choices)
  const choose = (next: ClosureChoices) => {
    setChoices(next)
    onChange(next)
  }
  const paid = quote.currencies.flatMap((table) => totalOf(table, ['paid-credit', 'plan-days']) ?? [])
  const promotional = quote.currencies.flatMap((table) => totalOf(table, ['promotional-credit']) ?? [])
  const error = (kind: 'paid' | 'promotional') =>
    tried && choices[kind] === null ? t('quote.choose-one') : undefined
  return (
    <>
      {paid.some((money) => !isZero(money)) && (
        <Section>
          <Choices
            legend={t('quote.where-paid', { amount: format.list(paid.map(format.money)) })}
            choices={usePaidChoices(quote)}
            value={keyOf(choices.paid)}
            onChange={(key) => choose({ ...choices, paid: choiceOf(key) })}
            error={error('paid')}
          />
        </Section>
      )}
      {promotional.some((money) => !isZero(money)) && (
        <Section>
          <Choices
            legend={t('quote.where-promotional', { amount: format.list(promotional.map(format.money)) })}
            choices={usePromotionalChoices(quote)}
            value={keyOf(choices.promotional)}
            onChange={(key) => choose({ ...choices, promotional: choiceOf(key) as ClosureChoices['promotional'] })}
            error={error('promotional')}
          />
        </Section>
      )}
    </>
  )
}

function keyOf(choice: ClosureChoices['paid']): string | undefined {
  return choice ? [choice.disposition, choice.toLineId].filter(Boolean).join(':') : undefined
}

function choiceOf(key: string): NonNullable<ClosureChoices['paid']> {
  const [disposition, toLineId] = key.split(':') as [NonNullable<ClosureChoices['paid']>['disposition'], string?]
  return { disposition, ...(toLineId && { toLineId }) }
}

function useMoves(quote: Quote, detail: string): Choice[] {
  const { t } = useWords()
  return quote.allowed.moveTo.map(({ lineId, name }) => ({
    key: `move:${lineId}`,
    label: t('quote.move-to', { name }),
    detail,
  }))
}

function usePaidChoices(quote: Quote): Choice[] {
  const { t } = useWords()
  const moves = useMoves(quote, t('quote.move-paid-detail'))
  const cards = [...new Set(quote.refundTo.map((to) => instrumentText(to.instrument, t)))]
  const refund: Choice = {
    key: 'refund',
    label: t('quote.refund-it'),
    detail: cards.length > 0 ? cards.join(', ') : t('quote.refund-detail'),
  }
  const all: Record<string, Choice[]> = {
    refund: [refund],
    move: moves,
    donate: [{ key: 'donate', label: t('quote.donate-it'), detail: t('quote.donate-detail') }],
    'give-up': [{ key: 'give-up', label: t('quote.give-up'), detail: t('quote.give-up-detail') }],
  }
  return quote.allowed.paid.flatMap((disposition) => all[disposition] ?? [])
}

function usePromotionalChoices(quote: Quote): Choice[] {
  const { t } = useWords()
  const moves = useMoves(quote, t('quote.move-promotional-detail'))
  const giveUp: Choice = { key: 'give-up', label: t('quote.give-up'), detail: t('quote.give-up-detail') }
  return quote.allowed.promotional.flatMap((disposition) => (disposition === 'move' ? moves : [giveUp]))
}
