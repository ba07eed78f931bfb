/** The four states of everything that is read: waiting, failed, empty, there; and the way to the
 * next page. */
import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { problemCode, Unanswered } from '../../portal/api.ts'
import { Button } from '../../portal/components/button.tsx'
import { Notice, Skeleton } from '../../portal/components/notice.tsx'
import { useSentence } from '../../portal/failure.tsx'
import { useFormat } from '../../portal/use-format.ts'
import { useConsoleWords } from '../words.tsx'

export function WaitingRows({ count = 8 }: { count?: number }) {
  const { t } = useConsoleWords()
  return (
    <div aria-busy="true" className="waiting">
      <span className="sr-only" role="status">
        {t('list.waiting')}
      </span>
      {Array.from({ length: count }, (_, at) => (
        <div key={at} className="grid gap-2" aria-hidden="true">
          <Skeleton width={`${38 + ((at * 13) % 30)}%`} height={14} />
          <Skeleton width={`${56 + ((at * 7) % 24)}%`} height={11} />
        </div>
      ))}
    </div>
  )
}

export function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useConsoleWords()
  const sentence = useSentence()
  const hopeless = ['not-found', 'not-your-role'].includes(problemCode(error) ?? '')
  return (
    <div className="unread" role="alert">
      <p>{sentence(error)}</p>
      {!hopeless && <Button onClick={retry}>{t('list.retry')}</Button>}
    </div>
  )
}

/** Next to the button that failed. */
export function Refused({ error, children }: { error: unknown; children?: ReactNode }) {
  const sentence = useSentence()
  if (!error) return null
  return (
    <Notice tone="warn">
      <p>{sentence(error)}</p>
      {children}
    </Notice>
  )
}

type Read<Data> = Pick<UseQueryResult<Data>, 'data' | 'error' | 'refetch' | 'dataUpdatedAt'>

/** Old data stays, with its age, when a refresh finds no answer. */
function Stale({ query }: { query: Read<unknown> }) {
  const { t } = useConsoleWords()
  const format = useFormat()
  if (!(query.error instanceof Unanswered)) return null
  const since = format.moment(new Date(query.dataUpdatedAt).toISOString())
  return (
    <div className="stale">
      <Notice tone="info">{t('list.stale', { since })}</Notice>
    </div>
  )
}

type LoadedProps<Data> = {
  query: Read<Data>
  skeleton?: ReactNode
  children: (data: Data) => ReactNode
}

export function Loaded<Data>({ query, skeleton, children }: LoadedProps<Data>) {
  if (query.data !== undefined) {
    return (
      <>
        <Stale query={query} />
        {children(query.data)}
      </>
    )
  }
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />
  return skeleton ?? <WaitingRows />
}

type Page<Item> = { items: Item[]; nextCursor: string | null }

export function itemsOf<Item>(data: InfiniteData<Page<Item>> | undefined): Item[] {
  return data?.pages.flatMap(({ items }) => items) ?? []
}

type ListingProps<Item> = {
  query: UseInfiniteQueryResult<InfiniteData<Page<Item>>>
  empty: ReactNode
  children: (items: Item[]) => ReactNode
}

export function Listing<Item>({ query, empty, children }: ListingProps<Item>) {
  const { t } = useConsoleWords()
  return (
    <Loaded query={query}>
      {(data) => {
        const items = itemsOf(data)
        if (items.length === 0) return <p className="empty">{empty}</p>
        return (
          <>
            {children(items)}
            {query.hasNextPage && (
              <div className="more">
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t('list.more')}
                </Button>
              </div>
            )}
          </>
        )
      }}
    </Loaded>
  )
}
