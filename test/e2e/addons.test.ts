/** An add-on in Chromium: chosen by keyboard, its price and end before it is bought, on the line and the statement after. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, install, member, topUp } from '../way.ts'
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

const looks: { locale: Locale; width: number }[] = [
  { locale: 'en', width: 1280 },
  { locale: 'zh-CN', width: 360 },
]
test.each(usual(looks, 4))(
  '$locale at $width: an add-on by keyboard, at the price shown, then on the line, the statement and the quote of leaving',
  async (look) => {
    const w = wordsOf(look.locale)
    const lin = await member(platform, { locale: look.locale })
    const { lineId } = await buyLine(lin)
    await install(platform, lin, lineId)
    await topUp(lin, lineId, '6.00')
    const context = await windowOf(browser, platform.url, lin, look)
    const page = await context.newPage()
    await page.goto(`${platform.url}/lines/${lineId}`)
    await page
      .getByRole('link', { name: new RegExp(w('addons.title').source.slice(1, -1)) })
      .click()
    await page.getByRole('heading', { name: w('addons.head') }).waitFor()
    await page.getByRole('button', { name: w('addons.buy') }).click()
    await page.getByText(w('addons.choose-one')).waitFor()
    await expectSound(page, 'addons')
    await picture(page, `addons-none-${look.locale}`)
    const options = page.getByRole('radio')
    await options.first().focus()
    await page.keyboard.press('Space')
    await page.keyboard.press('ArrowDown')
    const buy = page.getByRole('button', { name: w('addons.buy-for', { amount: '£5\\.00' }) })
    await buy.waitFor()
    await expectSound(page, 'addons chosen')
    await picture(page, `addons-chosen-${look.locale}`)
    await buy.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(new RegExp(`/lines/${lineId}$`))
    await page
      .getByText(new RegExp(w('line.addon').source.slice(1, -1)))
      .first()
      .waitFor()
    await expectSound(page, 'line')
    await picture(page, `addons-line-${look.locale}`)
    await page.goto(`${platform.url}/lines/${lineId}/add-ons`)
    await page.getByText(w('addons.running')).waitFor()
    // 1.00 is left, which pays for texts and for nothing dearer.
    await options.first().check()
    await page.getByText(w('addons.missing', { amount: '£0\\.50' })).waitFor()
    await expectSound(page, 'addons running')
    await picture(page, `addons-running-${look.locale}`)
    await page.goto(`${platform.url}/statement`)
    await page.getByText(w('statement.moved', { amount: '£5\\.00' })).waitFor()
    await expectSound(page, 'statement')
    await picture(page, `addons-statement-${look.locale}`)
    const draft = await draftClosure(lin, 'line', lineId)
    await page.goto(`${platform.url}/closures/${draft.caseId}/quote`)
    const row = page.getByRole('row', { name: new RegExp(w('money.addon').source.slice(1, -1)) })
    await row.waitFor()
    expect(await row.innerText()).toContain('£4.83')
    await expectSound(page, 'quote')
    await picture(page, `addons-quote-${look.locale}`)
    await context.close()
  },
  90_000,
)
