/** The panel that orders faults, and the list of messages on their way to the platform. */
import type { FaultSet } from './faults.ts'
import { type Html, html } from './html.ts'
import type { Delivery } from './outbox.ts'
import { type Locale, moment, sayFrame } from './page.ts'

type Field = { name: keyof FaultSet; label: Parameters<ReturnType<typeof sayFrame>>[0] }

export const paymentFaults: readonly Field[] = [
  { name: 'fail500', label: 'fail500' },
  { name: 'timeoutAfterSuccess', label: 'timeoutAfterSuccess' },
  { name: 'resetAfterSuccess', label: 'resetAfterSuccess' },
  { name: 'delayMs', label: 'delayMs' },
  { name: 'dropWebhooks', label: 'dropWebhooks' },
  { name: 'duplicateWebhooks', label: 'duplicateWebhooks' },
]

export const networkFaults: readonly Field[] = [
  ...paymentFaults.slice(0, 4),
  { name: 'dropWebhooks', label: 'dropUsage' },
  { name: 'delayUsageMs', label: 'delayUsageMs' },
  { name: 'duplicateWebhooks', label: 'duplicateUsage' },
]

/** What phones do to the notifications their chips have signed. */
export const phoneFaults: readonly Field[] = [
  { name: 'delayWebhooksMs', label: 'delayNotificationsMs' },
  { name: 'dropWebhooks', label: 'dropNotifications' },
  { name: 'loseWebhooks', label: 'loseNotifications' },
  { name: 'duplicateWebhooks', label: 'duplicateNotifications' },
]

export function faultPanel(locale: Locale, faults: FaultSet, fields: readonly Field[]): Html {
  const t = sayFrame(locale)
  const active = fields
    .filter(({ name }) => Boolean(faults[name]))
    .map(({ name, label }) =>
      faults[name] === true
        ? t(label)
        : t('faultIs', { what: t(label), value: Number(faults[name]) }),
    )
  return html`<section class="sect" aria-labelledby="faults">
    <h2 id="faults">${t('faults')}</h2>
    <p class="small c2">${t('faultsLead')}</p>
    <p class="small strong" data-part="faults">
      ${active.length === 0 ? t('noFaults') : t('someFaults', { list: active.join(' · ') })}
    </p>
    <form
      class="stack"
      action="/faults"
      data-json="PUT"
      data-done="${t('faultsSet')}"
      data-failed="${t('failed')}"
    >
      <div class="faults small">
        ${fields.map((field) => fieldRow(field, faults, t(field.label)))}
      </div>
      <p class="err" role="alert" data-result></p>
      <div class="pair">
        <button class="btn quiet sm">${t('setFaults')}</button>
        <button class="btn quiet sm" data-method="DELETE">${t('clearFaults')}</button>
      </div>
    </form>
  </section>`
}

function fieldRow({ name }: Field, faults: FaultSet, label: string): Html {
  const value = faults[name]
  if (typeof value === 'boolean') {
    return html`<div>
      <label class="tick"
        ><span>${label}</span> <input type="checkbox" name="${name}" ${value && html`checked`}
      /></label>
    </div>`
  }
  return html`<div>
    <label for="fault-${name}">${label}</label>
    <input
      class="input num-in"
      id="fault-${name}"
      type="number"
      min="0"
      step="1"
      inputmode="numeric"
      name="${name}"
      value="${value}"
    />
  </div>`
}

export function outboxList(locale: Locale, title: string, empty: string, list: Delivery[]): Html {
  const t = sayFrame(locale)
  return html`<section class="sect" aria-labelledby="outbox">
    <h2 id="outbox">${title}</h2>
    <div data-part="outbox">
      ${
        list.length === 0
          ? html`<p class="empty small">${empty}</p>`
          : html`<ul class="small rows lines">
              ${list.map((one) => outboxRow(one, locale, t))}
            </ul>`
      }
    </div>
  </section>`
}

function outboxRow(one: Delivery, locale: Locale, t: ReturnType<typeof sayFrame>): Html {
  const tone = { delivered: 'ok', waiting: 'info', 'given-up': 'danger' }[one.state]
  const waiting = one.attempts > 0 ? t('waiting', { count: one.attempts }) : t('waitingFirst')
  return html`<li class="line">
    <span class="mono clip">${one.type}</span>
    <span class="tag ${tone}">${one.state === 'waiting' ? waiting : t(one.state)}</span>
    <span class="c3 caption"
      >${
        one.last_answer !== '' && html`${t('lastAnswer', { answer: one.last_answer })} · `
      }${moment(one.created_ms, locale)}</span
    >
  </li>`
}
