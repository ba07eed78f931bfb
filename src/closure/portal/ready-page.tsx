/** Step 1: what to look at before closing; what needs the person first, what is fine below. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, ButtonLink, linkProps } from '../../portal/components/button.tsx'
import { Icon, type IconName } from '../../portal/components/icon.tsx'
import { useDraft } from '../../portal/draft.ts'
import { formatNumberE164 } from '../../portal/format.ts'
import { Page, Section } from '../../portal/page.tsx'
import { closureQuery, lineQuery, linesQuery, queryClient } from '../../portal/queries.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Closure, ReadinessRow } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { Draft, homeOf, useClosureName } from './case.tsx'
import { services } from './unbind-page.tsx'

export function ReadyPage() {
  return <Draft step={1}>{(closure) => <Ready closure={closure} />}</Draft>
}

function Ready({ closure }: { closure: Closure }) {
  const { t } = useWords()
  const name = useClosureName()
  const needs = closure.readiness.filter((row) => row.state !== 'fine')
  const fine = closure.readiness.filter((row) => row.state === 'fine')
  const blocked = needs.some((row) => row.state === 'blocks')
  const line = closure.scope === 'line'
  const dock = (
    <>
      <p className="caption c2 mb-2.5" id="ready-why">
        {blocked ? t('ready.blocked') : t('ready.not-yet')}
      </p>
      {blocked ? (
        <Button kind="primary" block disabledBy="ready-why">
          {t('ready.go-on')}
        </Button>
      ) : (
        <ButtonLink to={`/closures/${closure.caseId}/quote`} kind="primary" block>
          {t('ready.go-on')}
        </ButtonLink>
      )}
    </>
  )
  return (
    <Page
      head={needs.length > 0 ? t('ready.head', { count: needs.length }) : t('ready.head-clear')}
      flow={t(line ? 'line.close' : 'account.close')}
      step={1}
      back={homeOf(closure)}
      dock={dock}
      sub={
        <>
          {name(closure)}
          {closure.msisdn && (
            <>
              {' · '}
              <bdi className="num">{formatNumberE164(closure.msisdn)}</bdi>
            </>
          )}
        </>
      }
    >
      <ul className="rows mt-3">
        {needs.map((row) => (
          <NeedRow key={row.key} row={row} closure={closure} />
        ))}
      </ul>
      {fine.length > 0 && (
        <Section
          title={t('ready.fine')}
          end={<span>{t('ready.fine-count', { count: fine.length })}</span>}
        >
          <ul className="rows mt-1">
            {fine.map((row) => (
              <FineRow key={row.key} row={row} />
            ))}
          </ul>
        </Section>
      )}
      {line ? <LineWays closure={closure} /> : <AccountWays closure={closure} />}
    </Page>
  )
}

function LineWays({ closure: { caseId, lineId, msisdn } }: { closure: Closure }) {
  const line = useQuery({ ...lineQuery(lineId ?? ''), enabled: lineId !== null })
  if (!line.data) return null
  const to = `/lines/${lineId}`
  const pauses = line.data.state === 'active'
  const pause = msisdn ? 'ready.pause-what' : 'ready.pause-what-plain'
  const close = msisdn ? 'ready.close-what' : 'ready.close-what-plain'
  const others: Way[] = [
    ...(pauses ? [['ready.pause', pause, to] as const] : []),
    ...(msisdn ? [['ready.take', 'ready.take-what', `${to}/number`] as const] : []),
  ]
  return <Ways others={others} close={['line.close', close, `/closures/${caseId}/quote`]} />
}

/** What a line can do instead is on its own page. */
function AccountWays({ closure: { caseId } }: { closure: Closure }) {
  const lines = useQuery(linesQuery)
  const canElse = lines.data?.some(
    ({ state, msisdn }) => state === 'active' || (state !== 'closed' && msisdn !== null),
  )
  const others: Way[] = canElse ? [['ready.lines', 'ready.lines-what', '/lines']] : []
  const path = `/closures/${caseId}/quote`
  return <Ways others={others} close={['account.close', 'ready.close-what-account', path]} />
}

type Way = readonly [name: WordKey, what: WordKey, path: string]

/** Shown once, and alike: nobody is held back, and nobody loses a number for not knowing. */
function Ways({ others, close }: { others: readonly Way[]; close: Way }) {
  const { t } = useWords()
  if (others.length === 0) return null
  return (
    <Section title={t('ready.instead')}>
      <ul className="rows mt-1" data-offer="ways">
        {[...others, close].map(([name, what, path]) => (
          <li key={name}>
            <Link {...linkProps({ to: path })} className="row">
              <span className="grow">
                <span className="mid block">{t(name)}</span>
                <span className="small c2 block">{t(what)}</span>
              </span>
              <Icon name="next" size="s" className="c3 self-center" />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  )
}

const names: Record<ReadinessRow['key'], WordKey> = {
  identity: 'ready.identity',
  arrears: 'ready.arrears',
  balance: 'home.balance',
  'open-session': 'ready.session',
  'other-lines': 'ready.other-lines',
  backup: 'ready.backup',
  unbind: 'ready.unbind',
  port: 'ready.port',
  dependants: 'ready.dependants',
  shared: 'ready.shared',
  dispute: 'ready.dispute',
  settling: 'ready.settling',
}

const icons: Record<ReadinessRow['key'], IconName> = {
  identity: 'person',
  arrears: 'card',
  balance: 'card',
  'open-session': 'globe',
  'other-lines': 'sim',
  backup: 'download',
  unbind: 'phone',
  port: 'phone',
  dependants: 'sim',
  shared: 'card',
  dispute: 'card',
  settling: 'sim',
}

function useRowMoney() {
  const format = useFormat()
  return ({ amount, currency, more = '' }: Record<string, string>) => {
    if (!amount || !currency) return ''
    const others = more === '' ? [] : more.split(', ').map((one) => one.split(' '))
    const all = [[amount, currency], ...others]
    return format.list(
      all.map(([one = '', code = '']) => format.money({ amount: one, currency: code })),
    )
  }
}

function NeedRow({ row, closure }: { row: ReadinessRow; closure: Closure }) {
  const blocks = row.state === 'blocks'
  return (
    <li className="row">
      <Icon name={icons[row.key]} className={blocks ? 'danger' : undefined} />
      <div className="grow">
        <div className="mid">
          <NeedTitle row={row} />
        </div>
        <div className={blocks ? 'small danger' : 'small c2'}>
          <NeedDetail row={row} closure={closure} />
        </div>
      </div>
      <NeedAction row={row} closure={closure} />
    </li>
  )
}

function NeedTitle({ row }: { row: ReadinessRow }) {
  const { t } = useWords()
  const money = useRowMoney()
  if (row.key === 'arrears') return t('ready.owe', { amount: money(row.detail) })
  if (row.key === 'balance') {
    return (
      <>
        {t('home.balance')} <span className="num">{money(row.detail)}</span>
      </>
    )
  }
  if (row.key === 'dispute') return t('ready.dispute-amount', { amount: money(row.detail) })
  if (row.key === 'shared') return t('ready.shared-amount', { amount: money(row.detail) })
  if (row.key === 'open-session' && row.state === 'to-do') return t('ready.session-open')
  return t(names[row.key])
}

const details: Record<ReadinessRow['key'], WordKey> = {
  identity: 'ready.identity-blocks',
  arrears: 'ready.owe-detail',
  balance: 'ready.balance-detail',
  'open-session': 'ready.session-detail',
  'other-lines': 'ready.other-lines-detail',
  backup: 'ready.backup-detail',
  unbind: 'ready.unbind-detail',
  port: 'ready.port-pending',
  dependants: 'ready.dependants-detail',
  shared: 'ready.shared-detail',
  dispute: 'ready.dispute-detail',
  settling: 'ready.settling-detail',
}

function NeedDetail({ row, closure }: { row: ReadinessRow; closure: Closure }) {
  const { t } = useWords()
  const [ticked] = useDraft<string[]>(`unbind:${closure.caseId}`, [])
  if (row.state === 'unknown') return t('ready.unknown')
  const { recipient = '', names: others = '' } = row.detail
  const facts = { total: services.length, done: ticked.length, recipient, names: others }
  return t(details[row.key], facts)
}

function NeedAction({ row, closure }: { row: ReadinessRow; closure: Closure }) {
  const { t } = useWords()
  const again = () =>
    queryClient.invalidateQueries({ queryKey: closureQuery(closure.caseId).queryKey })
  if (row.state === 'unknown') {
    return (
      <button type="button" className="textbtn justify-end" onClick={() => void again()}>
        {t('failure.retry')}
      </button>
    )
  }
  if (row.key === 'dispute' || row.key === 'settling') return null
  if (row.key === 'balance' || row.key === 'shared')
    return <span className="small c3">{t('ready.next-step')}</span>
  if (row.action === 'export') {
    return (
      <a
        className="textbtn justify-end"
        href="/v1/me/export"
        download
        onClick={() => setTimeout(again, 2_500)}
      >
        {t('ready.download')}
      </a>
    )
  }
  const to = {
    identity: '/account/contacts',
    arrears: closure.lineId ? `/lines/${closure.lineId}/top-up` : '/lines',
    unbind: `/closures/${closure.caseId}/unbind`,
    'open-session': undefined,
    'other-lines': '/lines',
    backup: undefined,
    port: `/lines/${row.detail['lineId']}/number`,
    dependants: `/lines/${row.detail['lineId']}`,
  }[row.key]
  if (!to) return null
  const words: Partial<Record<ReadinessRow['key'], WordKey>> = {
    unbind: 'ready.list',
    arrears: 'ready.pay',
    port: 'ready.port-see',
    dependants: 'ready.port-see',
  }
  const word = words[row.key] ?? 'ready.add'
  return (
    <Link {...linkProps({ to })} className="textbtn justify-end">
      {t(word)}
    </Link>
  )
}

function FineRow({ row }: { row: ReadinessRow }) {
  const { t } = useWords()
  return (
    <li className="row tight">
      <Icon name="check" className="ok" />
      <span className="grow">{t(names[row.key])}</span>
      <span className="small c3">
        <FineDetail row={row} />
      </span>
    </li>
  )
}

function FineDetail({ row }: { row: ReadinessRow }) {
  const { t } = useWords()
  const format = useFormat()
  const { at, names: others } = row.detail
  if (row.key === 'identity' && at) return t('ready.verified', { date: format.day(at) })
  if (row.key === 'backup' && at) return t('ready.backed-up', { date: format.day(at) })
  if (row.key === 'other-lines' && others) return t('ready.stay', { names: others })
  return t('ready.none')
}
