/** Looks over a rendered page of the closing way for what would hold a person back. */
import type { Page } from 'playwright-core'
import { type Locale, untilStill } from './browser.ts'
import { offering, shaming } from './pressing-words.ts'

/** How long a page is left alone to show whether something in it counts down. */
const watchedMs = 5_000

type Action = {
  words: string
  group: number
  width: number
  height: number
  font: string
  look: string
  isDanger: boolean
  inSight: boolean
}

/** What the page shows, as plain data. */
export type Shown = {
  lines: string[]
  /** Answers given although nobody gave them. */
  given: string[]
  actions: Action[]
  offers: { words: string; look: string }[]
  /** Sheets that opened by themselves. */
  sheets: string[]
  moving: string[]
}

export type Finding = { rule: string; what: string }

/** The page as it is, then as it is after it was left alone for a while; needs `page.clock` installed. */
export async function lookAt(page: Page): Promise<Shown> {
  // A button below the mouse looks pressed, which is no weight of its own.
  await page.mouse.move(0, 0)
  const before = await page.evaluate<Shown>(inPage)
  const after = await later(page)
  const given = [...new Set([...before.given, ...after.given])]
  const moved = ticking(before.lines, after.lines)
  // What was only read anew meanwhile stands still from then on; what counts down goes on.
  const moving = moved.length === 0 ? [] : ticking(after.lines, (await later(page)).lines)
  return { ...after, given, moving: [...before.moving, ...moving] }
}

async function later(page: Page): Promise<Shown> {
  await page.clock.runFor(watchedMs)
  await untilStill(page)
  return page.evaluate<Shown>(inPage)
}

/** Lines that differ in nothing but their figures. */
function ticking(before: readonly string[], after: readonly string[]): string[] {
  const plain = (line: string) => line.replace(/\d+/g, '#')
  const were = new Set(before)
  const shapes = new Set(before.map(plain))
  return after.filter((line) => /\d/.test(line) && !were.has(line) && shapes.has(plain(line)))
}

/** Judges one page; `isLast` is where the code is entered, and the closing button may be red. */
export function darkPatterns(shown: Shown, locale: Locale, isLast = false): Finding[] {
  const found: Finding[] = []
  const report = (rule: string, what: string) => found.push({ rule, what })
  for (const words of shown.given) report('preselected', words)
  for (const words of shown.sheets) report('unasked sheet', words)
  for (const words of shown.moving) report('countdown', words)
  for (const line of shown.lines.filter((one) => shaming[locale].test(one))) report('shaming', line)
  const offers = offersOf(shown, locale)
  for (const words of offers.slice(1)) report('more than one offer', words)
  for (const { words } of shown.actions.filter(({ inSight }) => !inSight)) report('hidden', words)
  for (const what of unequal(shown, isLast)) report('unequal', what)
  return found
}

/** Ways beside closing, each marked as one, and lines that say what staying brings. */
export function offersOf(shown: Shown, locale: Locale): string[] {
  const marked = shown.offers.length > 0 ? [shown.offers.map(({ words }) => words).join(' / ')] : []
  return [...marked, ...shown.lines.filter((line) => offering[locale].test(line))]
}

function unequal({ actions, offers }: Shown, isLast: boolean): string[] {
  const found: string[] = []
  const groups = new Set(actions.map(({ group }) => group))
  for (const group of groups) {
    const [first, ...others] = actions.filter((action) => action.group === group)
    if (!first) continue
    for (const other of others) {
      const red = isLast && (first.isDanger || other.isDanger)
      const differing = [
        Math.abs(first.width - other.width) > 1 && `width ${first.width}, ${other.width}`,
        Math.abs(first.height - other.height) > 1 && `height ${first.height}, ${other.height}`,
        first.font !== other.font && `${first.font}, ${other.font}`,
        !red && first.look !== other.look && `${first.look}, ${other.look}`,
      ].filter(Boolean)
      if (differing.length > 0)
        found.push(`${first.words} / ${other.words}: ${differing.join('; ')}`)
    }
  }
  const danger = actions.filter(({ isDanger }) => isDanger)
  if (!isLast) found.push(...danger.map(({ words }) => `red before the last step: ${words}`))
  const [way, ...ways] = offers
  for (const other of ways)
    if (other.look !== way?.look) found.push(`${way?.words} / ${other.words}`)
  return found
}

// Runs in the page, so it is text here: this side of the code has no DOM.
const inPage = `(() => {
  const seen = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  const words = (node) => (node.innerText || node.getAttribute('aria-label') || '').trim()
  const style = (node) => getComputedStyle(node)
  const label = (node) => words(node.closest('label') ?? node) || node.name
  const areas = [...document.querySelectorAll('main, dialog[open]')]
  const all = (what) => areas.flatMap((area) => [...area.querySelectorAll(what)]).filter(seen)
  const paint = (node) => [style(node).backgroundColor, style(node).color, style(node).borderColor].join(' ')
  const font = (node) => [style(node).fontSize, style(node).fontWeight, style(node).fontFamily].join(' ')
  const inSight = (node) => {
    const { left, top, width, height } = node.getBoundingClientRect()
    const hit = document.elementFromPoint(left + width / 2, top + height / 2)
    return width >= 44 && height >= 44 && hit !== null && (node.contains(hit) || hit.contains(node))
  }
  const open = [...document.querySelectorAll('dialog[open]')]
  const docks = open.length > 0 ? open : [...document.querySelectorAll('.dock')]
  const actions = docks.flatMap((dock, group) =>
    [...dock.querySelectorAll('button, a')]
      .filter((node) => !node.closest('.note, .rows'))
      .map((node) => ({
        words: words(node) || node.textContent,
        group,
        width: Math.round(node.getBoundingClientRect().width),
        height: Math.round(node.getBoundingClientRect().height),
        font: font(node),
        look: paint(node),
        isDanger: node.classList.contains('danger'),
        inSight: seen(node) && inSight(node),
      })),
  )
  const moving = document.getAnimations().filter(({ effect }) => {
    const { iterations, duration } = effect.getComputedTiming()
    return iterations !== Infinity && duration > 2000
  })
  return {
    lines: areas.flatMap((area) => area.innerText.split('\\n')).map((line) => line.trim()).filter(Boolean),
    given: [
      // A box that is drawn by its label is itself invisible.
      ...areas.flatMap((area) => [...area.querySelectorAll('input:checked, [aria-checked=true]')])
        .filter((node) => seen(node.closest('label') ?? node)).map(label),
      ...all('select').filter(({ value }) => value !== '').map(label),
    ],
    actions,
    offers: all('[data-offer] a, [data-offer] button').map((node) => ({
      words: words(node).split('\\n')[0],
      look: [paint(node), font(node.querySelector('.mid') ?? node)].join(' '),
    })),
    sheets: open.filter((sheet) => !sheet.dataset.asked).map((sheet) => words(sheet).slice(0, 60)),
    moving: [...all('[role=timer], [role=progressbar], progress, meter').map(words), ...moving.map(() => 'animation')],
  }
})()`
