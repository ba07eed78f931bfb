/** The rows of the queue: the clock first, then who, how risky, and how much goes back. */
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent } from 'react'
import { groupByClock } from '../../console/clock.ts'
import { Clock } from '../../console/components/clock.tsx'
import { Listing } from '../../console/components/listing.tsx'
import { RiskMark } from '../../console/components/risk.tsx'
import { useNow } from '../../console/use-now.ts'
import type { CaseState, QueuePage, QueueRow, Risk } from '../../console/wire.ts'
import { useConsoleWords } from '../../console/words.tsx'
import { linkProps } from '../../portal/components/button.tsx'
import { useFormat } from '../../portal/use-format.ts'

type Search = Record<string, string | undefined>
type QueueProps = {
  query: UseInfiniteQueryResult<InfiniteData<QueuePage>>
  base: string
  state: CaseState
  risk: Risk | undefined
  caseId: string | undefined
  kept: Search
}

export function Queue({ query, base, state, risk, caseId, kept }: QueueProps) {
  const { t, code } = useConsoleWords()
  const now = useNow()
  const empty = risk
    ? t('review.none-of-risk')
    : state === 'in_review'
      ? t('review.empty')
      : state === 'needs_attention'
        ? t('attention.empty')
        : t('review.none', { state: code('state', state) })
  return (
    <Listing query={query} empty={empty}>
      {(items) => {
        const rows = items.filter((row) => !risk || row.risk === risk)
        if (rows.length === 0) return <p className="empty">{empty}</p>
        return (
          <div>
            {groupByClock(rows, now).map((group) => (
              <section key={group.key} aria-label={code('group', group.key)}>
                {group.key !== 'none' && (
                  <p className="qgrp" aria-hidden="true">
                    <span>{code('group', group.key)}</span>
                    <span className="num">{group.rows.length}</span>
                  </p>
                )}
                <ul>
                  {group.rows.map((row) => (
                    <li key={row.caseId}>
                      <Row row={row} base={base} kept={kept} chosen={row.caseId === caseId} />
                    </li>
                  ))}
                </ul>
              </section>
            ))}
          </div>
        )
      }}
    </Listing>
  )
}

type RowProps = { row: QueueRow; base: string; kept: Search; chosen: boolean }

function Row({ row, base, kept, chosen }: RowProps) {
  const { t } = useConsoleWords()
  const format = useFormat()
  return (
    <Link
      {...linkProps({ to: `${base}/${row.caseId}`, search: kept })}
      className="qrow"
      aria-current={chosen || undefined}
      onKeyDown={moveFocus}
      onFocus={(event) => event.currentTarget.scrollIntoView({ block: 'nearest' })}
    >
      <span className="cl num">
        {row.dueAt ? <Clock due={row.dueAt} /> : row.submittedAt && format.day(row.submittedAt)}
      </span>
      <span className="min-w-0">
        <span className="mid block truncate">{row.subscriberName || t('case.nameless')}</span>
        <span className="caption c3 block truncate">
          <bdi className="num">{row.reference}</bdi> · {row.country}
        </span>
      </span>
      <RiskMark level={row.risk} />
      <span className="num figures min-w-0">
        <span className="block">{row.refund ? format.money(row.refund) : t('review.open')}</span>
        {row.refundLate && (
          <span className="caption c3 block truncate">{t('review.refund-late')}</span>
        )}
        {row.approvedFirstBy && (
          <span className="caption c3 block truncate">
            {t('review.half', { name: row.approvedFirstBy })}
          </span>
        )}
        {row.claimedBy && (
          <span className="caption c3 block truncate">
            <span className="sr-only">{t('review.taken')} </span>
            {row.claimedBy}
          </span>
        )}
      </span>
    </Link>
  )
}

/** Arrow keys walk the rows, as J and K do for those who switched single keys off. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  const rows = [...document.querySelectorAll<HTMLElement>('.qrow')]
  const at = rows.findIndex((row) => row === event.currentTarget)
  event.preventDefault()
  rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus()
}
