/** The provider's own page: payments and refunds, webhooks on their way, and the fault panel. */
import type { FastifyInstance } from 'fastify'
import { faultPanel, outboxList, paymentFaults } from '../fault-panel.ts'
import type { Faults } from '../faults.ts'
import { type Html, html } from '../html.ts'
import type { Outbox } from '../outbox.ts'
import { type Locale, moment, pageLocale, sendPage } from '../page.ts'
import type { Instrument } from './cards.ts'
import type { Provider } from './provider.ts'
import type { CheckoutRow, RefundRow } from './store.ts'
import { amountIn, type Say, sayPayments } from './words.ts'

type Means = { provider: Provider; outbox: Outbox; faults: Faults }

const SHOWN = 50

export function addOperatorPage(http: FastifyInstance, { provider, outbox, faults }: Means): void {
  http.get('/', async (request, reply) => {
    const locale = pageLocale(request, reply)
    const t = sayPayments(locale)
    const stats = provider.stats()
    const payments = provider.recentCheckouts(SHOWN)
    const refunds = provider.recentRefunds(SHOWN)
    const body = html`<h1 class="head">${t('operatorTitle')}</h1>
      <p class="c2">${t('operatorLead')}</p>
      <section class="sect" aria-labelledby="payments">
        <h2 id="payments">${t('payments')}</h2>
        <div data-part="payments">
          ${table(
            t,
            payments.map((row) => paymentRow(t, locale, row)),
            t('noPayments'),
            stats.checkouts,
          )}
        </div>
      </section>
      <section class="sect" aria-labelledby="refunds">
        <h2 id="refunds">${t('refunds')}</h2>
        <div data-part="refunds">
          ${table(
            t,
            refunds.map((row) => refundRow(t, locale, row)),
            t('noRefunds'),
            stats.refunds + stats.refundsFailed,
          )}
        </div>
      </section>
      ${outboxList(locale, t('webhooks'), t('noWebhooks'), outbox.recent(12))}
      ${faultPanel(locale, faults.read(), paymentFaults)}`
    const frame = { locale, name: t('name'), note: t('note'), title: t('operatorTitle') }
    return sendPage(request, reply, { ...frame, body, refreshMs: 2000 })
  })
}

function table(t: Say, rows: Html[], empty: string, count: number): Html {
  if (rows.length === 0) return html`<p class="empty small">${empty}</p>`
  return html`<table class="grid">
      <thead>
        <tr>
          <th scope="col">${t('what')}</th>
          <th scope="col" class="end">${t('amount')}</th>
          <th scope="col">${t('card')}</th>
          <th scope="col" class="end">${t('status')}</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    <p class="caption c3">${t('count', { count })}</p>`
}

const tones: Record<string, string> = {
  open: 'info',
  processing: 'info',
  pending: 'info',
  succeeded: 'ok',
  failed: 'danger',
  expired: '',
}

function paymentRow(t: Say, locale: Locale, row: CheckoutRow): Html {
  const card = row.instrument ? (JSON.parse(row.instrument) as Instrument) : undefined
  const open = row.status === 'open' || row.status === 'processing'
  return html`<tr>
    <th scope="row">
      ${row.description}
      <span class="sub"
        ><span class="mono">${row.reference}</span> · ${moment(row.created_ms, locale)}</span
      >
      ${open && html`<a class="small" href="/pay/${row.id}">${t('openPage')}</a>`}
    </th>
    <td class="end num strong">${amountIn(locale, row)}</td>
    <td class="small num c2">${card ? `Visa •••• ${card.last4}` : '–'}</td>
    <td class="end">${status(t, row.status, row.failure)}</td>
  </tr>`
}

function refundRow(t: Say, locale: Locale, row: RefundRow): Html {
  return html`<tr>
    <th scope="row">
      <span class="mono small">${row.reference}</span>
      <span class="sub">${moment(row.created_ms, locale)}</span>
    </th>
    <td class="end num strong">${amountIn(locale, row)}</td>
    <td class="small mono c2 clip">${row.payment_id.slice(0, 16)}…</td>
    <td class="end">${status(t, row.status, row.failure)}</td>
  </tr>`
}

const status = (
  t: Say,
  name: CheckoutRow['status'] | RefundRow['status'],
  failure: string | null,
) =>
  html`<span class="tag ${tones[name]}">${t(`status-${name}`)}</span>${
      failure && html`<span class="sub">${t(failure as 'card_expired')}</span>`
    }`
