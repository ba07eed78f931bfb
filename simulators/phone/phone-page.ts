/** The page of the drawn phones: their eSIMs, where they are, and what can be done with them. */
import type { FastifyInstance } from 'fastify'
import type { Database } from '../database.ts'
import { faultPanel, outboxList, phoneFaults } from '../fault-panel.ts'
import type { Faults } from '../faults.ts'
import { type Html, html } from '../html.ts'
import { countries, networkOf } from '../networks.ts'
import type { Outbox } from '../outbox.ts'
import { icon, type Locale, pageLocale, sendPage } from '../page.ts'
import type { Device } from './device.ts'
import { installForm } from './install-form.ts'
import { type PhoneRow, phonesOf, type ProfileRow, profilesOf } from './store.ts'
import { type Say, sayPhone, sentenceOf } from './words.ts'

type Means = { db: Database; device: Device; outbox: Outbox; faults: Faults }

export function addPhonePage(http: FastifyInstance, { db, device, outbox, faults }: Means): void {
  http.get('/', async (request, reply) => {
    device.lookAround()
    const locale = pageLocale(request, reply)
    const t = sayPhone(locale)
    const phones = phonesOf(db)
    const wanted = Number((request.query as { phone?: unknown }).phone)
    const shown = phones.some(({ n }) => n === wanted) ? wanted : 1
    const body = html`<h1 class="sr">${t('title')}</h1>
      <nav class="pick" aria-label="${t('pick')}">
        ${phones.map(
          ({ n, name }) =>
            html`<a href="/?phone=${n}" ${n === shown && html`aria-current="page"`}>${name}</a>`,
        )}
      </nav>
      <div class="phones">
        ${phones.map((phone) =>
          phoneView(t, locale, phone, profilesOf(db, phone.n), phone.n === shown),
        )}
      </div>
      <div class="bench">
        ${outboxList(locale, t('outbox'), t('noOutbox'), outbox.recent(8))}
        ${faultPanel(locale, faults.read(), phoneFaults)}
      </div>`
    const frame = { locale, name: t('name'), note: t('note'), title: t('title') }
    return sendPage(request, reply, {
      ...frame,
      body,
      wide: true,
      refreshMs: 1500,
      script: 'phone.js',
    })
  })
}

const countryName = (locale: Locale, country: string): string =>
  new Intl.DisplayNames(locale, { type: 'region' }).of(country) ?? country

function phoneView(
  t: Say,
  locale: Locale,
  phone: PhoneRow,
  profiles: ProfileRow[],
  shown: boolean,
) {
  const { n, name, eid } = phone
  return html`<section class="phone${shown ? ' shown' : ''}" aria-labelledby="phone-${n}">
    <div class="status" data-part="status-${n}">${statusBar(t, phone, profiles)}</div>
    <div class="screen">
      <h2 class="title" id="phone-${n}">${name}</h2>
      <div data-part="esims-${n}">
        ${installation(t, locale, phone)}${
          profiles.length === 0
            ? html`<div class="none">
                <p class="strong">${t('noEsims')}</p>
                <p class="small c2">${t('noEsimsLead')}</p>
              </div>`
            : html`<ul class="esims">
                ${profiles.map((one, index) => esim(t, locale, phone, one, index === 0))}
              </ul>`
        }
      </div>
      ${installForm(t, n)}
      <div class="where" data-part="where-${n}">
        <form
          action="/phones/${n}/travel"
          data-json="POST"
          data-on-change
          data-failed="${t('failed')}"
        >
          <div class="fld">
            <label for="country-${n}">${t('where')}</label>
            <select class="input" id="country-${n}" name="country">
              ${countryOptions(locale, phone.country)}
            </select>
          </div>
        </form>
      </div>
      <p class="caption c3 eid">
        <span>${t('eid')}</span> <span class="mono">${eid.match(/.{1,4}/g)?.join(' ')}</span>
      </p>
    </div>
  </section>`
}

function statusBar(t: Say, phone: PhoneRow, profiles: ProfileRow[]): Html {
  const online = profiles.some(({ state, registered }) => state === 'enabled' && registered === 1)
  const network = online ? (networkOf(phone.mcc + phone.mnc)?.name ?? '') : t('noService')
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString()
  return html`<time class="num" datetime="${minute}">${minute.slice(11, 16)}</time>
    <span class="net clip">${network}</span>
    <svg class="bars${online ? '' : ' lost'}" viewBox="0 0 18 12" aria-hidden="true">
      <rect x="0" y="8" width="3" height="4" rx="1" />
      <rect x="5" y="5.500" width="3" height="6.500" rx="1" />
      <rect x="10" y="3" width="3" height="9" rx="1" />
      <rect x="15" y="0" width="3" height="12" rx="1" />
    </svg>
    <svg class="battery" viewBox="0 0 26 12" aria-hidden="true">
      <rect class="case" x=".5" y=".5" width="22" height="11" rx="3.500" />
      <rect x="2" y="2" width="16" height="8" rx="2" />
      <rect x="24" y="4" width="2" height="4" rx="1" />
    </svg>`
}

const steps = ['contacting', 'downloading', 'installing', 'done'] as const

function installation(t: Say, locale: Locale, { step, failure, n }: PhoneRow): Html | false {
  if (step === 'failed') {
    const sentence = sentenceOf(locale, failure) ?? failure
    return html`<div class="note danger" role="alert">
      ${icon('warn', 's')}<span>${sentence}</span>
    </div>`
  }
  const at = steps.indexOf(step as (typeof steps)[number])
  if (at < 0 || step === 'done') return false
  const text = t(`step-${step as (typeof steps)[number]}`, { host: t('host') })
  return html`<div class="progress" role="status">
    <label class="small" for="progress-${n}">${text}</label>
    <progress id="progress-${n}" max="4" value="${at + 1}"></progress>
  </div>`
}

function countryOptions(locale: Locale, current: string): Html[] {
  const collator = new Intl.Collator(locale)
  return countries
    .map((code) => ({ code, name: countryName(locale, code) }))
    .sort((a, b) => collator.compare(a.name, b.name))
    .map(
      ({ code, name }) =>
        html`<option value="${code}" ${code === current && html`selected`}>${name}</option>`,
    )
}

function esim(t: Say, locale: Locale, phone: PhoneRow, profile: ProfileRow, open: boolean): Html {
  const { iccid, name, provider, msisdn, state } = profile
  const title = name || provider
  return html`<li>
    <details id="esim-${iccid}" ${open && html`open`}>
      <summary>
        <span class="grow"
          ><span class="strong clip">${title}</span>
          <span class="small c2 num clip"
            >${msisdn ?? t('dataOnly')}${name !== '' && html` · ${provider}`}</span
          ></span
        >
        ${serviceTag(t, locale, phone, profile)}
      </summary>
      ${state === 'installing' ? false : esimActions(t, locale, profile)}
    </details>
  </li>`
}

function serviceTag(t: Say, locale: Locale, phone: PhoneRow, profile: ProfileRow): Html {
  if (profile.state === 'installing') return html`<span class="tag info">${t('installing')}</span>`
  if (profile.state === 'disabled') return html`<span class="tag">${t('off')}</span>`
  if (profile.registered) {
    const network = networkOf(phone.mcc + phone.mnc)?.name ?? ''
    const country = countryName(locale, phone.country)
    return html`<span class="tag ok">${t('on', { network, country })}</span>`
  }
  const early =
    profile.tries < 6 && (profile.reason === '' || profile.reason === 'unknown-subscriber')
  if (early) return html`<span class="tag info">${t('searching')}</span>`
  return html`<span class="tag danger"
    >${sentenceOf(locale, profile.reason) ?? t('noService')}</span
  >`
}

function esimActions(t: Say, locale: Locale, profile: ProfileRow): Html {
  const { n, iccid, msisdn, state } = profile
  const on = state === 'enabled'
  const act = (path: string, fields: Html, label: string, mark: string, done: string) =>
    html`<form
      action="/phones/${n}/${path}"
      data-json="POST"
      data-done="${done}"
      data-failed="${t('failed')}"
    >
      <input type="hidden" name="iccid" value="${iccid}" />${fields}
      <button class="act" id="${path}-${label}-${iccid}"><span>${icon(mark)}</span>${label}</button>
    </form>`
  const bytes = (amount: number, size: string, label: string) =>
    act(
      'use',
      html`<input type="hidden" name="bytes" data-type="number" value="${amount}" />`,
      label,
      'data',
      t('usedData', { amount: size }),
    )
  const to = html`<input type="hidden" name="to" value="+442079460123" />`
  const call = html`${to}<input type="hidden" name="seconds" data-type="number" value="60" />`
  const sms = html`${to}<input type="hidden" name="text" value="${t('smsText')}" />`
  return html`<div class="acts">
      ${on && bytes(1e8, '100 MB', t('data100'))}${on && bytes(1e9, '1 GB', t('data1000'))}
      ${on && msisdn !== null && act('call', call, t('call'), 'call', t('called'))}
      ${on && msisdn !== null && act('sms', sms, t('sms'), 'sms', t('sent'))}
      ${act(on ? 'disable' : 'enable', html``, on ? t('switchOff') : t('switchOn'), 'power', '')}
    </div>
    <p class="caption c3">${usedText(t, locale, profile)}</p>
    <details class="bin" id="bin-${iccid}">
      <summary class="textbtn danger">${icon('bin', 's')}${t('delete')}</summary>
      <form
        action="/phones/${n}/delete"
        data-json="POST"
        data-done="${t('deleted')}"
        data-failed="${t('failed')}"
      >
        <input type="hidden" name="iccid" value="${iccid}" />
        <p class="small">${t('deleteLead')}</p>
        <button class="btn even sm block" id="delete-${iccid}">${t('deleteYes')}</button>
      </form>
    </details>`
}

function usedText(t: Say, locale: Locale, { bytes, seconds, messages }: ProfileRow): string {
  const big = bytes >= 1e9
  const data = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: big ? 'gigabyte' : 'megabyte',
    maximumFractionDigits: big ? 2 : 0,
  }).format(bytes / (big ? 1e9 : 1e6))
  return t('used', { data, minutes: Math.ceil(seconds / 60), messages })
}
