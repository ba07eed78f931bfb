/** The portal as an installed app: it opens without a network, keeps nothing of anybody who left, and asks before it changes. */
import { createServer, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp } from '../way.ts'
import { expectSound, openBrowser, untilTrue, windowOf, wordsOf, usual } from './browser.ts'

let platform: TestPlatform
let browser: Browser
beforeAll(async () => {
  platform = await testPlatform({ pages: true })
  browser = await openBrowser()
}, 90_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
})

type Someone = Person & { email: string }

/** Has the service worker and its files, and knows what home showed. */
async function openInstalled(who: Person, locale: 'en' | 'zh-CN', width: number) {
  const context = await windowOf(browser, platform.url, who, { locale, width })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  await page.goto(`${platform.url}/lines`)
  await page.locator('.qa').waitFor()
  await installed(page)
  await untilTrue(page, `localStorage.getItem('violet.last-known') !== null`)
  return { context, page, w: wordsOf(locale) }
}

async function installed(page: Page) {
  await untilTrue(page, `navigator.serviceWorker.controller !== null`)
  // The files that were there before the worker are handed to it a moment later.
  await untilTrue(
    page,
    `caches.keys().then(async (names) => {
    const kept = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).length))
    const loaded = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/'))
    return kept.some((count) => count >= loaded.length)
  })`,
  )
}

/** Every word that is kept anywhere on the device: both storages, every cache, every database. */
function everythingKept(page: Page): Promise<string> {
  return page.evaluate<string>(`(async () => {
    const kept = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })]
    for (const name of await caches.keys()) {
      const cache = await caches.open(name)
      for (const request of await cache.keys()) {
        kept.push(request.url, await (await cache.match(request)).text())
      }
    }
    kept.push(...(await indexedDB.databases()).map(({ name }) => 'database ' + name))
    return kept.join('\\n')
  })()`)
}

/** What would tell who somebody is, or what they have. */
async function tracesOf(someone: Someone): Promise<string[]> {
  const { body: me } = await someone.get('/v1/me')
  const { body: lines } = await someone.get('/v1/lines')
  const [line] = lines.items
  return [me.subscriberId, someone.email, me.name, line.lineId, line.msisdn, line.profile.iccid]
    .filter(Boolean)
    .map(String)
}

async function traces(page: Page, of: readonly string[]): Promise<string[]> {
  const kept = await everythingKept(page)
  return of.filter((trace) => kept.includes(trace))
}

async function withLine(locale: 'en' | 'zh-CN') {
  const someone = (await member(platform, { locale })) as Someone
  const { lineId } = await buyLine(someone)
  await install(platform, someone, lineId)
  await topUp(someone, lineId)
  return { someone, lineId }
}

test.each(
  usual(
    [
      ['en', 1280],
      ['zh-CN', 360],
    ] as const,
    7,
  ),
)(
  '%s at %i: opens without a network with the last balance and its age, and signing out leaves nothing',
  async (locale, width) => {
    const { someone } = await withLine(locale)
    const mine = await tracesOf(someone)
    const { context, page, w } = await openInstalled(someone, locale, width)
    expect((await traces(page, mine)).length).toBeGreaterThan(3)
    const cached = await page.evaluate<string[]>(`caches.keys().then(async (names) =>
      (await Promise.all(names.map(async (name) => (await caches.open(name)).keys())))
        .flat().map(({ url }) => new URL(url).pathname))`)
    expect(
      cached.filter((path) => !/^\/(assets|icons)\/|^\/(manifest.webmanifest)?$/.test(path)),
    ).toEqual([])

    await context.setOffline(true)
    await page.reload()
    await page.getByText(w('failure.stale')).waitFor()
    await page
      .getByText(/£20\.00/)
      .first()
      .waitFor()
    await expectSound(page, 'home, opened without a network')
    await context.setOffline(false)

    await page.goto(`${platform.url}/account`)
    await page.getByRole('button', { name: w('account.sign-out') }).click()
    await page.waitForURL(`${platform.url}/`)
    await page.waitForLoadState('networkidle')
    expect(await traces(page, mine)).toEqual([])
    await context.setOffline(true)
    await page.goto(`${platform.url}/lines`)
    await page.getByText(w('failure.offline')).waitFor()
    expect(await page.content()).not.toContain('£20.00')
    await context.close()
  },
  90_000,
)

test('closing the account leaves nothing, and the next person sees only their own', async () => {
  const { someone: lin } = await withLine('en')
  const max = await withLine('en')
  const [ofLin, ofMax] = [await tracesOf(lin), await tracesOf(max.someone)]
  const { context, page, w } = await openInstalled(lin, 'en', 390)
  expect((await traces(page, ofLin)).length).toBeGreaterThan(3)
  await submit(lin, await draftClosure(lin, 'account'))
  await page.waitForURL(/\/(sign-in|c)/)
  expect(await traces(page, ofLin)).toEqual([])

  await signInHere(context, max.someone)
  await page.goto(`${platform.url}/lines`)
  await page.locator('.qa').waitFor()
  await untilTrue(page, `localStorage.getItem('violet.last-known') !== null`)
  const linOnly = ofLin.filter((trace) => !ofMax.includes(trace))
  expect(await traces(page, linOnly)).toEqual([])
  await context.setOffline(true)
  await page.reload()
  await page.getByText(w('failure.stale')).waitFor()
  const shown = await page.content()
  expect(linOnly.filter((trace) => shown.includes(trace))).toEqual([])
  await context.close()
}, 90_000)

async function signInHere(context: BrowserContext, who: Person) {
  const cookies = [...who.cookies()]
  const url = platform.url
  await context.addCookies(
    cookies.map(([name, value]) => ({ name, value: decodeURIComponent(value), url })),
  )
}

test('a tab that shows one person follows when another signs in beside it', async () => {
  const [lin, max] = [await withLine('en'), await withLine('en')]
  const { context, page } = await openInstalled(lin.someone, 'en', 390)
  await signInHere(context, max.someone)
  const beside = await context.newPage()
  await beside.goto(`${platform.url}/lines`)
  await beside.locator('.qa').waitFor()
  const { body: lines } = await max.someone.get('/v1/lines')
  await page.locator(`a[href="/lines/${lines.items[0].lineId}"]`).first().waitFor()
  expect(await page.content()).not.toContain(lin.lineId)
  await context.close()
}, 60_000)

test('a newer portal waits until the person says so', async () => {
  const front = await frontOf(platform.url)
  const context = await browser.newContext({ viewport: { width: 390, height: 780 }, locale: 'en' })
  const page = await context.newPage()
  const w = wordsOf('en')
  await page.goto(front.url)
  await installed(page)
  await page.reload()
  await untilTrue(page, `navigator.serviceWorker.controller !== null`)
  expect(await page.getByText(w('page.update')).count()).toBe(0)
  front.change('// newer\n')
  await page.reload()
  await page.getByText(w('page.update')).waitFor()
  await expectSound(page, 'a newer version is ready')
  await page.evaluate(`window.before = true`)
  await page.getByRole('button', { name: w('page.update-now') }).click()
  await untilTrue(page, `window.before === undefined`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(await page.getByText(w('page.update')).count()).toBe(0)
  await context.close()
  await front.close()
}, 60_000)

test('it can be installed: a manifest, icons of the sizes it names, a page that starts', async () => {
  const manifest = (await (await fetch(`${platform.url}/manifest.webmanifest`)).json()) as {
    start_url: string
    display: string
    icons: { src: string; sizes: string; purpose?: string }[]
  }
  expect(manifest).toMatchObject({ start_url: '/lines', display: 'standalone' })
  for (const { src, sizes } of manifest.icons) {
    const bytes = Buffer.from(await (await fetch(`${platform.url}${src}`)).arrayBuffer())
    expect(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`).toBe(sizes)
  }
  expect(manifest.icons.map(({ purpose }) => purpose)).toContain('maskable')
})

/** The platform behind a front of its own, which serves another service worker when told to. */
async function frontOf(target: string) {
  let added = ''
  const server = createServer((incoming, outgoing) => {
    const headers = {
      ...incoming.headers,
      host: new URL(target).host,
      'accept-encoding': 'identity',
    }
    const path = incoming.url ?? '/'
    const onward = ask(
      `${target}${path}`,
      { method: incoming.method ?? 'GET', headers },
      (answer) => {
        const { 'content-length': _length, ...rest } = answer.headers
        outgoing.writeHead(answer.statusCode ?? 502, rest)
        if (path !== '/sw.js') return void answer.pipe(outgoing)
        answer.pipe(outgoing, { end: false })
        answer.on('end', () => outgoing.end(added))
      },
    )
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}/`,
    change: (text: string) => (added = text),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
