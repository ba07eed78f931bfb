/** Money in Chromium: a month of the statement to keep, and usage that was turned away, in both languages. */
import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person } from '../../src/main/demo-person.ts'
import { takeIn } from '../../src/usage/store.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, member, pay } from '../way.ts'
import { expectSound, openBrowser, windowOf, wordsOf, usual } from './browser.ts'

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

test.each(
  usual(
    [
      ['en', 390],
      ['zh-CN', 1280],
    ] as const,
    5,
  ),
)(
  '%s: a month of the statement is taken along as PDF and as CSV',
  async (locale, width) => {
    const w = wordsOf(locale)
    const lin = await member(platform, { locale })
    const { lineId } = await buyLine(lin)
    const { body: order } = await lin.post(`/v1/lines/${lineId}/top-ups`, {
      amount: { amount: '20.00', currency: 'GBP' },
    })
    await pay(order.checkoutUrl)
    const context = await windowOf(browser, platform.url, lin, { locale, width })
    const page = await context.newPage()
    await page.goto(`${platform.url}/statement`)
    await page.getByRole('heading', { name: w('statement.keep') }).waitFor()
    await expectSound(page, 'statement')
    const months = page.getByLabel(w('statement.month'))
    expect(await months.locator('option').count()).toBe(1)
    for (const kind of ['PDF', 'CSV']) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: kind }).click(),
      ])
      expect(download.suggestedFilename()).toMatch(
        new RegExp(`^statement-.*\\.${kind.toLowerCase()}$`),
      )
      const bytes = readFileSync(await download.path())
      if (kind === 'PDF') expect(bytes.subarray(0, 5).toString()).toBe('%PDF-')
      else expect(bytes.toString()).toContain(locale === 'en' ? 'Closing balance' : '期末余额')
    }
    await context.close()
  },
  90_000,
)

test.each(
  usual(
    [
      ['en', 1280],
      ['zh-CN', 390],
    ] as const,
    6,
  ),
)(
  '%s: finance sees rejected usage, and what comes of taking it in again',
  async (locale, width) => {
    const w = wordsOf(locale, 'src/console/words')
    const at = platform.clock.now().toString()
    await takeIn(platform.app, [
      {
        id: `lost-${locale}`,
        imsi: '234990000000000',
        kind: 'data',
        quantity: 5,
        startedAt: at,
        endedAt: at,
        mcc: '234',
        mnc: '15',
      },
    ])
    const finance = person(platform)
    await finance.signInAsStaff('finance@violet.example')
    const context = await windowOf(browser, platform.url, finance, { locale, width })
    const page = await context.newPage()
    await page.goto(`${platform.url}/console/rejects`)
    await page.getByText(`lost-${locale}`).waitFor()
    await expectSound(page, 'rejects')
    await page.getByText(`lost-${locale}`).click()
    await page.getByRole('heading', { name: w('reject-reason.unknown-imsi') }).waitFor()
    await expectSound(page, 'reject')
    await page.getByRole('button', { name: w('rejects.replay') }).click()
    await page.getByText(w('rejects.still')).waitFor()
    await page.getByRole('button', { name: w('rejects.discard') }).click()
    await page.getByText(w('reject-state.discarded')).first().waitFor()
    await context.close()
  },
  90_000,
)
