/** What fonts can show is known before printing, so that no name stops a document. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { coverageOf, showable } from './font-coverage.ts'

const { resolve } = createRequire(import.meta.url)
const inter = coverageOf(
  readFileSync(resolve('@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf')),
)
const noto = coverageOf(
  readFileSync(resolve('@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf')),
)
const both = new Set([...inter, ...noto])

const has = (covered: ReadonlySet<number>, letter: string) =>
  covered.has(letter.codePointAt(0) ?? 0)

describe('a font’s own table', () => {
  test.each([
    ['A', true, true],
    ['é', true, true],
    ['Ж', true, true],
    ['ế', true, true],
    ['林', false, true],
    ['日', false, true],
    ['한', false, false],
    ['ع', false, false],
    ['😀', false, false],
  ])('%s', (letter, inInter, inNoto) => {
    expect([has(inter, letter), has(noto, letter)]).toEqual([inInter, inNoto])
  })

  test('the box is there to stand for the rest', () => expect(has(both, '□')).toBe(true))

  test('what is no font covers nothing', () => expect(coverageOf(Buffer.alloc(64)).size).toBe(0))
})

describe('what is printed', () => {
  test.each([
    ['Lin Yue 林悦', 'Lin Yue 林悦'],
    ['Travel 🇯🇵 2026', 'Travel □ 2026'],
    ['👩‍👩‍👧 family', '□ family'],
    ['한국', '□□'],
    // A direction override would print what nobody signed.
    ['+44 \u202e1640', '+44 1640'],
    ['two\nlines\u0000', 'two□lines□'],
    ['Zoe\u0308', 'Zoë'],
  ])('%j is printed as %j', (text, shown) => expect(showable(text, both)).toBe(shown))
})
