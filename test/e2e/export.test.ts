/** A data export, taken along and opened on a computer without a network, in its owner's language. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromBuffer } from 'yauzl'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { buyLine, member } from '../way.ts'
import { expectSound, openBrowser } from './browser.ts'

let platform: TestPlatform
let browser: Browser
const folder = mkdtempSync(join(tmpdir(), 'violet-export-'))
beforeAll(async () => {
  platform = await testPlatform()
  browser = await openBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Unpacks as a file manager would. */
function unpack(zip: Buffer, to: string): Promise<number> {
  return new Promise((done, fail) => {
    fromBuffer(zip, { lazyEntries: true }, (error, file) => {
      if (error) return fail(error)
      let files = 0
      file.on('error', fail)
      file.on('end', () => done(files))
      file.on('entry', (entry) => {
        file.openReadStream(entry, (broken, stream) => {
          if (broken) return fail(broken)
          const chunks: Buffer[] = []
          stream.on('data', (chunk: Buffer) => chunks.push(chunk))
          stream.on('error', fail)
          stream.on('end', () => {
            const path = join(to, entry.fileName)
            mkdirSync(dirname(path), { recursive: true })
            writeFileSync(path, Buffer.concat(chunks))
            files += 1
            file.readEntry()
          })
        })
      })
      file.readEntry()
    })
  })
}

test.each([
  ['en', 'Your data', 'en'],
  ['zh-CN', '你在', 'zh-CN'],
] as const)(
  'the page opens offline in %s, with every link leading to a file',
  async (locale, title, lang) => {
    const lin = await member(platform, { name: 'Lin Yue', locale })
    await buyLine(lin)
    await lin.post('/v1/tickets', { subject: '<script>alert(1)</script>', body: 'Hello & bye' })
    const cookie = [...lin.cookies()].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(`${platform.url}/v1/me/export`, { headers: { cookie } })
    const zip = Buffer.from(await response.arrayBuffer())
    const place = join(folder, locale)
    expect(await unpack(zip, place)).toBeGreaterThan(30)

    const context = await browser.newContext({ offline: true })
    const page = await context.newPage()
    const wrong: string[] = []
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()))
    page.on('pageerror', (error) => wrong.push(error.message))
    page.on('dialog', () => wrong.push('a script ran'))
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) wrong.push(request.url())
    })
    await page.goto(pathToFileURL(join(place, 'index.html')).href)
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain(title)
    expect(await page.locator('html').getAttribute('lang')).toBe(lang)
    for (const said of ['Lin Yue', lin.email, '<script>alert(1)</script>', 'Hello & bye']) {
      expect(await page.getByText(said).count()).toBeGreaterThan(0)
    }
    const links = await page
      .locator('a')
      .evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''))
    expect(links.length).toBeGreaterThan(30)
    for (const href of links) {
      const found = href.startsWith('#')
        ? (await page.locator(`[id="${href.slice(1)}"]`).count()) === 1
        : existsSync(join(place, href))
      expect([href, found]).toEqual([href, true])
    }
    await expectSound(page, `export ${locale}`)
    expect(wrong).toEqual([])
    await context.close()
  },
  90_000,
)
