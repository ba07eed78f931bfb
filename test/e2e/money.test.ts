/** Money in Chromium: a month of the statement to keep, saved cards, and usage that was turned away, in both languages. */
import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person, until } from '../../src/main/demo-person.ts'
import { post } from '../../src/ledger/store.ts'
import { keepUnclaimed } from '../../src/payments/unclaimed-store.ts'
import { packOf } from '../../src/policy/packs.ts'
import en from '../../src/platform/words/en.json' with { type: 'json' }
import zhCN from '../../src/platform/words/zh-CN.json' with { type: 'json' }
import { takeIn } from '../../src/usage/store.ts'
import { money } from '../../src/values/money.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, member, pay, submit } from '../way.ts'
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

test.each(
  usual(
    [
      ['en', 390],
      ['zh-CN', 1280],
    ] as const,
    8,
  ),
)(
  '%s: finance says where money went that nobody claimed',
  async (locale, width) => {
    const w = wordsOf(locale, 'src/console/words')
    const [lapsed, kept, waits] = [
      await owe(`VC-LAPSED-${locale}`, 'FR'),
      await owe(`VC-KEPT-${locale}`, 'GB'),
      await owe(`VC-WAITS-${locale}`, 'FR'),
    ]
    await dispute(waits, ['dispute_1'])
    const finance = person(platform)
    await finance.signInAsStaff('finance@violet.example')
    const context = await windowOf(browser, platform.url, finance, { locale, width })
    const page = await context.newPage()
    await page.goto(`${platform.url}/console/unclaimed`)
    const row = (name: string) => page.getByRole('link', { name })
    await row(lapsed).waitFor()
    await expectSound(page, 'unclaimed')
    await picture(page, `unclaimed-${locale}`)
    await page.getByText(w('unclaimed.waits'), { exact: true }).first().waitFor()
    await page.getByText(w('unclaimed.waits-why')).first().waitFor()
    // Each button says which of them it is for, and none is for what waits for the bank.
    const words = w('unclaimed.hand-over').source.replace(/\$$/, '')
    const handOver = page.getByRole('button', { name: new RegExp(`${words} VC-`) })
    expect(await handOver.count()).toBe(1)
    const named = (name: string) =>
      page.getByRole('button', { name: new RegExp(`${name}$`) }).count()
    const buttons = [lapsed, kept, waits].map(named)
    expect(await Promise.all(buttons)).toEqual([2, 1, 0])
    await handOver.click()
    const sheet = page.getByRole('dialog')
    const done = sheet.getByRole('button', { name: w('unclaimed.handed-over') })
    await done.click()
    await sheet.getByText(w('unclaimed.missing')).waitFor()
    await expectSound(page, 'unclaimed, its sheet')
    await picture(page, `unclaimed-sheet-${locale}`)
    await sheet.getByLabel(w('unclaimed.proof')).fill(`BORDEREAU ${locale}`)
    // A bank that was asked while the sheet stands open is waited for, too.
    await dispute(lapsed, ['dispute_2'])
    await done.click()
    await sheet.getByText(refusals[locale]['unclaimed-disputed'].detail).waitFor()
    await picture(page, `unclaimed-disputed-${locale}`)
    await dispute(lapsed, [])
    await done.click()
    await row(lapsed).waitFor({ state: 'detached' })
    await row(kept).waitFor()
    await page.getByLabel(w('unclaimed.state')).selectOption('handed-over')
    await page.getByText(`BORDEREAU ${locale}`).waitFor()
    await expectSound(page, 'unclaimed, handed over')
    await picture(page, `unclaimed-over-${locale}`)
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
    9,
  ),
)(
  '%s: a refund that is later than promised stands with its owner and with staff',
  async (locale, width) => {
    const [w, c] = [wordsOf(locale), wordsOf(locale, 'src/console/words')]
    const lin = await member(platform, { locale })
    const { lineId } = await buyLine(lin, undefined, '4000000000000341')
    const draft = await draftClosure(lin, 'line', lineId)
    await submit(lin, draft)
    const see = async () => (await lin.get(`/v1/closures/${draft.caseId}`)).body
    await until(see, ({ refunds }) => refunds[0]?.state === 'needs-account', 20_000)
    // As if its card had said nothing yet; nobody looks again before an account would be due.
    await platform.db
      .updateTable('refund')
      .set({ state: 'pending', failure: null, late_at: platform.clock.now() })
      .where('case_id', '=', draft.caseId)
      .execute()
    const own = await windowOf(browser, platform.url, lin, { locale, width })
    const page = await own.newPage()
    await page.goto(`${platform.url}/closures/${draft.caseId}`)
    await page.getByText(w('refund.is-late')).waitFor()
    await expectSound(page, 'a refund that is late')
    await picture(page, `refund-late-${locale}`)
    await own.close()

    const finance = person(platform)
    await finance.signInAsStaff('finance@violet.example')
    const theirs = await windowOf(browser, platform.url, finance, { locale, width })
    const console = await theirs.newPage()
    await console.goto(`${platform.url}/console/attention`)
    await console.getByText(c('review.refund-late')).first().waitFor()
    await console.goto(`${platform.url}/console/attention/${draft.caseId}`)
    await console.getByText(c('case.refund-late')).waitFor()
    await expectSound(console, 'a case with a late refund')
    await picture(console, `refund-late-case-${locale}`)
    await console.goto(`${platform.url}/console/refunds`)
    await console.getByText(c('refunds.late')).first().waitFor()
    await picture(console, `refund-late-list-${locale}`)
    await theirs.close()
  },
  90_000,
)

const refusals = { en, 'zh-CN': zhCN }

/** The disputes of what was paid that its bank has not decided. */
const dispute = (reference: string, open: readonly string[]) =>
  platform.db
    .updateTable('unclaimed_money')
    .set({ open_disputes: [...open] })
    .where('reference', '=', reference)
    .execute()

/** Two years ago, under the rules of that country. */
async function owe(reference: string, country: string): Promise<string> {
  const { body: me } = await (await member(platform)).get('/v1/me')
  const { subscriberId } = me
  const { app, db } = platform
  const since = app.clock.now().subtract({ hours: 24 * 730 })
  const amount = money(735n, 'EUR')
  await db.transaction().execute(async (trx) => {
    const key = `test:${reference}`
    const postings = [
      { from: { account: 'payments-clearing' }, to: { account: 'unclaimed' }, amount } as const,
    ]
    const why = 'refund-refused'
    await post(trx, app.ids, {
      subscriberId,
      key,
      kind: 'refund-failed',
      at: since,
      detail: {},
      postings,
    })
    const row = { subscriberId, transferKey: key, why, reference, amount, since } as const
    await keepUnclaimed(trx, app, [{ ...row, policy: packOf(country) }])
  })
  return reference
}

test.each(
  usual(
    [
      ['zh-CN', 360],
      ['en', 1280],
    ] as const,
    7,
  ),
)(
  '%s: a card is saved at the provider, named for a line, and removed; a kind of message is switched off',
  async (locale, width) => {
    const w = wordsOf(locale)
    const lin = await member(platform, { locale })
    const { lineId } = await buyLine(lin)
    const context = await windowOf(browser, platform.url, lin, { locale, width })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    await page.goto(`${platform.url}/account/cards`)
    await page.getByText(w('cards.none')).waitFor()
    await page.getByRole('button', { name: w('cards.add') }).click()
    await page.waitForURL(/\/save\//)
    await expectSound(page, 'the provider’s page')
    await page.locator('input[name=number]').fill('4242 4242 4242 4242')
    await page.locator('input[name=expiry]').fill('12 / 40')
    await page.locator('input[name=name]').fill('Lin Yue')
    await page.locator('input[name=name]').press('Enter')
    await page.waitForURL(/\/account\/cards\?added=/)
    await page.getByText(w('cards.state-saved')).waitFor()
    const change = page.getByRole('button', { name: w('account.change') })
    await change.nth(1).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('radio').last().check({ force: true })
    await sheet.getByRole('button', { name: w('button.save') }).click()
    await sheet.waitFor({ state: 'hidden' })
    const saved = async () => (await lin.get('/v1/me/payment-methods')).body.items
    expect(await saved()).toMatchObject([{ isDefault: true, lines: [{ lineId }] }])
    await expectSound(page, 'cards')
    await picture(page, `cards-${locale}-${width}`)
    await change.first().click()
    await sheet.getByText(w('cards.remove-what')).waitFor()
    await expectSound(page, 'what removing stops')
    await picture(page, `cards-remove-${locale}-${width}`)
    await sheet.getByRole('button', { name: w('cards.remove') }).click()
    await page.getByText(w('cards.none')).waitFor()
    expect(await saved()).toEqual([])

    await page.goto(`${platform.url}/account/messages`)
    const tick = page
      .getByRole('group', { name: w('notices.help') })
      .getByRole('checkbox')
      .first()
    await tick.press('Space')
    const byMail = async () =>
      (await lin.get('/v1/me/notices')).body.items.find(
        ({ topic }: { topic: string }) => topic === 'help',
      ).email.wanted
    await until(byMail, (wanted) => wanted === false)
    await page.reload()
    await tick.waitFor({ state: 'attached' })
    expect(await tick.isChecked()).toBe(false)
    await expectSound(page, 'messages')
    await context.close()
  },
  90_000,
)
