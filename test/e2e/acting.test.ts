/** Acting for somebody in Chromium: after a death, registered in the console; for a minor, by the link of the message. And appeals. */
import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person, until } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from '../way.ts'
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

const open = (who: Person, locale: Locale, width: number): Promise<BrowserContext> =>
  windowOf(browser, platform.url, who, { locale, width })

async function linkTo(email: string): Promise<string> {
  const found = await until(
    async () => {
      const asked = await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(email)}`)
      const { items } = (await asked.json()) as { items: { text: string }[] }
      return items.map(({ text }) => /\/act\/[\w.-]+/.exec(text)?.[0]).find(Boolean)
    },
    (link) => link !== undefined,
  )
  return found!
}

/** Asks for the code on the page and types the one that came. */
async function typeCode(page: Page, locale: Locale, email: string) {
  const w = wordsOf(locale)
  const after = new Date(Date.now() - 1).toISOString()
  await page.getByRole('button', { name: w('act.send') }).click()
  const code = await person(platform).codeFor(email, after)
  await page.getByLabel(w('code.label')).fill(code)
}

test('en: after a death: registered in the console, closed by the heir with the number', async () => {
  const [w, c] = [wordsOf('en'), wordsOf('en', 'src/console/words')]
  const ada = await member(platform, { name: 'Ada Quill' })
  const { lineId } = await buyLine(ada)
  await install(platform, ada, lineId)
  await topUp(ada, lineId, '20.00')
  const email = `heir.${randomUUID().slice(0, 8)}@example.com`
  const support = person(platform)
  await support.signInAsStaff('support@violet.example')
  const desk = await open(support, 'en', 1280)
  const console_ = await desk.newPage()
  await console_.goto(`${platform.url}/console/subscribers?query=${ada.email}`)
  await console_.getByRole('link', { name: /Ada Quill/ }).click()
  await console_.getByRole('button', { name: c('acting.register') }).click()
  const form = console_.getByRole('dialog')
  await form.getByRole('button', { name: c('acting.register') }).click()
  await form.getByText(c('acting.kind-missing')).waitFor()
  await form.getByRole('radio', { name: c('acting.estate') }).check()
  await form.getByLabel(c('acting.name')).fill('Ben Quill')
  await form.getByLabel(c('acting.email')).fill(email)
  await form.getByLabel(c('acting.evidence')).fill('Death certificate, certificate of inheritance')
  await expectSound(console_, 'registering')
  await form.getByRole('button', { name: c('acting.register') }).click()
  await form.waitFor({ state: 'hidden' })
  await console_.getByRole('button', { name: c('acting.close') }).click()
  await console_.getByText(c('acting.opened')).waitFor()
  await picture(console_, 'acting-console')
  await desk.close()

  const context = await open(person(platform), 'en', 1280)
  const page = await context.newPage()
  await page.goto(`${platform.url}${await linkTo(email)}`)
  await page.getByText(w('quote.refund-it')).click()
  await typeCode(page, 'en', email)
  await page.getByRole('button', { name: w('act.number-get') }).click()
  await page.getByText(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/).waitFor()
  await page.getByText(w('act.tick')).click()
  await typeAgain(page, email)
  await expectSound(page, 'acting')
  await picture(page, 'acting-estate')
  await page.getByRole('button', { name: w('act.close') }).click()
  await page.getByText(w('act.done-estate')).waitFor()
  await expectSound(page, 'done')
  await context.close()
}, 120_000)

/** A code is used up by what it confirmed. */
async function typeAgain(page: Page, email: string) {
  const w = wordsOf('en')
  const after = new Date(Date.now() - 1).toISOString()
  await page.getByRole('button', { name: w('code.again') }).click()
  await page.getByLabel(w('code.label')).fill(await person(platform).codeFor(email, after))
}

test('zh-CN: a minor’s closure waits, its owner sees for whom, and the guardian authorises it', async () => {
  const w = wordsOf('zh-CN')
  const kim = await member(platform, { name: 'Kim Park', locale: 'zh-CN' })
  const { lineId } = await buyLine(kim)
  const email = `parent.${randomUUID().slice(0, 8)}@example.com`
  const support = person(platform)
  await support.signInAsStaff('support@violet.example')
  const { body: me } = await kim.get('/v1/me')
  const bornOn = `${new Date().getUTCFullYear() - 15}-01-01`
  const guardian = { kind: 'guardian', name: 'Jo Park', email, bornOn, evidence: 'seen' }
  const at = `/v1/staff/subscribers/${me.subscriberId}/representatives`
  expect((await support.post(at, { ...guardian, locale: 'zh-CN' })).status).toBe(201)
  const draft = await draftClosure(kim, 'line', lineId)
  await submit(kim, draft)
  await untilState(kim, draft.caseId, 'needs_customer')
  const own = await open(kim, 'zh-CN', 360)
  const progress = await own.newPage()
  await progress.goto(`${platform.url}/closures/${draft.caseId}`)
  await progress.getByText(w('case.head-guardian')).waitFor()
  expect(await progress.getByRole('link', { name: w('case.look-again') }).count()).toBe(0)
  await expectSound(progress, 'waiting for a guardian')
  await picture(progress, 'acting-waiting')

  const context = await open(person(platform), 'zh-CN', 360)
  const page = await context.newPage()
  await page.goto(`${platform.url}${await linkTo(email)}`)
  await page.getByText(w('act.age', { name: 'Kim Park' })).waitFor()
  await typeCode(page, 'zh-CN', email)
  await page.getByText(w('act.tick')).click()
  await expectSound(page, 'authorising')
  await picture(page, 'acting-guardian')
  await page.getByRole('button', { name: w('act.authorise') }).click()
  await page.getByText(w('act.done-guardian')).waitFor()
  await untilState(kim, draft.caseId, 'closed')
  await Promise.all([context.close(), own.close()])
}, 120_000)

test.each(
  usual(
    [
      ['en', 1280],
      ['zh-CN', 360],
    ] as const,
    1,
  ),
)(
  '%s: rejected, appealed against, held by the other reviewer',
  async (locale, width) => {
    const [w, c] = [wordsOf(locale), wordsOf(locale, 'src/console/words')]
    const jan = await member(platform, { country: 'DE', locale })
    const { lineId } = await buyLine(jan)
    const draft = await draftClosure(jan, 'line', lineId)
    await submit(jan, draft)
    await untilState(jan, draft.caseId, 'in_review')
    const first = person(platform)
    await first.signInAsStaff('reviewer@violet.example')
    const at = `/v1/staff/closures/${draft.caseId}`
    const { version } = (await first.get(at)).body
    const rejection = { decision: 'reject', reasonCode: 'identity-doubt', version, note: '' }
    expect((await first.post(`${at}/decision`, rejection)).status).toBe(200)
    const own = await open(jan, locale, width)
    const page = await own.newPage()
    await page.goto(`${platform.url}/closures/${draft.caseId}`)
    await page.getByRole('button', { name: w('appeal.button') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('button', { name: w('appeal.button') }).click()
    await sheet.getByText(w('appeal.missing')).waitFor()
    await sheet.getByRole('textbox').fill('It was me')
    await expectSound(page, 'appealing')
    await sheet.getByRole('button', { name: w('appeal.button') }).click()
    await page.getByText(w('step.appeal')).waitFor()
    await expectSound(page, 'appealed')

    const second = person(platform)
    await second.signInAsStaff('reviewer2@violet.example')
    const desk = await open(second, locale, 1280)
    const console_ = await desk.newPage()
    await console_.goto(`${platform.url}/console/review/${draft.caseId}`)
    await console_.getByText('It was me').waitFor()
    await console_.getByRole('button', { name: c('hold.button') }).click()
    const form = console_.getByRole('dialog')
    await form.getByRole('textbox').fill('the court decides on Friday')
    await expectSound(console_, 'holding')
    await form.getByRole('button', { name: c('hold.button') }).click()
    await console_.getByText(c('attention.held')).waitFor()
    await expectSound(console_, 'held')
    await picture(console_, `held-${locale}`)
    await Promise.all([own.close(), desk.close()])
  },
  120_000,
)
