/** Serves the built portal and console: assets for ever, pages with a fresh nonce and a strict policy. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { checkout } from '../platform/config.ts'
import { type Http, refused } from '../platform/http.ts'
import { acceptedLocale, directionOf, type Locale, locales } from '../values/locale.ts'
import { refuse } from '../values/refusal.ts'
import { type Ahead, filesAhead, preloads } from './ahead.ts'

const dist = join(checkout, 'dist')

export async function registerPages(http: Http) {
  const pages = { portal: portalPages(), console: readPage('console.html') }
  const ahead = readAhead()
  if (existsSync(join(dist, 'assets'))) {
    await http.register(fastifyStatic, {
      root: join(dist, 'assets'),
      prefix: '/assets/',
      index: false,
      cacheControl: false,
      preCompressed: true,
      setHeaders: (reply) => {
        reply.header('cache-control', 'public, max-age=31536000, immutable')
      },
    })
  }
  await registerInstallable(http)
  http.setNotFoundHandler((request, reply) => {
    const { accept = '*/*' } = request.headers
    // Whoever takes anything, as curl does, is shown the two front pages; elsewhere an API's answer helps more.
    const isFront = /^\/(console\/?)?(\?|$)/.test(request.url) && accept.includes('*/*')
    const wantsPage = request.method === 'GET' && (isFront || accept.includes('text/html'))
    if (!wantsPage || isApi(request)) return refused(reply, refuse('not-found'))
    const isConsole = /^\/console(\/|$|\?)/.test(request.url)
    const locale = acceptedLocale(request.headers['accept-language'])
    const page = isConsole ? pages.console : pages.portal?.get(locale)
    if (!page) return refused(reply, refuse('not-found'))
    const [path = '/'] = request.url.split('?')
    const files = isConsole || !ahead ? [] : filesAhead(ahead, path, locale)
    return sendPage(reply, page.replace('</head>', `${preloads(files)}</head>`))
  })
}

/** What makes the portal an app on a phone; the worker is asked for anew each time, so that it can be replaced. */
async function registerInstallable(http: Http) {
  const icons = join(dist, 'icons')
  if (existsSync(icons)) {
    await http.register(fastifyStatic, {
      root: icons,
      prefix: '/icons/',
      index: false,
      cacheControl: false,
      decorateReply: false,
      setHeaders: (reply) => {
        reply.header('cache-control', 'public, max-age=86400')
      },
    })
  }
  const worker = readPage('sw.js')
  if (worker) serveAnew(http, '/sw.js', 'text/javascript', () => worker)
  const manifests = portalManifests()
  if (manifests) {
    serveAnew(http, '/manifest.webmanifest', 'application/manifest+json', ({ headers }) =>
      manifests.get(acceptedLocale(headers['accept-language'])),
    )
  }
}

function serveAnew(
  http: Http,
  path: string,
  type: string,
  file: (request: FastifyRequest) => string | undefined,
) {
  http.get(path, { schema: { hide: true } }, (request, reply) =>
    reply
      .type(`${type}; charset=utf-8`)
      .header('cache-control', 'no-cache')
      .header('vary', 'accept-language')
      .header('x-content-type-options', 'nosniff')
      .send(file(request)),
  )
}

/** What a phone's list of apps says of the portal, in each language. */
function portalManifests(): ReadonlyMap<Locale, string> | undefined {
  const file = readPage('manifest.webmanifest')
  if (!file) return undefined
  const manifest = JSON.parse(file) as Record<string, unknown>
  const told = locales.map((locale): [Locale, string] => {
    const description = shellWords(locale)['shell.description']
    const said = { ...manifest, lang: locale, dir: directionOf(locale), description }
    return [locale, JSON.stringify(said)]
  })
  return new Map(told)
}

function isApi({ url }: FastifyRequest): boolean {
  return /^\/(v1|esim|assets|icons|\.well-known)\//.test(url)
}

function readPage(name: string): string | undefined {
  const path = join(dist, name)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function readAhead(): Ahead | undefined {
  const text = readPage('ahead.json')
  return text === undefined ? undefined : (JSON.parse(text) as Ahead)
}

/** The portal's page in each language: what is read of it before and without its script. */
function portalPages(): ReadonlyMap<Locale, string> | undefined {
  const page = readPage('index.html')
  if (!page) return undefined
  return new Map(locales.map((locale) => [locale, inWords(page, locale)]))
}

function shellWords(locale: Locale): Record<string, string> {
  const path = join(checkout, `src/portal/words/${locale}.json`)
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
}

function inWords(page: string, locale: Locale): string {
  const words = shellWords(locale)
  return page
    .replace('<html lang="en">', `<html lang="${locale}" dir="${directionOf(locale)}">`)
    .replace('shell.description', words['shell.description'] ?? '')
    .replace('shell.no-script', words['shell.no-script'] ?? '')
}

function sendPage(reply: FastifyReply, page: string) {
  const nonce = randomBytes(16).toString('base64')
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('vary', 'accept-language')
    .header('content-security-policy', contentPolicy(nonce))
    .header('referrer-policy', 'same-origin')
    .header('x-content-type-options', 'nosniff')
    .send(page.replaceAll('PER_RESPONSE', nonce))
}

function contentPolicy(nonce: string): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    // Positions of sliders and rings are set on elements; styles for whole elements still need the nonce.
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "object-src 'none'",
  ].join('; ')
}
