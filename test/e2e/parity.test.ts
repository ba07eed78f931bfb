/** Closing asks no more of a person than joining did, and no page of it holds them back. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person, until } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, install, member } from '../way.ts'
import { type Locale, openBrowser, personIn, windowOf, wordsOf } from './browser.ts'
import { counted } from './count.ts'
import { darkPatterns, lookAt, offersOf } from './dark-patterns.ts'

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

type Visit = { page: Page; locale: Locale; email: string }

const moment = () => new Date(Date.now() - 5).toISOString()
const codeTo = (email: string, after: string) => person(platform).codeFor(email, after)

async function visit(locale: Locale, width: number): Promise<Visit> {
  const viewport = { width, height: width < 600 ? 780 : 900 }
  const context = await browser.newContext({ viewport, locale, timezoneId: 'Europe/London' })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.clock.install()
  return { page, locale, email: `parity${Date.now().toString(36)}@example.com` }
}

/** The shortest way in: only what has to be filled in is counted. */
async function join({ page, locale, email }: Visit, country: string) {
  const w = wordsOf(locale)
  const way = counted(page)
  await page.goto(`${platform.url}/`)
  await way.press(page.locator('a[href^="/plans/home"]').first())
  await way.press(page.getByRole('link', { name: w('plan.choose') }))
  const address = page.getByRole('textbox', { name: w('sign-in.to') })
  await way.fill(address, (field) => field.fill(email))
  const after = moment()
  await way.press(page.getByRole('button', { name: w('sign-in.send') }))
  const code = await codeTo(email, after)
  await way.fill(page.getByRole('textbox', { name: w('code.label') }), (field) => field.fill(code))
  await way.fill(page.getByRole('combobox'), (field) => field.selectOption(country))
  await way.fill(page.getByRole('textbox').first(), (field) => field.fill('Lin Yue'))
  await way.press(page.getByRole('button', { name: w('welcome.save') }))
  await way.press(page.getByRole('button', { name: w('checkout.pay') }))
  await page.waitForURL(/\/pay\//)
  for (const [name, value] of Object.entries(card)) {
    await way.fill(page.locator(`input[name=${name}]`), (field) => field.fill(value))
  }
  await way.press(page.locator('form button.primary'))
  await page.waitForURL(/\/orders\//)
  return way.count
}

const card = { number: '4242 4242 4242 4242', expiry: '12 / 40', name: 'Lin Yue' }

/** The line just bought gets onto a phone: closing then has days to give back, and asks where they go. */
async function installIt(page: Page) {
  const someone = await personIn(page.context(), platform)
  const lines = await until(
    async () => (await someone.get('/v1/lines')).body.items,
    (items) => items[0]?.profile.state === 'released',
  )
  await install(platform, someone, lines[0].lineId)
}

/** The longest way out: every field a page shows counts, and each page is looked over. */
async function leave({ page, locale, email }: Visit, scope: 'line' | 'account') {
  const w = wordsOf(locale)
  const way = counted(page)
  const offers: string[] = []
  const look = async (head: RegExp, isLast = false) => {
    await page.getByRole('heading', { level: 1, name: head }).waitFor()
    await until(
      () => page.locator('[aria-busy=true]').count(),
      (busy) => busy === 0,
    )
    const shown = await lookAt(page)
    offers.push(...offersOf(shown, locale))
    expect({ at: page.url(), found: darkPatterns(shown, locale, isLast) }).toEqual({
      at: page.url(),
      found: [],
    })
  }
  const see = async (head: RegExp, isLast = false) => {
    await look(head, isLast)
    await way.all()
  }
  await page.goto(`${platform.url}/lines`)
  if (scope === 'account') {
    await way.press(page.getByRole('link', { name: w('tab.account') }))
    await way.press(page.locator('a[href="/close/account"]'))
  } else {
    await way.press(page.locator('a.linehead').first())
    await way.press(page.locator('a[href^="/close/line/"]:not([href*="?"])'))
  }
  await page.waitForURL(/\/ready$/)
  await see(/./)
  await way.press(page.locator('.dock a'))
  await page.waitForURL(/\/quote$/)
  await see(w('quote.head-choose'))
  // Each question once; refunding stands first of the ways that policy allows.
  for (const group of await page.getByRole('group').all()) {
    await group.getByRole('radio').first().check({ force: true })
  }
  await page.getByRole('heading', { name: w('quote.head') }).waitFor()
  await until(
    () => page.locator('[aria-busy=true]').count(),
    (busy) => busy === 0,
  )
  await way.press(page.getByRole('button', { name: w('quote.go-on') }))
  await page.waitForURL(/\/answers$/)
  await see(w('answers.head'))
  // Beside the way: nobody has to come by, and whoever does is not held there.
  for (const side of ['reason', 'unbind']) {
    await page.goto(page.url().replace(/\w+$/, side))
    await look(/./)
  }
  await page.goto(page.url().replace(/\w+$/, 'answers'))
  const after = moment()
  await way.press(page.getByRole('link', { name: w('answers.last-step') }))
  await page.waitForURL(/\/confirm$/)
  const code = await codeTo(email, after)
  await see(w('confirm.head'), true)
  await page.getByRole('textbox', { name: w('code.label') }).fill(code)
  await page.getByRole('checkbox').press('Space')
  await way.press(page.locator('.dock .btn.danger'))
  await page.waitForURL(/\/(closures\/[\w-]+|c\/[\w-]+|farewell)$/)
  if (await page.getByRole('button', { name: w('case.withdraw') }).isVisible()) await look(/./)
  expect(offers.length, offers.join('\n')).toBeLessThanOrEqual(1)
  return way.count
}

test.each([
  ['en', 1280, 'GB', 'line'],
  ['zh-CN', 360, 'DE', 'account'],
] as const)(
  '%s at %i px, %s: closing the %s takes no more pages, fields and presses than joining',
  async (locale, width, country, scope) => {
    const someone = await visit(locale, width)
    const joining = await join(someone, country)
    await installIt(someone.page)
    const closing = await leave(someone, scope)
    const table = (['pages', 'fields', 'presses'] as const).map(
      (what) => `${what}: ${joining[what].length} to join, ${closing[what].length} to close`,
    )
    console.log([`${locale}, ${country}, ${scope}`, ...table].join('\n  '))
    for (const what of ['pages', 'fields', 'presses'] as const) {
      const asked = `${what}\n${joining[what].join('\n')}\n--\n${closing[what].join('\n')}`
      expect(closing[what].length, asked).toBeGreaterThan(1)
      expect(closing[what].length, asked).toBeLessThanOrEqual(joining[what].length)
    }
    await someone.page.context().close()
  },
  90_000,
)

/** What would hold somebody back, put into a page as it stands. */
const plants: readonly (readonly [
  page: string,
  rule: string,
  script: (locale: Locale) => string,
])[] = [
  ['quote', 'preselected', () => `document.querySelector('input[type=radio]').checked = true`],
  [
    'quote',
    'unequal',
    () => `document.querySelector('.dock .pair > :last-child').style.fontSize = '12px'`,
  ],
  [
    'quote',
    'unequal',
    () => `document.querySelector('.dock .pair > :first-child').style.background = 'purple'`,
  ],
  [
    'quote',
    'hidden',
    () => `document.querySelector('.dock .pair > :last-child').style.opacity = '0'`,
  ],
  [
    'quote',
    'hidden',
    () => `document.querySelector('.dock').style.cssText = 'position:absolute;top:3000px'`,
  ],
  [
    'ready',
    'more than one offer',
    (locale) => say(locale === 'en' ? 'Stay and get 50 % off' : '留下享五折'),
  ],
  [
    'ready',
    'shaming',
    (locale) => say(locale === 'en' ? 'Are you sure you want to go?' : '确定要残忍离开吗'),
  ],
  [
    'ready',
    'unequal',
    () => `document.querySelector('[data-offer] a:last-child .mid').style.fontSize = '11px'`,
  ],
  [
    'ready',
    'countdown',
    () => `${say('4:59')}; let left = 299
      setInterval(() => { left -= 1; planted.textContent = '4:' + (left - 240) }, 1000)`,
  ],
  ['confirm', 'unasked sheet', () => `document.querySelector('dialog').showModal()`],
  ['confirm', 'preselected', () => `document.querySelector('input[type=checkbox]').checked = true`],
  ['confirm', 'unequal', () => `document.querySelector('.dock .danger').style.minHeight = '90px'`],
]

function say(text: string): string {
  return `const planted = document.createElement('p'); planted.textContent = '${text}'
    document.querySelector('main .main').append(planted)`
}

test.each(['en', 'zh-CN'] as const)(
  '%s: what is planted in a page is found, and only that',
  async (locale) => {
    const lin = await member(platform, { locale })
    const { lineId } = await buyLine(lin)
    await install(platform, lin, lineId)
    const { caseId, choices } = await draftClosure(lin, 'line', lineId)
    const page = await pageOf(lin, locale)
    // What is no matter of words is planted once.
    const planted = plants.filter(([, , script]) => locale === 'en' || script.length > 0)
    for (const [step, rule, script] of planted) {
      // The quote's question is open again, as it is for whoever comes first.
      const chosen = step === 'quote' ? nothing : choices
      await lin.patch(`/v1/closures/${caseId}`, { choices: chosen })
      await page.goto(`${platform.url}/closures/${caseId}/${step}`)
      await page.locator('.dock .btn').first().waitFor()
      await page.waitForLoadState('networkidle')
      const isLast = step === 'confirm'
      expect(darkPatterns(await lookAt(page), locale, isLast)).toEqual([])
      await page.evaluate(`(() => { ${script(locale)} })()`)
      const found = darkPatterns(await lookAt(page), locale, isLast)
      const rules = [...new Set(found.map((finding) => finding.rule))]
      expect({ step, rules }).toEqual({ step, rules: [rule] })
    }
    await page.context().close()
  },
  120_000,
)

const nothing = { paid: null, promotional: null }

async function pageOf(who: Person, locale: Locale): Promise<Page> {
  const context = await windowOf(browser, platform.url, who, { locale, width: 390 })
  const page = await context.newPage()
  await page.clock.install()
  return page
}
