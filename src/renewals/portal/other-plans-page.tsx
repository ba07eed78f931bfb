/** Another plan for a line: those it can go to, each with its price, before anything is agreed to. */
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { linkProps } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { Empty, RowsSkeleton } from '../../portal/components/notice.tsx'
import { Loaded } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { lineQuery, plansQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Line, Plan } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { othersFor } from './other-plans.ts'

export function OtherPlansPage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  const line = useQuery(lineQuery(lineId))
  const plans = useQuery(plansQuery)
  return (
    <Page head={t('change.other')} sub={t('change.other-what')} back={`/lines/${lineId}/plan`}>
      <Loaded query={line} skeleton={<RowsSkeleton count={4} />}>
        {(own) => (
          <Loaded query={plans} skeleton={<RowsSkeleton count={4} />}>
            {(sold) => <Offers line={own} plans={othersFor(own.plan, sold.plans)} />}
          </Loaded>
        )}
      </Loaded>
    </Page>
  )
}

function Offers({ line, plans }: { line: Line; plans: Plan[] }) {
  const { t } = useWords()
  const format = useFormat()
  if (plans.length === 0) return <Empty>{t('change.other-none')}</Empty>
  return (
    <ul className="rows mt-4">
      {plans.map((plan) => (
        <li key={plan.planId}>
          <Link
            {...linkProps({ to: `/lines/${line.lineId}/plan`, search: { plan: plan.planId } })}
            className="row"
          >
            <span className="grow">
              <span className="mid block">{format.words(plan.name)}</span>
              <span className="small c2 block">{format.words(plan.summary)}</span>
            </span>
            <span className="num">{format.money(plan.price)}</span>
            <Icon name="next" size="s" className="c3 self-center" />
          </Link>
        </li>
      ))}
    </ul>
  )
}
