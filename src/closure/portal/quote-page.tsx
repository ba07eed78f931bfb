/** Step 2: what comes back, to the cent, and where each amount goes; nothing is chosen for anyone.
 * */
import { useEffect, useRef, useState } from 'react'
import { Button, Pair } from '../../portal/components/button.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Refusal } from '../../portal/failure.tsx'
import { isZero } from '../../portal/format.ts'
import { Page } from '../../portal/page.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, ClosureChoices, Quote } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { Draft, KeepButton, useChange } from './case.tsx'
import { OtherLines } from './other-lines.tsx'
import { GoingOn, OwnDay } from './own-day.tsx'
import { Questions } from './quote-questions.tsx'
import { Destinations, type QuoteBefore, Sources } from './quote-tables.tsx'
import { paidOf, refunds, refundText } from './quote-text.ts'

export function QuotePage() {
  return (
    <Draft step={2}>
      {(closure) => (closure.quote ? <Shown closure={closure} quote={closure.quote} /> : null)}
    </Draft>
  )
}

type QuoteProps = { closure: Closure; quote: Quote }

/** What was chosen is kept until the server has it: over a lost network, a reload, a sign-in. */
function useChoices(closure: Closure) {
  const change = useChange(closure)
  const [open, setOpen, forget] = useDraft<ClosureChoices | null>(`choices:${closure.caseId}`, null)
  const latest = useRef(open)
  const save = async (choices: ClosureChoices) => {
    latest.current = choices
    setOpen(choices)
    const saved = await change.mutateAsync({ choices }).catch(() => undefined)
    // A choice made meanwhile is still open.
    if (saved && latest.current === choices) {
      setOpen(null)
      forget()
    }
    return saved
  }
  const again = useRef(open !== null)
  useEffect(() => {
    if (!again.current || !open) return
    again.current = false
    void save(open)
  })
  return { change, open, save }
}

function Shown({ closure, quote }: QuoteProps) {
  const { t } = useWords()
  const go = useGo()
  const { change, open, save } = useChoices(closure)
  const [tried, setTried] = useState(false)
  const [before, , forgetBefore] = useDraft<QuoteBefore | null>(
    `quote-before:${closure.caseId}`,
    null,
  )
  const goOn = async () => {
    setTried(true)
    const { quote: current } = open ? ((await save(open)) ?? { quote: null }) : { quote }
    // Not saved: why stands beside the button.
    if (!current) return
    if (current.choicesNeeded.some((need) => need !== 'reason')) {
      document
        .querySelector<HTMLElement>('.choices.error input, fieldset[data-open] input')
        ?.focus()
      return
    }
    forgetBefore()
    const askReason = closure.policy.reasonMode === 'required' && closure.reason === null
    void go(`/closures/${closure.caseId}/${askReason ? 'reason' : 'answers'}`)
  }
  return (
    <Page
      head={<Headline closure={closure} quote={quote} />}
      title={t('quote.title')}
      sub={<EndsAt closure={closure} quote={quote} />}
      flow={t(closure.scope === 'line' ? 'line.close' : 'account.close')}
      step={2}
      back={`/closures/${closure.caseId}/ready`}
      dock={
        <Dock
          closure={closure}
          quote={quote}
          error={change.error}
          busy={change.isPending}
          onClick={() => void goOn()}
        />
      }
    >
      {before && <ChangedNotice before={before} />}
      <GoesOn quote={quote} />
      <Fresh quote={quote} />
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
        quote={quote}
        tried={tried}
        chosen={open ?? closure.choices}
        onChange={(choices) => void save(choices)}
      />
      {quote.currencies.map((table) => (
        <div className="sect" key={table.currency}>
          <Destinations closure={closure} table={table} />
        </div>
      ))}
      <OtherLines quote={quote} />
      <FixedUntil closure={closure} quote={quote} />
    </Page>
  )
}

type DockProps = QuoteProps & { error: Error | null; busy: boolean; onClick: () => void }

/** Staying and going on weigh the same. */
function Dock({ closure, quote, error, busy, onClick }: DockProps) {
  const { t } = useWords()
  return (
    <>
      <Refusal error={error} />
      <Result quote={quote} atMost={isAtMost(closure, quote)} />
      <Pair>
        <KeepButton closure={closure} />
        <Button kind="even" busy={busy} onClick={onClick}>
          {t('quote.go-on')}
        </Button>
      </Pair>
    </>
  )
}

function Headline({ closure, quote }: QuoteProps) {
  const { t } = useWords()
  const format = useFormat()
  const empty = quote.currencies.every((table) => isZero(table.sourcesTotal))
  if (empty) return t('quote.head-nothing')
  if (quote.choicesNeeded.some((need) => need !== 'reason')) {
    const totals = quote.currencies.map((table) => format.money(table.sourcesTotal))
    return t('quote.head-choose', { amount: format.list(totals) })
  }
  const { paid } = closure.choices
  if (quote.ownDay) return t('quote.head-day', { day: endDay(quote, format) })
  if (paid?.spendFirst) return t('quote.head-spend', { at: format.moment(quote.endsAt) })
  if (refunds(quote).length > 0) return t('quote.head', { amount: refundText(quote, format) })
  const amounts = quote.currencies.flatMap((table) => paidOf(table) ?? [])
  const amount = format.list(amounts.map(format.money))
  if (paid?.disposition === 'keep') return t('quote.head-kept', { amount })
  if (paid?.disposition === 'donate') return t('quote.head-donated', { amount })
  const to = quote.allowed.moveTo.find(({ lineId }) => lineId === paid?.toLineId)
  if (to) return t('quote.head-moved', { amount, name: to.name })
  return t('quote.head-no-refund')
}

/** By the calendar of where it ends, where that is the day that was chosen. */
function endDay(quote: Quote, format: ReturnType<typeof useFormat>): string {
  const style = { weekday: true, year: true }
  const { ownDay, endsAt } = quote
  return ownDay && onOwnDay(quote) ? format.date(ownDay.on, style) : format.day(endsAt, style)
}

/** It ends on the day that was chosen, and not later. */
export const onOwnDay = ({ ownDay, endsAt }: Quote) => ownDay?.until === endsAt

export function EndsAt({ closure, quote }: QuoteProps) {
  const { t } = useWords()
  const format = useFormat()
  const line = closure.scope === 'line'
  if (quote.immediate) return t(line ? 'quote.ends-now' : 'quote.ends-now-account')
  const here = format.here(quote.endsAt)
  return (
    <>
      {t(onOwnDay(quote) ? 'quote.ends-on' : 'quote.ends-at', { at: format.full(quote.endsAt) })}
      {here && ` ${t('quote.here', { at: here })}`}
    </>
  )
}

function Result({ quote, atMost }: { quote: Quote; atMost: boolean }) {
  const { t } = useWords()
  const format = useFormat()
  const open = quote.choicesNeeded.some((need) => need !== 'reason')
  const back = refundText(quote, format)
  const none = quote.currencies[0] && format.money(quote.currencies[0].refund)
  return (
    <div className="due" role="status">
      <span className="small c2">{t(atMost ? 'quote.back-at-most' : 'quote.back-to-you')}</span>
      <span className="small num strong">
        {open ? <span className="c3">{t('quote.choose-first')}</span> : back || none}
      </span>
    </div>
  )
}

/** What is spent until the end, or for as long as a term or a notice binds, may leave less. */
function isAtMost({ choices }: Closure, { bound = [], ownDay }: Quote): boolean {
  return choices.paid?.spendFirst === true || bound.length > 0 || ownDay !== undefined
}

/** What it waits for: a term or a notice that binds, the day that was chosen. */
export function GoesOn({ quote }: { quote: Quote }) {
  return (
    <>
      <Bound quote={quote} />
      <OwnDay quote={quote} />
    </>
  )
}

/** A minimum term or a notice that binds, to what day, and by which rule. */
function Bound({ quote }: { quote: Quote }) {
  const { t } = useWords()
  const format = useFormat()
  const last = quote.bound?.toSorted((a, b) => a.until.localeCompare(b.until)).at(-1)
  if (!last) return null
  const at = format.day(last.until, { year: true })
  return (
    <div className="mt-4">
      <Notice live={false}>
        <p>{t(boundWord(last), { at, source: last.source })}</p>
        <GoingOn lines={quote.goingOn ?? []} />
      </Notice>
    </div>
  )
}

/** No rule stands behind a notice that the contract alone asks for. */
function boundWord({ why, source }: NonNullable<Quote['bound']>[number]) {
  if (why !== 'notice') return 'quote.bound'
  return source === '' ? 'quote.notice-own' : 'quote.notice'
}

/** A contract that was just made can be withdrawn from, and costs nothing to leave. */
function Fresh({ quote }: { quote: Quote }) {
  const { t } = useWords()
  const format = useFormat()
  if (!quote.withdrawUntil) return null
  const at = format.day(quote.withdrawUntil, { year: true })
  return <p className="caption c3 mt-4">{t('quote.withdrawal', { at })}</p>
}

function ChangedNotice({ before }: { before: QuoteBefore }) {
  const { t } = useWords()
  return (
    <div className="mt-4">
      <Notice>{t(before.isGone ? 'quote.choice-gone' : 'quote.changed')}</Notice>
    </div>
  )
}

function FixedUntil({ closure, quote }: QuoteProps) {
  const { t } = useWords()
  const format = useFormat()
  if (isAtMost(closure, quote))
    return (
      <p className="caption c3 mt-5">
        {t('quote.at-most', { at: format.moment(quote.endsAt, { year: true }) })}
      </p>
    )
  return (
    <p className="caption c3 mt-5">
      {t('quote.fixed-until', { at: format.moment(quote.validUntil) })}
    </p>
  )
}
