/** The frame of every simulator page: language, look, scripts, and the label that says what it is. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  acceptedLocale,
  localeNames,
  staffLocale,
  staffLocales,
  type StaffLocale as Locale,
} from '../src/values/locale.ts'
import { type Html, html } from './html.ts'
import en from './words/en.json' with { type: 'json' }
import zhCN from './words/zh-CN.json' with { type: 'json' }

export type { Locale }
export type Say<Words> = (
  key: keyof Words & string,
  facts?: Record<string, string | number>,
) => string

/** Gives the sentences of a catalog in one language. */
export const speak =
  <Words extends Record<string, string>>(catalogs: Record<Locale, Words>, locale: Locale) =>
  (key: keyof Words & string, facts: Record<string, string | number> = {}): string =>
    (catalogs[locale][key] ?? key).replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      String(facts[name] ?? ''),
    )

export const sayFrame = (locale: Locale) => speak({ en, 'zh-CN': zhCN }, locale)

const COOKIE = 'simulator-language'

/** The language chosen with the switch, else the given one, else the browser's. */
export function pageLocale(request: FastifyRequest, reply: FastifyReply, given?: string): Locale {
  const { lang } = request.query as { lang?: unknown }
  const chosen = staffLocales.find((locale) => locale === lang)
  if (chosen) {
    reply.header('set-cookie', `${COOKIE}=${chosen}; Path=/; Max-Age=31536000; SameSite=Lax`)
    return chosen
  }
  const kept = new RegExp(`(?:^|; *)${COOKIE}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1]
  return (
    staffLocales.find((locale) => locale === kept) ??
    staffLocale(acceptedLocale(given ?? request.headers['accept-language']))
  )
}

type Page = {
  locale: Locale
  title: string // of the document
  name: string // of the simulator, in the bar
  body: Html
  note?: string // says what is not real
  script?: string // of this simulator, beside live.js
  wide?: boolean
  refreshMs?: number
  className?: string
}

// A page posts to itself and is redirected to the shop, which form-action would forbid: it stays open.
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page) {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .send(document(request.url, page).html)
}

const other = { en: 'zh-CN', 'zh-CN': 'en' } as const

function document(url: string, page: Page): Html {
  const { locale, title, name, body, note, script, wide, refreshMs, className } = page
  const t = sayFrame(locale)
  const to = other[locale]
  const switched = new URL(url, 'http://localhost')
  switched.searchParams.set('lang', to)
  return html`<!doctype html>
    <html lang="${locale}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/page.css" />
        ${script !== undefined && html`<script type="module" src="/assets/${script}"></script>`}
        <script type="module" src="/assets/live.js"></script>
      </head>
      <body
        class="${className ?? ''}"
        ${refreshMs !== undefined && html`data-refresh="${refreshMs}"`}
      >
        <a class="skip btn even sm" href="#main">${t('skip')}</a>
        <header class="bar${wide ? ' wide' : ''}">
          <span class="who"
            ><b>${name}</b><span class="tag sim">${note ?? t('simulator')}</span></span
          >
          <a
            class="textbtn"
            href="${switched.pathname + switched.search}"
            lang="${to}"
            hreflang="${to}"
            >${localeNames[to]}</a
          >
        </header>
        <main id="main" class="main${wide ? ' wide' : ''}" tabindex="-1">${body}</main>
        <div class="toasts" role="status" aria-live="polite" id="toasts"></div>
      </body>
    </html>`
}

const asset = (path: string) => readFileSync(new URL(`./${path}`, import.meta.url))
const font = (name: string) =>
  readFileSync(fileURLToPath(import.meta.resolve(`@fontsource-variable/inter/files/${name}`)))

/** A script of a package, by its name there: `qr/decode.js`. */
const packaged = (path: string) => {
  const [name = '', ...rest] = path.split('/')
  return readFileSync(new URL(rest.join('/'), import.meta.resolve(name)))
}

const script = 'text/javascript; charset=utf-8'

/** Serves the style, the fonts and the scripts; a simulator adds its own files, and scripts of packages. */
export function addAssets(
  http: FastifyInstance,
  own: readonly string[] = [],
  packages: readonly string[] = [],
): void {
  const styles = [asset('assets/tokens.css'), asset('assets/page.css')]
  const css = own.filter((path) => path.endsWith('.css')).map(asset)
  const files: Record<string, { type: string; body: Buffer }> = {
    'page.css': { type: 'text/css; charset=utf-8', body: Buffer.concat([...styles, ...css]) },
    'live.js': { type: script, body: asset('assets/live.js') },
    'inter-latin.woff2': { type: 'font/woff2', body: font('inter-latin-wght-normal.woff2') },
    'inter-latin-ext.woff2': {
      type: 'font/woff2',
      body: font('inter-latin-ext-wght-normal.woff2'),
    },
  }
  for (const path of own.filter((one) => one.endsWith('.js'))) {
    files[path.slice(path.lastIndexOf('/') + 1)] = { type: script, body: asset(path) }
  }
  http.get<{ Params: { '*': string } }>('/assets/*', async ({ params }, reply) => {
    const name = params['*']
    // Most who open the page scan nothing.
    if (packages.includes(name)) files[name] ??= { type: script, body: packaged(name) }
    const file = Object.hasOwn(files, name) ? files[name] : undefined
    if (!file) return reply.callNotFound()
    return reply.type(file.type).header('cache-control', 'max-age=60').send(file.body)
  })
}

/** A moment, in the browser's zone once the script has run. */
export const moment = (ms: number, locale: Locale): Html => {
  const at = new Date(ms)
  const text = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(at)
  return html`<time datetime="${at.toISOString()}">${text} UTC</time>`
}

/** `<svg>` marks of the pages, drawn with lines like the portal's. */
const paths: Record<string, string> = {
  info: '<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8h.01"/>',
  warn: '<path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17h.01"/>',
  check: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  copy: '<rect x="9" y="9" width="11" height="11" rx="2.5"/><path d="M5.5 15H5a1.5 1.5 0 0 1-1.5-1.5V5A1.5 1.5 0 0 1 5 3.5h8.5A1.5 1.5 0 0 1 15 5v.5"/>',
  search: '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
  mail: '<rect x="3" y="5" width="18" height="14" rx="2.5"/><path d="m4 7 8 6 8-6"/>',
  sms: '<path d="M4 5.5h16a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5h-8.500L7 21v-3.500H4A1.500 1.500 0 0 1 2.500 16V7A1.500 1.500 0 0 1 4 5.500z"/>',
  back: '<path d="m14.500 5-7 7 7 7"/>',
  clip: '<path d="m20 11-8.500 8.500a5 5 0 0 1-7-7L13 4a3.300 3.300 0 0 1 4.700 4.700L9.500 17a1.700 1.700 0 0 1-2.400-2.400L15 6.800"/>',
  plane:
    '<path d="M10.500 13.500 3 11.800l-.5-1.600 8-1V4.500a1.500 1.500 0 0 1 3 0v4.700l8 1-.5 1.600-7.500 1.700-.6 4.500 2.300 1.300v1.200l-3.200-.7-3.200.7v-1.200l2.300-1.300z"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  data: '<path d="M8 19V6m0 0L4.500 9.500M8 6l3.500 3.500M16 5v13m0 0 3.500-3.500M16 18l-3.500-3.500"/>',
  call: '<path d="M6.500 3.500h3l1.500 4-2 1.500a12 12 0 0 0 6 6l1.500-2 4 1.500v3a2 2 0 0 1-2 2A16 16 0 0 1 4.500 5.500a2 2 0 0 1 2-2z"/>',
  bin: '<path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13M10 11v5.500M14 11v5.500"/>',
  scan: '<path d="M4 8.500V5.500A1.500 1.500 0 0 1 5.500 4h3M15.500 4h3A1.500 1.500 0 0 1 20 5.500v3M20 15.500v3a1.500 1.500 0 0 1-1.500 1.500h-3M8.500 20h-3A1.500 1.500 0 0 1 4 18.500v-3M8.500 8.500h2.500v2.500H8.500zM13.500 8.500h2M8.500 14v1.500M12 13.500h3.500v2"/>',
  camera:
    '<path d="M4.500 7.500h3L9 5h6l1.500 2.500h3A1.500 1.500 0 0 1 21 9v8.500a1.500 1.500 0 0 1-1.500 1.500h-15A1.500 1.500 0 0 1 3 17.500V9a1.500 1.500 0 0 1 1.500-1.500z"/><circle cx="12" cy="13" r="3.500"/>',
  power: '<path d="M12 3.500v8M7 6.500a7.500 7.500 0 1 0 10 0"/>',
}

export const icon = (name: keyof typeof paths, size = ''): Html => ({
  html: `<svg class="i ${size}" viewBox="0 0 24 24" aria-hidden="true">${paths[name] ?? ''}</svg>`,
})
