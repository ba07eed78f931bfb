/** An account in Chromium: whom it is for, kept and seen by staff; closed anew where an appeal can't close it. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { publishFor } from '../hard-cases.ts'
import { buyLine, draftClosure, member, submit, untilState } from '../way.ts'
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
  const byHand = { value: false, source: 'test', confidence: 'D' } as const
  await publishFor(platform, 'MT', { autoApprove: byHand })
}, 90_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
})

type Look = { locale: Locale; width: number; dark?: boolean }
const looks: readonly Look[] = [
  { locale: 'zh-CN', width: 360 },
  { locale: 'en', width: 360, dark: true },
  { locale: 'en', width: 1280 },
]

test.each(usual(looks, 0))('a firm says that it is one: %o', async (look) => {
  const w = wordsOf(look.locale)
  // It stands behind the country.
  const last = (words: RegExp) => new RegExp(words.source.slice(1))
  const firm = await member(platform, { locale: look.locale })
  await firm.patch('/v1/me', { name: 'Amber Ltd' })
  const page = await (await windowOf(browser, platform.url, firm, look)).newPage()
  const seen = async (name: string) => {
    await expectSound(page, name)
    await picture(page, `account-${look.locale}-${look.width}-${name}`)
  }
  await page.goto(`${platform.url}/account`)
  await page.getByRole('button', { name: w('account.change') }).click()
  const whom = page.getByLabel(w('account.segment'))
  expect(await whom.inputValue()).toBe('consumer')
  await whom.selectOption('micro')
  await seen('editing')
  await page.getByRole('button', { name: w('button.save') }).click()
  await page.getByText(last(w('segment.micro'))).waitFor()
  await seen('saved')
  expect((await firm.get('/v1/me')).body.segment).toBe('micro')
  await page.reload()
  await page.getByText(last(w('segment.micro'))).waitFor()

  const support = person(platform)
  await support.signInAsStaff('support@violet.example')
  const desk = await (await windowOf(browser, platform.url, support, look)).newPage()
  const { subscriberId } = (await firm.get('/v1/me')).body
  await desk.goto(`${platform.url}/console/subscribers/${subscriberId}`)
  const staffWords = wordsOf(look.locale, 'src/console/words')
  await desk.getByText(last(staffWords('segment.micro'))).waitFor()
  await expectSound(desk, 'console')
  await picture(desk, `account-${look.locale}-${look.width}-console`)
})

test.each(usual(looks, 1))(
  'a line came after the closure that is appealed for: %o',
  async (look) => {
    const w = wordsOf(look.locale)
    const jan = await member(platform, { locale: look.locale, country: 'MT' })
    await buyLine(jan)
    const draft = await draftClosure(jan, 'account')
    await submit(jan, draft)
    await untilState(jan, draft.caseId, 'in_review')
    const reviewer = person(platform)
    await reviewer.signInAsStaff('reviewer@violet.example')
    const at = `/v1/staff/closures/${draft.caseId}`
    const { version } = (await reviewer.get(at)).body
    const rejection = { decision: 'reject', version, note: '', reasonCode: 'identity-doubt' }
    expect((await reviewer.post(`${at}/decision`, rejection)).status).toBe(200)
    await buyLine(jan)

    const page = await (await windowOf(browser, platform.url, jan, look)).newPage()
    await page.goto(`${platform.url}/closures/${draft.caseId}`)
    await page.getByRole('button', { name: w('appeal.button') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('textbox').fill('It was me.')
    await sheet.getByRole('button', { name: w('appeal.button') }).click()
    await sheet.getByText(w('refusal.line-added-since')).waitFor()
    await expectSound(page, 'refused')
    await picture(page, `account-${look.locale}-${look.width}-appeal`)
    await sheet.getByRole('link', { name: w('account.close') }).click()
    await page.waitForURL((url) => !url.pathname.includes(draft.caseId))
  },
)
