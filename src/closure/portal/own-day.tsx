/** On which day it ends, if its owner wants to say; and what goes on until then. */
import { useId, useState } from 'react'
import { Choices } from '../../portal/components/choices.tsx'
import { FieldError } from '../../portal/components/field.tsx'
import { Notice } from '../../portal/components/notice.tsx'
import { Section } from '../../portal/page.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { ClosureChoices, Quote } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

type QuestionProps = {
  quote: Quote
  choices: ClosureChoices
  onChange: (choices: ClosureChoices) => void
}

/** Nothing is preselected, and without an answer it ends as soon as possible. */
export function EndQuestion({ quote, choices, onChange }: QuestionProps) {
  const { t } = useWords()
  const days = quote.allowed.endsOn
  if (!days) return null
  const { paid } = choices
  // Spending first is another answer to this.
  const rest = { ...choices, paid: paid?.spendFirst ? null : paid }
  const { endsOn } = choices
  return (
    <Section>
      <Choices
        legend={t('quote.when')}
        choices={[
          { key: 'soon', label: t('quote.when-soon'), detail: t('quote.when-soon-detail') },
          { key: 'day', label: t('quote.when-day'), detail: t('quote.when-day-detail') },
        ]}
        value={endsOn ? 'day' : endsOn === null ? 'soon' : undefined}
        onChange={(key) => onChange({ ...rest, endsOn: key === 'day' ? days.from : null })}
      />
      {endsOn && (
        <DayField
          {...days}
          value={endsOn}
          onChange={(day) => onChange({ ...choices, endsOn: day })}
        />
      )}
    </Section>
  )
}

type DayProps = { from: string; to: string; value: string; onChange: (day: string) => void }

/** A day that is typed is none for a while; what is no day that can be chosen gives way, and is told, once it is left. */
function DayField({ from, to, value, onChange }: DayProps) {
  const { t } = useWords()
  const format = useFormat()
  const id = useId()
  const [typed, setTyped] = useState<string | null>(null)
  const [isWrong, setWrong] = useState(false)
  const type = (day: string) => {
    const fits = from <= day && day <= to
    setTyped(fits ? null : day)
    setWrong(false)
    if (fits && day !== value) onChange(day)
  }
  const leave = () => {
    if (typed === null) return
    setTyped(null)
    setWrong(true)
  }
  const name = (day: string) => format.date(day, { year: true })
  return (
    <div className="fld mt-3">
      <label htmlFor={id}>{t('quote.day')}</label>
      <input
        id={id}
        className="input"
        type="date"
        required
        min={from}
        max={to}
        value={typed ?? value}
        aria-invalid={isWrong ? true : undefined}
        aria-describedby={`${id}h${isWrong ? ` ${id}e` : ''}`}
        onChange={(event) => type(event.target.value)}
        onBlur={leave}
      />
      <span className="hint" id={`${id}h`}>
        {t('quote.day-range', { from: name(from), to: name(to) })}
      </span>
      {isWrong && <FieldError id={`${id}e`}>{t('refusal.end-day-out-of-range')}</FieldError>}
    </div>
  )
}

/** What goes on, renews or ends before the day; and that it can't be kept, where something binds for longer. */
export function OwnDay({ quote }: { quote: Quote }) {
  const { t } = useWords()
  const format = useFormat()
  const { ownDay, endsAt } = quote
  if (!ownDay) return null
  const isLater = Date.parse(endsAt) > Date.parse(ownDay.until)
  return (
    <div className="mt-4">
      <Notice live={false}>
        {isLater && (
          <p>{t('quote.day-too-early', { day: format.date(ownDay.on, { year: true }) })}</p>
        )}
        <p>{t('quote.day-until')}</p>
        <GoingOn lines={ownDay.lines} />
      </Notice>
    </div>
  )
}

/** What renews, how often and for what, and what ends before. */
export function GoingOn({ lines }: { lines: NonNullable<Quote['goingOn']> }) {
  const { t } = useWords()
  const format = useFormat()
  const renewing = lines.flatMap(({ renews }) => renews ?? [])
  const day = (at: string) => format.day(at, { year: true })
  return (
    <>
      {lines.map(({ lineId, name, renews, planEnds }) => (
        <p key={lineId}>
          {renews &&
            t('quote.day-renews', {
              name,
              times: renews.times,
              date: day(renews.first),
              price: format.money(renews.price),
            })}
          {planEnds && t('quote.day-plan-ends', { name, date: day(planEnds) })}
        </p>
      ))}
      {renewing.some(({ comesBack }) => comesBack) && <p>{t('quote.day-comes-back')}</p>}
      {renewing.some(({ comesBack }) => !comesBack) && <p>{t('quote.day-is-spent')}</p>}
    </>
  )
}
