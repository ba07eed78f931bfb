/** Whether a phone can take an eSIM, before anything is paid, and installing step by step: in Chromium. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eidOf } from '../../src/esim/sgp22/identifiers.ts'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, member } from '../way.ts'
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

const looks: { locale: Locale; width: number; dark?: boolean }[] = [
  { locale: 'en', width: 1280 },
  { locale: 'zh-CN', width: 360, dark: true },
]
test.each(usual(looks, 11))(
  '$locale at $width: an EID says that the phone is able, a model is found, and each system has its steps',
  async (look) => {
    const w = wordsOf(look.locale)
    const someone = await member(platform, { locale: look.locale })
    const { lineId } = await buyLine(someone)
    const context = await windowOf(browser, platform.url, someone, look)
    const page = await context.newPage()
    await page.goto(platform.url)
    await page.getByRole('link', { name: w('shop.phone-check') }).click()
    await page.getByRole('heading', { name: w('check.head') }).waitFor()

    const eid = eidOf('890490320000000000000000000042')
    const field = page.getByRole('textbox', { name: w('check.eid') })
    await field.fill(`${eid.slice(0, -1)}${(Number(eid.at(-1)) + 1) % 10}`)
    await page.getByText(w('install.eid-wrong')).waitFor()
    await field.fill(eid.replace(/(.{4})/g, '$1 '))
    await page.getByText(w('check.able')).waitFor()
    expect(await page.getByText(w('install.eid-wrong')).count()).toBe(0)

    const search = page.getByRole('searchbox', { name: w('check.search') })
    await search.fill('Nokia 3310')
    await page.getByText(w('check.none')).waitFor()
    await search.fill('pixel')
    await page.getByText('Pixel 3a').waitFor()
    expect(await page.getByText('Apple').count()).toBe(0)
    await expectSound(page, 'is my phone able')
    await picture(page, `phone-check-${look.locale}-${look.width}`)

    await page.goto(`${platform.url}/lines/${lineId}/install`)
    await page.getByRole('link', { name: w('install.guide') }).click()
    await page.getByText(w('guide.turn-on')).waitFor()
    expect(await page.locator('.guide-step').count()).toBe(5)
    await page.getByText('Samsung', { exact: true }).click()
    await page
      .getByText(w('guide.tap', { screen: `.*`, row: `.*` }))
      .nth(3)
      .waitFor()
    expect(await page.locator('.guide-step').count()).toBe(6)
    await expectSound(page, 'the guide')
    await picture(page, `guide-${look.locale}-${look.width}`)
    await page.goBack()
    await page.getByRole('link', { name: w('install.guide') }).waitFor()
    await page.getByText(w('install.test-only')).waitFor()
    await expectSound(page, 'install')
    await picture(page, `install-${look.locale}-${look.width}`)

    const qr = await page.getByRole('img', { name: w('install.qr') }).screenshot()
    const phone = await context.newPage()
    await phone.addInitScript(cameraBefore(qr))
    await phone.goto(platform.urls.phone)
    const p = wordsOf(look.locale, 'simulators/phone/words')
    const drawn = phone.locator('section.phone.shown')
    await drawn.getByRole('button', { name: p('camera') }).click()
    await drawn.locator('video').waitFor()
    await expectSound(phone, 'the camera of the phone')
    await picture(phone, `phone-camera-${look.locale}-${look.width}`)
    await phone.evaluate('comeIntoView()')
    await page.getByRole('heading', { name: w('install.done') }).waitFor()
    expect(await drawn.locator('video').isVisible()).toBe(false)

    await drawn.locator('details.bin summary').click()
    await drawn.getByRole('button', { name: p('deleteYes') }).click()
    await page.getByText(w('install.deleted-sub')).waitFor()
    await expectSound(page, 'deleted from the phone')
    await context.close()
  },
  60_000,
)

/** A camera that sees a grey wall until the picture comes into its view, a little askew. */
const cameraBefore = (seen: Buffer) => `
  const canvas = document.createElement('canvas')
  canvas.width = 640
  canvas.height = 480
  const pen = canvas.getContext('2d')
  const image = new Image()
  image.src = 'data:image/png;base64,${seen.toString('base64')}'
  let isInView = false
  window.comeIntoView = () => (isInView = true)
  setInterval(() => {
    pen.fillStyle = '#777'
    pen.fillRect(0, 0, 640, 480)
    pen.setTransform(1, 0.1, -0.1, 1, 220, 120)
    if (isInView) pen.drawImage(image, 0, 0, 240, 240)
    pen.resetTransform()
  }, 50)
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20)
  navigator.mediaDevices.enumerateDevices = async () => [{ kind: 'videoinput' }]`
