/** The inbox page: a list, and beside it the mail or the SMS conversation that was picked. */
import type { FastifyInstance } from 'fastify'
import { type Html, html } from '../html.ts'
import { icon, type Locale, moment, pageLocale, sendPage } from '../page.ts'
import { messageOf } from './api.ts'
import { attachmentsOf, type Inbox, type MessageRow } from './store.ts'
import { type Say, sayInbox } from './words.ts'

const SHOWN = 100
const BUBBLES = 50

export function addInboxPage(http: FastifyInstance, inbox: Inbox): void {
  http.get('/', async (request, reply) => {
    const locale = pageLocale(request, reply)
    const t = sayInbox(locale)
    const query = request.query as Record<string, unknown>
    const text = typeof query['q'] === 'string' ? query['q'].trim().slice(0, 200) : ''
    const id = typeof query['message'] === 'string' ? query['message'] : ''
    const open = /^\d{1,12}$/.test(id) ? inbox.find(Number(id)) : undefined
    if (open) inbox.markRead(open)
    const rows = text === '' ? inbox.list({ limit: SHOWN }) : inbox.search(text, SHOWN)
    const body = html`<h1 class="sr">${t('title')}</h1>
      <div class="mailbox${open || id ? ' open' : ''}">
        <section class="side" aria-label="${t('list')}">
          <form class="search" role="search">
            ${icon('search', 's')}
            <label class="sr" for="q">${t('search')}</label>
            <input
              class="input"
              id="q"
              name="q"
              type="search"
              value="${text}"
              placeholder="${t('search')}"
              autocomplete="off"
            />
          </form>
          <div data-part="list">${list(t, locale, rows, text, open)}</div>
        </section>
        <section class="reading" data-part="reading" aria-label="${t('content')}">
          ${reading(t, locale, inbox, open, id, text)}
        </section>
      </div>`
    const frame = { locale, name: t('name'), note: t('note'), title: t('title') }
    const page = { ...frame, body, wide: true, refreshMs: 5000, script: 'inbox.js' }
    return sendPage(request, reply, { ...page, className: 'inbox' })
  })
  http.get<{ Params: { id: string } }>('/messages/:id/html', async ({ params }, reply) => {
    const row = messageOf(inbox, params.id)
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', MAIL_POLICY)
      .header('referrer-policy', 'no-referrer')
      .send(mailDocument(inbox, row))
  })
}

// Of a mail only its look is shown: no scripts, no forms, nothing from the network.
const MAIL_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "frame-ancestors 'self'",
  'sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox',
].join('; ')

function mailDocument(inbox: Inbox, { id, key, html: source }: MessageRow): string {
  const withImages = (source ?? '').replaceAll(/\bcid:([^"')\s>]+)/g, (whole, cid: string) => {
    const n = inbox.attachmentByContentId(key, decodeURIComponent(cid))
    return n === undefined ? whole : `/messages/${id}/attachments/${n}`
  })
  return `<base target="_blank">${withImages}`
}

const address = (id: number, text: string): string =>
  `/?${text === '' ? '' : `q=${encodeURIComponent(text)}&`}message=${id}`

function list(t: Say, locale: Locale, rows: MessageRow[], text: string, open?: MessageRow): Html {
  if (rows.length === 0 && text !== '') {
    return html`<div class="nobody"><p class="strong">${t('nothing', { text })}</p></div>`
  }
  if (rows.length === 0) {
    return html`<div class="nobody">
      <p class="strong">${t('empty')}</p>
      <p class="small c2">${t('emptyLead')}</p>
    </div>`
  }
  return html`<ul class="messages">
    ${rows.map((row) => {
      const { id, kind, recipient, subject, read, deliveries, received_ms, code } = row
      const title = kind === 'sms' ? row.text : subject || t('noSubject')
      return html`<li>
        <a
          href="${address(id, text)}"
          id="message-${id}"
          ${open?.id === id && html`aria-current="true"`}
        >
          <span class="kind" title="${t(kind)}"
            >${icon(kind, 's')}<span class="sr">${t(kind)}</span></span
          >
          <span class="what"
            ><span class="top"
              ><span class="small c2 clip">${recipient}</span
              ><span class="caption c3 num">${moment(received_ms, locale)}</span></span
            >
            <span class="subject clip${read ? '' : ' new'}"
              >${!read && html`<span class="dot"><span class="sr">${t('unread')}</span></span>`}${title}</span
            >
            ${
              (code || deliveries > 1 || attachmentsOf(row).length > 0) &&
              html`<span class="extra caption c3"
                >${
                  code && html`<span class="num strong ink">${code}</span>`
                }${attachmentsOf(row).length > 0 && html`<span>${icon('clip', 'xs')}${attachmentsOf(row).length}</span>`}${
                  deliveries > 1 && t('repeated', { count: deliveries })
                }</span
              >`
            }</span
          ></a
        >
      </li>`
    })}
  </ul>`
}

function reading(
  t: Say,
  locale: Locale,
  inbox: Inbox,
  open: MessageRow | undefined,
  id: string,
  text: string,
): Html {
  const back = html`<a
    class="textbtn back"
    href="/${text === '' ? '' : `?q=${encodeURIComponent(text)}`}"
    >${icon('back', 's')}${t('back')}</a
  >`
  if (!open && id !== '')
    return html`${back}
      <p class="nobody">${t('gone')}</p>`
  if (!open) return html`<p class="nobody c3">${t('pick')}</p>`
  return html`${back}${open.kind === 'mail' ? mail(t, locale, open) : conversation(t, locale, inbox, open)}`
}

function codeBlock(t: Say, code: string | null): Html | false {
  if (code === null) return false
  return html`<div class="found">
    <span class="digits num" aria-label="${t('code')}: ${code}" role="img"
      >${code.slice(0, 3)}<i></i>${code.slice(3)}</span
    >
    <button
      class="btn tonal sm"
      data-copy="${code}"
      data-copied="${t('copied')}"
      aria-label="${t('copyCode', { code })}"
    >
      ${icon('copy', 's')}${t('copy')}
    </button>
  </div>`
}

function mail(t: Say, locale: Locale, row: MessageRow): Html {
  const attachments = attachmentsOf(row)
  return html`<article>
    <h2 class="title">${row.subject || t('noSubject')}</h2>
    <dl class="head-facts small">
      <div>
        <dt>${t('from')}</dt>
        <dd>${row.sender}</dd>
      </div>
      <div>
        <dt>${t('to')}</dt>
        <dd>${row.recipient}</dd>
      </div>
    </dl>
    <p class="caption c3">
      ${moment(row.received_ms, locale)}${
        row.deliveries > 1 &&
        html` · <span class="warned">${t('repeated', { count: row.deliveries })}</span>`
      }
    </p>
    ${codeBlock(t, row.code)}
    ${
      attachments.length > 0 &&
      html`<ul class="files" aria-label="${t('attachments')}">
        ${attachments.map(
          ({ n, name, size }) =>
            html`<li>
              <a
                class="btn quiet sm"
                href="/messages/${row.id}/attachments/${n}"
                download="${name}"
              >
                ${icon('clip', 's')}<span class="clip">${name}</span
                ><span class="c2 num">${sizeText(locale, size)}</span></a
              >
            </li>`,
        )}
      </ul>`
    }
    ${
      row.html === null
        ? html`<pre class="plain">${row.text}</pre>`
        : html`<iframe
              class="letter"
              title="${t('content')}"
              src="/messages/${row.id}/html"
              sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
            ></iframe>
            <details class="alt" id="plain-${row.id}">
              <summary class="textbtn">${t('plain')}</summary>
              <pre class="plain">${row.text}</pre>
            </details>`
    }
  </article>`
}

function conversation(t: Say, locale: Locale, inbox: Inbox, open: MessageRow): Html {
  const rows = inbox
    .list({ to: open.recipient, limit: BUBBLES })
    .filter(({ kind }) => kind === 'sms')
    .reverse()
  return html`<article>
    <h2 class="title num">${open.recipient}</h2>
    <ol class="bubbles" aria-label="${t('conversation', { to: open.recipient })}">
      ${rows.map(
        (row) =>
          html`<li class="${row.id === open.id ? 'picked' : ''}">
            <p class="caption c3">
              ${row.sender} ·
              ${moment(row.received_ms, locale)}${
                row.deliveries > 1 &&
                html` · <span class="warned">${t('repeated', { count: row.deliveries })}</span>`
              }
            </p>
            <div class="bubble">${row.text}</div>
            ${codeBlock(t, row.code)}
          </li>`,
      )}
    </ol>
  </article>`
}

function sizeText(locale: Locale, bytes: number): string {
  const kilobytes = Math.max(1, Math.round(bytes / 1000))
  const style = { style: 'unit', unit: 'kilobyte', unitDisplay: 'short' } as const
  return new Intl.NumberFormat(locale, style).format(kilobytes)
}
