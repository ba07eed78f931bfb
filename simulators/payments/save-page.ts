/** The hosted page on which a card is saved for later: nothing is charged there. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../src/platform/clock.ts'
import { html } from '../html.ts'
import { pageLocale, sendPage } from '../page.ts'
import { type CardMistakes, readCard } from './cards.ts'
import { cardFields, formOf, resultBody, testCardList } from './pay-page.ts'
import type { Provider } from './provider.ts'
import type { SetupRow } from './saved.ts'
import { sayPayments } from './words.ts'

type Means = { provider: Provider; clock: Clock; key: string }
type ById = { Params: { id: string } }

export function addSavePages(http: FastifyInstance, { provider, clock, key }: Means): void {
  http.get<ById>('/save/:id', async (request, reply) =>
    show(request, reply, provider.setup(request.params.id)),
  )
  http.post<ById>('/save/:id', async (request, reply) => {
    const setup = provider.setup(request.params.id)
    if (setup?.status !== 'open') return finish(request, reply, setup)
    const form = formOf(request)
    const read = readCard(form, clock.now().toZonedDateTimeISO('UTC'), key)
    if ('mistakes' in read) return show(request, reply.code(422), setup, form, read.mistakes)
    return finish(request, reply, provider.saveCard(setup.id, read.card))
  })
}

function finish(request: FastifyRequest, reply: FastifyReply, setup: SetupRow | undefined) {
  if (setup?.status === 'succeeded') return reply.redirect(setup.return_url, 303)
  return show(request, reply, setup)
}

function show(
  request: FastifyRequest,
  reply: FastifyReply,
  setup: SetupRow | undefined,
  form: Record<string, string | undefined> = {},
  mistakes: CardMistakes = {},
) {
  const locale = pageLocale(request, reply, setup?.locale)
  const t = sayPayments(locale)
  const frame = { locale, name: t('name'), note: t('note'), className: 'pay' }
  if (!setup) {
    const body = resultBody(t('notFoundTitle'), t('notFoundLead'))
    return sendPage(request, reply.code(404), { ...frame, title: t('notFoundTitle'), body })
  }
  if (setup.status !== 'open') {
    const title = setup.status === 'failed' ? t('card_declined') : t('saveOver')
    const body = resultBody(title, t('saveOverLead'), { to: setup.return_url, text: t('back') })
    return sendPage(request, reply, { ...frame, title, body })
  }
  const body = html`<div class="checkout">
    <section class="order" aria-label="${t('saveTitle')}">
      <h1 class="head">${t('saveTitle')}</h1>
      <p class="c2">${t('saveLead')}</p>
    </section>
    <form class="stack card" method="post" action="/save/${setup.id}" novalidate>
      ${cardFields(t, form, mistakes)}
      <button class="btn primary block">${t('saveCard')}</button>
      <a class="btn even block" href="${setup.return_url}">${t('saveCancel')}</a>
    </form>
    ${testCardList(t)}
  </div>`
  return sendPage(request, reply, {
    ...frame,
    title: t('saveTitle'),
    body,
    wide: true,
    script: 'pay.js',
  })
}
