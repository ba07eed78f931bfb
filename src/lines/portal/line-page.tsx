/** One line: what is left, what was used, its money, its eSIM, and the way to close it. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ButtonLink, IconButton, TextLink } from '../../portal/components/button.tsx'
import { LinkRow } from '../../portal/components/link-row.tsx'
import { Notice, RowsSkeleton } from '../../portal/components/notice.tsx'
import { Loaded, Stale } from '../../portal/failure.tsx'
import { Page, Section } from '../../portal/page.tsx'
import { isZero } from '../../portal/format.ts'
import { lineQuery, linesQuery } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import { useLeaving } from '../../portal/leaving.ts'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { quantityText } from '../../plans/portal/plan-text.ts'
import { closurePath, DataRing, LineFacts, LineNumber, LineTag, profileWord } from './line-text.tsx'
import { othersOf } from '../../payments/portal/move-text.ts'
import { MoreSheet } from './more-sheet.tsx'
import { SuspendedNotice, SuspendRow } from './suspend.tsx'
import { UsageList } from './usage-list.tsx'

export function LinePage() {
  const { lineId } = useParams({ strict: false }) as { lineId: string }
  const { t } = useWords()
  // What was used shows within two seconds of being charged.
  const line = useQuery({ ...lineQuery(lineId), refetchInterval: 1_500 })
  if (line.data) return <Shown line={line.data} query={line} />
  return (
    <Page head={t('line.line')} back="/lines">
      <Loaded query={line} skeleton={<RowsSkeleton count={5} />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

function Shown({ line, query }: { line: Line; query: UseQueryResult<Line> }) {
  const { t } = useWords()
  const [more, setMore] = useState(false)
  const live = line.state !== 'closed'
  return (
    <Page
      head={line.nickname}
      above={<LineTag line={line} />}
      sub={line.msisdn ? <LineNumber msisdn={line.msisdn} /> : undefined}
      back="/lines"
      end={<IconButton icon="more" label={t('line.more')} onClick={() => setMore(true)} />}
    >
      <MoreSheet line={line} open={more} onClose={() => setMore(false)} />
      <Stale query={query} />
      <ClosureNotice line={line} />
      <SuspendedNotice line={line} />
      {live && (
        <>
          <div className="flex flex-wrap items-center gap-x-6 gap-y-4 mt-5">
            <DataRing line={line} size={160} />
            <LineFacts line={line} />
          </div>
          <MainAction line={line} />
          <Buckets line={line} />
          <Credit line={line} />
        </>
      )}
      <UsageList lineId={line.lineId} />
      <Esim line={line} />
      {live && <More line={line} />}
    </Page>
  )
}

/** Nothing is sold on a line that is being closed. */
function MainAction({ line }: { line: Line }) {
  const { t } = useWords()
  if (line.state === 'closing') return null
  const install = line.state === 'ordered'
  return (
    <div className="mt-6">
      <ButtonLink
        to={`/lines/${line.lineId}/${install ? 'install' : 'top-up'}`}
        kind="primary"
        block
        {...(install && { icon: 'sim' as const })}
      >
        {install ? t('line.install-it') : t('line.top-up')}
      </ButtonLink>
    </div>
  )
}

function ClosureNotice({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  if (line.state === 'closed' && line.closedAt) {
    return (
      <div className="mt-4">
        <Notice live={false}>
          <p>{t('line.closed-on', { date: format.day(line.closedAt, { year: true }) })}</p>
          {line.closureCaseId && (
            <TextLink to={`/closures/${line.closureCaseId}`}>{t('line.certificate')}</TextLink>
          )}
        </Notice>
      </div>
    )
  }
  if (!line.closureCaseId) return null
  return (
    <div className="mt-4">
      <Notice tone="info" live={false}>
        <p>{t('line.closure-open')}</p>
        <TextLink to={`/closures/${line.closureCaseId}`}>{t('line.closing-progress')}</TextLink>
      </Notice>
    </div>
  )
}

function Buckets({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  if (line.buckets.length === 0) return null
  return (
    <Section title={t('line.buckets')}>
      <table className="ledger mt-1">
        <tbody>
          {line.buckets.map((bucket) => (
            <tr key={bucket.bucketId}>
              <th scope="row">
                {t(kinds[bucket.kind])}
                {bucket.isAddon && ` · ${t('line.addon')}`}
                {bucket.expiresAt && (
                  <span className="d">
                    {t('line.until', { at: format.moment(bucket.expiresAt) })}
                  </span>
                )}
              </th>
              <td>
                <bdi>{quantityText(bucket.kind, bucket.remaining, t, format)}</bdi>
                <span className="d">
                  {t('line.of', { total: quantityText(bucket.kind, bucket.granted, t, format) })}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  )
}

const kinds: Record<Line['buckets'][number]['kind'], WordKey> = {
  data: 'dial.data',
  voice: 'dial.voice',
  sms: 'dial.sms',
}

function Credit({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  return (
    <Section title={t('home.balance')}>
      <table className="ledger mt-1">
        <tbody>
          <tr>
            <th scope="row">
              {t('money.paid-credit')}
              <span className="d">{t('line.paid-at-closing')}</span>
            </th>
            <td>{format.money(line.paidCredit)}</td>
          </tr>
          <tr>
            <th scope="row">
              {t('money.promotional-credit')}
              <span className="d">{t('line.promotional-at-closing')}</span>
            </th>
            <td>{format.money(line.promotionalCredit)}</td>
          </tr>
        </tbody>
      </table>
      {line.state !== 'closing' && <CreditActions line={line} />}
    </Section>
  )
}

function CreditActions({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  const { lineId, spendingCap, spent } = line
  const lines = useQuery(linesQuery)
  const movable = !isZero(line.paidCredit) && othersOf(line, lines.data ?? []).length > 0
  return (
    <ul className="rows mt-1 border-t border-line">
      <LinkRow to={`/lines/${lineId}/cap`} title={t('line.cap')}>
        {spendingCap
          ? t('line.cap-set', {
              amount: format.money(spendingCap),
              spent: format.money(spent),
            })
          : t('line.cap-none')}
      </LinkRow>
      {movable && <LinkRow to={`/lines/${lineId}/move-credit`} title={t('line.move-credit')} />}
    </ul>
  )
}

function Esim({ line }: { line: Line }) {
  const { t } = useWords()
  return (
    <Section title={t('line.esim')}>
      <dl className="kv mt-2.5">
        <dt>{t('line.profile')}</dt>
        <dd>{t(profileWord(line.profile))}</dd>
        {line.profile.eidMasked && (
          <>
            <dt>{t('line.device')}</dt>
            <dd className="num">
              <bdi>EID {line.profile.eidMasked}</bdi>
            </dd>
          </>
        )}
        <dt>ICCID</dt>
        <dd className="num">
          <bdi>{line.profile.iccidMasked}</bdi>
        </dd>
      </dl>
    </Section>
  )
}

function More({ line }: { line: Line }) {
  const { t } = useWords()
  return (
    <Section title={t('line.more')}>
      <ul className="rows mt-1">
        {line.state !== 'closing' && (
          <LinkRow to={`/lines/${line.lineId}/plan`} title={t('line.plan-and-renewal')}>
            {t('line.plan-what')}
          </LinkRow>
        )}
        {line.state === 'active' && (
          <LinkRow to={`/lines/${line.lineId}/add-ons`} title={t('addons.title')}>
            {t('addons.row-what')}
          </LinkRow>
        )}
        <SuspendRow line={line} />
        {line.msisdn && (
          <LinkRow to={`/lines/${line.lineId}/number`} title={t('number.row')}>
            {t('number.row-what')}
          </LinkRow>
        )}
        <LinkRow to={`/lines/${line.lineId}/coverage`} title={t('line.coverage')}>
          {t('line.coverage-what')}
        </LinkRow>
        <LeavingRows line={line} />
      </ul>
    </Section>
  )
}

/** By the words that the country prescribes; a contract that was just made is withdrawn from, too. */
function LeavingRows({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  const leaving = useLeaving()
  const to = closurePath(line)
  if (line.closureCaseId) return <LinkRow to={to} title={t('line.closing-progress')} />
  const until = leaving.withdrawUntil(line.orderedAt)
  return (
    <>
      {until && (
        <LinkRow to={to} search={{ withdraw: 'yes' }} title={leaving.withdraw(t('line.withdraw'))}>
          {t('line.withdraw-what', { at: format.day(until) })}
        </LinkRow>
      )}
      <LinkRow to={to} title={leaving.close(t('line.close'))}>
        {t('line.close-what')}
      </LinkRow>
    </>
  )
}
