/** The review queue, ordered by the clock, and the cases that are stuck and need a person. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { Kbd } from '../../console/components/kbd.tsx'
import { itemsOf } from '../../console/components/listing.tsx'
import { Split } from '../../console/components/split.tsx'
import { useKeys } from '../../console/keys.ts'
import { queueQuery } from '../../console/queries.ts'
import type { CaseState, QueueRow, Risk } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { useGo } from '../../portal/go.ts'
import { CasePane } from './case-pane.tsx'
import { Queue } from './queue.tsx'

export function ReviewPage() {
  const { state } = useSearch({ strict: false }) as { state?: CaseState }
  return <CasesPage base="/review" state={states.find((known) => known === state) ?? 'in_review'} />
}

export function AttentionPage() {
  return <CasesPage base="/attention" state="needs_attention" />
}

/** What may be looked through; needs_attention has a page of its own. */
const states = [
  'in_review',
  'needs_customer',
  'cooling_off',
  'approved',
  'scheduled',
  'executing',
  'settling',
  'closed',
  'withdrawn',
  'rejected',
] as const satisfies readonly CaseState[]

const risks: readonly Risk[] = ['high', 'low']

function useChosen(base: string) {
  const go = useGo()
  const { caseId } = useParams({ strict: false }) as { caseId?: string }
  const search = useSearch({ strict: false }) as { state?: string; risk?: string }
  const risk = risks.find((level) => level === search.risk)
  const kept = { state: search.state, risk: search.risk }
  return {
    caseId,
    risk,
    kept,
    open: (row: QueueRow | undefined) => {
      if (row) void go(`${base}/${row.caseId}`, { search: kept })
    },
    choose: (next: { state?: string | undefined; risk?: string | undefined }) =>
      void go(base, { search: { ...kept, ...next } }),
  }
}

function CasesPage({ base, state }: { base: string; state: CaseState }) {
  const { t } = useConsoleWords()
  const query = useInfiniteQuery(queueQuery(state))
  const chosen = useChosen(base)
  const rows = itemsOf(query.data).filter((row) => !chosen.risk || row.risk === chosen.risk)
  const at = rows.findIndex(({ caseId }) => caseId === chosen.caseId)
  useKeys({
    j: () => chosen.open(rows[Math.min(at + 1, rows.length - 1)]),
    k: () => chosen.open(rows[Math.max(at - 1, 0)]),
    f: () => document.getElementById('risk-filter')?.focus(),
  })
  const attention = state === 'needs_attention'
  return (
    <Split
      title={attention ? t('attention.title') : t('review.title')}
      count={query.data?.pages[0]?.counts[state] ?? undefined}
      tools={<Filters attention={attention} state={state} {...chosen} />}
      list={<Queue query={query} base={base} state={state} {...chosen} />}
      foot={<ListKeys />}
      item={
        chosen.caseId && (
          <CasePane
            key={chosen.caseId}
            caseId={chosen.caseId}
            onDecided={() => chosen.open(rows[at + 1] ?? rows[at - 1])}
          />
        )
      }
      itemKey={chosen.caseId}
      back={base}
      choose={t('review.choose')}
    />
  )
}

type FilterProps = {
  attention: boolean
  state: CaseState
  risk: Risk | undefined
  choose: (next: { state?: string | undefined; risk?: string | undefined }) => void
}

function Filters({ attention, state, risk, choose }: FilterProps) {
  const { t, code } = useConsoleWords()
  return (
    <>
      {!attention && (
        <select
          className="pick"
          aria-label={t('review.state')}
          value={state}
          onChange={(event) => choose({ state: event.target.value })}
        >
          {states.map((each) => (
            <option key={each} value={each}>
              {code('state', each)}
            </option>
          ))}
        </select>
      )}
      <select
        id="risk-filter"
        className="pick"
        aria-label={t('review.risk')}
        value={risk ?? ''}
        onChange={(event) => choose({ risk: event.target.value || undefined })}
      >
        <option value="">{t('review.all-risks')}</option>
        {risks.map((level) => (
          <option key={level} value={level}>
            {code('risk', level)}
          </option>
        ))}
      </select>
    </>
  )
}

function ListKeys() {
  const { t } = useConsoleWords()
  return (
    <p className="keyline" aria-hidden="true">
      <Kbd>J</Kbd>
      <Kbd>K</Kbd>
      <span>{t('keys.both')}</span>
      <Kbd>F</Kbd>
      <span>{t('keys.filter')}</span>
      <span className="grow" />
      <Kbd>?</Kbd>
      <span>{t('keys.all')}</span>
    </p>
  )
}
