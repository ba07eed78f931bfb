/** Goes through a page with Tab alone: it comes by everything that can be used, shows where it is, and nothing lies over that. */
import type { Page } from 'playwright-core'

/** What can't be reached, can't be seen to have the focus, or is covered when it has it; empty when all is well. */
export async function unreached(page: Page): Promise<string[]> {
  const labels = await page.evaluate<string[]>(mark)
  const missing = new Set(labels.keys())
  const wrong: string[] = []
  for (let presses = 0; presses < labels.length + 5 && missing.size > 0; presses += 1) {
    await page.keyboard.press('Tab')
    const { at, isSeen, isCovered } = await page.evaluate<Focus>(look)
    if (at === null || !missing.delete(at)) continue
    if (!isSeen) wrong.push(`no ring: ${labels[at]}`)
    if (isCovered) wrong.push(`covered: ${labels[at]}`)
  }
  return [...wrong, ...[...missing].map((at) => `not reached: ${labels[at]}`)]
}

type Focus = { at: number | null; isSeen: boolean; isCovered: boolean }

/** Numbers what can be used, one of each group of radios, and puts the focus before all of it. */
const mark = `(() => {
  const usable = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter((node) =>
    node.tabIndex >= 0 && !node.disabled && !node.closest('[inert]') && node.checkVisibility({ visibilityProperty: true }))
  const radios = Map.groupBy(usable.filter(({ type }) => type === 'radio'), ({ name, form }) => name + (form?.id ?? ''))
  const first = new Set([...radios.values()].map((group) => group.find(({ checked }) => checked) ?? group[0]))
  const all = usable.filter((node) => node.type !== 'radio' || first.has(node))
  for (const [at, node] of all.entries()) node.dataset.reach = String(at)
  document.activeElement?.blur()
  getSelection().collapse(document.body, 0)
  window.scrollTo(0, 0)
  return all.map((node) => (node.tagName + ' ' + (node.ariaLabel ?? node.innerText ?? node.name ?? '')).slice(0, 60))
})()`

/** The ring may be drawn by what stands beside or around a field that is itself invisible. */
const look = `(() => {
  const node = document.activeElement
  if (!node || node.dataset.reach === undefined) return { at: null, isSeen: true, isCovered: false }
  const around = [node, ...(node.parentElement?.children ?? []), node.parentElement, node.closest('label'), node.closest('.choice')].filter(Boolean)
  const drawn = () => around.map((one) => {
    const { outline, boxShadow, borderColor, backgroundColor, textDecoration } = getComputedStyle(one)
    return outline + boxShadow + borderColor + backgroundColor + textDecoration
  }).join()
  const focused = drawn()
  node.blur()
  const isSeen = focused !== drawn()
  node.focus({ preventScroll: true })
  const { left, top, right, bottom } = node.getBoundingClientRect()
  const points = [0.1, 0.5, 0.9].flatMap((x) => [0.1, 0.5, 0.9].map((y) => [left + (right - left) * x, top + (bottom - top) * y]))
  const isOwn = (hit) => hit && (hit === node || node.contains(hit) || hit.contains(node) || around.includes(hit))
  return { at: Number(node.dataset.reach), isSeen, isCovered: !points.some(([x, y]) => isOwn(document.elementFromPoint(x, y))) }
})()`
