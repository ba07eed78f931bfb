/** Types on a page, then reloads it, leaves it and comes back: what was typed is there, and nothing was sent by that. */
import type { Page } from 'playwright-core'
import { untilTrue } from './browser.ts'
import { settled } from './world.ts'

/** Requests that change something, from now on. */
export function changesOf(page: Page): string[] {
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() !== 'GET')
      sent.push(`${request.method()} ${new URL(request.url()).pathname}`)
  })
  return sent
}

/** What is not there any more, or was sent; empty when all is well. */
export async function lostAgain(page: Page, url: string, sent: string[]): Promise<string[]> {
  await page.goto(url)
  await settled(page)
  if (url.endsWith('/account')) await page.locator('main .row .textbtn').first().click()
  await page.evaluate(choose)
  // What is chosen may change what is asked.
  await answered(page)
  await page.evaluate(type)
  const typed = await page.evaluate<Record<string, string>>(read)
  // A choice that was not answered is sent again, as it should be; here all are.
  await answered(page)
  sent.length = 0
  const lost: string[] = []
  const compare = async (after: string) => {
    await settled(page)
    const now = await page.evaluate<Record<string, string>>(read)
    for (const [name, value] of Object.entries(typed))
      if (now[name] !== value) lost.push(`${name} by ${after}: ${now[name]} for ${value}`)
  }
  await page.reload()
  await compare('reload')
  await page.evaluate(`history.pushState({}, '', '/install-guide')`)
  await page.waitForLoadState('networkidle')
  await page.goBack()
  await compare('back')
  await page.goForward()
  await page.goBack()
  await compare('forward and back')
  return [...lost, ...sent]
}

/** Whatever was chosen is with the server: a page says that it is busy from the task after the one that chose. */
async function answered(page: Page): Promise<void> {
  await page.evaluate(`new Promise((next) => setTimeout(() => requestAnimationFrame(next)))`)
  await untilTrue(page, `document.querySelector('[aria-busy=true]') === null`)
}

const fields = `[...document.querySelectorAll('main input, main textarea, main select')].filter((field) =>
  !['file', 'search', 'range', 'hidden'].includes(field.type) && !field.disabled && field.closest('label, .fld, .code, main').checkVisibility())`

/** The last of each group of radio buttons; no ticks: some do something at once. */
const choose = `(() => {
  const groups = Map.groupBy(${fields}.filter(({ type }) => type === 'radio'), ({ name }) => name)
  for (const group of groups.values()) group.at(-1).click()
})()`

const type = `(() => {
  const texts = { email: 'again@example.com', tel: '+447700900123', numeric: '12', decimal: '12' }
  for (const field of ${fields}) {
    if (['radio', 'checkbox'].includes(field.type) || field.tagName === 'SELECT') continue
    const text = field.maxLength === 6 ? '123456' : field.type === 'date' ? field.max : (texts[field.type] ?? texts[field.inputMode] ?? 'again')
    const { prototype } = field.tagName === 'TEXTAREA' ? HTMLTextAreaElement : HTMLInputElement
    Object.getOwnPropertyDescriptor(prototype, 'value').set.call(field, text)
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }
})()`

/** A field by its place. */
const read = `Object.fromEntries(${fields}.map((field, at) => [
  field.type + ' ' + at, ['radio', 'checkbox'].includes(field.type) ? String(field.checked) : field.value]))`
