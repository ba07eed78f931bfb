/** One plan: what it holds, where it works, what it costs, and the way to buy it. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ButtonLink, TextLink } from '../../portal/components/button.tsx'
import { Notice, RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded } from '../../portal/failure.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { planQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Allowance, Plan } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { Dial } from './dial.tsx'
import { allowanceOf, allowanceText, includedSteps, priceOf } from './plan-text.ts'
import { termText } from './term-text.ts'

export function PlanPage() {
  const { planId } = useParams({ strict: false }) as { planId: string }
  const { t } = useWords()
  const plan = useQuery(planQuery(planId))
  if (plan.data) return <Chosen plan={plan.data} />
  return (
    <Page head={t('plan.waiting')}>
      <Loaded query={plan} skeleton={<RowsSkeleton count={4} />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

function Chosen({ plan }: { plan: Plan }) {
  const { t } = useWords()
  const format = useFormat()
  const [steps, setSteps] = useDraft(`steps:${plan.planId}`, includedSteps(plan))
  const price = priceOf(plan, steps)
  const adjustable = plan.dials.length > 0
  const search = adjustable
    ? { data: String(steps.data), voice: String(steps.voice), sms: String(steps.sms) }
    : undefined
  const dock = (
    <>
      <div className="due">
        <span className="small c2">
          {plan.renews
            ? t('plan.price-every', { count: plan.periodDays })
            : t('plan.price-once', { count: plan.periodDays })}
        </span>
        <b className="num">{format.money(price)}</b>
      </div>
      <ButtonLink to={`/checkout/${plan.planId}`} {...(search && { search })} kind="primary" block>
        {t('plan.choose')}
      </ButtonLink>
    </>
  )
  const holds = adjustable ? allowanceOf(plan, steps) : plan.allowance
  const head = t('plan.head', {
    name: format.words(plan.name),
    price: format.money(price),
    count: plan.periodDays,
  })
  return (
    <Page head={head} title={format.words(plan.name)} sub={format.words(plan.summary)} dock={dock}>
      {adjustable && (
        <Section>
          {plan.dials.map((dial) => (
            <Dial
              key={dial.kind}
              dial={dial}
              steps={steps[dial.kind]}
              onChange={(next) => setSteps({ ...steps, [dial.kind]: next })}
            />
          ))}
        </Section>
      )}
      <Holds plan={plan} holds={holds} />
      <Countries plan={plan} />
    </Page>
  )
}

function Holds({ plan, holds }: { plan: Plan; holds: Allowance }) {
  const { t, locale } = useWords()
  const format = useFormat()
  const binds = termText(plan, t, locale)
  return (
    <Section title={t('plan.holds')}>
      <dl className="kv mt-2.5">
        <dt>{t('plan.allowance')}</dt>
        <dd>{allowanceText(holds, t, format)}</dd>
        <dt>{t('plan.number')}</dt>
        <dd>{plan.hasNumber ? t('plan.with-number') : t('plan.data-only')}</dd>
        {plan.kind === 'companion' && (
          <>
            <dt>{t('plan.companion')}</dt>
            <dd>{t('plan.companion-what')}</dd>
          </>
        )}
        {plan.multiLine.length > 0 && (
          <>
            <dt>{t('plan.several')}</dt>
            <dd>
              {plan.multiLine.map((tier) => (
                <div key={tier.lines}>{t('plan.several-tier', tier)}</div>
              ))}
            </dd>
          </>
        )}
        <dt>{t('plan.lasts')}</dt>
        <dd>
          {plan.renews
            ? t('plan.renews', { count: plan.periodDays })
            : t('plan.ends', { count: plan.periodDays })}
        </dd>
        {!binds && (
          <>
            <dt>{t('plan.leaving')}</dt>
            <dd>{t('plan.leaving-any-day')}</dd>
          </>
        )}
      </dl>
      {binds && (
        <div className="mt-4">
          <Notice live={false}>{binds}</Notice>
        </div>
      )}
    </Section>
  )
}

function Countries({ plan }: { plan: Plan }) {
  const codes = plan.countries
  const { t, locale } = useWords()
  const format = useFormat()
  const [all, setAll] = useState(false)
  const names = codes.map(format.country).toSorted((a, b) => a.localeCompare(b, locale))
  const shown = all ? names : names.slice(0, 12)
  return (
    <Section
      title={t('plan.where')}
      end={<span>{t('shop.countries', { count: codes.length })}</span>}
    >
      <p className="small c2 mt-2">
        {format.list(shown)}
        {names.length > shown.length && '\u2026'}
      </p>
      {names.length > 12 && (
        <button type="button" className="textbtn" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('plan.fewer') : t('plan.all-countries', { count: names.length })}
        </button>
      )}
      <div>
        <TextLink to={`/plans/${plan.planId}/coverage`}>{t('plan.coverage')}</TextLink>
      </div>
    </Section>
  )
}
