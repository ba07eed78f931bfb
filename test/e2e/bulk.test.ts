/** In the console: a bulk closure that two members of staff see through; an erasure and its proof; the next version of a policy. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bulkCommand, bulkWanted } from '../../src/main/closure.ts'
import { person, until } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, draftClosure, member, submit, topUp } from '../way.ts'
import { expectSound, openBrowser, picture, windowOf, wordsOf, usual } from './browser.ts'

let platform: TestPlatform
let browser: Browser
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'violet-bulk-'))
  platform = await testPlatform({ pages: true })
  browser = await openBrowser()
}, 90_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
  rmSync(folder, { recursive: true, force: true })
})

async function propose(lineIds: readonly string[]): Promise<string> {
  const path = join(folder, 'iris-2026.csv')
  writeFileSync(path, `lineId\n${lineIds.join('\n')}\nline_of_nobody\n`)
  const flags = {
    on: 'now',
    reason: 'The Iris brand ends.',
    dryRun: false,
    cohort: '1000',
    lanes: '2',
    calls: '16',
    networkRate: '50',
    json: true,
  }
  let said = ''
  await bulkCommand(platform.config, bulkWanted(path, flags), flags, (text) => (said += text))
  return JSON.parse(said).bulkId
}

test.each(
  usual(
    [
      ['en', 1280, false],
      ['zh-CN', 360, true],
    ] as const,
    3,
  ),
)(
  '%s at %i px: a proposal is read, approved by two, and followed to its end',
  async (locale, width, dark) => {
    const w = wordsOf(locale, 'src/console/words')
    const lin = await member(platform, { locale })
    const [{ lineId }, { lineId: second }] = [await buyLine(lin), await buyLine(lin)]
    await topUp(lin, lineId)
    const bulkId = await propose([lineId, second])
    const [amara, farah] = [person(platform), person(platform)]
    await amara.signInAsStaff('reviewer@violet.example')
    await farah.signInAsStaff('finance@violet.example')

    const first = await windowOf(browser, platform.url, amara, { locale, width, dark })
    const page = await first.newPage()
    await page.goto(`${platform.url}/console/bulk`)
    await page.getByText('iris-2026.csv').first().waitFor()
    await expectSound(page, 'bulk closures')
    await picture(page, `bulk-list-${locale}-${width}`)
    await page.getByText('iris-2026.csv').first().click()
    await page.getByRole('heading', { name: 'iris-2026.csv' }).waitFor()
    await expectSound(page, 'a proposal')
    await picture(page, `bulk-proposed-${locale}-${width}`)
    await page.getByRole('button', { name: w('bulk.approve') }).click()
    const sheet = page.getByRole('dialog')
    await expectSound(page, 'before approving')
    await sheet.getByRole('button', { name: w('bulk.approve') }).click()
    await sheet.waitFor({ state: 'hidden' })
    await page.getByText(w('bulk.approved-by-you')).waitFor()
    expect(await page.getByRole('button', { name: w('bulk.approve') }).count()).toBe(0)
    await first.close()

    const other = await windowOf(browser, platform.url, farah, { locale, width, dark })
    const pane = await other.newPage()
    await pane.goto(`${platform.url}/console/bulk/${bulkId}`)
    await pane.getByRole('button', { name: w('bulk.approve') }).click()
    await pane
      .getByRole('dialog')
      .getByRole('button', { name: w('bulk.approve') })
      .click()
    await pane.getByRole('progressbar').waitFor()
    await pane.getByText('100%').waitFor({ timeout: 30_000 })
    await expectSound(pane, 'closed')
    await picture(pane, `bulk-done-${locale}-${width}`)
    const [download] = await Promise.all([
      pane.waitForEvent('download'),
      pane.getByRole('link', { name: w('bulk.outcomes') }).click(),
    ])
    expect(download.suggestedFilename()).toBe(`${bulkId}.csv`)
    await other.close()
  },
  120_000,
)

/** An account that is closed, and the receipt of what is kept of it. */
async function closedAccount(locale: 'en' | 'zh-CN') {
  const lin = await member(platform, { locale, name: 'Quillon Abernathy' })
  const { lineId } = await buyLine(lin)
  await topUp(lin, lineId)
  const draft = await draftClosure(lin, 'account')
  expect((await submit(lin, draft)).status).toBe(202)
  await until(
    async () => (await lin.get(`/v1/closures/by-reference/${draft.reference}`)).body,
    ({ state }) => state === 'closed',
    30_000,
  )
  const { document, jws } = await platform.db
    .selectFrom('retention_receipt')
    .select(['document', 'jws'])
    .where('case_id', '=', draft.caseId)
    .executeTakeFirstOrThrow()
  return { lineId, draft, receipt: JSON.stringify({ receipt: document, jws }) }
}

test.each(
  usual(
    [
      ['en', 1280, false],
      ['zh-CN', 360, true],
    ] as const,
    2,
  ),
)(
  '%s at %i px: what is kept of a closed account, a hold on a record, the proof that nothing else is left, the receipt checked',
  async (locale, width, dark) => {
    const w = wordsOf(locale, 'src/console/words')
    const { lineId, draft, receipt } = await closedAccount(locale)
    const admin = person(platform)
    await admin.signInAsStaff('admin@violet.example')
    const context = await windowOf(browser, platform.url, admin, { locale, width, dark })
    const page = await context.newPage()
    const seen = async (name: string) => {
      await expectSound(page, name)
      await picture(page, `erasure-${name}-${locale}-${width}`)
    }
    await page.goto(`${platform.url}/console/erasures`)
    await page.getByText(draft.reference).first().waitFor()
    await seen('list')
    await page.getByText(draft.reference).first().click()
    await page.getByRole('heading', { name: draft.reference }).waitFor()
    await page.getByRole('button', { name: w('scan.start') }).click()
    await page.getByText(w('scan.clean')).waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: w('holds.place') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('button', { name: w('holds.place') }).click()
    await sheet.getByText(w('holds.missing')).first().waitFor()
    await sheet.getByRole('textbox', { name: w('holds.record') }).fill(lineId)
    await sheet.getByRole('textbox', { name: w('holds.basis') }).fill('District Court, 4 C 12/26')
    await seen('hold')
    await sheet.getByRole('button', { name: w('holds.place') }).click()
    await page.getByRole('button', { name: w('holds.release') }).waitFor()
    await seen('case')

    const p = wordsOf(locale)
    await page.goto(`${platform.url}/verify`)
    await page.getByRole('textbox').fill(receipt)
    await page.getByRole('button', { name: p('verify.check') }).click()
    await page.getByRole('heading', { level: 1, name: p('verify.is-valid-receipt') }).waitFor()
    await page.getByRole('heading', { level: 3 }).first().waitFor()
    // Fields have names to read, not those of tables.
    expect(await page.locator('main').innerText()).not.toMatch(/subscriber_|usage_record/)
    await seen('receipt')
    await context.close()
  },
  120_000,
)

test.each(
  usual(
    [
      ['en', 1280, false],
      ['zh-CN', 360, true],
    ] as const,
    5,
  ),
)(
  '%s at %i px: the next version of a policy: wrong, right, what it changes, past closures under it, published by a colleague',
  async (locale, width, dark) => {
    const w = wordsOf(locale, 'src/console/words')
    const lin = await member(platform)
    const { lineId } = await buyLine(lin)
    await submit(lin, await draftClosure(lin, 'line', lineId))
    const [finance, admin] = [person(platform), person(platform)]
    await finance.signInAsStaff('finance@violet.example')
    await admin.signInAsStaff('admin@violet.example')
    const first = await windowOf(browser, platform.url, finance, { locale, width, dark })
    const page = await first.newPage()
    const seen = async (name: string, on = page) => {
      await expectSound(on, name)
      await picture(on, `policy-${name}-${locale}-${width}`)
    }
    await page.goto(`${platform.url}/console/policies/GB`)
    await page.getByRole('link', { name: w('policies.write') }).click()
    const text = page.getByRole('textbox', { name: w('draft.label') })
    const before = await text.inputValue()
    const save = page.getByRole('button', { name: w('draft.save') })
    await text.fill(before.replace('"coolingOff"', '"coolingoff"'))
    await save.click()
    const findings = page.locator('.findings').first()
    await findings.getByText('rules.coolingoff', { exact: true }).waitFor()
    await seen('wrong')
    // In another language what is wrong is said in that one.
    const ways = [
      ['English', 'unknown field'],
      ['简体中文', '未知字段'],
    ] as const
    for (const [language, said] of locale === 'en' ? ways.toReversed() : ways) {
      await speak(page, language)
      await findings.getByText(said).first().waitFor()
    }
    await findings.getByRole('button').first().focus()
    await page.keyboard.press('Enter')
    const marked = () =>
      page.evaluate<string>(
        `(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))(document.activeElement)`,
      )
    expect(await marked()).toMatch(/coolingoff|"rules"/)
    const [rule, value] = locale === 'en' ? ['autoApprove', 'false'] : ['refundDeadline', '"P3D"']
    const place = new RegExp(`("${rule}": \\{\\s*"value": )[^,]+`)
    await text.fill(before.replace(place, `$1${value}`))
    await save.click()
    await page.getByText(w('draft.held-own-edit')).waitFor()
    await page.getByText(w('draft.view-changes'), { exact: true }).click()
    await page.getByText(`rules.${rule}`).waitFor()
    await seen('changes')
    await page.getByText(w('draft.view-replay'), { exact: true }).click()
    await page.getByText(w('replay.examples')).first().waitFor()
    await seen('replay')
    await first.close()

    const other = await windowOf(browser, platform.url, admin, { locale, width, dark })
    const pane = await other.newPage()
    await pane.goto(`${platform.url}/console/policies/GB/draft?view=changes`)
    await pane.getByRole('button', { name: w('draft.publish') }).click()
    await seen('publish', pane)
    await pane
      .getByRole('dialog')
      .getByRole('button', { name: w('draft.publish') })
      .click()
    await pane.getByText(w('draft.none')).waitFor()
    await pane
      .getByRole('link', { name: w('policies.title') })
      .last()
      .click()
    await pane.getByRole('combobox', { name: w('policies.versions') }).selectOption('2')
    await pane.getByText(w('policies.older')).waitFor()
    await seen('older', pane)
    await other.close()
  },
  120_000,
)

async function speak(page: Page, language: string) {
  const menu = page.locator('[aria-controls=menu]')
  const isSmall = await menu.isVisible()
  if (isSmall) await menu.click()
  await page.locator('button.me').click()
  const mine = page.getByRole('dialog').first()
  await mine.locator('[aria-haspopup=dialog]').first().click()
  await page.getByRole('dialog').last().getByText(language, { exact: true }).click()
  await page.keyboard.press('Escape')
  await mine.waitFor({ state: 'detached' })
  // The same key may have closed the menu, too.
  if (isSmall && (await menu.getAttribute('aria-expanded')) === 'true') await menu.click()
}
