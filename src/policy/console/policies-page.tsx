/** The published policies, one per country, and the chosen one as a table a person can read. */
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Loaded } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { policiesQuery } from '../../console/queries.ts'
import type { Policy } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { linkProps } from '../../portal/components/button.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { PolicyDocument } from './policy-document.tsx'

export function PoliciesPage() {
  const { t } = useConsoleWords()
  const { country } = useParams({ strict: false }) as { country?: string }
  const query = useQuery(policiesQuery)
  const chosen = query.data?.find((policy) => policy.country === country)
  return (
    <Split
      title={t('policies.title')}
      count={query.data?.length}
      list={
        <Loaded query={query}>
          {(items) =>
            items.length === 0 ? (
              <p className="empty">{t('policies.empty')}</p>
            ) : (
              <Rows items={items} country={country} />
            )
          }
        </Loaded>
      }
      item={
        country && (
          <Loaded query={query}>
            {() =>
              chosen ? (
                <PolicyDocument policy={chosen} />
              ) : (
                <p className="empty">{t('policies.none', { country })}</p>
              )
            }
          </Loaded>
        )
      }
      itemKey={country}
      back="/policies"
      choose={t('policies.choose')}
    />
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
