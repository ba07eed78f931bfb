/** A number taken along in Chromium: the code and what it is confirmed with, stopping, the lock, and a closure that waits. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, person, until } from '../../src/main/demo-person.ts'
import { leavingUrl } from '../../src/porting/leaving.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { clearingHouse } from '../porting-hub.ts'
import { otherOperator, type Someone } from '../porting-partner.ts'
import { buyLine, draftClosure, install, member, submit, untilState } from '../way.ts'
import { expectSound, type Locale, openBrowser, wordsOf, usual } from './browser.ts'

let platform: TestPlatform
let browser: Browser
const { say, request, portCode } = otherOperator(() => platform)
const hub = clearingHouse(() => platform)
beforeAll(async () => {
  platform = await testPlatform({ pages: true, numbers: true })
  browser = await openBrowser()
}, 90_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
})

async function windowOf(who: Person, locale: Locale, width: number): Promise<BrowserContext> {
  const viewport = { width, height: width < 600 ? 780 : 900 }
  const context = await browser.newContext({ viewport, locale, timezoneId: 'Europe/London' })
  await context.addCookies(
    [...who.cookies()].map(([name, value]) => ({
      name,
      value: decodeURIComponent(value),
      url: platform.url,
    })),
  )
  context.setDefaultTimeout(20_000)
  return context
}

/** `VIOLET_PICTURES` names a folder for pictures of the pages, to be looked at. */
async function seen(page: Page, name: string) {
  await expectSound(page, name)
  const folder = process.env['VIOLET_PICTURES']
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

async function typeCode(page: Page, someone: Someone, after: string) {
  const code = await someone.codeFor(someone.email, after)
  await page.getByRole('textbox').first().fill(code)
}

const looks = [
  ['en', 1280],
  ['zh-CN', 390],
] as const
test.each(usual(looks, 17))(
  '%s at %i: a code confirmed by another, its use, the stop, the lock, and a closure that waits for the number',
  async (locale, width) => {
    const w = wordsOf(locale)
    const at = `${locale}-${width}`
    const lin = (await member(platform, { locale })) as Someone
    const { lineId } = await buyLine(lin)
    const { line } = await install(platform, lin, lineId)
    const context = await windowOf(lin, locale, width)
    const page = await context.newPage()

    await page.goto(`${platform.url}/lines/${lineId}`)
    await page.getByRole('link', { name: new RegExp(w('number.row').source.slice(1, -1)) }).click()
    await page.getByText(w('number.is-here')).waitFor()
    await seen(page, `number-${at}`)
    const before = new Date(Date.now() - 1).toISOString()
    await page.getByRole('button', { name: w('number.get-code') }).click()
    await page.getByRole('heading', { name: w('number.confirm-code') }).waitFor()
    await typeCode(page, lin, before)
    await seen(page, `number-confirm-${at}`)
    await page.getByRole('button', { name: w('number.get-code') }).click()
    const code = await page.locator('[data-port-code]').innerText()
    expect(code).toMatch(/^[2-9A-Z]{5}-[2-9A-Z]{5}$/)
    await seen(page, `number-code-${at}`)

    const first = await request(line.msisdn, code)
    expect(first.body.state).toBe('pending')
    await page.getByText('Heron Mobile').first().waitFor()
    await seen(page, `number-pending-${at}`)
    await page.getByRole('button', { name: w('number.stop') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByText(w('number.stop-what')).waitFor()
    await expectSound(page, 'stop')
    await sheet.getByRole('button', { name: w('number.stop') }).click()
    await page.getByText(w('number.is-here')).waitFor()

    await page.getByRole('button', { name: w('number.lock-it') }).click()
    await page.getByText(w('number.locked-what')).waitFor()
    expect(await page.getByRole('button', { name: w('number.get-code') }).count()).toBe(0)
    await seen(page, `number-locked-${at}`)
    const again = new Date(Date.now() - 1).toISOString()
    await page.getByRole('button', { name: w('number.unlock') }).click()
    await typeCode(page, lin, again)
    await page.getByRole('button', { name: w('number.unlock') }).click()
    await page.getByText(w('number.lock-what')).waitFor()

    const reference = randomUUID()
    await request(line.msisdn, await portCode(lin, lineId), reference)
    const draft = await draftClosure(lin, 'line', lineId)
    await page.goto(`${platform.url}/closures/${draft.caseId}/ready`)
    await page.getByText(w('ready.instead')).waitFor()
    await page.getByText(w('ready.port-pending', { recipient: 'Heron Mobile' })).waitFor()
    await seen(page, `ready-${at}`)
    await submit(lin, draft)
    await untilState(lin, draft.caseId, 'approved')
    await page.goto(`${platform.url}/closures/${draft.caseId}`)
    await page.getByRole('heading', { name: w('case.head-number-waits') }).waitFor()
    await seen(page, `case-waits-${at}`)

    const support = person(platform)
    await support.signInAsStaff('support@violet.example')
    const desk = await windowOf(support, locale, width)
    const console_ = await desk.newPage()
    await console_.goto(`${platform.url}/console/ports`)
    await console_.getByText('Heron Mobile').first().waitFor()
    await seen(console_, `console-ports-${at}`)

    await say('port-out.failed', { reference, reason: 'no such customer' })
    await untilState(lin, draft.caseId, 'needs_customer')
    await page.reload()
    await page.getByRole('link', { name: w('case.look-again') }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    await seen(page, `quote-again-${at}`)
    expect(page.url()).toContain('/quote')
    await Promise.all([context.close(), desk.close()])
  },
  180_000,
)

test.each(usual(looks, 18))(
  '%s at %i: a number of an account that has ended is taken along by the link of its last message',
  async (locale, width) => {
    const w = wordsOf(locale)
    const at = `${locale}-${width}`
    const lin = (await member(platform, { locale })) as Someone
    const { subscriberId } = (await lin.get('/v1/me')).body
    const { lineId } = await buyLine(lin)
    const { line } = await install(platform, lin, lineId)
    const draft = await draftClosure(lin, 'account')
    await submit(lin, draft)
    await until(
      async () => (await lin.get(`/v1/closures/by-reference/${draft.reference}`)).body.state,
      (state) => state === 'closed',
      20_000,
    )
    const context = await windowOf(person(platform), locale, width)
    const page = await context.newPage()
    await page.goto(leavingUrl(platform.config, subscriberId))
    await page.getByRole('heading', { name: w('take.head') }).waitFor()
    await seen(page, `take-${at}`)
    await page.getByRole('button', { name: w('number.get-code') }).click()
    const code = await page.locator('[data-port-code]').innerText()
    await seen(page, `take-code-${at}`)
    await page.reload()
    await page.getByText(w('number.code-valid')).waitFor()
    expect(await page.locator('[data-port-code]').count()).toBe(0)

    expect((await request(line.msisdn, code)).body.state).toBe('pending')
    await page.reload()
    await page.getByText(w('number.moves')).waitFor()
    await seen(page, `take-pending-${at}`)
    await page.getByRole('button', { name: w('number.stop') }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('button', { name: w('number.stop') }).click()
    await page.getByRole('button', { name: w('number.get-code') }).waitFor()
    platform.clock.advance({ hours: 24 * 120 })
    await page.reload()
    await page
      .getByText(w('refusal.number-gone'))
      .or(page.getByText(w('take.none')))
      .waitFor()
    await seen(page, `take-over-${at}`)
    await page.goto(`${platform.url}/take-number/${subscriberId}.nobody`)
    await page.getByRole('heading', { name: w('take.none') }).waitFor()
    await seen(page, `take-forged-${at}`)
    await context.close()
  },
  120_000,
)

test.each(
  usual(
    [
      ['en', 390],
      ['zh-CN', 1280],
    ] as const,
    18,
  ),
)(
  '%s at %i: a number is brought: refused with a wrong code, on its way with a right one, arrived',
  async (locale, width) => {
    const w = wordsOf(locale)
    const at = `${locale}-${width}`
    const lin = (await member(platform, { locale })) as Someone
    const { lineId } = await buyLine(lin)
    await install(platform, lin, lineId)
    const context = await windowOf(lin, locale, width)
    const page = await context.newPage()
    await page.goto(`${platform.url}/lines/${lineId}/number`)
    await page
      .getByRole('link', { name: new RegExp(w('number.bring').source.slice(1, -1)) })
      .click()
    const send = page.getByRole('button', { name: w('bring.send') })
    await send.click()
    await page.getByText(w('bring.missing')).first().waitFor()
    const msisdn = width === 390 ? '+447400911111' : '+447400922222'
    const give = async (code: string) => {
      await page.getByRole('textbox', { name: w('bring.number') }).fill(msisdn)
      await page.getByRole('textbox', { name: w('bring.code') }).fill(code)
      await send.click()
    }
    await give('WRONG-1')
    await page.getByText(w('bring.failed')).waitFor()
    await page.getByText(w('number.said-code-wrong')).waitFor()
    await seen(page, `bring-failed-${at}`)
    await give('MOVE-1234')
    await page.getByText(w('bring.pending')).waitFor()
    await seen(page, `bring-pending-${at}`)
    await hub.end(msisdn, 'complete')
    await page.getByText(w('bring.completed')).waitFor()
    await page.goto(`${platform.url}/lines/${lineId}/number`)
    await page.getByText(w('number.is-here')).waitFor()
    expect((await page.getByRole('heading', { level: 1 }).innerText()).replace(/\s/g, '')).toBe(
      msisdn,
    )
    await context.close()
  },
  120_000,
)
