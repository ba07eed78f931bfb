/** What becomes of credit, chosen in Chromium: shares of other lines, spent first, kept as credit and moved to the next line. */
import { sql } from 'kysely'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person } from '../../src/main/demo-person.ts'
import { packOf } from '../../src/policy/packs.ts'
import { formatMoment } from '../../src/values/writing.ts'
import { imsiOf, publishFor } from '../hard-cases.ts'
import { quoteRate, sellInEuro, topUpEuro } from '../in-euro.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { reportUsage } from '../shop.ts'
import { buyLine, draftClosure, install, member, submit, topUp, untilState } from '../way.ts'
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
  await sellInEuro(platform)
  await offerGrace(platform)
  await sellWithNotice(platform)
  browser = await openBrowser()
}, 90_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
})

/** Ending lines may go on receiving texts for a week. */
async function offerGrace({ db, clock }: TestPlatform) {
  const pack = packOf('GB')
  const graceMax = { value: 'P7D', source: 'test', confidence: 'D' }
  const document = { ...pack, version: pack.version + 1, rules: { ...pack.rules, graceMax } }
  const row = { country: 'GB', version: document.version, document, published_at: clock.now() }
  await db.insertInto('policy_version').values(row).execute()
}

/** A plan whose contract asks for a month, where nothing can be withdrawn from. */
async function sellWithNotice(sold: TestPlatform) {
  await sql`insert into plan_version (plan_id, version, document, valid_from)
    select 'home-notice', 1, document || '{"term":{"months":0,"notice":{"value":"P1M"}}}', valid_from
    from plan_version where plan_id = 'home-uk' and valid_to is null`.execute(sold.db)
  const rule = { source: 'a law of notices', confidence: 'D' as const }
  await publishFor(sold, 'MT', {
    noticeRule: { value: 'P1M', ...rule },
    maxCloseTime: { value: null, ...rule },
    withdrawalWindow: { value: null, ...rule },
  })
}

/** 530 MB in Japan are 15.90, so that payments can take back more than is left of them. */
async function spend(someone: Person, lineId: string) {
  await install(platform, someone, lineId)
  const at = platform.clock.now().toString()
  const use = { kind: 'data', quantity: 530_000_000, mcc: '440', mnc: '10' }
  const record = { id: `use_${lineId}`, imsi: await imsiOf(platform, lineId), ...use }
  await reportUsage(platform, [{ ...record, startedAt: at, endedAt: at }])
}

const looks: { locale: Locale; width: number }[] = [
  { locale: 'en', width: 1280 },
  { locale: 'zh-CN', width: 360 },
]
test.each(usual(looks, 1))(
  '$locale at $width: shares of another line, spending first, keeping as credit: chosen, confirmed, moved to the next line',
  async (look) => {
    const w = wordsOf(look.locale)
    const lin = await member(platform, { locale: look.locale })
    const { lineId, line: phone } = await buyLine(lin, 'home-uk')
    const { lineId: tablet } = await buyLine(lin, 'home-uk')
    await lin.patch(`/v1/lines/${tablet}`, { nickname: 'Tablet' })
    await install(platform, lin, lineId)
    await lin.patch(`/v1/lines/${lineId}/renewal`, { autoRenew: true })
    await topUp(lin, tablet, '20.00')
    await topUp(lin, lineId, '12.00')
    const amount = { amount: '12.00', currency: 'GBP' }
    await lin.post(`/v1/lines/${tablet}/credit-moves`, { toLineId: lineId, amount })
    const { body: draft } = await lin.post('/v1/closures', { scope: 'line', lineId })
    const today = platform.clock.now().toZonedDateTimeISO('Europe/London').toPlainDate()
    const ownDay = today.add({ days: 70 }).toString()
    const context = await windowOf(browser, platform.url, lin, look)
    const page = await context.newPage()
    const seen = async (name: string) => {
      await expectSound(page, name)
      await picture(page, `disposition-${name}-${look.locale}`)
    }
    // By keyboard, as what docks at the foot may lie over a choice.
    const choose = async (value: string) => {
      const radio = page.locator(`input[value=${value}]`)
      await radio.focus()
      await page.keyboard.press(' ')
      await expect.poll(() => radio.isChecked()).toBe(true)
    }
    const at = `${platform.url}/closures/${draft.caseId}`
    await page.goto(`${at}/ready`)
    await page.getByText(w('ready.shared-amount', { amount: '£12\\.00' })).waitFor()
    await seen('ready')
    await page.goto(`${at}/quote`)
    await page.getByText(w('quote.shared', { amount: '£12\\.00', names: 'Tablet' })).waitFor()
    await page.getByRole('button', { name: w('quote.go-on') }).click()
    await page.getByText(w('quote.choose-one')).first().waitFor()
    await seen('open')
    await choose('return')
    await page.getByText(w('money.share-consent')).waitFor()
    await choose('spend')
    await page.getByText(w('quote.back-at-most')).waitFor()
    await page.getByRole('heading', { level: 1, name: w('quote.head-spend') }).waitFor()
    await seen('spend')
    await page.goto(`${at}/answers`)
    await page.getByText(w('answers.spend-first')).waitFor()
    await seen('spend-answers')
    await page.goto(`${at}/quote`)
    await choose('day')
    const until = page.getByLabel(w('quote.day'), { exact: true })
    // Another answer to when it ends: where the money goes is asked again.
    await page.locator('input[value=spend]').waitFor({ state: 'detached' })
    await choose('refund')
    await until.fill(ownDay)
    await page.getByRole('heading', { level: 1, name: w('quote.head-day') }).waitFor()
    await page.getByText(/2 (times|次).*£12\.00/).waitFor()
    await seen('day')
    await until.fill('2020-01-01')
    await until.blur()
    await page.getByText(w('refusal.end-day-out-of-range')).waitFor()
    expect(await until.inputValue()).toBe(ownDay)
    await seen('day-refused')
    await page.goto(`${at}/answers`)
    await page.getByText(w('answers.own-day')).waitFor()
    await page.getByText(w('quote.day-comes-back')).waitFor()
    await seen('day-answers')
    await page.goto(`${at}/quote`)
    await choose('soon')
    await until.waitFor({ state: 'detached' })
    await choose('spend')
    const texts = page.getByRole('checkbox')
    await texts.focus()
    await page.keyboard.press(' ')
    await expect.poll(() => texts.isChecked()).toBe(true)
    await seen('texts')
    await page.goto(`${at}/answers`)
    await page.getByText(w('answers.texts-until')).waitFor()
    await seen('texts-answers')
    await page.goto(`${at}/quote`)
    await texts.focus()
    await page.keyboard.press(' ')
    await expect.poll(() => texts.isChecked()).toBe(false)
    await choose('keep')
    await page.getByRole('heading', { level: 1, name: w('quote.head-kept') }).waitFor()
    await seen('keep')
    await page.goto(`${at}/answers`)
    await page.getByText(w('answers.kept')).waitFor()
    await page.getByText(w('answers.shared-return', { names: 'Tablet' })).waitFor()
    await seen('keep-answers')
    const { body: chosen } = await lin.get(`/v1/closures/${draft.caseId}`)
    await submit(lin, chosen)
    await untilState(lin, draft.caseId, 'closed')
    await page.goto(at)
    await page.getByText(w('money.kept')).first().waitFor()
    await seen('closed')

    await page.goto(`${platform.url}/lines`)
    await page.getByText(w('home.account-credit')).click()
    await page.getByRole('heading', { level: 1, name: w('credit.head') }).waitFor()
    await page.getByRole('radio', { name: /Tablet/ }).check({ force: true })
    await page.getByRole('textbox').fill('5')
    await seen('credit')
    const confirm = w('move.confirm', { amount: '£5\\.00', name: 'Tablet' })
    await page.getByRole('button', { name: confirm }).click()
    await page.waitForURL(/\/lines$/)
    await seen('home')
    expect((await lin.get(`/v1/lines/${tablet}`)).body.paidCredit.amount).toBe('25.00')
    expect(phone.lineId).toBe(lineId)
    const { lineId: euro } = await buyLine(lin, 'home-euro')
    await topUpEuro(lin, euro, '5.00')
    await spend(lin, tablet)
    await quoteRate(platform, '0.8', 1)
    const last = await draftClosure(lin, 'account')
    await page.goto(`${platform.url}/closures/${last.caseId}/quote`)
    await page.getByText(w('money.account-credit')).waitFor()
    // Small balances in another currency: asked, never answered for anybody.
    const change = page.getByRole('group', { name: w('quote.exchange'), exact: true })
    await change.waitFor()
    expect(await change.locator('input:checked').count()).toBe(0)
    await seen('account')
    await choose('GBP')
    const head = w('quote.head', { amount: '£52\\.90' })
    await page.getByRole('heading', { level: 1, name: head }).waitFor()
    expect(await page.locator('input[value=GBP]').isChecked()).toBe(true)
    await seen('exchanged')
    await page.goto(`${platform.url}/closures/${last.caseId}/answers`)
    const what = { from: '€17\\.00', becomes: '£13\\.60' }
    await page.getByText(w('answers.exchanged', what)).waitFor()
    await seen('exchanged-answers')
    await context.close()
  },
  90_000,
)

test.each(usual(looks, 0))(
  '$locale at $width: a contract that asks for notice says what renews; a move to a line that closes meanwhile is asked again',
  async (look) => {
    const w = wordsOf(look.locale)
    const lin = await member(platform, { locale: look.locale, country: 'MT' })
    const { lineId } = await buyLine(lin, 'home-notice')
    const { lineId: other } = await buyLine(lin, 'home-uk')
    await install(platform, lin, lineId)
    await lin.patch(`/v1/lines/${lineId}/renewal`, { autoRenew: true })
    await topUp(lin, lineId, '30.00')
    const { body: draft } = await lin.post('/v1/closures', { scope: 'line', lineId })
    const at = `/v1/closures/${draft.caseId}`
    const paid = { disposition: 'move', toLineId: other }
    const moved = await lin.patch(at, { choices: { paid, promotional: null } })
    expect(moved.body).toMatchObject({ choices: { paid } })
    const context = await windowOf(browser, platform.url, lin, look)
    const page = await context.newPage()
    const renews = /(once|1 次|一次).*£12\.00/
    for (const step of ['quote', 'answers'] as const) {
      await page.goto(`${platform.url}/closures/${draft.caseId}/${step}`)
      const notice = page.getByText(w('quote.notice', { source: 'a law of notices' }))
      await notice.waitFor()
      await page.getByText(renews).first().waitFor()
      await expectSound(page, `notice-${step}`)
      await picture(page, `disposition-notice-${step}-${look.locale}`)
    }
    const after = new Date(Date.now() - 1).toISOString()
    await page.getByRole('link', { name: w('answers.last-step') }).click()
    await page.getByRole('textbox').fill(await lin.codeFor(lin.email, after))
    await page.getByRole('checkbox').check({ force: true })
    const gone = await draftClosure(lin, 'line', other)
    expect((await submit(lin, gone)).status).toBe(202)
    await page.getByRole('button', { name: w('confirm.close-line') }).click()
    await page.getByText(w('quote.choice-gone')).waitFor()
    await page.getByRole('heading', { level: 1, name: w('quote.head-choose') }).waitFor()
    expect(await page.getByRole('radio', { checked: true }).count()).toBe(0)
    await expectSound(page, 'choice-gone')
    await picture(page, `disposition-gone-${look.locale}`)
    await context.close()
    const { body: open } = await lin.get(at)
    expect([open.state, open.choices.paid]).toEqual(['draft', null])
  },
  90_000,
)

test.each(usual(looks, 0))(
  '$locale at $width: dates of other years say which, on the progress page, by reference and in the console',
  async (look) => {
    const { locale } = look
    const w = wordsOf(locale)
    // The clock of the window stays behind, so all of this is in years to come.
    platform.clock.advance({ hours: 24 * 366 })
    const lin = await member(platform, { locale })
    const { lineId } = await buyLine(lin, 'home-uk')
    const draft = await draftClosure(lin, 'line', lineId)
    const zone = 'Europe/London'
    const day = platform.clock.now().toZonedDateTimeISO(zone).toPlainDate().add({ years: 1 })
    const choices = { ...draft.choices, endsOn: day.toString() }
    const { body: chosen } = await lin.patch(`/v1/closures/${draft.caseId}`, { choices })
    expect((await submit(lin, chosen)).status).toBe(202)
    const { reference, quote, timeline } = await untilState(lin, draft.caseId, 'scheduled')
    const { endsAt } = quote
    const { at: submittedAt } = timeline.find(({ key }: { key: string }) => key === 'received')
    const shown = (at: string, more = {}) =>
      formatMoment(Date.parse(at), { zone, year: true, ...more }, locale)
    const ends = w('step.by', { at: shown(endsAt) })
    const context = await windowOf(browser, platform.url, lin, look)
    const page = await context.newPage()
    for (const [name, path] of [
      ['progress', `/closures/${draft.caseId}`],
      ['reference', `/c/${reference}`],
    ] as const) {
      await page.goto(`${platform.url}${path}`)
      const head = w('case.head-ends', { at: shown(endsAt, { weekday: true }) })
      if (name === 'progress') await page.getByRole('heading', { level: 1, name: head }).waitFor()
      const rows = page.getByRole('listitem')
      await rows.getByText(ends).waitFor()
      await rows.getByText(shown(submittedAt)).first().waitFor()
      await expectSound(page, name)
      await picture(page, `years-${name}-${locale}`)
    }
    await context.close()
    const reviewer = person(platform)
    await reviewer.signInAsStaff('reviewer@violet.example')
    const console_ = await windowOf(browser, platform.url, reviewer, { ...look, width: 1280 })
    const pane = await console_.newPage()
    await pane.goto(`${platform.url}/console/review/${draft.caseId}`)
    await pane.getByText(shown(submittedAt)).first().waitFor()
    await picture(pane, `years-console-${locale}`)
    await console_.close()
  },
  90_000,
)
