/** Step 3: everything on one page to check, with what can't be undone, and from when, on top. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { ButtonLink, linkProps, Pair } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { formatNumberE164, isZero } from '../../portal/format.ts'
import { Redirect } from '../../portal/redirect.tsx'
import { Page } from '../../portal/page.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, ClosureChoices, Quote, QuoteCurrency } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { GoesOn, onOwnDay } from './quote-page.tsx'
import { Draft, KeepButton, useClosureName } from './case.tsx'
import { OtherLines } from './other-lines.tsx'
import { instrumentText, paidOf, refunds, refundText, totalOf } from './quote-text.ts'
import { reasonWords } from './reason-page.tsx'

export function AnswersPage() {
  return (
    <Draft step={3}>
      {(closure) => {
        const { quote } = closure
        if (!quote || quote.choicesNeeded.some((need) => need !== 'reason')) {
          return <Redirect to={`/closures/${closure.caseId}/quote`} />
        }
        if (quote.choicesNeeded.includes('reason')) {
          return <Redirect to={`/closures/${closure.caseId}/reason`} />
        }
        return <Answers closure={closure} quote={quote} />
      }}
    </Draft>
  )
}

type Props = { closure: Closure; quote: Quote }

function Answers({ closure, quote }: Props) {
  const { t } = useWords()
  const base = `/closures/${closure.caseId}`
  const line = closure.scope === 'line'
  return (
    <Page
      head={t('answers.head')}
      flow={t(line ? 'line.close' : 'account.close')}
      step={3}
      back={`${base}/quote`}
      dock={
        <Pair>
          <KeepButton closure={closure} />
          <ButtonLink kind="even" to={`${base}/confirm`}>
            {t('answers.last-step')}
          </ButtonLink>
        </Pair>
      }
    >
      <div className="mt-3.5">
        <Finality closure={closure} quote={quote} />
      </div>
      <GoesOn quote={quote} />
      <dl className="answers mt-2">
        <Answer label={t(line ? 'line.line' : 'answers.account')}>
          <What closure={closure} />
        </Answer>
        <Answer
          label={t('answers.ends')}
          {...(quote.allowed.endsOn && { change: `${base}/quote` })}
        >
          <Ends closure={closure} quote={quote} />
        </Answer>
        <Money closure={closure} quote={quote} change={`${base}/quote`} />
        <Promotional closure={closure} quote={quote} change={`${base}/quote`} />
        <Shared closure={closure} quote={quote} change={`${base}/quote`} />
        <Texts closure={closure} quote={quote} change={`${base}/quote`} />
        <NumberKept quote={quote} closure={closure} />
        {closure.policy.reasonMode !== 'none' && (
          <Answer label={t('answers.reason')} change={`${base}/reason`}>
            {closure.reason ? t(reasonWords[closure.reason]) : t('answers.no-reason')}
          </Answer>
        )}
      </dl>
      <OtherLines quote={quote} />
    </Page>
  )
}

function Finality({ closure, quote }: Props) {
  const { t } = useWords()
  const format = useFormat()
  const at = format.moment(quote.endsAt, { year: true })
  const line = closure.scope === 'line'
  return (
    <Notice tone="danger" live={false}>
      <p className="strong">
        {quote.immediate
          ? t(line ? 'answers.final-now' : 'answers.final-now-account')
          : t('answers.final', { at })}
      </p>
      <p>{quote.immediate ? t('answers.until-confirm') : t('answers.until-then')}</p>
    </Notice>
  )
}

type AnswerProps = { label: string; change?: string; children: ReactNode }

function Answer({ label, change, children }: AnswerProps) {
  const { t } = useWords()
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <div>{children}</div>
        {change && (
          <Link {...linkProps({ to: change })}>
            {t('account.change')} <span className="sr-only">{label}</span>
          </Link>
        )}
      </dd>
    </div>
  )
}

function What({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const name = useClosureName()
  return (
    <>
      {name(closure)}
      <span className="small c2">
        {closure.msisdn ? (
          <bdi className="num">{formatNumberE164(closure.msisdn)}</bdi>
        ) : (
          closure.scope === 'account' && t('answers.all-lines')
        )}
      </span>
    </>
  )
}

function Ends({ closure, quote }: Props) {
  const { t } = useWords()
  const format = useFormat()
  if (quote.immediate) return t('answers.ends-now')
  const here = format.here(quote.endsAt)
  return (
    <>
      {format.full(quote.endsAt)}
      <span className="small c2">
        {onOwnDay(quote)
          ? t('answers.own-day')
          : closure.policy.reviewed
            ? t('answers.at-the-latest')
            : here && t('quote.here', { at: here })}
      </span>
    </>
  )
}

function Money({ closure, quote, change }: Props & { change: string }) {
  const { t, rich } = useWords()
  const format = useFormat()
  const choice = closure.choices.paid
  if (!choice) return <Answer label={t('answers.refund')}>{t('answers.no-refund')}</Answer>
  if (choice.disposition !== 'refund') {
    return (
      <Answer label={t('money.paid-credit')} change={change}>
        <Disposed choice={choice} quote={quote} amountOf={paidOf} />
        <SpentFirst choice={choice} quote={quote} />
      </Answer>
    )
  }
  const cards = [...new Set(quote.refundTo.map((to) => instrumentText(to.instrument, t)))]
  if (refunds(quote).length === 0) return null
  return (
    <Answer label={t('answers.refund')} change={change}>
      {rich('answers.refund-to', {
        amount: <b className="num">{refundText(quote, format)}</b>,
        card: format.list(cards),
      })}
      <SpentFirst choice={choice} quote={quote} />
      <Exchanged quote={quote} />
      {quote.refundBy && (
        <span className="small c2">
          {t('answers.sent-by', { date: format.day(quote.refundBy, { weekday: true }) })}
        </span>
      )}
    </Answer>
  )
}

/** What of the refund is in another currency than it was paid in. */
function Exchanged({ quote }: Pick<Props, 'quote'>) {
  const { t } = useWords()
  const format = useFormat()
  const changed = quote.currencies.flatMap(({ destinations }) =>
    destinations.filter(({ kind }) => kind === 'exchanged-into'),
  )
  return changed.map(({ amount, detail: { becomes = '', into = '' } }) => (
    <span className="small c2" key={amount.currency}>
      {t('answers.exchanged', {
        from: format.money(amount),
        becomes: format.money({ amount: becomes, currency: into }),
      })}
    </span>
  ))
}

/** What is left at a later end is not known yet. */
function SpentFirst({ choice, quote }: Pick<DisposedProps, 'choice' | 'quote'>) {
  const { t } = useWords()
  const format = useFormat()
  if (quote.ownDay ?? quote.bound) {
    const at = format.moment(quote.endsAt, { year: true })
    return <span className="small c2">{t('quote.at-most', { at })}</span>
  }
  if (!('spendFirst' in choice)) return null
  const at = format.moment(quote.endsAt)
  return <span className="small c2">{t('answers.spend-first', { at })}</span>
}

type DisposedProps = {
  choice: NonNullable<ClosureChoices['paid']>
  quote: Quote
  amountOf: (table: QuoteCurrency) => ReturnType<typeof paidOf>
}

function Disposed({ choice, quote, amountOf }: DisposedProps) {
  const { t } = useWords()
  const format = useFormat()
  const amounts = quote.currencies
    .flatMap((table) => amountOf(table) ?? [])
    .filter((money) => !isZero(money))
  const amount = format.list(amounts.map(format.money))
  const name = quote.allowed.moveTo.find(({ lineId }) => lineId === choice.toLineId)?.name ?? ''
  if (choice.disposition === 'move') return t('answers.moved', { amount, name })
  if (choice.disposition === 'keep') return t('answers.kept', { amount })
  if (choice.disposition === 'donate') return t('answers.donated', { amount })
  return t('answers.given-up', { amount })
}

function Promotional({ closure, quote, change }: Props & { change: string }) {
  const { t } = useWords()
  const choice = closure.choices.promotional
  if (!choice) return null
  return (
    <Answer label={t('answers.promotional')} change={change}>
      <Disposed
        choice={choice}
        quote={quote}
        amountOf={(table) => totalOf(table, ['promotional-credit'])}
      />
    </Answer>
  )
}

/** Where a rule was stored with it there was nothing to choose, and nothing to change. */
function Shared({ closure, quote, change }: Props & { change: string }) {
  const { t } = useWords()
  const format = useFormat()
  const choice = closure.choices.shared
  const names = format.list((quote.allowed.shared ?? []).map(({ name }) => name))
  if (!choice || names === '') return null
  return (
    <Answer label={t('answers.shared')} change={change}>
      {t(choice.disposition === 'return' ? 'answers.shared-return' : 'answers.shared-stay', {
        names,
      })}
    </Answer>
  )
}

function Texts({ closure, quote, change }: Props & { change: string }) {
  const { t } = useWords()
  const format = useFormat()
  const until = quote.allowed.textsUntil
  if (!closure.choices.texts || !until) return null
  return (
    <Answer label={t('answers.texts')} change={change}>
      {t('answers.texts-until', { at: format.moment(until) })}
    </Answer>
  )
}

function NumberKept({ closure, quote }: Props) {
  const { t } = useWords()
  const format = useFormat()
  if (!quote.numberKeptUnusedUntil) return null
  const until = format.day(quote.numberKeptUnusedUntil, { year: true })
  return (
    <Answer label={t('answers.number')}>
      {t(closure.scope === 'line' ? 'answers.number-gone' : 'answers.numbers-gone')}
      <span className="small c2">{t('answers.number-kept', { until })}</span>
    </Answer>
  )
}
