/** The hosted pay page: the card form, the bank's challenge, and what the payer sees when it is over. */
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../src/platform/clock.ts'
import { type Html, html } from '../html.ts'
import { pageLocale, sendPage } from '../page.ts'
import { CHALLENGE_CODE, type CardMistakes, readCard, testCards } from './cards.ts'
import type { Provider } from './provider.ts'
import type { CheckoutRow } from './store.ts'
import { amountIn, type Say, sayPayments } from './words.ts'

type Means = { provider: Provider; clock: Clock; key: string; timeoutMs: number }
type ById = { Params: { id: string } }
type Form = Record<string, string | undefined>

export function addPayPages(http: FastifyInstance, means: Means): void {
  const { provider, clock, key, timeoutMs } = means
  http.get<ById>('/pay/:id', async (request, reply) => {
    const checkout = provider.checkout(request.params.id)
    if (checkout?.status === 'processing') {
      return reply.redirect(`/pay/${checkout.id}/challenge`, 303)
    }
    return show(request, reply, checkout)
  })
  http.post<ById>('/pay/:id', async (request, reply) => {
    const checkout = provider.checkout(request.params.id)
    if (checkout?.status !== 'open') return finish(request, reply, checkout)
    const form = formOf(request)
    const today = clock.now().toZonedDateTimeISO('UTC')
    const read = readCard(form, today, key)
    if ('mistakes' in read) return show(request, reply.code(422), checkout, form, read.mistakes)
    const paid = provider.pay(checkout.id, read.card)
    if (paid.next !== 'timed-out') return finish(request, reply, paid.checkout)
    await wait(timeoutMs)
    return show(request, reply.code(504), paid.checkout, undefined, undefined, 'timed-out')
  })
  http.get<ById>('/pay/:id/challenge', async (request, reply) => {
    const checkout = provider.checkout(request.params.id)
    if (checkout?.status === 'processing') return showChallenge(request, reply, checkout)
    return finish(request, reply, checkout)
  })
  http.post<ById>('/pay/:id/challenge', async (request, reply) => {
    const checkout = provider.checkout(request.params.id)
    if (checkout?.status !== 'processing') return finish(request, reply, checkout)
    const { code, cancel } = formOf(request)
    const given = cancel === undefined ? (code ?? '').replaceAll(/\D/g, '') : undefined
    const answer = provider.answerChallenge(checkout.id, given)
    if (answer.next === 'again') return showChallenge(request, reply.code(422), answer.checkout)
    return finish(request, reply, answer.checkout)
  })
}

export function formOf({ body }: FastifyRequest): Form {
  if (typeof body !== 'object' || body === null) return {}
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, String(value).slice(0, 200)]),
  )
}

function returnAddress({ return_url, id }: CheckoutRow): string {
  const address = new URL(return_url)
  address.searchParams.set('checkout', id)
  return address.href
}

/** Where a payer goes next: back to the shop after success, to the challenge, or to a page that says why not. */
function finish(request: FastifyRequest, reply: FastifyReply, checkout: CheckoutRow | undefined) {
  if (checkout?.status === 'succeeded') return reply.redirect(returnAddress(checkout), 303)
  if (checkout?.status === 'processing') {
    return reply.redirect(`/pay/${checkout.id}/challenge`, 303)
  }
  if (checkout && request.method === 'POST') return reply.redirect(`/pay/${checkout.id}`, 303)
  return show(request, reply, checkout)
}

function show(
  request: FastifyRequest,
  reply: FastifyReply,
  checkout: CheckoutRow | undefined,
  form: Form = {},
  mistakes: CardMistakes = {},
  special?: 'timed-out',
) {
  const locale = pageLocale(request, reply, checkout?.locale)
  const t = sayPayments(locale)
  const frame = { locale, name: t('name'), note: t('note'), className: 'pay' }
  if (!checkout) {
    const body = resultBody(t('notFoundTitle'), t('notFoundLead'))
    return sendPage(request, reply.code(404), { ...frame, title: t('notFoundTitle'), body })
  }
  const amount = amountIn(locale, checkout)
  if (special === undefined && checkout.status === 'open') {
    const body = cardBody(t, checkout, amount, form, mistakes)
    const title = t('payTitle', { amount })
    return sendPage(request, reply, { ...frame, title, body, wide: true, script: 'pay.js' })
  }
  const { title, lead } = resultOf(t, checkout, amount, special)
  const body = resultBody(title, lead, { to: returnAddress(checkout), text: t('back') })
  return sendPage(request, reply, { ...frame, title, body })
}

function resultOf(t: Say, { status, failure }: CheckoutRow, amount: string, special?: 'timed-out') {
  if (special) return { title: t('timeoutTitle'), lead: t('timeoutLead') }
  if (status === 'succeeded') return { title: t('paidTitle', { amount }), lead: t('paidLead') }
  if (status === 'expired') return { title: t('expired'), lead: t('expiredLead') }
  return { title: t(failure ?? 'provider_unavailable'), lead: t('noMoney') }
}

export const resultBody = (
  title: string,
  lead: string,
  link?: { to: string; text: string },
): Html =>
  html`<div class="result stack">
    <h1 class="head">${title}</h1>
    <p class="c2">${lead}</p>
    ${link && html`<a class="btn primary" href="${link.to}">${link.text}</a>`}
  </div>`

const fields = [
  { name: 'number', label: 'number', autocomplete: 'cc-number', inputmode: 'numeric', max: 23 },
  { name: 'expiry', label: 'expiry', autocomplete: 'cc-exp', inputmode: 'numeric', max: 9 },
  { name: 'name', label: 'cardName', autocomplete: 'cc-name', inputmode: 'text', max: 100 },
] as const

function cardBody(t: Say, row: CheckoutRow, amount: string, form: Form, wrong: CardMistakes): Html {
  return html`<div class="checkout">
    <section class="order" aria-label="${t('total')}">
      <p class="c2">${t('to')}</p>
      <h1 class="figure num">${amount}</h1>
      <dl class="facts">
        <div>
          <dt>${t('item')}</dt>
          <dd>${row.description}</dd>
        </div>
        <div>
          <dt>${t('reference')}</dt>
          <dd class="mono">${row.reference}</dd>
        </div>
      </dl>
    </section>
    <form class="stack card" method="post" action="/pay/${row.id}" novalidate>
      ${cardFields(t, form, wrong)}
      <button class="btn primary block">${t('pay', { amount })}</button>
      <a class="btn even block" href="${returnAddress(row)}">${t('cancel')}</a>
    </form>
    ${testCardList(t)}
  </div>`
}

/** What is typed of a card, with what is wrong with it. */
export function cardFields(t: Say, form: Form, wrong: CardMistakes): Html[] {
  const first = fields.find(({ name }) => wrong[name])?.name
  return fields.map((field) => {
    const mistake = wrong[field.name]
    return html`<div class="fld f-${field.name}">
      <label for="${field.name}">${t(field.label)}</label>
      <input
        class="input num"
        id="${field.name}"
        name="${field.name}"
        required
        autocomplete="${field.autocomplete}"
        inputmode="${field.inputmode}"
        maxlength="${field.max}"
        value="${form[field.name] ?? ''}"
        spellcheck="false"
        ${field.name === 'expiry' && html`placeholder="${t('expiryHint')}"`}
        ${mistake && html`aria-invalid="true" aria-describedby="${field.name}-error"`}
        ${field.name === first && html`autofocus`}
      />
      ${mistake && html`<p class="err" id="${field.name}-error">${t(`${field.name}-${mistake}` as never)}</p>`}
    </div>`
  })
}

export const testCardList = (t: Say): Html =>
  html`<section class="cards" aria-labelledby="cards">
    <h2 class="sub" id="cards">${t('testCards')}</h2>
    <p class="small c2">${t('testCardsLead')}</p>
    <ul class="rows">
      ${testCards.map(
        ({ number, outcome }) =>
          html`<li>
            <span
              ><span class="num strong">${number}</span>
              <span class="small c2">${t(outcome)}</span></span
            >
            <button
              class="btn quiet sm"
              type="button"
              data-card="${number}"
              aria-label="${t('useCard', { number })}"
            >
              ${t('use')}
            </button>
          </li>`,
      )}
    </ul>
  </section>`

const TRIES = 3

function showChallenge(request: FastifyRequest, reply: FastifyReply, row: CheckoutRow) {
  const locale = pageLocale(request, reply, row.locale)
  const t = sayPayments(locale)
  const left = TRIES - row.challenge_tries
  const wrong = left === 1 ? t('codeWrongLast') : t('codeWrong', { left })
  const failed = row.challenge_tries > 0
  const body = html`<div class="result stack">
    <p class="c2">${t('bank')}</p>
    <h1 class="head">${t('challengeTitle')}</h1>
    <p class="c2">${t('challengeLead', { amount: amountIn(locale, row) })}</p>
    <form class="stack" method="post" novalidate>
      <div class="fld">
        <label for="code">${t('code')}</label>
        <input
          class="input num code-in"
          id="code"
          name="code"
          inputmode="numeric"
          autocomplete="one-time-code"
          maxlength="7"
          autofocus
          ${failed ? html`aria-invalid="true" aria-describedby="code-error code-hint"` : html`aria-describedby="code-hint"`}
        />
        ${failed && html`<p class="err" id="code-error">${wrong}</p>`}
        <p class="hint" id="code-hint">${t('codeHint', { code: CHALLENGE_CODE })}</p>
      </div>
      <div class="pair">
        <button class="btn primary">${t('confirm')}</button>
        <button class="btn even" name="cancel" value="yes">${t('giveUp')}</button>
      </div>
    </form>
  </div>`
  const frame = { locale, name: t('name'), note: t('note'), title: t('challengeTitle') }
  return sendPage(request, reply, { ...frame, body, className: 'pay' })
}
