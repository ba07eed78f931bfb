/** Looking for a subscriber by name, contact or number, and what staff may see of one. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { type FormEvent, useEffect, useState } from 'react'
import { itemsOf, Listing, Loaded } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { useKeys } from '../../console/keys.ts'
import { subscribersQuery } from '../../console/queries.ts'
import type { StaffSubscriber } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { linkProps } from '../../portal/components/button.tsx'
import { Tag } from '../../portal/components/notice.tsx'
import { SearchField } from '../../portal/components/search-field.tsx'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import { SubscriberPane } from './subscriber-pane.tsx'

export function SubscribersPage() {
  const { t } = useConsoleWords()
  const go = useGo()
  const { subscriberId } = useParams({ strict: false }) as { subscriberId?: string }
  const { query: sought } = useSearch({ strict: false }) as { query?: string }
  const query = useInfiniteQuery(subscribersQuery(sought ?? ''))
  const rows = itemsOf(query.data)
  const at = rows.findIndex((row) => row.subscriberId === subscriberId)
  const open = (row: StaffSubscriber | undefined) => {
    if (row) void go(`/subscribers/${row.subscriberId}`, { search: { query: sought } })
  }
  useKeys({
    j: () => open(rows[Math.min(at + 1, rows.length - 1)]),
    k: () => open(rows[Math.max(at - 1, 0)]),
  })
  const empty = sought ? t('subscribers.none', { query: sought }) : t('subscribers.empty')
  return (
    <Split
      title={t('subscribers.title')}
      list={
        <>
          <Search sought={sought ?? ''} />
          <Listing query={query} empty={empty}>
            {(items) => <Rows items={items} subscriberId={subscriberId} sought={sought} />}
          </Listing>
        </>
      }
      item={
        subscriberId && (
          <Loaded query={query}>
            {() =>
              rows[at] ? (
                <SubscriberPane person={rows[at]} />
              ) : (
                <p className="empty">{t('subscribers.gone')}</p>
              )
            }
          </Loaded>
        )
      }
      itemKey={subscriberId}
      back="/subscribers"
      choose={t('subscribers.choose')}
    />
  )
}

function Search({ sought }: { sought: string }) {
  const { t } = useConsoleWords()
  const go = useGo()
  const [text, setText] = useState(sought)
  useEffect(() => setText(sought), [sought])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void go('/subscribers', { search: { query: text.trim() || undefined } })
  }
  return (
    <form role="search" aria-label={t('subscribers.title')} className="qsearch" onSubmit={submit}>
      <SearchField label={t('subscribers.search')} value={text} onChange={setText} />
    </form>
  )
}

type RowsProps = {
  items: StaffSubscriber[]
  subscriberId: string | undefined
  sought: string | undefined
}

function Rows({ items, subscriberId, sought }: RowsProps) {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  return (
    <ul>
      {items.map((person) => (
        <li key={person.subscriberId}>
          <Link
            {...linkProps({ to: `/subscribers/${person.subscriberId}`, search: { query: sought } })}
            className="qrow plainrow"
            aria-current={person.subscriberId === subscriberId || undefined}
          >
            <span className="min-w-0">
              <span className="mid block truncate">{person.name || t('case.nameless')}</span>
              <span className="caption c3 block truncate">
                <bdi>{person.contacts[0]?.value ?? t('subscribers.no-contact')}</bdi>
              </span>
            </span>
            <span className="figures">
              <span className="block">
                {person.state === 'closed' ? (
                  <Tag>{code('subscriber-state', person.state)}</Tag>
                ) : (
                  t('facts.line-count', { count: person.lines.length })
                )}
              </span>
              <span className="caption c3 block">
                {person.country ? format.country(person.country) : ''}
              </span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
