/** In Chromium: acting for somebody, after a death and for a minor; appeals; closing without signing in, and judging who asks. */
import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cards, type Person, person, until } from '../../src/main/demo-person.ts'
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
  await topUp(ada, lineId, '20.00', cards.expires)
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
  await nameAccount(page.url(), email)
}, 120_000)

/** By the link of the mail, on a phone: the card refuses the refund. */
async function nameAccount(link: string, email: string) {
  const w = wordsOf('en')
  const context = await open(person(platform), 'en', 360)
  const page = await context.newPage()
  const asked = page.getByRole('heading', { name: w('act.account') })
  await until(
    async () => {
      await page.goto(link)
      await page.getByRole('link', { name: w('case.progress') }).waitFor()
      return asked.isVisible()
    },
    (isAsked) => isAsked,
    20_000,
  )
  await expectSound(page, 'refused by the card')
  await page.getByRole('button', { name: w('refund.name-account') }).click()
  await page.getByText(w('refund.account-name', { name: 'Ben Quill' })).waitFor()
  await page.getByLabel(w('refund.iban')).fill('GB29NWBK60161331926819')
  const after = new Date(Date.now() - 1).toISOString()
  await page.getByRole('button', { name: w('refund.get-code') }).click()
  await page.getByLabel(w('code.label')).fill(await person(platform).codeFor(email, after))
  await expectSound(page, 'naming an account')
  await picture(page, 'acting-account')
  await page.getByRole('button', { name: w('refund.account-send') }).click()
  await page.getByRole('heading', { name: w('act.done-estate') }).waitFor()
  await context.close()
}

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
  '%s: rejected, appealed against, approved by one of two who takes it back, held, and taken back for its subscriber',
  async (locale, width) => {
    const [w, c] = [wordsOf(locale), wordsOf(locale, 'src/console/words')]
    const jan = await member(platform, { country: 'DE', locale })
    const { lineId } = await buyLine(jan)
    // More than one approves alone.
    for (const amount of ['100.00', '100.00', '100.00']) await topUp(jan, lineId, amount)
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
    await page.reload()
    await page.getByRole('button', { name: w('appeal.button') }).click()
    expect(await sheet.getByRole('textbox').inputValue()).toBe('It was me')
    await sheet.getByRole('button', { name: w('appeal.button') }).click()
    await page.getByText(w('step.appeal')).waitFor()
    await expectSound(page, 'appealed')

    const second = person(platform)
    await second.signInAsStaff('reviewer2@violet.example')
    const desk = await open(second, locale, 1280)
    const console_ = await desk.newPage()
    await console_.goto(`${platform.url}/console/review/${draft.caseId}`)
    await console_.getByText('It was me').waitFor()
    const form = console_.getByRole('dialog')
    await console_.getByRole('button', { name: c('decide.approve-first') }).click()
    await form.getByRole('button', { name: c('decide.approve') }).click()
    await expectSound(console_, 'approved by one of two')
    await picture(console_, `half-${locale}`)
    await console_.getByRole('button', { name: c('take-back.button') }).click()
    await form.getByRole('button', { name: c('take-back.button') }).click()
    await form.getByText(c('noted.missing')).waitFor()
    await expectSound(console_, 'taking an approval back')
    await picture(console_, `take-back-${locale}`)
    await form.getByRole('textbox').fill('the card was reported stolen')
    await form.getByRole('button', { name: c('take-back.button') }).click()
    await console_.getByText(c('event.approval-taken-back')).waitFor()

    await console_.getByRole('button', { name: c('hold.button') }).click()
    await form.getByRole('textbox').fill('the court decides on Friday')
    await expectSound(console_, 'holding')
    await form.getByRole('button', { name: c('hold.button') }).click()
    await console_.getByText(c('attention.held')).waitFor()
    await expectSound(console_, 'held')
    await picture(console_, `held-${locale}`)
    await console_.getByRole('button', { name: c('withdraw.button') }).click()
    await form.getByRole('textbox').fill('called back: she stays')
    await expectSound(console_, 'taking a closure back')
    await picture(console_, `withdraw-${locale}`)
    await form.getByRole('button', { name: c('withdraw.button') }).click()
    await console_.getByText(c('withdraw.done', { reference: draft.reference })).waitFor()
    await page.reload()
    await page.getByText(w('case.head-withdrawn')).waitFor()
    await Promise.all([own.close(), desk.close()])
  },
  120_000,
)

test.each(
  usual(
    [
      ['en', 1280],
      ['zh-CN', 360],
      ['ar', 360],
    ] as const,
    1,
  ),
)(
  '%s at %d px: closing without signing in, by a code to the e-mail',
  async (locale, width) => {
    const w = wordsOf(locale)
    const lin = await member(platform, { country: 'DE', locale })
    const { lineId } = await buyLine(lin)
    const { line } = await install(platform, lin, lineId)
    const context = await open(person(platform), locale, width)
    const page = await context.newPage()
    await page.goto(`${platform.url}/close/account`)
    const without = page.getByRole('link', { name: w('shop.close') })
    await without.waitFor()
    await expectSound(page, 'signing in, or not')
    await picture(page, `intake-sign-in-${locale}-${width}`)
    await without.click()
    await page.getByRole('button', { name: w('intake.ask') }).click()
    await page.getByText(w('quote.choose-one')).waitFor()
    await expectSound(page, 'nothing given')
    await picture(page, `intake-missing-${locale}-${width}`)
    await page.getByText(w('intake.line')).click()
    await page.getByLabel(w('intake.number')).last().fill(line.msisdn)
    await page.getByLabel(w('welcome.country')).selectOption('DE')
    await page.getByLabel(w('intake.contact')).fill(lin.email)
    const after = new Date(Date.now() - 1).toISOString()
    await page.getByRole('button', { name: w('intake.ask') }).click()
    await page.getByRole('heading', { name: w('proof.head'), level: 1 }).waitFor()
    // What was typed is not kept in the window for whoever comes next.
    expect(await page.evaluate(`sessionStorage.getItem('violet.draft.intake')`)).toBeNull()
    await expectSound(page, 'proof')
    await picture(page, `intake-proof-${locale}-${width}`)
    const code = await person(platform).codeFor(lin.email, after)
    await page.getByRole('button', { name: w('proof.enter') }).click()
    await page.getByText(w('code.short')).waitFor()
    await page.getByLabel(w('code.label')).fill(code === '000000' ? '000001' : '000000')
    await page.getByRole('button', { name: w('proof.enter') }).click()
    await page.getByRole('alert').first().waitFor()
    await page.reload()
    await page.getByLabel(w('code.label')).fill(code)
    await page.getByRole('button', { name: w('proof.enter') }).click()
    await page.getByRole('heading', { name: w('proof.shown'), level: 1 }).waitFor()
    await expectSound(page, 'shown')
    await picture(page, `intake-shown-${locale}-${width}`)
    await page.getByRole('link', { name: w('case.progress') }).click()
    await page.getByText(w('step.received')).waitFor()
    await expectSound(page, 'progress')
    await context.close()
  },
  120_000,
)

test.each(usual(['en', 'zh-CN'] as const, 0))(
  '%s: who lost everything is judged in the console',
  async (locale) => {
    const [w, c] = [wordsOf(locale), wordsOf(locale, 'src/console/words')]
    const lin = await member(platform, { country: 'FR', locale })
    const { lineId } = await buyLine(lin)
    const { line } = await install(platform, lin, lineId)
    const visitor = person(platform)
    const contact = `new.${randomUUID().slice(0, 8)}@example.com`
    const body = { scope: 'line', by: 'number', value: line.msisdn, country: 'FR', contact, locale }
    const { token, reference } = (await visitor.post('/v1/closures/intake', body)).body
    const context = await open(person(platform), locale, 360)
    const page = await context.newPage()
    await page.goto(`${platform.url}/close/proof/${token}`)
    await page.getByRole('button', { name: w('proof.send') }).click()
    await page.getByText(w('proof.one-at-least')).waitFor()
    await page.getByLabel(w('proof.name')).fill('Lin Yue')
    await page.reload()
    expect(await page.getByLabel(w('proof.name')).inputValue()).toBe('Lin Yue')
    await page.getByRole('button', { name: w('proof.send') }).click()
    await page.getByRole('heading', { name: w('proof.judged'), level: 1 }).waitFor()
    await expectSound(page, 'judged')
    await picture(page, `intake-judged-${locale}`)

    const reviewer = person(platform)
    await reviewer.signInAsStaff('reviewer@violet.example')
    const desk = await open(reviewer, locale, 1280)
    const console_ = await desk.newPage()
    await console_.goto(`${platform.url}/console/intakes`)
    await console_.getByRole('link', { name: new RegExp(reference) }).click()
    await console_.getByText(c('intakes.agrees')).waitFor()
    await expectSound(console_, 'request')
    await picture(console_, `intakes-console-${locale}`)
    const decide = async (act: 'ask' | 'accept') => {
      await console_.getByRole('button', { name: c(`intakes.${act}`) }).click()
      return console_.getByRole('dialog')
    }
    const asking = await decide('ask')
    await asking.getByText(c('value-identityEvidence.postal_address')).click()
    await asking.getByRole('textbox').fill('Rue 1?')
    await expectSound(console_, 'asking')
    await picture(console_, `intakes-ask-${locale}`)
    await asking.getByRole('button', { name: c('intakes.ask') }).click()
    await asking.waitFor({ state: 'hidden' })
    await page.reload()
    await page.getByText('Rue 1?').waitFor()
    await expectSound(page, 'asked')
    await picture(page, `intake-asked-${locale}`)
    const accepting = await decide('accept')
    await accepting.getByRole('button', { name: c('intakes.accept') }).click()
    await console_.getByRole('link', { name: c('intakes.closure') }).click()
    const judged = new RegExp(c('signal.identity-judged').source.replace(/[$^]/g, ''))
    await console_.getByText(judged).first().waitFor()
    await expectSound(console_, 'the closure')
    await picture(console_, `intakes-closure-${locale}`)
    await Promise.all([context.close(), desk.close()])
  },
  120_000,
)
