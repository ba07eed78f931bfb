/** Back from the pay page: paid, declined with another try, or still checking; it asks until it
 * knows. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { send } from '../../portal/api.ts'
import { Button, ButtonAnchor, ButtonLink } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { Summary } from '../../portal/components/ledger.tsx'
import { RowsSkeleton } from '../../portal/components/notice.tsx'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { orderQuery, queryClient } from '../../portal/queries.ts'
import { useGo } from '../../portal/go.ts'
import { useFormat } from '../../portal/use-format.ts'
import type { Order } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'
import type { WordKey } from '../../portal/words/keys.ts'
import { cardText } from './card-text.ts'
import { leaveToPay } from './pay.ts'

const settled: readonly Order['state'][] = ['paid', 'failed', 'expired']

export function OrderPage() {
  const { orderId } = useParams({ strict: false }) as { orderId: string }
  const { t } = useWords()
  const order = useQuery({
    ...orderQuery(orderId),
    staleTime: 0,
    refetchInterval: ({ state }) =>
      state.data && settled.includes(state.data.state) ? false : 1_000,
  })
  if (order.data) return <Outcome order={order.data} />
  return (
    <Page head={t('order.checking')} bare>
      <Loaded query={order} skeleton={<RowsSkeleton />}>
        {() => null}
      </Loaded>
    </Page>
  )
}

function Outcome({ order }: { order: Order }) {
  const { checkout } = useSearch({ strict: false }) as { checkout?: string }
  if (order.state === 'paid') return <Paid order={order} />
  if (order.state === 'failed' || order.state === 'expired') return <NotPaid order={order} />
  if (order.state === 'processing' || checkout) return <Checking order={order} />
  return <Unpaid order={order} />
}

type FrameProps = {
  order: Order
  head: ReactNode
  title: string
  sub: ReactNode
  dock?: ReactNode
  children?: ReactNode
}

function Frame({ order, head, title, sub, dock, children }: FrameProps) {
  const { t } = useWords()
  const format = useFormat()
  const card = order.instrument
  return (
    <Page head={head} title={title} sub={<span role="status">{sub}</span>} dock={dock} bare>
      <div className="mt-5">
        <Summary
          rows={[
            [
              t('order.amount'),
              <span key="a" className="strong num">
                {format.money(order.amount)}
              </span>,
            ],
            ...(card ? [[t('order.card'), cardText(card, t)] as const] : []),
            [t('order.made'), format.moment(order.createdAt)],
          ]}
        />
      </div>
      {children}
    </Page>
  )
}

function Paid({ order }: { order: Order }) {
  const { t } = useWords()
  const format = useFormat()
  useEffect(() => {
    void queryClient.invalidateQueries({ queryKey: ['lines'] })
    void queryClient.invalidateQueries({ queryKey: ['statement'] })
  }, [order.orderId])
  const plan = order.kind === 'plan'
  const amount = format.money(order.amount)
  const head = plan ? t('order.paid-plan') : t('order.paid-top-up', { amount })
  const to = order.lineId ? `/lines/${order.lineId}${plan ? '/install' : ''}` : '/lines'
  return (
    <Frame
      order={order}
      head={head}
      title={head}
      sub={plan ? t('order.paid-plan-sub', { amount }) : t('order.paid-top-up-sub')}
      dock={
        <ButtonLink to={to} kind="primary" block>
          {plan ? t('line.install-it') : t('install.to-line')}
        </ButtonLink>
      }
    />
  )
}

const failures: Record<NonNullable<Order['failure']>, WordKey> = {
  card_declined: 'order.card-declined',
  insufficient_funds: 'order.insufficient-funds',
  authentication_failed: 'order.authentication-failed',
  expired_card: 'order.expired-card',
  provider_unavailable: 'order.provider-unavailable',
}

function NotPaid({ order }: { order: Order }) {
  const { t } = useWords()
  const go = useGo()
  const again = useMutation({
    mutationFn: () => send<Order>('POST', `/v1/orders/${order.orderId}/retry`),
    onSuccess: (next) => leaveToPay(next, go),
  })
  const head = order.state === 'expired' ? t('order.expired') : t('order.failed')
  const why = order.failure ? t(failures[order.failure]) : t('order.nothing-charged')
  return (
    <Frame
      order={order}
      head={head}
      title={head}
      sub={why}
      dock={
        <>
          <Refusal error={again.error} />
          <div className="stack">
            <Button kind="primary" block busy={again.isPending} onClick={() => again.mutate()}>
              {t('order.again')}
            </Button>
            <ButtonLink to={order.kind === 'plan' ? '/' : `/lines/${order.lineId ?? ''}`} block>
              {t('order.leave')}
            </ButtonLink>
          </div>
        </>
      }
    />
  )
}

function Unpaid({ order }: { order: Order }) {
  const { t } = useWords()
  const head = t('order.unpaid')
  return (
    <Frame
      order={order}
      head={head}
      title={head}
      sub={t('order.nothing-charged')}
      dock={
        order.checkoutUrl && (
          <ButtonAnchor href={order.checkoutUrl} kind="primary" block>
            {t('order.go-pay')}
          </ButtonAnchor>
        )
      }
    />
  )
}

function Checking({ order }: { order: Order }) {
  const { t } = useWords()
  const [long, setLong] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 15_000)
    return () => clearTimeout(timer)
  }, [])
  const head = (
    <span className="inline-flex items-center gap-3">
      <Icon name="spinner" className="spin" />
      {t('order.checking')}
    </span>
  )
  return (
    <Frame
      order={order}
      head={head}
      title={t('order.checking')}
      sub={long ? t('order.checking-long') : t('order.checking-sub')}
      dock={
        long && (
          <div className="stack">
            {order.state === 'open' && order.checkoutUrl && (
              <ButtonAnchor href={order.checkoutUrl} block>
                {t('order.back-to-pay')}
              </ButtonAnchor>
            )}
            <ButtonLink
              to="/help/new"
              search={{ about: 'payment', page: `/orders/${order.orderId}` }}
              block
            >
              {t('failure.ask')}
            </ButtonLink>
          </div>
        )
      }
    />
  )
}
