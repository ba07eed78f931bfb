/** Whether a phone can take an eSIM, before anything is paid, and installing step by step: in Chromium. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eidOf } from '../../src/esim/sgp22/identifiers.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, member } from '../way.ts'
import {
  expectSound,
  type Locale,
  openBrowser,
  picture,
  windowOf,
  wordsOf,
  usual,
} from './browser.ts'

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

const looks: { locale: Locale; width: number; dark?: boolean }[] = [
  { locale: 'en', width: 1280 },
  { locale: 'zh-CN', width: 360, dark: true },
]
test.each(usual(looks, 11))(
  '$locale at $width: an EID says that the phone is able, a model is found, and each system has its steps',
  async (look) => {
    const w = wordsOf(look.locale)
    const someone = await member(platform, { locale: look.locale })
    const { lineId } = await buyLine(someone)
    const context = await windowOf(browser, platform.url, someone, look)
    const page = await context.newPage()
    await page.goto(platform.url)
    await page.getByRole('link', { name: w('shop.phone-check') }).click()
    await page.getByRole('heading', { name: w('check.head') }).waitFor()

    const eid = eidOf('890490320000000000000000000042')
    const field = page.getByRole('textbox', { name: w('check.eid') })
    await field.fill(`${eid.slice(0, -1)}${(Number(eid.at(-1)) + 1) % 10}`)
    await page.getByText(w('install.eid-wrong')).waitFor()
    await field.fill(eid.replace(/(.{4})/g, '$1 '))
    await page.getByText(w('check.able')).waitFor()
    expect(await page.getByText(w('install.eid-wrong')).count()).toBe(0)

    const search = page.getByRole('searchbox', { name: w('check.search') })
    await search.fill('Nokia 3310')
    await page.getByText(w('check.none')).waitFor()
    await search.fill('pixel')
    await page.getByText('Pixel 3a').waitFor()
    expect(await page.getByText('Apple').count()).toBe(0)
    await expectSound(page, 'is my phone able')
    await picture(page, `phone-check-${look.locale}-${look.width}`)

    await page.goto(`${platform.url}/lines/${lineId}/install`)
    await page.getByRole('link', { name: w('install.guide') }).click()
    await page.getByText(w('guide.turn-on')).waitFor()
    expect(await page.locator('.guide-step').count()).toBe(5)
    await page.getByText('Samsung', { exact: true }).click()
    await page
      .getByText(w('guide.tap', { screen: `.*`, row: `.*` }))
      .nth(3)
      .waitFor()
    expect(await page.locator('.guide-step').count()).toBe(6)
    await expectSound(page, 'the guide')
    await picture(page, `guide-${look.locale}-${look.width}`)
    await page.goBack()
    await page.getByRole('link', { name: w('install.guide') }).waitFor()
    await expectSound(page, 'install')
    await picture(page, `install-${look.locale}-${look.width}`)
    await context.close()
  },
  60_000,
)
