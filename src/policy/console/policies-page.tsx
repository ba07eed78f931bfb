/** The published policies, one per country, and the chosen one as a table a person can read. */
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Loaded } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { policiesQuery, policyVersionQuery } from '../../console/queries.ts'
import type { Policy } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { Button, linkProps } from '../../portal/components/button.tsx'
import { TextField } from '../../portal/components/field.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import { PolicyDocument } from './policy-document.tsx'

export function PoliciesPage() {
  const { t } = useConsoleWords()
  const { country } = useParams({ strict: false }) as { country?: string }
  const { version } = useSearch({ strict: false }) as { version?: string }
  const query = useQuery(policiesQuery)
  return (
    <Split
      title={t('policies.title')}
      count={query.data?.length}
      list={
        <Loaded query={query}>
          {(items) => (
            <>
              {items.length === 0 ? (
                <p className="empty">{t('policies.empty')}</p>
              ) : (
                <Rows items={items} country={country} />
              )}
              <Another />
            </>
          )}
        </Loaded>
      }
      item={
        country && (
          <Loaded query={query}>
            {(items) => (
              <Chosen
                country={country}
                version={version}
                newest={items.find((policy) => policy.country === country)}
              />
            )}
          </Loaded>
        )
      }
      itemKey={country}
      back="/policies"
      choose={t('policies.choose')}
    />
  )
}

type ChosenProps = {
  country: string
  version: string | undefined
  newest: Policy | undefined
}

function Chosen({ country, version, newest }: ChosenProps) {
  const { t } = useConsoleWords()
  if (!newest) return <p className="empty">{t('policies.none', { country })}</p>
  if (version === undefined || version === String(newest.version))
    return <PolicyDocument policy={newest} newest={newest.version} />
  return <Older country={country} version={version} newest={newest.version} />
}

type OlderProps = { country: string; version: string; newest: number }

function Older({ country, version, newest }: OlderProps) {
  const query = useQuery(policyVersionQuery(country, version))
  return (
    <Loaded query={query}>{(policy) => <PolicyDocument policy={policy} newest={newest} />}</Loaded>
  )
}

function Rows({ items, country }: { items: readonly Policy[]; country: string | undefined }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  return (
    <ul>
      {items.map((policy) => (
        <li key={policy.country}>
          <Link
            {...linkProps({ to: `/policies/${policy.country}` })}
            className="qrow plainrow"
            aria-current={policy.country === country || undefined}
          >
            <span className="min-w-0">
              <span className="mid block">{format.country(policy.country)}</span>
              <span className="caption c3 block">
                {t('policies.published', { when: format.day(policy.publishedAt, { year: true }) })}
              </span>
            </span>
            <span className="num">{t('policies.version', { version: policy.version })}</span>
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** A country that has no policy gets its first one by writing it. */
function Another() {
  const { t } = useConsoleWords()
  const go = useGo()
  const [country, setCountry] = useState('')
  const [isWrong, setWrong] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const code = country.trim().toUpperCase()
    const isCode = /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(code)
    setWrong(!isCode)
    if (isCode) void go(`/policies/${code}/draft`)
  }
  return (
    <form className="another" onSubmit={submit}>
      <TextField
        label={t('policies.another')}
        hint={t('policies.another-hint')}
        value={country}
        onChange={setCountry}
        maxLength={6}
        autoComplete="off"
        error={isWrong ? t('policies.another-wrong') : undefined}
      />
      <Button submit>{t('policies.another-go')}</Button>
    </form>
  )
}
