/** Where a plan works: a map and the same as a list, and what the next country costs before the flight. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ButtonLink } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { SearchField } from '../../portal/components/search-field.tsx'
import { Loaded } from '../../portal/failure.tsx'
import { times } from '../../portal/format.ts'
import { Page, Section } from '../../portal/page.tsx'
import { coverageQuery } from '../../portal/line-queries.ts'
import { plansQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Coverage } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { byPrice, type Country, findCountries } from './coverage-text.ts'
import { cheapest } from './plan-search.ts'
import { WorldMap } from './world-map.tsx'

export function CoveragePage() {
  const of = useParams({ strict: false }) as { planId: string } | { lineId: string }
  const { t } = useWords()
  const coverage = useQuery(coverageQuery(of))
  const back = 'planId' in of ? `/plans/${of.planId}` : `/lines/${of.lineId}`
  const count = coverage.data?.countries.filter(({ included }) => included).length
  return (
    <Page
      head={count === undefined ? t('coverage.title') : t('coverage.head', { count })}
      title={t('coverage.title')}
      back={back}
    >
      <Loaded query={coverage} skeleton={<RowsSkeleton count={6} />}>
        {(data) => <Shown coverage={data} />}
      </Loaded>
    </Page>
  )
}

function Shown({ coverage }: { coverage: Coverage }) {
  const { t, locale } = useWords()
  const format = useFormat()
  const [query, setQuery] = useState('')
  const [chosen, setChosen] = useState<string>()
  const { countries } = coverage
  const found = findCountries(countries, query, format.country)
  const one = found.length === 1 ? found[0] : countries.find(({ country }) => country === chosen)
  const included = countries.filter((row) => row.included)
  const byName = (rows: readonly Country[]) =>
    rows.toSorted((a, b) =>
      format.country(a.country).localeCompare(format.country(b.country), locale),
    )
  const choose = (country: string) => {
    setQuery('')
    setChosen(country)
  }
  return (
    <>
      <div className="mt-5">
        <SearchField label={t('coverage.next')} value={query} onChange={setQuery} />
      </div>
      <div role="status" className="mt-3">
        {query !== '' && found.length === 0 && <p className="c2">{t('coverage.none')}</p>}
        {one && <Answer row={one} />}
        {!one && found.length > 1 && (
          <p className="caption c3">{t('coverage.several', { count: found.length })}</p>
        )}
      </div>
      {!one && found.length > 1 && <Names rows={byName(found)} onChoose={choose} />}
      <WorldMap
        included={included.map(({ country }) => country)}
        selected={one?.country}
        onChoose={choose}
      />
      <Section
        title={t('coverage.included')}
        end={<span>{t('shop.countries', { count: included.length })}</span>}
      >
        <Rows rows={byName(included)} />
      </Section>
      <Section title={t('coverage.elsewhere')}>
        {byPrice(countries.filter((row) => !row.included)).map((group) => (
          <PriceGroup key={group[0]?.country} rows={byName(group)} />
        ))}
      </Section>
    </>
  )
}

function Names({ rows, onChoose }: { rows: Country[]; onChoose: (country: string) => void }) {
  const format = useFormat()
  return (
    <ul className="rows">
      {rows.slice(0, 8).map(({ country }) => (
        <li key={country}>
          <button type="button" className="row" onClick={() => onChoose(country)}>
            <span className="grow mid">{format.country(country)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** The chosen country: nothing more to pay, or what it costs and which plan would be cheaper. */
function Answer({ row }: { row: Country }) {
  const { t } = useWords()
  const format = useFormat()
  const country = format.country(row.country)
  return (
    <div className="zone grid gap-2">
      <p className="mid">
        {t(row.included ? 'coverage.included-in' : 'coverage.not-in', { country })}
      </p>
      {!row.included && (
        <>
          <p className="small">
            <Prices row={row} />
          </p>
          <p className="small">
            {t('coverage.gigabyte', { amount: format.money(times(row.dataPerMegabyte, 1000)) })}
          </p>
        </>
      )}
      <p className="small c2">
        <Networks row={row} />
      </p>
      {!row.included && <Buy country={row.country} />}
    </div>
  )
}

function Buy({ country }: { country: string }) {
  const { t } = useWords()
  const format = useFormat()
  const plans = useQuery(plansQuery)
  const there = (plans.data?.plans ?? []).filter((plan) => plan.countries.includes(country))
  const best = cheapest(there)
  if (!best) return null
  return (
    <div className="mt-1 grid">
      <ButtonLink to={`/plans/${best.planId}`} kind="tonal" small>
        {t('coverage.buy', { country: format.country(country), price: format.money(best.price) })}
      </ButtonLink>
    </div>
  )
}

function Prices({ row }: { row: Country }) {
  const { t } = useWords()
  const format = useFormat()
  return t('coverage.prices', {
    data: format.money(row.dataPerMegabyte),
    voice: format.money(row.voicePerMinute),
    text: format.money(row.smsEach),
  })
}

function Networks({ row }: { row: Country }) {
  const { t } = useWords()
  const format = useFormat()
  const names = row.networks.map(({ name }) => name)
  if (names.length === 0) return t('coverage.network-unknown')
  return t('coverage.networks', { names: format.list(names) })
}

function Rows({ rows }: { rows: Country[] }) {
  const format = useFormat()
  return (
    <ul className="rows mt-1">
      {rows.map((row) => (
        <li key={row.country} className="row tight">
          <span className="grow">
            <span className="mid block">{format.country(row.country)}</span>
            <span className="small c2 block">
              <Networks row={row} />
            </span>
          </span>
        </li>
      ))}
    </ul>
  )
}

function PriceGroup({ rows }: { rows: Country[] }) {
  const { t } = useWords()
  const [first] = rows
  if (!first) return null
  return (
    <details className="group border-t border-line">
      <summary className="row list-none [&::-webkit-details-marker]:hidden">
        <span className="grow">
          <span className="mid block">{t('coverage.elsewhere-sum', { count: rows.length })}</span>
          <span className="small c2 block">
            <Prices row={first} />
          </span>
        </span>
        <Icon name="down" size="s" className="c3 self-center group-open:rotate-180" />
      </summary>
      <div className="ps-4">
        <Rows rows={rows} />
      </div>
    </details>
  )
}
