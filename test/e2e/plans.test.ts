/** A plan moved up and down in Chromium: sliders and keyboard, the price before and the statement after, both languages. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person } from '../../src/main/demo-person.ts'
import { catalogPlans, writtenPlans } from '../../src/plans/catalog.ts'
import { seedCatalog } from '../../src/plans/store.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, install, member, topUp } from '../way.ts'
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

type Look = { locale: Locale; width: number; dark?: boolean }

async function windowOf(who: Person, { locale, width, dark }: Look): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 780 : 900 },
    locale,
    timezoneId: 'Europe/London',
    colorScheme: dark ? 'dark' : 'light',
  })
  await context.addCookies(
    [...who.cookies()].map(([name, value]) => ({
      name,
      value: decodeURIComponent(value),
      url: platform.url,
    })),
  )
  return context
}

/** `VIOLET_PICTURES` names a folder for pictures of the pages, to be looked at. */
async function seen(page: Page, name: string, { locale, width, dark }: Look) {
  await expectSound(page, name)
  const folder = process.env['VIOLET_PICTURES']
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  const file = `${name}-${locale}-${width}${dark ? '-dark' : ''}.png`
  const height = await page.evaluate<number>('document.documentElement.scrollHeight')
  const clip = { x: 0, y: 0, width, height: Math.min(height, 1400) }
  await page.screenshot({ path: join(folder, file), fullPage: true, clip })
}

async function flexLine(locale: Locale, credit: string) {
  const lin = await member(platform, { locale })
  const { lineId } = await buyLine(lin, 'flex-europe')
  await install(platform, lin, lineId)
  if (credit !== '0.00') await topUp(lin, lineId, credit)
  return { lin, lineId }
}

/** Takes the thumb with the mouse and moves it by a part of the track. */
async function dragBy(page: Page, slider: Locator, part: number) {
  const before = Number(await slider.inputValue())
  const [least, most] = await slider.evaluate((input) => [
    input.getAttribute('min'),
    input.getAttribute('max'),
  ])
  const box = (await slider.boundingBox())!
  const at = box.width * ((before - Number(least)) / (Number(most) - Number(least)))
  await page.mouse.move(box.x + at, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + at + box.width * part, box.y + box.height / 2, { steps: 5 })
  await page.mouse.up()
  expect(Number(await slider.inputValue())).toBeGreaterThan(before)
}

const looks: Look[] = [
  { locale: 'en', width: 1280, dark: true },
  { locale: 'zh-CN', width: 360 },
]
test.each(usual(looks, 12))(
  '$locale at $width: by keyboard alone more data and calls today, at the price that is shown, and on the statement',
  async (look) => {
    const w = wordsOf(look.locale)
    const { lin, lineId } = await flexLine(look.locale, '20.00')
    const context = await windowOf(lin, look)
    const page = await context.newPage()
    await page.goto(`${platform.url}/lines`)
    await page.getByRole('link', { name: w('line.change-plan') }).click()
    await page.getByRole('heading', { name: w('change.head') }).waitFor()
    await seen(page, 'plan-before', look)
    const dials = { data: 5, voice: 1 }
    for (const [kind, presses] of Object.entries(dials)) {
      const slider = page.getByRole('slider', { name: w(`dial.${kind}`) })
      await slider.focus()
      for (let press = 0; press < presses; press += 1) await page.keyboard.press('ArrowRight')
    }
    const today = page.getByRole('radio', { name: w('change.now') })
    expect(await today.isChecked()).toBe(false)
    await today.focus()
    await page.keyboard.press('Space')
    // 5 × 0.80 + 0.60 a period; 29 of 30 days have not begun: 13.60 × 29/30 − 9.00 × 29/30.
    const button = page.getByRole('button', {
      name: w('change.confirm-pay', { amount: '£4\\.44' }),
    })
    await button.waitFor()
    await seen(page, 'plan-priced', look)
    await button.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(new RegExp(`/lines/${lineId}$`))
    await seen(page, 'line-after', look)
    await page.goto(`${platform.url}/statement`)
    await page.getByText(w('statement.moved', { amount: '£4\\.44' })).waitFor()
    await seen(page, 'statement-after', look)
    await context.close()
  },
  90_000,
)

test.each(usual(looks, 13))(
  '$locale at $width: less at renewal, dropped again; not enough credit leads to the top-up',
  async (look) => {
    const w = wordsOf(look.locale)
    const { lin, lineId } = await flexLine(look.locale, '0.00')
    const context = await windowOf(lin, look)
    const page = await context.newPage()
    await page.goto(`${platform.url}/lines/${lineId}/plan`)
    const confirm = page.getByRole('button', { name: w('change.confirm') })
    await confirm.click()
    await page.getByText(w('change.move-first')).waitFor()
    await page
      .getByRole('button', { name: w('dial.less', { name: '.*' }) })
      .first()
      .click()
    await page.getByRole('radio', { name: w('change.with-renewal') }).check({ force: true })
    await page.getByRole('button', { name: w('change.confirm-at') }).click()
    await page.waitForURL(new RegExp(`/lines/${lineId}$`))
    await page.goto(`${platform.url}/lines/${lineId}/plan`)
    await page.getByText(w('change.renews')).waitFor()
    await page.getByText(w('change.scheduled')).waitFor()
    await seen(page, 'plan-scheduled', look)
    await page.getByRole('button', { name: w('change.drop') }).click()
    await page.getByRole('button', { name: w('change.drop') }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: w('change.turn-off') }).click()
    await page.getByText(w('change.ends')).waitFor()
    await dragBy(page, page.getByRole('slider', { name: w('dial.data') }), 0.2)
    await page.getByRole('radio', { name: w('change.now') }).check({ force: true })
    const missing = page.getByRole('link', { name: w('change.within') })
    await missing.waitFor()
    await seen(page, 'plan-short', look)
    await missing.click()
    await page.getByRole('heading', { name: w('top-up.head') }).waitFor()
    await context.close()
  },
  90_000,
)

test.each(usual(looks, 14))(
  '$locale at $width: where a plan works, and what the next country costs',
  async (look) => {
    const w = wordsOf(look.locale)
    const name = (code: string) => new Intl.DisplayNames(look.locale, { type: 'region' }).of(code)!
    const { lin, lineId } = await flexLine(look.locale, '0.00')
    const context = await windowOf(lin, look)
    const page = await context.newPage()
    await page.goto(`${platform.url}/lines/${lineId}`)
    await page.getByText(w('line.coverage')).click()
    await page.getByRole('heading', { level: 1, name: /41/ }).waitFor()
    await page.locator('.world .in').first().waitFor()
    expect(await page.locator('.world .in').count()).toBe(41)
    await seen(page, 'coverage', look)
    const search = page.getByRole('searchbox', { name: w('coverage.next') })
    await search.fill(name('JP'))
    await page.getByText(w('coverage.not-in', { country: name('JP') })).waitFor()
    await page.getByText(w('coverage.gigabyte', { amount: '£30\\.00' })).waitFor()
    await page
      .getByText(w('coverage.prices', { data: '£0\\.03' }))
      .first()
      .waitFor()
    expect(await page.locator('.world .on').count()).toBe(1)
    await seen(page, 'coverage-japan', look)
    await search.fill(name('FR'))
    await page.getByText(w('coverage.included-in', { country: name('FR') })).waitFor()
    // Everything on the map is in the list.
    for (const code of ['MT', 'FR', 'UA'])
      await page.getByText(name(code), { exact: true }).first().waitFor()
    await page.goto(`${platform.url}/plans/flex-europe`)
    await page.getByRole('link', { name: w('plan.coverage') }).click()
    await page.getByRole('heading', { level: 1, name: /41/ }).waitFor()
    await context.close()
  },
  90_000,
)

test.each(usual(looks, 15))(
  '$locale at $width: a line is named and its spending capped, and credit goes to another line',
  async (look) => {
    const w = wordsOf(look.locale)
    const { lin, lineId } = await flexLine(look.locale, '20.00')
    const { lineId: other } = await buyLine(lin, 'japan-3gb-7d')
    await lin.patch(`/v1/lines/${other}`, { nickname: 'Kyoto' })
    const context = await windowOf(lin, look)
    const page = await context.newPage()
    await page.goto(`${platform.url}/lines/${lineId}`)
    await page.getByRole('button', { name: w('line.more') }).click()
    await page.getByRole('button', { name: w('line.rename') }).click()
    await page.getByRole('textbox', { name: w('line.nickname') }).fill('Everyday')
    await page.getByRole('button', { name: w('button.save') }).click()
    await page.getByRole('heading', { level: 1, name: 'Everyday' }).waitFor()
    await page.getByText(w('line.cap'), { exact: true }).click()
    await page.getByRole('heading', { name: w('cap.head-none') }).waitFor()
    await seen(page, 'cap', look)
    await page.getByRole('radio', { name: /£10/ }).check({ force: true })
    await page.getByRole('button', { name: w('button.save') }).click()
    await page.getByText(w('line.cap-set', { amount: '£10\\.00' })).waitFor()
    await page.getByRole('link', { name: w('line.move-credit') }).click()
    await page.getByRole('radio', { name: /Kyoto/ }).check({ force: true })
    const amount = page.getByRole('textbox')
    await amount.fill('20.01')
    await page.getByRole('button', { name: w('move.confirm-none') }).click()
    await page.getByText(w('refusal.amount-out-of-range')).waitFor()
    await page.locator('input[value=returns]').check({ force: true })
    await amount.fill('7,5')
    await seen(page, 'move-credit', look)
    await page
      .getByRole('button', { name: w('move.confirm', { amount: '£7\\.50', name: 'Kyoto' }) })
      .click()
    await page.waitForURL(new RegExp(`/lines/${lineId}$`))
    await page.getByText('£12.50').first().waitFor()
    await seen(page, 'line-with-cap', look)
    await page.goto(`${platform.url}/statement`)
    await page.getByText(w('statement.moved-line', { amount: '£7\\.50' })).waitFor()
    await context.close()
  },
  90_000,
)

/** A plan of the operator's own that binds for two years and asks for notice, in its catalog. */
async function sellBound() {
  const home = writtenPlans.find(({ planId }) => planId === 'home-uk')!
  const name = { ...home.name, en: 'Home 24', 'zh-CN': '两年套餐' }
  const term = { months: 24, fee: '20.00', notice: { value: 'P1M' } }
  const plans = catalogPlans([...writtenPlans, { ...home, planId: 'home-24', name, term }])
  await seedCatalog(platform.db, platform.clock.now(), plans)
}

const binds = {
  en: 'It binds you for 24 months; whether it can end sooner, and at what cost, you see before you close it. Ending it takes 1 month of notice at most.',
  'zh-CN': '合约期 24 个月；能否提前终止、费用多少，注销前会先告诉你。终止最多须提前 1 个月通知。',
}
test.each(usual(looks, 16))(
  '$locale at $width: another plan, its price and day before it is agreed to, and what is scheduled after',
  async (look) => {
    const w = wordsOf(look.locale)
    await sellBound()
    const { lin, lineId } = await flexLine(look.locale, '0.00')
    const context = await windowOf(lin, look)
    const page = await context.newPage()
    await page.goto(`${platform.url}/lines/${lineId}/plan`)
    await page.getByRole('link', { name: w('change.other') }).click()
    await page.getByRole('heading', { name: w('change.other') }).waitFor()
    await seen(page, 'other-plans', look)
    const name = look.locale === 'en' ? /Home 24/ : /两年套餐/
    await page.getByRole('link', { name }).click()
    await page.getByText(w('change.other-on')).waitFor()
    await page.getByText(binds[look.locale as 'en'], { exact: true }).waitFor()
    const agree = page.getByRole('button', { name: w('change.confirm-at') })
    await agree.waitFor()
    await seen(page, 'other-plan', look)
    await agree.click()
    await page.waitForURL(new RegExp(`/lines/${lineId}$`))
    await page.goto(`${platform.url}/lines/${lineId}/plan`)
    await page.getByText(name).first().waitFor()
    const { body } = await lin.get(`/v1/lines/${lineId}/renewal`)
    expect(body).toMatchObject({ autoRenew: true, scheduled: { planId: 'home-24' } })
    expect(body.price.amount).toBe('12.00')
    await context.close()
  },
  90_000,
)

const wide: Look[] = [
  { locale: 'en', width: 390 },
  { locale: 'zh-CN', width: 1280 },
  { locale: 'en', width: 1280 },
  { locale: 'zh-CN', width: 390 },
]
test.each(usual(wide, 0))(
  '$locale at $width: what a plan binds to is told on its page and before it is paid, and not of another',
  async (look) => {
    await sellBound()
    const w = wordsOf(look.locale)
    const context = await windowOf(await member(platform, { locale: look.locale }), look)
    const page = await context.newPage()
    await page.goto(`${platform.url}/plans/home-uk`)
    await page.getByText(w('plan.leaving-any-day')).waitFor()
    await page.goto(`${platform.url}/plans/home-24`)
    const told = page.getByText(binds[look.locale as 'en'], { exact: true })
    await told.waitFor()
    expect(await page.getByText(w('plan.leaving-any-day')).count()).toBe(0)
    await seen(page, 'plan-bound', look)
    await page.getByRole('link', { name: w('plan.choose') }).click()
    await page.getByRole('button', { name: w('checkout.pay') }).waitFor()
    await told.waitFor()
    await seen(page, 'checkout-bound', look)
    await context.close()
  },
  90_000,
)
