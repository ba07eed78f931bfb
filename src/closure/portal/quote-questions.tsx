/** The questions of a quote: one per kind of money, each starting empty. */
import { type Choice, Choices, Tick } from '../../portal/components/choices.tsx'
import { isZero, type Money, sum } from '../../portal/format.ts'
import { Section } from '../../portal/page.tsx'
import { EndQuestion } from './own-day.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { ClosureChoices, Quote } from '../../portal/wire.ts'
import { type Translate, useWords } from '../../portal/words.tsx'
import { instrumentText, paidOf, totalOf } from './quote-text.ts'

type QuestionsProps = {
  quote: Quote
  /** Shown at once, also before the server has it. */
  chosen: ClosureChoices
  tried: boolean
  onChange: (choices: ClosureChoices) => void
}

export function Questions({ quote, chosen: choices, tried, onChange: change }: QuestionsProps) {
  const { t } = useWords()
  const format = useFormat()
  const paid = quote.currencies.flatMap((table) => paidOf(table) ?? [])
  const promotional = quote.currencies.flatMap(
    (table) => totalOf(table, ['promotional-credit']) ?? [],
  )
  // What is not refunded now can't be changed, and a rate may be out of date by now.
  const onChange = (wanted: ClosureChoices) => {
    const { exchange, ...rest } = wanted
    const isOffered = quote.allowed.exchange?.some(({ into }) => into === exchange?.into)
    change(isRefunded(wanted) && (isOffered || exchange === null) ? wanted : rest)
  }
  const error = (kind: 'paid' | 'promotional' | 'shared') =>
    tried && !choices[kind] ? t('quote.choose-one') : undefined
  return (
    <>
      {quote.allowed.shared?.[0] && (
        <Section>
          <SharedQuestion
            shared={quote.allowed.shared}
            value={choices.shared?.disposition}
            onChange={(disposition) => onChange({ ...choices, shared: { disposition } })}
            error={error('shared')}
          />
        </Section>
      )}
      {(paid.some((money) => !isZero(money)) || renews(quote)) && (
        <Section>
          <Choices
            legend={paidLegend(quote, paid, t, format)}
            choices={usePaidChoices(quote)}
            value={keyOf(choices.paid)}
            onChange={(key) =>
              onChange(paidChosen(choices, key === spendKey ? spendChoice(quote) : choiceOf(key)))
            }
            error={error('paid')}
          />
        </Section>
      )}
      {quote.allowed.exchange?.[0] && isRefunded(choices) && (
        <Section>
          <ExchangeQuestion
            quote={quote}
            value={choices.exchange === null ? alone : choices.exchange?.into}
            onChange={(key) =>
              onChange({ ...choices, exchange: key === alone ? null : { into: key } })
            }
          />
        </Section>
      )}
      <TheEnd quote={quote} choices={choices} onChange={onChange} />
      {promotional.some((money) => !isZero(money)) && (
        <Section>
          <Choices
            legend={t('quote.where-promotional', {
              amount: format.list(promotional.map(format.money)),
            })}
            choices={usePromotionalChoices(quote)}
            value={keyOf(choices.promotional)}
            onChange={(key) =>
              onChange({ ...choices, promotional: choiceOf(key) as ClosureChoices['promotional'] })
            }
            error={error('promotional')}
          />
        </Section>
      )}
    </>
  )
}

type TextsProps = Pick<QuestionsProps, 'quote' | 'onChange'> & { choices: ClosureChoices }

function TheEnd(props: TextsProps) {
  return (
    <>
      <EndQuestion {...props} />
      <Texts {...props} />
    </>
  )
}

/** Grace, off unless it is asked for. */
function Texts({ quote, choices, onChange }: TextsProps) {
  const { t } = useWords()
  const format = useFormat()
  const { texts, ...without } = choices
  const until = quote.allowed.textsUntil
  if (!until) return null
  return (
    <Section>
      <Tick
        checked={texts === true}
        onChange={(wanted) => onChange(wanted ? { ...without, texts: true } : without)}
      >
        <span className="block">{t('quote.texts')}</span>
        <span className="small c2 block">
          {t('quote.texts-what', { at: format.moment(until) })}
        </span>
      </Tick>
    </Section>
  )
}

type SharedProps = {
  shared: NonNullable<Quote['allowed']['shared']>
  value: 'return' | 'stay' | undefined
  onChange: (disposition: 'return' | 'stay') => void
  error: string | undefined
}

/** Credit that is not this line's alone, and nobody said when it was moved whose it would be. */
function SharedQuestion({ shared, ...question }: SharedProps) {
  const { t } = useWords()
  const format = useFormat()
  const names = format.list(shared.map(({ name }) => name))
  const amounts = Map.groupBy(
    shared.map(({ amount }) => amount),
    ({ currency }) => currency,
  )
  const amount = format.list(
    [...amounts.values()].flatMap((all) => sum(all) ?? []).map(format.money),
  )
  return (
    <Choices
      legend={t('quote.shared', { amount, names })}
      choices={[
        {
          key: 'return',
          label: t('quote.shared-return', { names }),
          detail: t('quote.shared-return-detail'),
        },
        {
          key: 'stay',
          label: t('quote.shared-stay'),
          detail: t('quote.shared-stay-detail', { names }),
        },
      ]}
      {...question}
    />
  )
}

function isRefunded({ paid, endsOn }: ClosureChoices): boolean {
  return paid?.disposition === 'refund' && !paid.spendFirst && !endsOn
}

const alone = 'alone'

type ExchangeProps = {
  quote: Quote
  value: string | undefined
  onChange: (key: string) => void
}

/** Optional: nothing is preselected, and without an answer each currency goes back by itself. */
function ExchangeQuestion({ quote, value, onChange }: ExchangeProps) {
  const { t } = useWords()
  const format = useFormat()
  const moneyOf = (money: Money | undefined) => (money ? format.money(money) : '')
  const offers = (quote.allowed.exchange ?? []).map(({ into, parts }) => ({
    key: into,
    label: t('quote.exchange-into', {
      from: format.list(parts.map(({ from }) => format.money(from))),
      becomes: moneyOf(sum(parts.map(({ becomes }) => becomes))),
    }),
    detail: parts.map(({ from: { currency: from }, rate, source, asOf, validUntil }) => (
      <span className="block" key={from}>
        {[
          t('money.rate', { from, into, rate, day: format.day(asOf, { year: true }) }),
          t('money.source', { source }),
          t('quote.exchange-until', { at: format.moment(validUntil) }),
        ].join(' · ')}
      </span>
    )),
  }))
  const stay = {
    key: alone,
    label: t('quote.exchange-alone'),
    detail: t('quote.exchange-alone-detail'),
  }
  return (
    <Choices
      legend={t('quote.exchange')}
      choices={[stay, ...offers]}
      value={value}
      onChange={onChange}
    />
  )
}

const renews = ({ ownDay, goingOn }: Quote) =>
  (ownDay?.lines ?? goingOn ?? []).some((line) => line.renews)

/** Where all is used by the day, what a renewal leaves is asked about without an amount. */
function paidLegend(
  quote: Quote,
  paid: readonly Money[],
  t: Translate,
  format: ReturnType<typeof useFormat>,
): string {
  if (renews(quote)) return t('quote.day-left')
  return t('quote.where-paid', { amount: format.list(paid.map(format.money)) })
}

/** Spending first says when it ends, too. */
function paidChosen({ endsOn, ...rest }: ClosureChoices, paid: ClosureChoices['paid']) {
  const isKept = endsOn !== undefined && !paid?.spendFirst
  return { ...rest, paid, ...(isKept && { endsOn }) }
}

const spendKey = 'spend'

/** What is left after spending goes where money goes without a line. */
function spendChoice({ allowed }: Quote): ClosureChoices['paid'] {
  const after = (['refund', 'keep', 'donate'] as const).find((one) => allowed.paid.includes(one))
  return after ? { disposition: after, spendFirst: true } : null
}

function keyOf(choice: ClosureChoices['paid']): string | undefined {
  if (!choice) return undefined
  if (choice.spendFirst) return spendKey
  return [choice.disposition, choice.toLineId].filter(Boolean).join(':')
}

function choiceOf(key: string): NonNullable<ClosureChoices['paid']> {
  const [disposition, toLineId] = key.split(':') as [
    NonNullable<ClosureChoices['paid']>['disposition'],
    string?,
  ]
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
  const spend = useSpendChoice(quote)
  const all: Record<string, Choice[]> = {
    refund: [refund],
    move: moves,
    donate: [{ key: 'donate', label: t('quote.donate-it'), detail: t('quote.donate-detail') }],
    keep: [{ key: 'keep', label: t('quote.keep-it'), detail: t('quote.keep-detail') }],
    'give-up': [{ key: 'give-up', label: t('quote.give-up'), detail: t('quote.give-up-detail') }],
  }
  return [...quote.allowed.paid.flatMap((disposition) => all[disposition] ?? []), ...spend]
}

const spendWords = {
  refund: 'quote.spend-refund',
  keep: 'quote.spend-keep',
  donate: 'quote.spend-donate',
} as const

function useSpendChoice(quote: Quote): Choice[] {
  const { t } = useWords()
  const format = useFormat()
  const after = spendChoice(quote)?.disposition as keyof typeof spendWords | undefined
  const until = quote.allowed.spendUntil
  if (!until || !after) return []
  const detail = t(spendWords[after], { at: format.moment(until) })
  return [{ key: spendKey, label: t('quote.spend-it'), detail }]
}

function usePromotionalChoices(quote: Quote): Choice[] {
  const { t } = useWords()
  const moves = useMoves(quote, t('quote.move-promotional-detail'))
  const giveUp: Choice = {
    key: 'give-up',
    label: t('quote.give-up'),
    detail: t('quote.give-up-detail'),
  }
  return quote.allowed.promotional.flatMap((disposition) =>
    disposition === 'move' ? moves : [giveUp],
  )
}
