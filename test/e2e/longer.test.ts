/** Every page in words half as long again, and from right to left: nothing is wider than a small phone or a desk. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestPlatform, testPlatform } from '../platform.ts'
import { openBrowser, picture, windowOf } from './browser.ts'
import { furnish, pagesOf, settled, type World } from './world.ts'

let platform: TestPlatform
let browser: Browser
let world: World
beforeAll(async () => {
  platform = await testPlatform({ pages: true })
  browser = await openBrowser()
  world = await furnish(platform, 'en')
}, 120_000)
afterAll(async () => {
  await browser.close()
  await platform.close()
})

type Layout = { wider: string[]; clipped: string[]; direction: string; long: boolean }

test.each([
  ['longer', 360],
  ['mirrored', 1280],
] as const)(
  '%s at %i px: nothing overflows and nothing is cut off',
  async (trial, width) => {
    const { someone } = world
    const context = await windowOf(browser, platform.url, someone, { locale: 'en', width })
    await context.addInitScript(`localStorage.setItem('violet.trial', '${trial}')`)
    const page = await context.newPage()
    const wrong: Record<string, unknown> = {}
    for (const [name, path] of pagesOf(world)) {
      await page.goto(`${platform.url}${path}`)
      await settled(page)
      const { direction, long, ...faults } = await page.evaluate<Layout>(layout)
      await picture(page, `${trial}-${width}-${name}`)
      expect({ name, direction, long }).toEqual({
        name,
        direction: trial === 'mirrored' ? 'rtl' : 'ltr',
        long: true,
      })
      if (faults.wider.length + faults.clipped.length > 0) wrong[name] = faults
    }
    expect(wrong).toEqual({})
    await context.close()
  },
  120_000,
)

/** What sticks out of the window, and what is cut off inside its own box; a field scrolls, and screen readers' texts are meant to be. */
const layout = `(() => {
  const width = document.documentElement.clientWidth
  const label = (node) => node.tagName + '.' + node.className + ' ' + (node.textContent ?? '').slice(0, 50)
  const nodes = [...document.querySelectorAll('#root *')].filter((node) =>
    node instanceof HTMLElement && node.checkVisibility() && !node.closest('.sr-only, svg, .slider, input, textarea'))
  const out = nodes.filter((node) => {
    const { left, right } = node.getBoundingClientRect()
    return right > width + 1 || left < -1
  })
  const clipped = nodes.filter((node) => {
    const { overflowX } = getComputedStyle(node)
    return overflowX !== 'visible' && node.scrollWidth > node.clientWidth + 1
  })
  return {
    wider: document.documentElement.scrollWidth > width ? ['page', ...out.map(label)].slice(0, 5) : out.map(label).slice(0, 5),
    clipped: clipped.map(label).slice(0, 5),
    direction: document.documentElement.dir,
    long: /[\\u0100-\\u017f]/.test(document.querySelector('h1').innerText + document.querySelector('main').innerText),
  }
})()`
