/** Counts what a way through the portal asks of a person: pages to get through, things to fill in, and presses. */
import type { Locator, Page } from 'playwright-core'

export type Count = { pages: string[]; fields: string[]; presses: string[] }

/** A way is walked by these; what is asked is read from the pages as they are rendered. */
export function counted(page: Page) {
  const count: Count = { pages: [], fields: [], presses: [] }
  const arrive = async () => {
    const asked = await page.evaluate<string[]>(asks)
    const path = new URL(page.url()).pathname.replace(/\/[\w-]*\d[\w-]*/g, '/*')
    const view = [path, ...asked].join(' ')
    if (count.pages.at(-1) !== view) count.pages.push(view)
    return asked
  }
  return {
    count,
    /** Every field of the page as it stands, filled in or not: the most it could ask. */
    async all() {
      count.fields.push(...(await arrive()))
    },
    async press(what: Locator) {
      await what.waitFor()
      await arrive()
      count.presses.push((await what.innerText()).trim().split('\n')[0] ?? '')
      await what.click()
    },
    /** One field, filled by `fill`. */
    async fill(what: Locator, fill: (field: Locator) => Promise<unknown>) {
      await what.waitFor({ state: 'attached' })
      await arrive()
      count.fields.push(`field ${count.fields.length + 1}`)
      await fill(what)
    },
  }
}

/** A group of radio buttons is one field. */
const asks = `(() => {
  const fields = [...document.querySelectorAll('input:not([type=hidden], [type=file]), select, textarea')]
    .filter((field) => field.closest('label, .fld, .code, form, main')?.checkVisibility())
  return [...new Set(fields.map((field, at) => field.type === 'radio' ? 'radio ' + field.name : field.type + ' ' + at))]
})()`
