/** The first page: where Violet works and what it costs, without signing in. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from '@tanstack/react-router'
import { linkProps, TextLink } from '../../portal/components/button.tsx'
import { SearchField } from '../../portal/components/search-field.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { Empty, RowsSkeleton } from '../../portal/components/notice.tsx'
import { Loaded } from '../../portal/failure.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { meQuery, plansQuery, wasSignedIn } from '../../portal/queries.ts'
import { LanguageSwitch } from '../../portal/language.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Plan, PlanList, Zone } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { allowanceText } from './plan-text.ts'
import { cheapest, countriesOf, findPlans } from './plan-search.ts'

export function ShopPage() {
  const { t } = useWords()
  const format = useFormat()
  const plans = useQuery(plansQuery)
  const best = plans.data && cheapest(plans.data.plans)
  const head = best
    ? t('shop.head', {
        count: countriesOf(plans.data?.plans ?? []).length,
        price: format.money(best.price),
      })
    : t('shop.head-waiting')
  return (
    <Page bare head={head} title={t('shop.title')} sub={t('shop.sub')} end={<ShopBar />}>
      <Loaded query={plans} skeleton={<ShopSkeleton />}>
        {(list) => <Shelves list={list} />}
      </Loaded>
      <footer className="sect border-t border-line pt-3 flex flex-wrap gap-x-6">
        <TextLink to="/phone-check">{t('shop.phone-check')}</TextLink>
        <TextLink to="/c">{t('shop.follow')}</TextLink>
        <TextLink to="/close">{t('shop.close')}</TextLink>
        <TextLink to="/verify">{t('shop.verify')}</TextLink>
        <TextLink to="/help">{t('page.help')}</TextLink>
      </footer>
    </Page>
  )
}

function ShopBar() {
  const { t } = useWords()
  const me = useQuery({ ...meQuery, enabled: wasSignedIn() })
  return (
    <>
      <LanguageSwitch />
      <Link
        {...linkProps(me.data ? { to: '/lines' } : { to: '/sign-in' })}
        className="textbtn px-3 justify-center"
      >
        {me.data ? t('shop.lines') : t('shop.sign-in')}
      </Link>
    </>
  )
}

function ShopSkeleton() {
  return (
    <div className="mt-8">
      <RowsSkeleton count={6} />
    </div>
  )
}

function Shelves({ list }: { list: PlanList }) {
  const { t } = useWords()
  const format = useFormat()
  const [query, setQuery] = useState('')
  const found = findPlans(list.plans, query, format.country, format.words)
  const everyday = found.plans.filter((plan) => plan.kind !== 'travel')
  const zones = list.zones.map((zone) => ({
    zone,
    plans: found.plans.filter((plan) => plan.kind === 'travel' && plan.zoneId === zone.zoneId),
  }))
  return (
    <>
      <div className="mt-6">
        <SearchField label={t('shop.search')} value={query} onChange={setQuery} />
      </div>
      <p className="caption c3 mt-2" role="status">
        {found.country
          ? t('shop.found-country', {
              count: found.plans.length,
              country: format.country(found.country),
            })
          : query && t('shop.found', { count: found.plans.length })}
      </p>
      {found.plans.length === 0 && (
        <Empty action={<TextLink to="/help">{t('page.help')}</TextLink>}>
          {t('shop.none', { query })}
        </Empty>
      )}
      <Shelf title={t('shop.everyday')} plans={everyday} />
      {query ? (
        zones.map(({ zone, plans }) => (
          <Shelf key={zone.zoneId} title={format.words(zone.name)} plans={plans} />
        ))
      ) : (
        <Section title={t('shop.travel')}>
          <ul className="rows mt-1">
            {zones.map(({ zone, plans }) => (
              <ZoneShelf key={zone.zoneId} zone={zone} plans={plans} />
            ))}
          </ul>
        </Section>
      )}
    </>
  )
}

/** One zone of many: closed it says where and from how much, open it lists its plans. */
function ZoneShelf({ zone, plans }: { zone: Zone; plans: Plan[] }) {
  const { t } = useWords()
  const format = useFormat()
  const best = cheapest(plans)
  if (!best) return null
  return (
    <li>
      <details className="group">
        <summary className="row list-none [&::-webkit-details-marker]:hidden">
          <span className="grow">
            <span className="mid block">{format.words(zone.name)}</span>
            <span className="small c2 block">
              {zone.countries.length > 1 &&
                `${t('shop.countries', { count: zone.countries.length })} · `}
              {t('shop.plans', { count: plans.length })}
            </span>
          </span>
          <span className="num self-center">
            {t('shop.from', { price: format.money(best.price) })}
          </span>
          <Icon name="down" size="s" className="c3 self-center group-open:rotate-180" />
        </summary>
        <ul className="rows ps-4 pb-2">
          {plans.map((plan) => (
            <li key={plan.planId}>
              <PlanRow plan={plan} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  )
}

function Shelf({ title, plans }: { title: string; plans: Plan[] }) {
  if (plans.length === 0) return null
  return (
    <Section title={title}>
      <ul className="rows mt-1">
        {plans.map((plan) => (
          <li key={plan.planId}>
            <PlanRow plan={plan} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

function PlanRow({ plan }: { plan: Plan }) {
  const { t } = useWords()
  const format = useFormat()
  const renewal = plan.renews
    ? t('plan.every', { count: plan.periodDays })
    : t('plan.once', { count: plan.periodDays })
  return (
    <Link {...linkProps({ to: `/plans/${plan.planId}` })} className="row">
      <span className="grow">
        <span className="mid block">{format.words(plan.name)}</span>
        <span className="small c2 block">
          {allowanceText(plan.allowance, t, format)} · {renewal}
        </span>
      </span>
      <span className="strong num self-center">{format.money(plan.price)}</span>
      <Icon name="next" size="s" className="c3 self-center" />
    </Link>
  )
}
