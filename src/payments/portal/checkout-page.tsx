/** The order before it is paid: what, for how long, for how much, and nothing else on the page. */
import { useQuery } from '@tanstack/react-query'
import { useLocation, useParams, useSearch } from '@tanstack/react-router'
import { Button, TextLink } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { Summary } from '../../portal/components/ledger.tsx'
import { Notice, RowsSkeleton } from '../../portal/components/notice.tsx'
import { useDraft } from '../../portal/draft.ts'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Redirect } from '../../portal/redirect.tsx'
import { Page } from '../../portal/page.tsx'
import { orderQuoteQuery, planQuery } from '../../portal/queries.ts'
import { useSubscriber } from '../../portal/session.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Adjustment, OrderQuote, Plan } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { allowanceOf, allowanceText, includedSteps } from '../../plans/portal/plan-text.ts'
import { termText } from '../../plans/portal/term-text.ts'
import { usePay } from './pay.ts'

export function CheckoutPage() {
  const { planId } = useParams({ strict: false }) as { planId: string }
  const { href } = useLocation()
  const { t } = useWords()
  const me = useSubscriber()
  const plan = useQuery(planQuery(planId))
  if (!me.complete) {
    return <Redirect to="/welcome" search={{ next: href }} />
  }
  if (plan.data) return <Quoted plan={plan.data} />
  return (
    <Page head={t('checkout.waiting')}>
      <Loaded query={plan} skeleton={<RowsSkeleton />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

/** Steps travel in the address; anything outside the plan's limits falls back to what is included.
 * */
function stepsIn(plan: Plan, search: Record<string, string | undefined>): Adjustment {
  const steps = includedSteps(plan)
  for (const dial of plan.dials) {
    const asked = Number(search[dial.kind])
    const fits = Number.isInteger(asked) && asked >= dial.min && asked <= dial.max
    if (search[dial.kind] !== undefined && fits) steps[dial.kind] = asked
  }
  return steps
}

/** The price is the one that will be ordered: with several lines a plan may cost less than on the shelf. */
function Quoted({ plan }: { plan: Plan }) {
  const { t } = useWords()
  const search = useSearch({ strict: false }) as Record<string, string | undefined>
  const adjustment = stepsIn(plan, search)
  const quote = useQuery(orderQuoteQuery(plan.planId, plan.dials.length > 0 ? adjustment : null))
  if (quote.data) return <Checkout plan={plan} adjustment={adjustment} quote={quote.data} />
  return (
    <Page head={t('checkout.waiting')} back={`/plans/${plan.planId}`}>
      <Loaded query={quote} skeleton={<RowsSkeleton />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

type CheckoutProps = { plan: Plan; adjustment: Adjustment; quote: OrderQuote }

function Checkout({ plan, adjustment, quote: { price, percentOff } }: CheckoutProps) {
  const { t, locale } = useWords()
  const format = useFormat()
  const adjustable = plan.dials.length > 0
  const [nickname, setNickname] = useDraft(`nickname:${plan.planId}`, '')
  const body = {
    planId: plan.planId,
    ...(adjustable && { adjustment }),
    ...(nickname.trim() && { nickname: nickname.trim() }),
  }
  const pay = usePay(JSON.stringify(body), '/v1/orders', body)
  const holds = adjustable ? allowanceOf(plan, adjustment) : plan.allowance
  const binds = termText(plan, t, locale)
  const dock = (
    <>
      <Refusal error={pay.error} />
      <div className="due">
        <span className="small c2">{t('checkout.today')}</span>
        <b className="num">{format.money(price)}</b>
      </div>
      <Button kind="primary" block busy={pay.isPending} onClick={() => pay.mutate()}>
        {t('checkout.pay', { amount: format.money(price) })}
      </Button>
    </>
  )
  return (
    <Page
      head={t('checkout.head', { amount: format.money(price) })}
      sub={t('checkout.sub')}
      back={`/plans/${plan.planId}`}
      dock={dock}
    >
      <div className="mt-5">
        <Summary
          rows={[
            [t('line.plan'), format.words(plan.name)],
            [t('plan.allowance'), <bdi key="holds">{allowanceText(holds, t, format)}</bdi>],
            [
              t('plan.lasts'),
              plan.renews
                ? t('plan.renews', { count: plan.periodDays })
                : t('plan.ends', { count: plan.periodDays }),
            ],
            [t('plan.where'), t('shop.countries', { count: plan.countries.length })],
            [t('checkout.starts'), t('checkout.starts-installed')],
            ...(percentOff > 0
              ? [[t('plan.several'), t('plan.percent-off', { percent: percentOff })] as const]
              : []),
          ]}
        />
      </div>
      {binds && (
        <div className="mt-4">
          <Notice live={false}>{binds}</Notice>
        </div>
      )}
      <div className="mt-6">
        <TextField
          label={t('checkout.nickname')}
          hint={t('checkout.nickname-hint')}
          value={nickname}
          maxLength={40}
          onChange={setNickname}
        />
      </div>
      <TextLink to={`/plans/${plan.planId}`}>{t('checkout.change')}</TextLink>
    </Page>
  )
}
