/** The network's own page: subscribers and where they are, usage records, reports on their way, faults. */
import type { FastifyInstance } from 'fastify'
import { faultPanel, networkFaults, outboxList } from '../fault-panel.ts'
import type { Faults } from '../faults.ts'
import { type Html, html } from '../html.ts'
import { networkOf } from '../networks.ts'
import type { Outbox } from '../outbox.ts'
import { type Locale, moment, pageLocale, sendPage } from '../page.ts'
import type { Register, SubscriberRow, UsageRow } from './register.ts'
import { type Say, sayNetwork } from './words.ts'

type Means = { register: Register; outbox: Outbox; faults: Faults }

const SHOWN = 50

export function addOperatorPage(http: FastifyInstance, { register, outbox, faults }: Means): void {
  http.get('/', async (request, reply) => {
    const locale = pageLocale(request, reply)
    const t = sayNetwork(locale)
    const subscribers = register.all()
    const usage = register.recentUsage(SHOWN)
    const body = html`<h1 class="head">${t('title')}</h1>
      <p class="c2">${t('lead')}</p>
      <section class="sect" aria-labelledby="subscribers">
        <h2 id="subscribers">${t('subscribers')}</h2>
        <div data-part="subscribers">${subscriberTable(t, locale, subscribers)}</div>
      </section>
      <section class="sect" aria-labelledby="usage">
        <h2 id="usage">${t('usage')}</h2>
        <div data-part="usage">${usageTable(t, locale, usage)}</div>
      </section>
      ${outboxList(locale, t('outbox'), t('noOutbox'), outbox.recent(8))}
      ${lateForm(t, subscribers[0] ?? usage[0])} ${faultPanel(locale, faults.read(), networkFaults)}`
    const frame = { locale, name: t('name'), note: t('note'), title: t('title') }
    return sendPage(request, reply, { ...frame, body, refreshMs: 2000 })
  })
}

function subscriberTable(t: Say, locale: Locale, rows: SubscriberRow[]): Html {
  if (rows.length === 0) return html`<p class="empty small">${t('noSubscribers')}</p>`
  return html`<table class="grid">
      <thead>
        <tr>
          <th scope="col">${t('who')}</th>
          <th scope="col">${t('state')}</th>
          <th scope="col">${t('where')}</th>
          <th scope="col" class="end">${t('session')}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.slice(0, 200).map(
          (row) =>
            html`<tr>
              <th scope="row">
                <span class="num strong">${row.msisdn ?? t('dataOnly')}</span>
                <span class="sub mono">${row.imsi}</span>
              </th>
              <td>
                <span class="tag ${row.state === 'active' ? 'ok' : 'warn'}">${t(row.state)}</span>
              </td>
              <td class="small">${whereText(t, locale, row)}</td>
              <td class="end">
                <span class="tag ${row.session_ms === null ? '' : 'info'}"
                  >${row.session_ms === null ? t('closed') : t('open')}</span
                >
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="caption c3">${t('count', { count: rows.length })}</p>`
}

function whereText(t: Say, locale: Locale, { mcc, mnc, country }: SubscriberRow): Html {
  if (mcc === null || mnc === null || country === null)
    return html`<span class="c3">${t('detached')}</span>`
  return html`${networkName(mcc, mnc)} · ${countryName(locale, country)}
    <span class="sub num">${mcc}-${mnc}</span>`
}

const networkName = (mcc: string, mnc: string): string =>
  networkOf(mcc + mnc)?.name ?? `${mcc}-${mnc}`

const countryName = (locale: Locale, country: string): string =>
  new Intl.DisplayNames(locale, { type: 'region' }).of(country) ?? country

const tones = { new: '', sending: 'info', accepted: 'ok', rejected: 'danger' }

function usageTable(t: Say, locale: Locale, rows: UsageRow[]): Html {
  if (rows.length === 0) return html`<p class="empty small">${t('noUsage')}</p>`
  return html`<table class="grid">
    <thead>
      <tr>
        <th scope="col">${t('what')}</th>
        <th scope="col" class="end">${t('amount')}</th>
        <th scope="col">${t('where')}</th>
        <th scope="col" class="end">${t('answer')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            <th scope="row">
              ${t(row.kind)}<span class="sub"
                ><span class="mono">${row.imsi}</span> · ${moment(row.ended_ms, locale)}</span
              >
            </th>
            <td class="end num strong">${amountText(t, locale, row)}</td>
            <td class="small">
              ${networkName(row.mcc, row.mnc)} <span class="sub num">${row.mcc}-${row.mnc}</span>
            </td>
            <td class="end">
              <span class="tag ${tones[row.state]}">${t(row.state)}</span
              >${row.reason !== '' && html`<span class="sub mono">${row.reason}</span>`}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

function amountText(t: Say, locale: Locale, { kind, quantity }: UsageRow): string {
  if (kind === 'voice') return t('minutes', { count: quantity })
  if (kind === 'sms') return t('messages', { count: quantity })
  const big = quantity >= 1e9
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: big ? 'gigabyte' : 'megabyte',
    maximumFractionDigits: 2,
  }).format(quantity / (big ? 1e9 : 1e6))
}

function lateForm(t: Say, known: { imsi: string } | undefined): Html {
  const field = (name: string, label: string, value: string, number = false) =>
    html`<div class="fld">
      <label for="late-${name}">${label}</label>
      <input
        class="input num"
        id="late-${name}"
        name="${name}"
        value="${value}"
        inputmode="numeric"
        required
        ${number && html`data-type="number"`}
      />
    </div>`
  return html`<section class="sect" aria-labelledby="late">
    <h2 id="late">${t('late')}</h2>
    <p class="small c2">${t('lateLead')}</p>
    <form
      class="stack late"
      action="/late-usage"
      data-json="POST"
      data-done="${t('sent')}"
      data-failed="${t('failed')}"
    >
      <div class="fields">
        ${field('imsi', t('imsi'), known?.imsi ?? '')}${field('quantity', t('bytes'), '50000000', true)}
        ${field('mccmnc', t('country'), '208-01')}${field('minutesAgo', t('minutesAgo'), '90', true)}
      </div>
      <p class="err" role="alert" data-result></p>
      <button class="btn quiet sm">${t('send')}</button>
    </form>
  </section>`
}
