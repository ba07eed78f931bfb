/** Joining and leaving in Chromium, on a phone and on a desktop, in both languages, with axe on every page of the way. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { person, until } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { expectSound, type Locale, openBrowser, picture, wordsOf, usual } from './browser.ts'

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

type Visit = {
  page: Page
  email: string
  locale: Locale
  complaints: string[]
  sound(page: Page, where: string): Promise<void>
}

const everyLook = process.env['VIOLET_LOOKS'] === 'all'

/** Whoever comes by pages that another test has looked at doesn't look at them again. */
async function visit(locale: Locale, width: number, looking = true): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 780 : 900 },
    locale,
    timezoneId: 'Europe/London',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // A 401 is how a visitor learns that they are one.
    if (message.type() === 'error' && !message.text().includes('401'))
      complaints.push(message.text())
  })
  const sound = async (shown: Page, where: string) => {
    if (looking) await expectSound(shown, where)
  }
  return {
    page,
    locale,
    complaints,
    sound,
    email: `b${Date.now().toString(36)}${width}@example.com`,
  }
}

function tools({ page, locale }: Visit) {
  const w = wordsOf(locale)
  const either = (key: string) =>
    page
      .getByRole('button', { name: w(key) })
      .or(page.getByRole('link', { name: w(key) }))
      .first()
  return {
    w,
    press: (key: string) => either(key).click(),
    see: (key: string) => page.getByRole('heading', { name: w(key) }).waitFor(),
  }
}

const moment = () => new Date(Date.now() - 5).toISOString()
const code = (email: string, after: string) => person(platform).codeFor(email, after)

async function join(someone: Visit, country: string) {
  const { page, email, sound } = someone
  const { w, press, see } = tools(someone)
  await page.goto(`${platform.url}/`)
  await sound(page, 'shop')
  await page.locator('a[href^="/plans/home"]').first().click()
  await page.waitForURL(/\/plans\//)
  await sound(page, 'plan')
  await press('plan.choose')
  await page.getByRole('textbox', { name: w('sign-in.to') }).waitFor()
  await sound(page, 'sign-in')
  const after = moment()
  await page.getByRole('textbox', { name: w('sign-in.to') }).fill(email)
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: w('code.label') }).fill(await code(email, after))
  await page.keyboard.press('Enter')
  await page.getByRole('combobox').selectOption(country)
  await sound(page, 'welcome')
  await page.getByRole('textbox').first().fill('Lin Yue')
  await page.getByRole('button', { name: w('welcome.save') }).click()
  await sound(page, 'checkout')
  await press('checkout.pay')
  await page.waitForURL(/\/pay\//)
  await sound(page, 'payment page')
  await page.locator('input[name=number]').fill('4242 4242 4242 4242')
  await page.locator('input[name=expiry]').fill('12 / 40')
  await page.locator('input[name=name]').fill('Lin Yue')
  await page.locator('input[name=name]').press('Enter')
  await page.waitForURL(/\/orders\//)
  await see('order.paid-plan')
  await sound(page, 'order')
  await page
    .getByRole('link', { name: w('line.install-it') })
    .or(page.getByRole('link', { name: w('install.head') }))
    .first()
    .click()
  await see('install.head')
  await sound(page, 'install')
}

async function install(someone: Visit) {
  const { page } = someone
  const { see, w } = tools(someone)
  const lines = (await (await page.context().request.get(`${platform.url}/v1/lines`)).json()) as {
    items: { lineId: string }[]
  }
  const lineId = lines.items[0]?.lineId ?? ''
  await page.getByText(w('install.address')).waitFor()
  const { activationCode } = (await (
    await page.context().request.get(`${platform.url}/v1/lines/${lineId}/installation`)
  ).json()) as { activationCode: string }
  await fetch(`${platform.urls.phone}/phones/1/install`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ activationCode }),
  })
  await see('install.done')
  return lineId
}

async function leave(someone: Visit) {
  const { page, sound } = someone
  const { w, see } = tools(someone)
  await page.goto(`${platform.url}/lines`)
  await see('home.head')
  await sound(page, 'home')
  await page.getByRole('link', { name: w('tab.account') }).click()
  await page.waitForURL(/\/account$/)
  await sound(page, 'account')
  await page.getByRole('link', { name: /^(Close account|注销账户)/ }).click()
  await close(someone, 'confirm.close-account')
}

/** From the checklist to the last step, choosing a refund; every page is looked at. */
async function close(someone: Visit, last: 'confirm.close-account' | 'confirm.close-line') {
  const { page, email, sound } = someone
  const { w, press, see } = tools(someone)
  await press('ready.go-on')
  // Refunding stands first of the ways that policy allows.
  const radio = page.getByRole('radio').first()
  await radio.waitFor({ state: 'attached' })
  expect(await page.getByRole('radio', { checked: true }).count()).toBe(0)
  await sound(page, 'quote')
  await radio.check({ force: true })
  await see('quote.head')
  await press('quote.go-on')
  await page.waitForURL(/\/(reason|answers)$/)
  if (page.url().includes('/reason')) await press('reason.go-on')
  await see('answers.head')
  await sound(page, 'answers')
  const after = moment()
  await press('answers.last-step')
  await see('confirm.head')
  await sound(page, 'confirm')
  await page.getByRole('textbox', { name: w('code.label') }).fill(await code(email, after))
  await page.getByRole('checkbox').check({ force: true })
  await page.getByRole('button', { name: w(last) }).click()
}

async function mailOf(email: string) {
  const look = async () => {
    const { items } = (await (
      await fetch(`${platform.urls.inbox}/messages?to=${encodeURIComponent(email)}`)
    ).json()) as {
      items: { subject: string; text: string; attachments: { name: string }[] }[]
    }
    return items.find(({ attachments }) => attachments.length === 3)
  }
  return until(look, (mail) => mail !== undefined, 20_000)
}

test.each(
  usual(
    [
      ['en', 360],
      ['zh-CN', 1280],
    ] as const,
    19,
  ),
)(
  'joining and leaving in %s at %i px, straight through',
  async (locale, width) => {
    const someone = await visit(locale, width)
    const { page } = someone
    await join(someone, 'GB')
    await install(someone)
    await leave(someone)
    await page.waitForURL(/\/(closures|c|farewell)/)
    await page
      .getByText(/VC-\w{4}-\w{4}/)
      .first()
      .waitFor()
    const reference = (await page.locator('body').innerText()).match(/VC-\w{4}-\w{4}/)?.[0] ?? ''
    await until(
      async () =>
        (
          (await person(platform).get(`/v1/closures/by-reference/${reference}`)).body as {
            state: string
          }
        ).state,
      (state) => state === 'closed',
    )
    await page.goto(`${platform.url}/c/${reference}`)
    await page.getByText(reference).first().waitFor()
    await expectSound(page, 'public progress')
    await page.goto(`${platform.url}/account`)
    await page.waitForURL(/sign-in/)
    expect((await mailOf(someone.email))?.attachments).toHaveLength(3)
    expect(someone.complaints).toEqual([])
    await page.context().close()
  },
  150_000,
)

test('a German closure is withdrawn from its progress page, asked for again, and approved by a reviewer in the console', async () => {
  const someone = await visit('en', 390, everyLook)
  const { page } = someone
  const { press, see } = tools(someone)
  await join(someone, 'DE')
  await install(someone)
  await leave(someone)
  await see('case.head-decide')
  await expectSound(page, 'progress')
  await press('case.withdraw')
  const again = page.getByRole('dialog').getByRole('button').first()
  if (await again.isVisible().catch(() => false))
    await page
      .getByRole('dialog')
      .getByRole('button', { name: wordsOf('en')('case.withdraw') })
      .click()
  await see('case.head-withdrawn')
  await leave(someone)
  await see('case.head-decide')
  const reference = (await page.locator('body').innerText()).match(/VC-\w{4}-\w{4}/)?.[0] ?? ''

  const reviewer = await visit('en', 1280)
  await reviewInConsole(reviewer, reference)
  await until(
    async () =>
      (
        (await person(platform).get(`/v1/closures/by-reference/${reference}`)).body as {
          state: string
        }
      ).state,
    (state) => state === 'closed',
  )
  expect(someone.complaints).toEqual([])
  expect(reviewer.complaints).toEqual([])
}, 150_000)

async function reviewInConsole({ page }: Visit, reference: string) {
  const after = moment()
  await page.goto(`${platform.url}/console`)
  await page.getByRole('textbox').first().fill('reviewer@violet.example')
  await page.keyboard.press('Enter')
  await page
    .getByRole('textbox', { name: /code/i })
    .fill(await code('reviewer@violet.example', after))
  await page.keyboard.press('Enter')
  await page.getByText(reference).first().click()
  await page.getByRole('button', { name: /^Approve/ }).waitFor()
  await expectSound(page, 'console review')
  await page.getByRole('button', { name: /^Approve/ }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Approve/ })
    .click()
}

test('on the drawn phone: installed by the picture of its code, data used and seen in the portal, out of service once closed, deleted, and the certificate says so', async () => {
  const someone = await visit('en', 1280, everyLook)
  const { page } = someone
  const { w } = tools(someone)
  await join(someone, 'GB')
  const qr = await page.getByRole('img', { name: w('install.qr') }).screenshot()

  const phone = await page.context().newPage()
  const p = wordsOf('en', 'simulators/phone/words')
  await phone.goto(`${platform.urls.phone}/?phone=2`)
  const drawn = phone.locator('section.phone.shown')
  const chosen = drawn.getByLabel(p('scan'))
  const upload = (buffer: Buffer) =>
    chosen.setInputFiles({ name: 'eSIM.png', mimeType: 'image/png', buffer })
  await upload(Buffer.from('no picture'))
  await drawn.getByText(p('scanNoPicture')).waitFor()
  await upload(await page.getByRole('heading', { level: 1 }).screenshot())
  await drawn.getByText(p('scanNoCode')).waitFor()
  await expectSound(phone, 'phone')
  await picture(phone, 'phone-scan')
  await upload(qr)
  await drawn.getByText(p('on')).waitFor()
  expect(await drawn.getByText(p('scanNoCode')).count()).toBe(0)
  await drawn.getByRole('button', { name: p('data100') }).click()
  await drawn.getByText(/Used here: 100 MB/).waitFor()

  await page.getByRole('heading', { name: w('install.done') }).waitFor()
  await page.getByRole('link', { name: w('install.to-line') }).click()
  await page.getByText(/24\.9/).first().waitFor()
  await page.locator('.bars').waitFor()
  await picture(page, 'line-usage-day')
  await page.getByRole('radio', { name: w('usage.by-country') }).check({ force: true })
  await page.locator('.share').waitFor()
  await expectSound(page, 'usage by country')
  await picture(page, 'line-usage-country')
  await page.getByRole('link', { name: new RegExp(w('line.close').source.slice(1, -1)) }).click()
  await close(someone, 'confirm.close-line')
  await page.getByRole('heading', { name: w('closed.head', { name: '.*' }) }).waitFor()
  await page.getByText(w('verify.removal-unconfirmed')).waitFor()
  await page.getByRole('link', { name: w('delete.link') }).click()
  await page.getByText(w('delete.ask')).waitFor()
  expect(await page.locator('.guide-step').count()).toBe(4)
  await expectSound(page, 'deleting it')
  await picture(page, 'delete-guide')
  await page.goBack()
  await page.getByText(w('verify.removal-unconfirmed')).waitFor()

  await drawn.getByText(p('why-unknown-subscriber')).waitFor()
  await drawn.locator('details.bin summary').click()
  await drawn.getByRole('button', { name: p('deleteYes') }).click()
  await drawn.getByText(p('noEsims')).waitFor()
  // The page follows by itself.
  await page.getByText(w('verify.removal-later')).waitFor()
  expect(await page.getByRole('link', { name: w('delete.link') }).count()).toBe(0)
  await expectSound(page, 'closed')
  await picture(page, 'closed-removal')
  expect(await mailOf(someone.email)).toMatchObject({
    text: expect.stringMatching(/\/delete-guide/),
  })
  expect(someone.complaints).toEqual([])
  await page.context().close()
}, 120_000)
