/** What went wrong, in one sentence, with a way out; and the three states every read has. */
import type { UseQueryResult } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { failureCode, Refused, Unanswered } from './api.ts'
import { Button, ButtonLink, Pair, TextLink } from './components/button.tsx'
import { Notice } from './components/notice.tsx'
import { useFormat } from './use-format.ts'
import { useWords } from './words.tsx'
import { refusalKey } from './refusals.ts'

/** The sentence for any error, in the language of the page. */
export function useSentence() {
  const { t } = useWords()
  const format = useFormat()
  return (error: unknown): string => {
    if (error instanceof Unanswered) {
      return t(navigator.onLine ? 'failure.unanswered' : 'failure.offline')
    }
    if (!(error instanceof Refused)) return t('failure.bug')
    const key = refusalKey(error.problem.code)
    if (!key) return error.problem.detail ?? t('failure.unknown')
    const { triesLeft, amount } = error.problem as { triesLeft?: number; amount?: unknown }
    return t(key, {
      triesLeft: triesLeft ?? 0,
      amount: isMoney(amount) ? format.money(amount) : '',
    })
  }
}

function isMoney(value: unknown): value is { amount: string; currency: string } {
  return typeof value === 'object' && value !== null && 'currency' in value
}

/** Next to the button that failed. */
export function Refusal({ error }: { error: unknown }) {
  const sentence = useSentence()
  const { t } = useWords()
  const { pathname } = useLocation()
  if (!error) return null
  return (
    <div className="mb-3">
      <Notice tone="warn">
        <p>{sentence(error)}</p>
        <TextLink to="/help/new" search={{ about: failureCode(error), page: pathname }}>
          {t('failure.ask')}
        </TextLink>
      </Notice>
    </div>
  )
}

/** In place of a page's content. */
export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  const sentence = useSentence()
  const { t } = useWords()
  const { pathname } = useLocation()
  return (
    <div className="grid gap-5 py-6" role="alert">
      <p className="c2">{sentence(error)}</p>
      <Pair>
        <Button onClick={retry}>{t('failure.retry')}</Button>
        <ButtonLink to="/help/new" search={{ about: failureCode(error), page: pathname }}>
          {t('failure.ask')}
        </ButtonLink>
      </Pair>
    </div>
  )
}

type Query<Data> = Pick<
  UseQueryResult<Data>,
  'data' | 'error' | 'refetch' | 'dataUpdatedAt' | 'isPending'
>

/** How old what is shown is, where a refresh got no answer. */
export function Stale({ query }: { query: Pick<Query<unknown>, 'error' | 'dataUpdatedAt'> }) {
  const { t } = useWords()
  const format = useFormat()
  if (!(query.error instanceof Unanswered)) return null
  const since = format.moment(new Date(query.dataUpdatedAt).toISOString())
  return (
    <div className="mb-4">
      <Notice tone="info">{t('failure.stale', { since })}</Notice>
    </div>
  )
}

const slowMs = 6_000

/** Said while something loads: at once to those who listen, after a while to all. */
export function Waiting() {
  const { t } = useWords()
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), slowMs)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p className={slow ? 'small c2 my-4' : 'sr-only'} role="status">
      {t(slow ? 'page.slow' : 'page.loading')}
    </p>
  )
}

type LoadedProps<Data> = {
  query: Query<Data>
  skeleton: ReactNode
  children: (data: Data) => ReactNode
}

/** Skeleton, failure, or the data; old data stays with its age when a refresh finds no network. */
export function Loaded<Data>({ query, skeleton, children }: LoadedProps<Data>) {
  if (query.data !== undefined) {
    return (
      <>
        <Stale query={query} />
        {children(query.data)}
      </>
    )
  }
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />
  return (
    <div aria-busy="true">
      <Waiting />
      {skeleton}
    </div>
  )
}
