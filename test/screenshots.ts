/** `npm run screenshots`: every page of the portal on a phone and on a desk, light and dark, in two languages or all, into screenshots/. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkout } from '../src/platform/config.ts'
import { locales } from '../src/values/locale.ts'
import { openBrowser, windowOf } from './e2e/browser.ts'
import { furnish, pagesOf, settled } from './e2e/world.ts'
import { type TestPlatform, testPlatform } from './platform.ts'

const folder = join(checkout, 'screenshots')
let platform: TestPlatform
let browser: Browser
beforeAll(async () => {
  platform = await testPlatform({ pages: true })
  browser = await openBrowser()
  mkdirSync(folder, { recursive: true })
}, 90_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
})

/** A desktop's Chromium keeps this much free for a scrollbar, which a phone lays over the page. */
const gutter = 15

/** As tall as its content, so that what sticks to the foot of the window stands at the foot. */
async function takePicture(page: Page, path: string, width: number) {
  const least = width < 600 ? 780 : 900
  await page.setViewportSize({ width: width + gutter, height: least })
  const tall = await page.evaluate<number>('document.documentElement.scrollHeight')
  const height = Math.max(least, tall)
  await page.setViewportSize({ width: width + gutter, height })
  const clip = { x: 0, y: 0, width, height }
  await page.screenshot({ path, clip, animations: 'disabled' })
}

/** English and Simplified Chinese; with `VIOLET_LOOKS=all` the other six, where the same world is seen in another language. */
const isAll = process.env['VIOLET_LOOKS'] === 'all'
const spoken = isAll
  ? locales.filter((one) => one !== 'en' && one !== 'zh-CN')
  : (['en', 'zh-CN'] as const)
const worlds = new Map<string, ReturnType<typeof furnish>>()
const worldIn = (locale: string) => {
  const known = worlds.get(locale) ?? furnish(platform, locale)
  worlds.set(locale, known)
  return known
}

test.each(spoken)(
  'pictures in %s',
  async (locale) => {
    const world = await worldIn(isAll ? 'en' : locale)
    const pages = pagesOf(world)
    let taken = 0
    for (const [width, dark] of [
      [390, false],
      [390, true],
      [1280, false],
      [1280, true],
    ] as const) {
      const look = { locale, width: width + gutter, dark }
      const context = await windowOf(browser, platform.url, world.someone, look)
      const page = await context.newPage()
      const kind = `${width === 390 ? 'phone' : 'desktop'}-${locale}-${dark ? 'dark' : 'light'}`
      for (const [name, path] of pages) {
        await page.goto(`${platform.url}${path}`)
        await settled(page)
        await takePicture(page, join(folder, `${name}-${kind}.png`), width)
        taken += 1
      }
      await context.close()
    }
    expect(taken).toBe(pages.length * 4)
    process.stdout.write(`${taken} pictures in ${locale}: ${folder}\n`)
  },
  600_000,
)
