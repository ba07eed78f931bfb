/** A line's plan: moved up and down with its price before it is confirmed, and what happens when its period ends. */
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { TextLink } from '../../portal/components/button.tsx'
import { Segmented } from '../../portal/components/choices.tsx'
import { Notice, RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded } from '../../portal/failure.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { renewalQuery } from '../../portal/line-queries.ts'
import { lineQuery, plansQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Adjustment, Line, Plan, Renewal } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { Dial } from '../../plans/portal/dial.tsx'
import { allowanceText, includedSteps } from '../../plans/portal/plan-text.ts'
import { termText } from '../../plans/portal/term-text.ts'
import { ChangeDock } from './change-dock.tsx'
import { othersFor } from './other-plans.ts'
import { RenewalSection } from './renewal-section.tsx'

export function LinePlanPage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const line = useQuery(lineQuery(lineId))
  const renewal = useQuery(renewalQuery(lineId))
  if (line.data && renewal.data) return <Shown line={line.data} renewal={renewal.data} />
  return (
    <Page head={t('change.title')} back={`/lines/${lineId}`}>
      <Loaded query={line} skeleton={<RowsSkeleton count={4} />}>
        {() => (
          <Loaded query={renewal} skeleton={<RowsSkeleton count={4} />}>
            {() => null}
          </Loaded>
        )}
      </Loaded>
    </Page>
  )
}

type Props = { line: Line; renewal: Renewal }

function Shown({ line, renewal }: Props) {
  const { t } = useWords()
  const { version, plan: planId } = useSearch({ strict: false }) as Record<string, string>
  const sold = useQuery({ ...plansQuery, enabled: planId !== undefined })
  const { newer } = renewal
  const other = othersFor(renewal.plan, sold.data?.plans ?? []).find((one) => one.planId === planId)
  const isNewer = other !== undefined || (newer !== null && version === String(newer.version))
  const plan = other ?? (isNewer ? newer! : renewal.plan)
  if (planId !== undefined && sold.isPending)
    return (
      <Page head={t('change.title')} back={back(line)}>
        <RowsSkeleton count={4} />
      </Page>
    )
  const [now] = useState(() => new Date().toISOString())
  const isOver = renewal.at !== null && renewal.at <= now
  const fixed = line.state !== 'active'
  const adjustable = plan.dials.length > 0
  const sub = <Sub line={line} plan={plan} />
  if (fixed || (!adjustable && !isOver && !isNewer)) {
    return (
      <Page head={t('change.head-fixed')} title={t('change.title')} sub={sub} back={back(line)}>
        {line.state === 'ordered' && (
          <div className="mt-5">
            <Notice live={false}>{t('change.not-yet')}</Notice>
          </div>
        )}
        <Terms line={line} />
        {!fixed && <RenewalSection line={line} renewal={renewal} isOver={isOver} />}
      </Page>
    )
  }
  return (
    <Changing
      key={`${plan.planId} ${plan.version}`}
      {...{ line, renewal, plan, isNewer, isOver }}
    />
  )
}

const back = ({ lineId }: Line) => `/lines/${lineId}`

type ChangingProps = Props & { plan: Plan; isNewer: boolean; isOver: boolean }

function Changing({ line, renewal, plan, isNewer, isOver }: ChangingProps) {
  const { t, locale } = useWords()
  const format = useFormat()
  const { lineId } = line
  const isOther = plan.planId !== renewal.plan.planId
  const own = (isOther ? null : renewal.steps) ?? includedSteps(plan)
  const draft = `change:${lineId}:${plan.planId}:${plan.version}:${JSON.stringify(own)}`
  const [steps, setSteps, forget] = useDraft<Adjustment>(draft, fitting(plan, own))
  const [chosen, setWhen] = useDraft<'now' | 'renewal' | ''>(`change-when:${lineId}`, '')
  // Where there is nothing to choose nothing is asked.
  const when = isOver ? 'now' : isNewer ? 'renewal' : chosen
  const adjustable = plan.dials.length > 0
  const wish = {
    when,
    steps: adjustable ? steps : null,
    version: isNewer ? plan.version : undefined,
    planId: isOther ? plan.planId : undefined,
  }
  const binds = termText(plan, t, locale)
  const moved = plan.dials.some(({ kind }) => steps[kind] !== own[kind])
  return (
    <Page
      head={isOver ? t('change.head-ended') : t('change.head')}
      title={t('change.title')}
      sub={<Sub line={line} plan={plan} />}
      back={back(line)}
      dock={
        <ChangeDock
          line={line}
          wish={wish}
          moved={moved || isOver || isNewer}
          onDone={() => {
            forget()
            setWhen('')
          }}
        />
      }
    >
      {isNewer && (
        <div className="mt-5">
          <Notice tone="info" live={false}>
            {isOther && <p className="strong">{format.words(plan.summary)}</p>}
            <p>{t(isOther ? 'change.other-on' : 'change.newer-on')}</p>
            {binds && <p>{binds}</p>}
            <TextLink to={`/lines/${lineId}/plan`}>{t('change.newer-own')}</TextLink>
          </Notice>
        </div>
      )}
      {adjustable && (
        <div className="mt-4">
          {plan.dials.map((dial) => (
            <Dial
              key={dial.kind}
              dial={dial}
              steps={steps[dial.kind]}
              was={own[dial.kind]}
              onChange={(next) => setSteps({ ...steps, [dial.kind]: next })}
            />
          ))}
        </div>
      )}
      {!isOver && !isNewer && <When renewal={renewal} value={chosen} onChange={setWhen} />}
      {!isNewer && <RenewalSection line={line} renewal={renewal} isOver={isOver} />}
    </Page>
  )
}

/** A version may sell fewer steps than the one before it. */
function fitting(plan: Plan, own: Adjustment): Adjustment {
  const steps = { ...own }
  for (const { kind, min, max } of plan.dials) steps[kind] = Math.min(max, Math.max(min, own[kind]))
  return steps
}

type WhenProps = {
  renewal: Renewal
  value: 'now' | 'renewal' | ''
  onChange: (when: 'now' | 'renewal') => void
}

function When({ renewal, value, onChange }: WhenProps) {
  const { t } = useWords()
  const format = useFormat()
  return (
    <Section title={t('change.when')}>
      <div className="mt-3" id="when">
        <Segmented
          legend={t('change.when')}
          options={[
            ['now', t('change.now')],
            ['renewal', t('change.with-renewal', { date: format.day(renewal.at ?? '') })],
          ]}
          value={value || undefined}
          onChange={onChange}
        />
      </div>
    </Section>
  )
}

function Sub({ line, plan }: { line: Line; plan: Plan }) {
  const { t } = useWords()
  const format = useFormat()
  const parts = [
    line.nickname,
    Object.values(plan.name).includes(line.nickname) ? '' : format.words(plan.name),
    t('shop.countries', { count: plan.countries.length }),
  ]
  return parts.filter(Boolean).join(' · ')
}

function Terms({ line }: { line: Line }) {
  const { t, locale } = useWords()
  const format = useFormat()
  const binds = termText(line.plan, t, locale)
  return (
    <Section title={t('change.terms')}>
      <p className="mt-2">
        {format.words(line.plan.name)} · {allowanceText(line.bought, t, format)}
      </p>
      <p className="small c2">{format.words(line.plan.summary)}</p>
      {binds && <p className="small c2">{binds}</p>}
    </Section>
  )
}
