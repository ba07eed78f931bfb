/** Every page in longer words, in German and in Arabic: nothing is wider than a small phone or a desk, all is in reach of the keyboard. */
import { sql } from 'kysely'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../src/main/demo-person.ts'
import { directionOf, type Locale, localeNames, locales } from '../../src/values/locale.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import {
  axeFinds,
  openBrowser,
  picture,
  untilStill,
  untilTrue,
  windowOf,
  wordsOf,
} from './browser.ts'
import { changesOf, lostAgain } from './again.ts'
import { unreached } from './reach.ts'
import { furnish, pagesOf, settled, type World } from './world.ts'

let platform: TestPlatform
let browser: Browser
let world: World
beforeAll(async () => {
  platform = await testPlatform({ pages: true })
  browser = await openBrowser()
  world = await furnish(platform, 'en')
}, 120_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
})

type Layout = { wider: string[]; clipped: string[]; direction: string; letters: string[] }
type Walk = { locale: Locale; isTrial?: boolean; widths: readonly number[]; letters: string }

/** English disguised in words longer than any language's, Arabic from right to left and with axe. */
const usualWalks: readonly Walk[] = [
  { locale: 'en', isTrial: true, widths: [360], letters: 'longer' },
  { locale: 'ar', widths: [360], letters: 'arabic' },
]
const all = process.env['VIOLET_LOOKS'] === 'all'
const walks: readonly Walk[] = all
  ? [
      ...usualWalks,
      { locale: 'en', isTrial: true, widths: [1280], letters: 'longer' },
      ...locales.map((locale) => ({ locale, widths: [360, 1280], letters: 'any' })),
    ]
  : usualWalks

test.each(walks)(
  '$locale ($letters letters) at $widths px: nothing overflows or is cut off, and the keyboard reaches everything',
  async ({ locale, isTrial = false, widths, letters }) => {
    const [width = 360] = widths
    const context = await windowOf(browser, platform.url, world.someone, { locale, width })
    if (isTrial) await context.addInitScript(`localStorage.setItem('violet.trial', 'longer')`)
    const page = await context.newPage()
    await page.emulateMedia({ reducedMotion: 'reduce' })
    const wrong: Record<string, unknown> = {}
    const direction = directionOf(locale)
    for (const [name, path] of pagesOf(world)) {
      await goOn(page, path)
      await settled(page)
      for (const wide of widths) {
        const where = `${name} at ${wide} px`
        await page.setViewportSize({ width: wide, height: wide < 600 ? 780 : 900 })
        await untilStill(page)
        const { wider, clipped, ...seen } = await page.evaluate<Layout>(layout)
        const isLooked = all || (locale === 'ar' && wide === width)
        const axe = isLooked ? await axeFinds(page) : []
        await picture(page, `${isTrial ? 'longer' : locale}-${wide}-${name}`)
        expect({ where, direction: seen.direction }).toEqual({ where, direction })
        expect(seen.letters, where).toContain(letters)
        const isWalked = all || (isTrial && wide === width)
        const lost = isWalked ? await unreached(page) : []
        const found = [...wider, ...clipped, ...axe, ...lost]
        if (found.length === 0) continue
        wrong[where] = found
        // A walk through everything takes minutes: what it finds is said at once.
        console.log(where, found)
      }
    }
    expect(wrong).toEqual({})
    await context.close()
  },
  all ? 900_000 : 180_000,
)

/** Follows the router as a link does, which is quicker than loading the page anew; not from a page to itself with other data. */
async function goOn(page: Page, path: string): Promise<void> {
  const shape = (at: string) => at.replaceAll(/\/[^/]*\d[^/]*/g, '/*')
  const here = page.url().startsWith(platform.url) ? new URL(page.url()).pathname : path
  if (shape(here) === shape(path)) {
    await page.goto(`${platform.url}${path}`)
    return
  }
  await page.evaluate(`(() => {
    document.querySelector('h1').dataset.left = ''
    history.pushState({}, '', ${JSON.stringify(path)})
  })()`)
  await untilTrue(page, `document.querySelector('h1:not([data-left])') !== null`)
}

/** What sticks out of the window, and what is cut off inside its own box; a field scrolls, and screen readers' texts are meant to be. */
const layout = `(() => {
  const width = document.documentElement.clientWidth
  const label = (node) => node.tagName + '.' + node.className + ' ' + (node.textContent ?? '').slice(0, 50)
  const nodes = [...document.querySelectorAll('#root *')].filter((node) =>
    node instanceof HTMLElement && node.checkVisibility() && !node.closest('.sr-only, svg, .slider, input, textarea'))
  const out = nodes.filter((node) => {
    const { left, right } = node.getBoundingClientRect()
    return right > width + 1 || left < -1
  })
  const clipped = nodes.filter((node) => {
    const { overflowX } = getComputedStyle(node)
    return overflowX !== 'visible' && node.scrollWidth > node.clientWidth + 1
  })
  return {
    wider: document.documentElement.scrollWidth > width ? ['page', ...out.map(label)].slice(0, 5) : out.map(label).slice(0, 5),
    clipped: clipped.map(label).slice(0, 5),
    direction: document.documentElement.dir,
    letters: Object.entries({ any: /\\S/, longer: /[\\u0100-\\u017f]/, arabic: /[\\u0600-\\u06ff]/, latin: /[a-z]/ })
      .flatMap(([name, one]) => one.test(document.querySelector('h1').innerText + document.querySelector('main').innerText) ? [name] : []),
  }
})()`

test('a language is the browser’s, until another is chosen with the keyboard; then it stays, and messages follow', async () => {
  const { someone } = world
  const context = await windowOf(browser, platform.url, someone, { locale: 'fr-CA', width: 360 })
  const page = await context.newPage()
  const spoken = () => page.locator('html').getAttribute('lang')
  await page.goto(`${platform.url}/account`)
  await settled(page)
  expect(await spoken()).toBe('fr')
  const opener = page.getByRole('button', { name: /Langue.*Français/ })
  await opener.press('Enter')
  const sheet = page.getByRole('dialog')
  expect(await sheet.getByRole('button').allInnerTexts()).toEqual(Object.values(localeNames))
  await untilStill(page)
  await picture(page, 'language-sheet')
  expect(await axeFinds(page)).toEqual([])
  const focused = () => page.evaluate<string>('document.activeElement.lang')
  for (const _ of locales) if ((await focused()) !== 'ar') await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await sheet.waitFor({ state: 'hidden' })
  await until(
    async () => (await someone.get('/v1/me')).body.locale,
    (locale) => locale === 'ar',
  )
  expect(await page.evaluate('document.activeElement.innerText')).toContain('العربية')
  await page.reload()
  await settled(page)
  expect([await spoken(), await page.locator('html').getAttribute('dir')]).toEqual(['ar', 'rtl'])
  await context.close()
})

test('without a script the page says what it needs, in the language asked for', async () => {
  for (const [asked, locale, word] of [
    ['zh-HK,en;q=0.5', 'zh-TW', '瀏覽器'],
    ['ar', 'ar', 'المتصفح'],
    ['tlh', 'en', 'browser'],
  ] as const) {
    const answer = await fetch(`${platform.url}/`, {
      headers: { accept: 'text/html', 'accept-language': asked },
    })
    const text = await answer.text()
    expect(text).toContain(`<html lang="${locale}" dir="${locale === 'ar' ? 'rtl' : 'ltr'}">`)
    expect(/<noscript>(.*)<\/noscript>/.exec(text)?.[1]).toContain(word)
    expect(text).not.toContain('shell.')
    const manifest = await fetch(`${platform.url}/manifest.webmanifest`, {
      headers: { 'accept-language': asked },
    })
    expect(await manifest.json()).toMatchObject({ lang: locale, name: 'Violet', scope: '/' })
  }
})

/** Pages where somebody types or chooses; the usual run tries those that are the dearest to lose. */
const typedOn = new Set(
  [
    'close-ready close-unbind close-quote close-reason close-answers close-confirm close-several',
    'top-up bring account new-ticket ticket',
    ...(all
      ? [
          'plan checkout line-plan cap move-credit contacts follow number phone-check verify close-without',
        ]
      : []),
  ].flatMap((names) => names.split(' ')),
)

test(
  'back, forward and reload lose nothing that was typed and send nothing',
  async () => {
    const look = { locale: 'en', width: 360 }
    const context = await windowOf(browser, platform.url, world.someone, look)
    const page = await context.newPage()
    const sent = changesOf(page)
    const wrong: Record<string, string[]> = {}
    for (const [name, path] of pagesOf(world)) {
      if (!typedOn.has(name)) continue
      const lost = await lostAgain(page, `${platform.url}${path}`, sent)
      if (lost.length > 0) wrong[name] = lost
    }
    expect(wrong).toEqual({})
    await context.close()
  },
  all ? 600_000 : 180_000,
)

test('what was sent is not sent again by back, forward or reload', async () => {
  const { someone, severalId: caseId, lineId } = world
  const look = { locale: 'en', width: 360 }
  const context = await windowOf(browser, platform.url, someone, look)
  const page = await context.newPage()
  const w = wordsOf('en')
  const sent = changesOf(page)
  const wander = async () => {
    await page.goBack()
    await page.waitForLoadState('networkidle')
    await page.goForward()
    await page.waitForLoadState('networkidle')
    await page.reload()
    await page.waitForLoadState('networkidle')
    return sent.splice(0).filter((one) => !one.endsWith('/code'))
  }

  await page.goto(`${platform.url}/help/new`)
  await page.getByRole('textbox', { name: w('ticket.subject') }).fill('Once')
  await page.getByRole('textbox', { name: w('ticket.body') }).fill('Only once')
  await page.getByRole('button', { name: w('ticket.send') }).click()
  await page.waitForURL(/\/help\/tic/)
  expect(await wander()).toEqual(['POST /v1/tickets'])

  await page.goto(`${platform.url}/lines/${lineId}/top-up`)
  await page.getByRole('radio').first().check({ force: true })
  await page.locator('.dock .btn.primary').click()
  await page.waitForURL(/\/pay\//)
  expect(await wander()).toEqual([`POST /v1/lines/${lineId}/top-ups`])

  const after = new Date(Date.now() - 5).toISOString()
  await page.goto(`${platform.url}/closures/${caseId}/confirm`)
  const code = await someone.codeFor(someone.email, after)
  await page.getByRole('textbox', { name: w('code.label') }).fill(code)
  await page.getByRole('checkbox').press('Space')
  await page.getByRole('button', { name: w('confirm.close-line') }).click()
  await page.waitForURL(new RegExp(`/closures/${caseId}$`))
  expect(await wander()).toEqual([`POST /v1/closures/${caseId}/submit`])
  expect(page.url()).toMatch(new RegExp(`/closures/${caseId}$`))
  const { rows } = await sql<{ tickets: number; orders: number; cases: number }>`select
    (select count(*)::int from ticket where subscriber_id = l.subscriber_id) as tickets,
    (select count(*)::int from payment_order where line_id = l.line_id and state = 'open') as orders,
    (select count(*)::int from closure_case c join closure_case one on one.line_id = c.line_id
      where one.case_id = ${caseId} and c.state not in ('draft', 'rejected')) as cases
    from line l where line_id = ${lineId}`.execute(platform.db)
  expect(rows).toEqual([{ tickets: 2, orders: 1, cases: 1 }])
  await context.close()
}, 90_000)
