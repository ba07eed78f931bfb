/** Suspending in Chromium: a subscriber pauses a line and takes it up again, staff suspend one that its owner can't lift. */
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, install, member } from '../way.ts'
import { expectSound, type Locale, openBrowser, wordsOf, usual } from './browser.ts'

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

async function windowOf(who: Person, locale: Locale, width: number): Promise<BrowserContext> {
  const viewport = { width, height: width < 600 ? 780 : 900 }
  const context = await browser.newContext({ viewport, locale, timezoneId: 'Europe/London' })
  const cookies = [...who.cookies()].map(([name, value]) => ({
    name,
    value: decodeURIComponent(value),
    url: platform.url,
  }))
  await context.addCookies(cookies)
  context.setDefaultTimeout(20_000)
  return context
}

test('pausing stands beside closing for a line without a number, too, and for an account the way to its lines', async () => {
  const w = wordsOf('en')
  const lin = await member(platform)
  const { lineId } = await buyLine(lin, 'japan-10gb-30d')
  await install(platform, lin, lineId)
  const context = await windowOf(lin, 'en', 390)
  const page = await context.newPage()
  const offered = async ({ caseId }: { caseId: string }) => {
    await page.goto(`${platform.url}/closures/${caseId}/ready`)
    await page.getByText(w('ready.instead')).waitFor()
    return page.locator('[data-offer] .mid').allInnerTexts()
  }
  const draft = await draftClosure(lin, 'line', lineId)
  const ofLine = await offered(draft)
  const named = (...keys: string[]) => keys.map((key) => expect.stringMatching(w(key)))
  expect(ofLine).toEqual(named('ready.pause', 'line.close'))
  // Paused already, there is nothing else that it could do.
  await lin.post(`/v1/lines/${lineId}/suspend`)
  await page.goto(`${platform.url}/closures/${draft.caseId}/ready`)
  await page.getByText(w('ready.backup')).waitFor()
  await page.waitForLoadState('networkidle')
  expect(await page.locator('[data-offer]').count()).toBe(0)
  await lin.post(`/v1/lines/${lineId}/resume`)
  const ofAccount = await offered(await draftClosure(lin, 'account'))
  expect(ofAccount).toEqual(named('ready.lines', 'account.close'))
  await context.close()
}, 60_000)

test.each(
  usual(
    [
      ['en', 390],
      ['zh-CN', 1280],
    ] as const,
    2,
  ),
)(
  '%s: paused and taken up again by its owner, then by the operator alone',
  async (locale, width) => {
    const [w, c] = [wordsOf(locale), wordsOf(locale, 'src/console/words')]
    const lin = await member(platform, { locale })
    const { lineId } = await buyLine(lin)
    await install(platform, lin, lineId)
    const context = await windowOf(lin, locale, width)
    const page = await context.newPage()
    await page.goto(`${platform.url}/lines/${lineId}`)
    await page.getByRole('button', { name: w('line.suspend') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByText(w('line.suspend-follows')).waitFor()
    await expectSound(page, 'suspend')
    await sheet.getByRole('button', { name: w('line.suspend') }).click()
    await page.getByText(w('line.suspended-own')).waitFor()
    await expectSound(page, 'suspended')
    await page.getByRole('button', { name: w('line.resume') }).click()
    await page.getByRole('button', { name: w('line.suspend') }).waitFor()

    const support = person(platform)
    expect((await support.signInAsStaff('support@violet.example')).status).toBe(200)
    const desk = await windowOf(support, locale, width)
    const console_ = await desk.newPage()
    await console_.goto(`${platform.url}/console/subscribers?query=${lin.email}`)
    await console_.getByRole('link', { name: /Lin Yue/ }).click()
    await console_.getByRole('button', { name: c('suspension.suspend') }).click()
    const form = console_.getByRole('dialog')
    const send = form.getByRole('button', { name: c('suspension.suspend') })
    await send.click()
    await form.getByText(c('suspension.cause-missing')).waitFor()
    await form.getByRole('radio', { name: c('suspension-cause.fraud') }).check()
    await form.getByRole('textbox').fill('SIM swap reported')
    await expectSound(console_, 'console')
    await send.click()
    await form.waitFor({ state: 'hidden' })
    await console_.getByText(c('line-state.suspended')).first().waitFor()

    await console_.goto(`${platform.url}/console/numbers`)
    await console_.getByRole('heading', { name: c('numbers.title') }).waitFor()
    await console_.getByText(c('number-type.mobile')).first().waitFor()
    await expectSound(console_, 'numbers')

    await page.reload()
    await page.getByText(w('line.suspended-operator')).waitFor()
    await expectSound(page, 'suspended by the operator')
    expect(await page.getByRole('button', { name: w('line.resume') }).count()).toBe(0)
    expect(await page.content()).not.toMatch(/fraud|欺诈/i)
    await Promise.all([context.close(), desk.close()])
  },
  120_000,
)
