/** A real browser on a real platform: finds things by role and by the words of the catalogs, and asks axe on every page. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Person, person, until } from '../../src/main/demo-person.ts'
import { checkout } from '../../src/platform/config.ts'
import type { Locale } from '../../src/values/locale.ts'

export type { Locale }
export type Facts = Record<string, string>

const axe = readFileSync(join(checkout, 'node_modules/axe-core/axe.min.js'), 'utf8')

/** `VIOLET_CHROMIUM` names another one than the system's. The one without a window costs a quarter less of the processor. */
export async function openBrowser(): Promise<Browser> {
  const places = [
    process.env['VIOLET_CHROMIUM'],
    '/usr/bin/chromium-headless-shell',
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ]
  const executablePath = places.find((path) => path !== undefined && existsSync(path))
  if (!executablePath)
    throw new Error('no Chromium here: install the package "chromium" or set VIOLET_CHROMIUM')
  const args = ['--disable-background-networking', '--disable-component-update', '--no-first-run']
  if (process.getuid?.() === 0) args.push('--no-sandbox')
  return chromium.launch({ executablePath, args })
}

/** The text of a key as a pattern: placeholders match anything, or the facts given. */
export function wordsOf(locale: Locale, folder = 'src/portal/words') {
  const catalog = JSON.parse(
    readFileSync(join(checkout, folder, `${locale}.json`), 'utf8'),
  ) as Record<string, string>
  return (key: string, facts: Facts = {}): RegExp => {
    const text = catalog[key]
    if (text === undefined) throw new Error(`no such words: ${key}`)
    const pattern = text
      .replace(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
      .replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? '.*')
    return new RegExp(`^${pattern}$`)
  }
}

/** Whoever is signed in in a window, to use the API as they would. */
export async function personIn(
  context: BrowserContext,
  platform: Parameters<typeof person>[0],
): Promise<Person> {
  const cookies = await context.cookies(platform.url)
  return person(platform).use(new Map(cookies.map(({ name, value }) => [name, value])))
}

/** The language may be any that a browser can ask for. */
type Look = { locale: string; width: number; dark?: boolean }

/** A window in which somebody who signed in over the API is signed in. */
export async function windowOf(
  browser: Browser,
  url: string,
  who: Person,
  { locale, width, dark = false }: Look,
): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 780 : 900 },
    locale,
    timezoneId: 'Europe/London',
    colorScheme: dark ? 'dark' : 'light',
  })
  const cookies = [...who.cookies()]
  await context.addCookies(
    cookies.map(([name, value]) => ({ name, value: decodeURIComponent(value), url })),
  )
  return context
}

/** Pictures of the pages a test comes by, where `VIOLET_PICTURES` names a folder for them. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['VIOLET_PICTURES']
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

/** Waits until an expression holds in the page; a policy like ours lets Playwright's own way evaluate nothing. */
export async function untilTrue(page: Page, expression: string): Promise<void> {
  const look = () => page.evaluate<unknown>(expression).catch(() => false)
  await until(look, Boolean, 20_000)
}

/** A sheet that is still fading in has less contrast than it will have; a spinner never ends. */
export async function untilStill(page: Page): Promise<void> {
  await page.evaluate(`Promise.allSettled(document.getAnimations()
    .filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime))
    .map((one) => one.finished)).then(() => undefined)`)
}

/**
 * The usual run follows a way in one language and width, each way in its turn; `VIOLET_LOOKS=all` follows it in all.
 */
export function usual<Look>(looks: readonly Look[], turn: number): readonly Look[] {
  return process.env['VIOLET_LOOKS'] === 'all' ? looks : [looks[turn % looks.length]!]
}

/** Axe finds nothing wrong on the page, and nothing is wider than the window. */
export async function expectSound(page: Page, where: string): Promise<void> {
  await page.waitForLoadState('networkidle')
  await until(
    () => page.locator('[aria-busy=true]').count(),
    (busy) => busy === 0,
  )
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await untilStill(page)
  const found = {
    axe: await axeFinds(page),
    overflow: await page.evaluate<number>(
      `Math.max(0, document.documentElement.scrollWidth - window.innerWidth)`,
    ),
  }
  expect({ where, ...found }).toEqual({ where, axe: [], overflow: 0 })
}

/** What axe finds wrong on the page as it is. */
export async function axeFinds(page: Page): Promise<string[]> {
  if (await page.evaluate(`typeof axe === 'undefined'`)) await page.evaluate(axe)
  return page.evaluate<string[]>(`axe.run().then(({ violations }) => violations.map(
    ({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`)
}
