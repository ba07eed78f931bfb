/** Several lines in Chromium: the discount where it is paid for, and what the others cost once one has gone. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, install, member } from '../way.ts'
import { darkPatterns, lookAt } from './dark-patterns.ts'
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
test.each(usual(looks, 0))(
  '$locale at $width: a second line costs less, which the quote of leaving says; a companion is not left alone',
  async (look) => {
    const w = wordsOf(look.locale)
    const lin = await member(platform, { locale: look.locale })
    const first = await buyLine(lin, 'flex-europe')
    const context = await windowOf(browser, platform.url, lin, look)
    const page = await context.newPage()
    await page.goto(`${platform.url}/plans/flex-europe`)
    await page.getByText(w('plan.several-tier', { percent: '10', lines: '2' })).waitFor()
    await expectSound(page, 'plan')
    await picture(page, `several-plan-${look.locale}`)
    await page.goto(`${platform.url}/checkout/flex-europe`)
    await page.getByRole('button', { name: w('checkout.pay', { amount: '£8\\.10' }) }).waitFor()
    await expectSound(page, 'checkout')
    await picture(page, `several-checkout-${look.locale}`)

    const second = await buyLine(lin, 'flex-europe')
    await install(platform, lin, second.lineId)
    const renewal = { autoRenew: true }
    await lin.patch(`/v1/lines/${second.lineId}/renewal`, renewal)
    await page.goto(`${platform.url}/lines/${second.lineId}/plan`)
    await page.getByText(w('change.percent-off', { percent: '10' })).waitFor()
    await expectSound(page, 'renewal')
    await picture(page, `several-renewal-${look.locale}`)
    const draft = await draftClosure(lin, 'line', first.lineId)
    await page.goto(`${platform.url}/closures/${draft.caseId}/quote`)
    const others = page.getByRole('table', { name: w('quote.others') })
    await others.waitFor()
    expect(await others.innerText()).toMatch(/£8\.10\s*£9\.00/)
    await expectSound(page, 'quote')
    await picture(page, `several-quote-${look.locale}`)
    await page.goto(`${platform.url}/closures/${draft.caseId}/answers`)
    await page.getByRole('table', { name: w('quote.others') }).waitFor()
    await expectSound(page, 'answers')
    await picture(page, `several-answers-${look.locale}`)
    // What the others will cost is said, and is no reason to stay.
    const leaving = await context.newPage()
    await leaving.clock.install()
    await leaving.goto(`${platform.url}/closures/${draft.caseId}/quote`)
    await leaving.getByRole('table', { name: w('quote.others') }).waitFor()
    const found = darkPatterns(await lookAt(leaving), look.locale)
    expect(found.filter(({ rule }) => rule !== 'preselected')).toEqual([])
    await lin.post(`/v1/closures/${draft.caseId}/withdraw`)

    const stranger = await member(platform, { locale: look.locale })
    const main = await buyLine(stranger)
    await buyLine(stranger, 'companion-uk')
    const last = await draftClosure(stranger, 'line', main.lineId)
    const other = await windowOf(browser, platform.url, stranger, look)
    const ready = await other.newPage()
    await ready.goto(`${platform.url}/closures/${last.caseId}/ready`)
    await ready.getByText(w('ready.dependants-detail')).waitFor()
    await expectSound(ready, 'ready')
    await picture(ready, `several-ready-${look.locale}`)
    await Promise.all([context.close(), other.close()])
  },
  90_000,
)
