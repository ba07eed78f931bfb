/** Home: every line with what is left on it, and the money that is on the account. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ButtonLink, linkProps, TextLink } from '../../portal/components/button.tsx'
import { Icon, type IconName } from '../../portal/components/icon.tsx'
import { Empty, Notice, Skeleton } from '../../portal/components/notice.tsx'
import { Loaded } from '../../portal/failure.tsx'
import { isZero, sum } from '../../portal/format.ts'
import { Section } from '../../portal/page.tsx'
import { TabPage } from '../../portal/tab-page.tsx'
import { accountCreditQuery, linesQuery } from '../../portal/queries.ts'
import { useSubscriber } from '../../portal/session.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Line } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import { allowanceText } from '../../plans/portal/plan-text.ts'
import { DataRing, dataOf, isLow, LineFacts, LineNumber, LineTag } from './line-text.tsx'
import { MoreSheet } from './more-sheet.tsx'

export function HomePage() {
  const { t } = useWords()
  const me = useSubscriber()
  const lines = useQuery({ ...linesQuery, refetchInterval: 10_000 })
  const add = (
    <Link {...linkProps({ to: '/' })} className="iconbtn" aria-label={t('home.add')}>
      <Icon name="plus" />
    </Link>
  )
  return (
    <TabPage title={t('home.head')} actions={add}>
      {!me.complete && (
        <Notice tone="warn">
          <p>{t('refusal.profile-incomplete')}</p>
          <TextLink to="/welcome" search={{ next: '/lines' }}>
            {t('home.complete')}
          </TextLink>
        </Notice>
      )}
      <Loaded query={lines} skeleton={<HomeSkeleton />}>
        {(list) => <Lines lines={list} />}
      </Loaded>
    </TabPage>
  )
}

function HomeSkeleton() {
  return (
    <div className="grid gap-4 pt-2">
      <Skeleton width="38%" height={24} />
      <div className="flex items-center gap-6">
        <span className="sk !rounded-full" style={{ width: 160, height: 160 }} />
        <div className="flex-1 grid gap-4">
          <Skeleton width="80%" height={32} />
          <Skeleton width="60%" height={32} />
          <Skeleton width="50%" height={32} />
        </div>
      </div>
      <Skeleton height={72} />
    </div>
  )
}

function Lines({ lines }: { lines: Line[] }) {
  const { t } = useWords()
  const live = lines.filter((line) => line.state !== 'closed')
  const closed = lines.filter((line) => line.state === 'closed')
  const first = live.find((line) => line.state === 'active') ?? live[0]
  return (
    <>
      {first ? (
        <FirstLine line={first} />
      ) : (
        <Empty
          action={
            <ButtonLink to="/" kind="primary">
              {t('home.choose')}
            </ButtonLink>
          }
        >
          {t('home.none')}
        </Empty>
      )}
      {live
        .filter((line) => line !== first)
        .map((line) => (
          <OtherLine key={line.lineId} line={line} />
        ))}
      {live.length > 0 && <Balance lines={live} />}
      <AccountCredit />
      {closed.length > 0 && (
        <Section title={t('home.closed')}>
          <ul className="rows mt-1">
            {closed.map((line) => (
              <ClosedLine key={line.lineId} line={line} />
            ))}
          </ul>
        </Section>
      )}
    </>
  )
}

function FirstLine({ line }: { line: Line }) {
  return (
    <article aria-label={line.nickname}>
      <Link {...linkProps({ to: `/lines/${line.lineId}` })} className="linehead">
        <span className="flex-1 min-w-0">
          <span className="lead block">{line.nickname}</span>
          {line.msisdn && (
            <span className="small c2 block">
              <LineNumber msisdn={line.msisdn} />
            </span>
          )}
        </span>
        <LineTag line={line} />
        <Icon name="next" size="s" className="c3" />
      </Link>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-4 mt-4">
        <DataRing line={line} size={160} />
        <LineFacts line={line} />
      </div>
      <QuickActions line={line} />
    </article>
  )
}

function QuickActions({ line }: { line: Line }) {
  const { t } = useWords()
  const [more, setMore] = useState(false)
  const base = `/lines/${line.lineId}`
  return (
    <>
      <div className="qa">
        <Quick to={`${base}/top-up`} icon="topUp">
          {t('line.top-up')}
        </Quick>
        <Quick to={`${base}/plan`} icon="adjust">
          {t('line.change-plan')}
        </Quick>
        <Quick to={`${base}/install`} icon="sim">
          {t('line.install')}
        </Quick>
        <button type="button" onClick={() => setMore(true)}>
          <span>
            <Icon name="more" />
          </span>
          {t('line.more')}
        </button>
      </div>
      <MoreSheet line={line} open={more} onClose={() => setMore(false)} />
    </>
  )
}

function Quick({ to, icon, children }: { to: string; icon: IconName; children: string }) {
  return (
    <Link {...linkProps({ to })}>
      <span>
        <Icon name={icon} />
      </span>
      {children}
    </Link>
  )
}

function OtherLine({ line }: { line: Line }) {
  const { t } = useWords()
  const format = useFormat()
  const low = line.state === 'active' && isLow(dataOf(line))
  return (
    <article className="border-t border-line mt-6 pt-5" aria-label={line.nickname}>
      <Link {...linkProps({ to: `/lines/${line.lineId}` })} className="linehead !gap-4">
        <DataRing line={line} size={64} />
        <span className="flex-1 min-w-0">
          <span className="lead block">{line.nickname}</span>
          <span className="small c2 block">
            {format.words(line.plan.name)} · {allowanceText(line.bought, t, format)}
          </span>
          {low ? (
            <span className="small warn mid block">{t('line.low')}</span>
          ) : (
            <LineTag line={line} />
          )}
        </span>
        <Icon name="next" size="s" className="c3" />
      </Link>
      {line.state === 'ordered' && (
        <div className="mt-4">
          <ButtonLink to={`/lines/${line.lineId}/install`} kind="tonal" block small>
            {t('line.install-it')}
          </ButtonLink>
        </div>
      )}
      {low && (
        <div className="mt-4">
          <ButtonLink to={`/lines/${line.lineId}/top-up`} kind="tonal" block small>
            {t('line.top-up')}
          </ButtonLink>
        </div>
      )}
    </article>
  )
}

function Balance({ lines }: { lines: Line[] }) {
  const { t } = useWords()
  const format = useFormat()
  const currencies = [...new Set(lines.map((line) => line.paidCredit.currency))]
  return (
    <div className="border-t border-line mt-5">
      {currencies.map((currency) => {
        const mine = lines.filter((line) => line.paidCredit.currency === currency)
        const promotional = sum(mine.map((line) => line.promotionalCredit))
        const total = sum(mine.flatMap((line) => [line.paidCredit, line.promotionalCredit]))
        return (
          <Link key={currency} {...linkProps({ to: '/statement' })} className="row !items-center">
            <span className="grow">
              <span className="mid block">{t('home.balance')}</span>
              {promotional && !isZero(promotional) && (
                <span className="caption c3 block">
                  {t('home.promotional', { amount: format.money(promotional) })}
                </span>
              )}
            </span>
            {total && <b className="num">{format.money(total)}</b>}
            <Icon name="next" size="s" className="c3" />
          </Link>
        )
      })}
    </div>
  )
}

/** Kept when a line closed; shown only where there is some. */
function AccountCredit() {
  const { t } = useWords()
  const format = useFormat()
  const credit = useQuery(accountCreditQuery)
  if (!credit.data?.length) return null
  return (
    <div className="border-t border-line">
      <Link {...linkProps({ to: '/credit' })} className="row !items-center">
        <span className="grow">
          <span className="mid block">{t('home.account-credit')}</span>
          <span className="caption c3 block">{t('home.account-credit-what')}</span>
        </span>
        <b className="num">{format.list(credit.data.map(format.money))}</b>
        <Icon name="next" size="s" className="c3" />
      </Link>
    </div>
  )
}

function ClosedLine({ line }: { line: Line }) {
  const format = useFormat()
  const { t } = useWords()
  return (
    <li>
      <Link {...linkProps({ to: `/lines/${line.lineId}` })} className="row">
        <span className="grow mid">{line.nickname}</span>
        <span className="small c2">
          {line.closedAt &&
            t('home.closed-on', { date: format.day(line.closedAt, { year: true }) })}
        </span>
        <Icon name="next" size="s" className="c3 self-center" />
      </Link>
    </li>
  )
}
