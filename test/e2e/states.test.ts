/** What the portal does when something is missing: the session, the network, time, an answer. Nothing typed is lost. */
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, until } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, install, member } from '../way.ts'
import {
  expectSound,
  type Locale,
  openBrowser,
  picture,
  usual,
  windowOf,
  wordsOf,
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

type Someone = Person & { email: string }

const looks = [
  ['en', 1280],
  ['zh-CN', 360],
] as const
const moment = () => new Date(Date.now() - 5).toISOString()

async function openWindow(who: Person, locale: Locale, width: number) {
  const context = await windowOf(browser, platform.url, who, { locale, width })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  return { context, page, w: wordsOf(locale) }
}

/** As an operator's clean-up or a removed device would: every session is over. */
async function endSessions() {
  await platform.db.deleteFrom('sign_in_session').execute()
}

async function signInAgain(page: Page, someone: Someone, w: ReturnType<typeof wordsOf>) {
  await page.waitForURL(/\/sign-in/)
  await page.getByText(w('sign-in.then-back')).waitFor()
  await page.getByRole('textbox', { name: w('sign-in.to') }).fill(someone.email)
  const after = moment()
  await page.getByRole('button', { name: w('sign-in.send') }).click()
  const code = await someone.codeFor(someone.email, after)
  await page.getByRole('textbox', { name: w('code.label') }).fill(code)
}

test.each(usual(looks, 8))(
  '%s at %i: a session that ends in the middle of closing takes nothing along',
  async (locale, width) => {
    const lin = (await member(platform, { locale })) as Someone
    const { lineId } = await buyLine(lin)
    await install(platform, lin, lineId)
    const { body: draft } = await lin.post('/v1/closures', { scope: 'line', lineId })
    const base = `${platform.url}/closures/${draft.caseId}`
    const { context, page, w } = await openWindow(lin, locale, width)

    await page.goto(`${base}/quote`)
    await page.getByRole('radio').first().waitFor({ state: 'attached' })
    // What the page itself still asks for would find the session gone before anything is chosen.
    await page.waitForLoadState('networkidle')
    await endSessions()
    // The page may be gone before the mark could be looked at.
    await page.getByRole('radio').first().click({ force: true })
    await signInAgain(page, lin, w)
    await page.waitForURL(/\/quote$/)
    await page.getByRole('heading', { name: w('quote.head') }).waitFor()
    expect(await page.getByRole('radio').first().isChecked()).toBe(true)
    await page.getByRole('button', { name: w('quote.go-on') }).click()

    await page.waitForURL(/\/answers$/)
    const after = moment()
    await page.getByRole('link', { name: w('answers.last-step') }).click()
    const code = await lin.codeFor(lin.email, after)
    await page.getByRole('textbox', { name: w('code.label') }).fill(code)
    await page.getByRole('checkbox').press('Space')
    await endSessions()
    await page.getByRole('button', { name: w('confirm.close-line') }).click()
    await signInAgain(page, lin, w)
    await page.waitForURL(/\/confirm$/)
    expect(await page.getByRole('textbox', { name: w('code.label') }).inputValue()).toBe(code)
    expect(await page.getByRole('checkbox').isChecked()).toBe(true)
    await page.getByRole('button', { name: w('confirm.close-line') }).click()
    await page.waitForURL(/\/closures\/[\w-]+$/)
    const { state } = await platform.db
      .selectFrom('closure_case')
      .select('state')
      .where('case_id', '=', draft.caseId)
      .executeTakeFirstOrThrow()
    expect(state).not.toBe('draft')
    expect(await kept(page)).not.toContain(code)
    await context.close()
  },
  90_000,
)

/** All that the tab and the device hold. */
function kept(page: Page): Promise<string> {
  return page.evaluate<string>(`JSON.stringify([{ ...sessionStorage }, { ...localStorage }])`)
}

test('what one person typed is not shown to the next who signs in, in the same tab', async () => {
  const [lin, max] = [(await member(platform)) as Someone, (await member(platform)) as Someone]
  const { context, page, w } = await openWindow(lin, 'en', 390)
  await page.goto(`${platform.url}/help/new`)
  await page.getByRole('textbox', { name: w('ticket.body') }).fill('my secret number is 42')
  await endSessions()
  await page.getByRole('textbox', { name: w('ticket.subject') }).fill('private')
  await page.getByRole('button', { name: w('ticket.send') }).click()
  await signInAgain(page, max, w)
  await page.waitForURL(/\/help\/new/)
  await page.getByRole('textbox', { name: w('ticket.body') }).waitFor()
  expect(await page.getByRole('textbox', { name: w('ticket.body') }).inputValue()).toBe('')
  expect(await kept(page)).not.toMatch(/secret|private/)
  await context.close()
}, 60_000)

test.each(usual(looks, 9))(
  '%s at %i: without a network the age of what is shown is said, nothing is queued, and back online it is done once',
  async (locale, width) => {
    const lin = (await member(platform, { locale })) as Someone
    const { lineId } = await buyLine(lin)
    const { context, page, w } = await openWindow(lin, locale, width)
    await page.clock.install()
    await page.goto(`${platform.url}/lines`)
    await page.getByRole('heading', { name: w('home.head') }).waitFor()
    await page.locator('.qa').waitFor()
    await context.setOffline(true)
    await page.clock.runFor(12_000)
    await page.getByText(w('failure.stale')).waitFor()
    await expectSound(page, 'home without a network')
    await context.setOffline(false)

    await page.goto(`${platform.url}/lines/${lineId}/top-up`)
    const pay = page.locator('.dock .btn.primary')
    await pay.waitFor()
    const amounts = page.getByRole('radio')
    if ((await amounts.count()) > 0) await amounts.first().check({ force: true })
    await context.setOffline(true)
    await pay.click()
    await page.getByText(w('failure.offline')).waitFor()
    await expectSound(page, 'top-up without a network')
    await context.setOffline(false)
    await page.clock.runFor(20_000)
    await page.waitForLoadState('networkidle')
    expect(await topUps(lineId)).toBe(0)
    await pay.click()
    await page.waitForURL(/\/pay\//)
    expect(await topUps(lineId)).toBe(1)
    await context.close()
  },
  60_000,
)

async function topUps(lineId: string): Promise<number> {
  const rows = await platform.db
    .selectFrom('payment_order')
    .select('order_id')
    .where('kind', '=', 'top-up')
    .where('line_id', '=', lineId)
    .execute()
  return rows.length
}

test.each(usual(looks, 10))(
  '%s at %i: slow is said, a failure has a way out, and a ticket with the facts filled in',
  async (locale, width) => {
    const lin = (await member(platform, { locale })) as Someone
    const { lineId } = await buyLine(lin)
    const { context, page, w } = await openWindow(lin, locale, width)
    await page.clock.install()
    const held = await hold(context, `**/v1/lines/${lineId}`)
    await page.goto(`${platform.url}/lines/${lineId}`)
    await page.locator('[aria-busy=true]').first().waitFor()
    await page.clock.runFor(7_000)
    await page.getByText(w('page.slow')).waitFor()
    await held.fail()
    await page.clock.runFor(5_000)
    await page.getByText(w('failure.unanswered')).waitFor()
    await expectSound(page, 'failure')
    await page.getByRole('link', { name: w('failure.ask') }).click()
    await page.waitForURL(/\/help\/new/)
    const subject = page.getByRole('textbox', { name: w('ticket.subject') })
    expect(await subject.inputValue()).toMatch(w('failure.unanswered'))
    await page.getByRole('textbox', { name: w('ticket.body') }).fill('The line page stays empty')
    const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('x') }
    const screen = { name: 'screen.png', mimeType: 'image/png', buffer: dot }
    await page.locator('input[type=file]').setInputFiles([text, screen])
    await page.getByText(w('ticket.attach-not-taken', { name: text.name })).waitFor()
    await page.getByRole('listitem').filter({ hasText: screen.name }).waitFor()
    await expectSound(page, 'a ticket with a picture')
    await picture(page, `ticket-attached-${locale}-${width}`)
    await page.getByRole('button', { name: w('ticket.send') }).click()
    await page.waitForURL(/\/help\/tic/)
    const ticket = await until(
      async () => (await lin.get('/v1/tickets')).body.items[0],
      (one) => one !== undefined,
    )
    expect(ticket.messages[0].attachments).toMatchObject([{ name: screen.name, type: 'image/png' }])
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: screen.name }).click(),
    ])
    expect(readFileSync(await download.path()).equals(dot)).toBe(true)
    expect(ticket.context).toMatchObject({ code: 'unanswered', page: `/lines/${lineId}` })
    await held.release()
    await page.goto(`${platform.url}/lines/${lineId}`)
    await page.locator('.usage-ring').waitFor()
    await context.close()
  },
  60_000,
)

const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** Requests that get no answer at first, then a broken one, until they are let through. */
async function hold(context: BrowserContext, url: string) {
  const waiting: (() => Promise<void>)[] = []
  let failing = false
  await context.route(url, async (route) => {
    const fail = () => route.fulfill({ status: 502, contentType: 'text/html', body: 'Bad gateway' })
    if (failing) await fail()
    else waiting.push(fail)
  })
  return {
    async fail() {
      failing = true
      await Promise.all(waiting.splice(0).map((fail) => fail().catch(() => undefined)))
    },
    release: () => context.unroute(url),
  }
}
