/** In Chromium: a reviewer asks, the subscriber answers on the page of the closure, and the reviewer reads it. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, member, submit, untilState } from '../way.ts'
import { expectSound, openBrowser, picture, usual, windowOf, wordsOf } from './browser.ts'

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
      ['en', 360],
      ['zh-CN', 1280],
    ] as const,
    0,
  ),
)(
  '%s at %i: asked by the reviewer, answered on the page, and with the reviewer again',
  async (locale, width) => {
    const [w, c] = [wordsOf(locale), wordsOf(locale, 'src/console/words')]
    const jan = await member(platform, { country: 'DE', locale })
    const { lineId } = await buyLine(jan)
    const draft = await draftClosure(jan, 'line', lineId)
    await submit(jan, draft)
    await untilState(jan, draft.caseId, 'in_review')
    const reviewer = person(platform)
    await reviewer.signInAsStaff('reviewer@violet.example')
    const desk = await windowOf(browser, platform.url, reviewer, { locale, width: 1280 })
    const console_ = await desk.newPage()
    await console_.goto(`${platform.url}/console/review/${draft.caseId}`)
    await console_.getByRole('button', { name: c('decide.reject') }).waitFor()
    await console_.keyboard.press('q')
    const sheet = console_.getByRole('dialog')
    await sheet.getByRole('button', { name: c('question.button') }).click()
    await sheet.getByText(c('question.missing')).waitFor()
    await sheet.getByRole('textbox').fill('Which card did you pay with?\nThe end of it is enough.')
    await expectSound(console_, 'asking')
    await picture(console_, `question-asking-${locale}`)
    await sheet.getByRole('button', { name: c('question.button') }).click()
    await console_.getByText(c('case.clock-stands')).waitFor()
    expect(await console_.getByRole('button', { name: c('decide.approve') }).count()).toBe(0)
    await expectSound(console_, 'asked')
    await picture(console_, `question-asked-${locale}`)

    const own = await windowOf(browser, platform.url, jan, { locale, width })
    const page = await own.newPage()
    await page.goto(`${platform.url}/closures/${draft.caseId}`)
    await page.getByRole('heading', { name: w('case.head-question') }).waitFor()
    expect(await page.getByRole('link', { name: w('case.look-again') }).count()).toBe(0)
    await page.getByRole('button', { name: w('question.send') }).click()
    await page.getByText(w('question.missing')).waitFor()
    await page.getByLabel(w('question.answer')).fill('It ends in 4242')
    await expectSound(page, 'answering')
    await picture(page, `question-answering-${locale}-${width}`)
    await page.reload()
    expect(await page.getByLabel(w('question.answer')).inputValue()).toBe('It ends in 4242')
    await page.getByRole('button', { name: w('question.send') }).click()
    await page.getByRole('heading', { name: w('question.before') }).waitFor()
    await page.getByRole('heading', { name: w('case.head-decide') }).waitFor()
    await expectSound(page, 'answered')
    await picture(page, `question-answered-${locale}-${width}`)
    await page.goto(`${platform.url}/c/${draft.reference}`)
    await page.getByText(w('step.question')).waitFor()
    expect(await page.getByText(/4242/).count()).toBe(0)

    await console_.reload()
    await console_.getByText('It ends in 4242').waitFor()
    await console_.getByRole('button', { name: c('decide.approve') }).waitFor()
    await expectSound(console_, 'with the reviewer again')
    await picture(console_, `question-back-${locale}`)
    await Promise.all([own.close(), desk.close()])
  },
  120_000,
)
