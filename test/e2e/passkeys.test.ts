/** Signing in in Chromium: with a passkey in its virtual authenticator, made, used, removed and refused, and with a telephone number. */
import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { person } from '../../src/main/demo-person.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { member } from '../way.ts'
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
}, 90_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
})

type Look = readonly [locale: Locale, width: number, colours: 'light' | 'dark']
const looks: readonly Look[] = [
  ['en', 1280, 'light'],
  ['zh-CN', 360, 'light'],
  ['en', 360, 'dark'],
]

async function visit([locale, width, colours]: Look, who = person(platform)) {
  const look = { locale, width, dark: colours === 'dark' }
  const context = await windowOf(browser, platform.url, who, look)
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  const seen = async (name: string) => {
    await expectSound(page, name)
    await picture(page, `passkeys-${locale}-${width}-${colours}-${name}`)
  }
  return { page, seen, w: wordsOf(locale) }
}
type Words = ReturnType<typeof wordsOf>

/** A device that unlocks itself (CDP domain WebAuthn). */
async function phoneIn(page: Page) {
  const cdp: CDPSession = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const keys = async () =>
    (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials
  return {
    keys,
    putBack: (credential: Awaited<ReturnType<typeof keys>>[number]) =>
      cdp.send('WebAuthn.addCredential', { authenticatorId, credential }),
    knowsItsOwner: (isUserVerified: boolean) =>
      cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  }
}

const named = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ hasText: name }).waitFor()
const moment = () => new Date(Date.now() - 5).toISOString()
const codeFor = (email: string, after: string) => person(platform).codeFor(email, after)
const button = (page: Page, name: RegExp) => page.getByRole('button', { name })

async function join(page: Page, w: Words, email: string) {
  await page.goto(`${platform.url}/sign-in?next=/account`)
  await page.getByRole('textbox', { name: w('sign-in.to') }).fill(email)
  const after = moment()
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: w('code.label') }).fill(await codeFor(email, after))
  await page.getByRole('combobox').selectOption('GB')
  await page.getByRole('textbox').first().fill('Ada Quill')
  await button(page, w('welcome.save')).click()
  await page.waitForURL(/\/account$/)
}

async function signOut(page: Page, w: Words, before = async () => {}) {
  await page.goto(`${platform.url}/account`)
  await before()
  await button(page, w('account.sign-out')).click()
  await page.waitForURL(`${platform.url}/`)
}

test.each(usual(looks, 1))(
  '%s at %i, %s: made after a code, signs in, is renamed and removed, and then opens nothing',
  async (...look) => {
    const { page, seen, w } = await visit(look)
    const phone = await phoneIn(page)
    const email = `key${Date.now().toString(36)}${look[1]}@example.com`
    await join(page, w, email)
    await page
      .getByRole('link', { name: new RegExp(w('account.passkeys').source.slice(1, -1)) })
      .click()
    await page.getByText(w('passkeys.none')).waitFor()
    await seen('none')

    const after = moment()
    await button(page, w('passkeys.add')).click()
    await page.getByRole('heading', { name: w('passkeys.code-head') }).waitFor()
    await seen('code')
    await page.getByRole('textbox', { name: w('code.label') }).fill(await codeFor(email, after))
    await page.getByRole('heading', { name: w('passkeys.make-head') }).waitFor()
    await phone.knowsItsOwner(false)
    await button(page, w('passkeys.make')).click()
    await page.getByText(w('passkeys.not-made')).waitFor()
    await seen('not-made')
    await phone.knowsItsOwner(true)
    await page.getByRole('textbox', { name: w('passkeys.name') }).fill('Ada’s phone')
    await page.keyboard.press('Enter')
    await named(page, 'Ada’s phone')
    const [key] = await phone.keys()
    expect(key).toMatchObject({ isResidentCredential: true, rpId: 'localhost' })
    await seen('one')

    // Offered in the field, this device answers by itself.
    await signOut(page, w)
    await page.goto(`${platform.url}/sign-in?next=/account/passkeys`)
    await page.waitForURL(`${platform.url}/account/passkeys`)
    await page.getByText(new RegExp(w('passkeys.used').source.slice(1, -1))).waitFor()

    await page.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = undefined')
    await signOut(page, w, () => seen('account'))
    await page.goto(`${platform.url}/sign-in?next=/account/passkeys`)
    await seen('sign-in')
    await phone.knowsItsOwner(false)
    await button(page, w('sign-in.passkey')).click()
    await page.getByText(w('passkeys.cancelled')).waitFor()
    await seen('cancelled')
    await phone.knowsItsOwner(true)
    await button(page, w('sign-in.passkey')).click()
    await page.waitForURL(`${platform.url}/account/passkeys`)

    await button(page, w('account.change')).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('textbox', { name: w('passkeys.name') }).fill('Work laptop')
    await seen('rename')
    await page.keyboard.press('Enter')
    await named(page, 'Work laptop')
    await button(page, w('account.change')).click()
    await sheet.getByRole('button', { name: w('passkeys.remove') }).click()
    await sheet.getByText(w('passkeys.remove-what')).waitFor()
    await seen('remove')
    await sheet.getByRole('button', { name: w('passkeys.remove') }).click()
    await page.getByText(w('passkeys.none')).waitFor()

    await signOut(page, w)
    // A password manager that heard of it no longer has it; one that did not still answers.
    if ((await phone.keys()).length === 0) await phone.putBack(key!)
    await page.goto(`${platform.url}/sign-in`)
    await button(page, w('sign-in.passkey')).click()
    await page.getByText(w('refusal.passkey-unknown')).waitFor()
    await seen('refused')
    expect((await page.context().cookies()).map(({ name }) => name)).not.toContain(
      'violet.session_token',
    )
    await page.context().close()
  },
  60_000,
)

test('where a browser knows no passkeys, the pages say so and offer the code', async () => {
  const { page, seen, w } = await visit(['en', 1280, 'light'], await member(platform))
  await page.addInitScript('delete window.PublicKeyCredential')
  await page.goto(`${platform.url}/account/passkeys`)
  await page.getByText(w('passkeys.not-able')).waitFor()
  expect(await button(page, w('passkeys.add')).count()).toBe(0)
  await seen('not-able')
  await signOut(page, w)
  await page.goto(`${platform.url}/sign-in`)
  await button(page, w('sign-in.send')).waitFor()
  expect(await button(page, w('sign-in.passkey')).count()).toBe(0)
  await page.context().close()
})

test.each(usual(looks, 2))(
  '%s at %i, %s: a number joins by text, gives an e-mail before money moves, and signs in again',
  async (...look) => {
    const { page, seen, w } = await visit(look)
    const stamp = `${Date.now()}`.slice(-6)
    const [phone, email] = [`+447700${stamp}`, `text${stamp}@example.com`]
    const enter = async (to: string, after: string) =>
      page.getByRole('textbox', { name: w('code.label') }).fill(await codeFor(to, after))
    await page.goto(`${platform.url}/sign-in?next=/account/contacts`)
    const address = page.getByRole('textbox', { name: w('sign-in.to') })
    await address.fill(`07700 ${stamp}`)
    await page.keyboard.press('Enter')
    await page.getByText(w('sign-in.to-wrong')).waitFor()
    await seen('number-wrong')
    await address.fill(`0044 7700 ${stamp}`)
    const asked = moment()
    await page.keyboard.press('Enter')
    await page.getByText(w('sign-in.text-hint')).waitFor()
    await seen('number-code')
    await enter(phone, asked)

    await page.getByRole('combobox').selectOption('GB')
    await page.getByRole('textbox').first().fill('Ada Quill')
    await button(page, w('welcome.save')).click()
    await page.getByText(w('sign-in.email-wrong')).waitFor()
    await page.getByRole('textbox', { name: w('sign-in.email') }).fill(email)
    await seen('number-welcome')
    const after = moment()
    await button(page, w('welcome.save')).click()
    await page.getByRole('textbox', { name: w('code.label') }).waitFor()
    await page.reload()
    await seen('number-mail-code')
    await enter(email, after)
    await page.waitForURL(/\/account\/contacts$/)
    await page.getByText(email).waitFor()
    await seen('number-contacts')

    await signOut(page, w)
    await page.goto(`${platform.url}/sign-in?next=/account/contacts`)
    await page.getByRole('textbox', { name: w('sign-in.to') }).fill(phone)
    const again = moment()
    await page.keyboard.press('Enter')
    await enter(phone, again)
    await page.getByText(email).waitFor()
    await page.context().close()
  },
  60_000,
)
