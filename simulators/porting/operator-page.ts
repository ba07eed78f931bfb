/** The page of the clearing house: a counter to bring a number to, what is on its way, messages, faults. */
import type { FastifyInstance } from 'fastify'
import { faultPanel, outboxList, paymentFaults } from '../fault-panel.ts'
import type { Faults } from '../faults.ts'
import { type Html, html } from '../html.ts'
import type { Outbox } from '../outbox.ts'
import { type Locale, moment, pageLocale, sendPage } from '../page.ts'
import type { Clearing, PortRow } from './clearing.ts'
import { type Say, sayPorting } from './words.ts'

type Means = { clearing: Clearing; outbox: Outbox; faults: Faults }

export function addOperatorPage(http: FastifyInstance, { clearing, outbox, faults }: Means): void {
  http.get('/', async (request, reply) => {
    const locale = pageLocale(request, reply)
    const t = sayPorting(locale)
    const body = html`<h1 class="head">${t('title')}</h1>
      <p class="c2">${t('lead')}</p>
      ${counter(t)}
      <section class="sect" aria-labelledby="ports">
        <h2 id="ports">${t('ports')}</h2>
        <div data-part="ports">${portList(t, locale, clearing.recent(50))}</div>
      </section>
      ${outboxList(locale, t('outbox'), t('noOutbox'), outbox.recent(8))}
      ${faultPanel(locale, faults.read(), paymentFaults)}`
    const frame = { locale, name: t('name'), note: t('note'), title: t('title') }
    return sendPage(request, reply, { ...frame, body, refreshMs: 2000 })
  })
}

/** A shop of another operator, where somebody brings a number of Violet's. */
function counter(t: Say): Html {
  return html`<section class="sect" aria-labelledby="counter">
    <h2 id="counter">${t('counter')}</h2>
    <p class="small c2">${t('counterLead')}</p>
    <form
      class="stack late"
      action="/requests"
      data-json="POST"
      data-done="${t('asked')}"
      data-failed="${t('failed')}"
    >
      <div class="fields">
        <div class="fld">
          <label for="msisdn">${t('number')}</label>
          <input class="input num" id="msisdn" name="msisdn" inputmode="tel" required />
        </div>
        <div class="fld">
          <label for="code">${t('code')}</label>
          <input class="input num" id="code" name="code" autocomplete="off" required />
        </div>
      </div>
      <p class="err" role="alert" data-result></p>
      <button class="btn quiet sm">${t('take')}</button>
    </form>
  </section>`
}

const tones: Record<PortRow['state'], string> = {
  asking: 'info',
  pending: 'info',
  completing: 'info',
  completed: 'ok',
  failed: 'danger',
  refused: 'danger',
  cancelled: '',
}

function portList(t: Say, locale: Locale, rows: PortRow[]): Html {
  if (rows.length === 0) return html`<p class="empty small">${t('noPorts')}</p>`
  return html`<table class="grid">
    <thead>
      <tr>
        <th scope="col">${t('number')}</th>
        <th scope="col">${t('way')}</th>
        <th scope="col">${t('day')}</th>
        <th scope="col" class="end">${t('state')}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            <th scope="row">
              <span class="num strong">${row.msisdn}</span>
              <span class="sub mono">${row.reference}</span>
            </th>
            <td class="small">
              ${t(row.way)}<span class="sub">${t('for', { operator: row.operator })}</span>
            </td>
            <td class="small">${moment(row.due_ms, locale)}</td>
            <td class="end">
              <span class="tag ${tones[row.state]}"
                >${t(row.state === 'failed' ? 'failed-port' : row.state)}</span
              >${
                row.reason !== '' && html`<span class="sub mono">${row.reason}</span>`
              }${row.state === 'pending' && endings(t, row)}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

function endings(t: Say, { reference }: PortRow): Html {
  const button = (ending: 'complete' | 'fail', label: string) =>
    html`<form
      action="/requests/${encodeURIComponent(reference)}/end"
      data-json="POST"
      data-done="${t('done')}"
      data-failed="${t('failed')}"
    >
      <input type="hidden" name="ending" value="${ending}" />
      <button class="textbtn">${label}</button>
    </form>`
  return html`<span class="sub">${button('complete', t('now'))}${button('fail', t('fail'))}</span>`
}
