import { compileMessage } from '@lingui/message-utils/compileMessage'
import { expect, test } from 'vitest'
import en from './en.json' with { type: 'json' }
import zh from './zh-CN.json' with { type: 'json' }

const sources = import.meta.glob<string>(
  [
    '../**/*.{ts,tsx}',
    '../../*/portal/*.{ts,tsx}',
    '!../**/*.test.ts',
    '!../../*/portal/*.test.ts',
  ],
  { query: '?raw', import: 'default', eager: true },
)
const code = Object.values(sources).join('\n')

/** Names of the values a message takes, plurals included. */
function names(text: string): string[] {
  const found = new Set<string>()
  const walk = (tokens: unknown): void => {
    if (!Array.isArray(tokens)) return
    for (const token of tokens) {
      if (!Array.isArray(token)) continue
      found.add(String(token[0]))
      for (const form of Object.values((token[2] as object | undefined) ?? {})) walk(form)
    }
  }
  walk(compileMessage(text))
  return [...found].sort()
}

test('both languages have the same keys, and none is empty', () => {
  expect(Object.keys(zh)).toEqual(Object.keys(en))
  const empty = [...Object.entries(en), ...Object.entries(zh)].filter(([, text]) => !text.trim())
  expect(empty).toEqual([])
})

test('a message takes the same values in both languages', () => {
  const differing = Object.keys(en).filter((key) => {
    const inChinese = names(zh[key as keyof typeof zh])
    return names(en[key as keyof typeof en]).join() !== inChinese.join()
  })
  expect(differing).toEqual([])
})

test('every key is used by a page', () => {
  expect(code.length).toBeGreaterThan(100_000)
  const unused = Object.keys(en).filter((key) => !code.includes(`'${key}'`))
  expect(unused).toEqual([])
})

test('every key a page asks for exists', () => {
  const asked = [...code.matchAll(/\b(?:t|rich)\(\s*'([\w.-]+)'/g)].map(([, key]) => key ?? '')
  expect(asked.length).toBeGreaterThan(300)
  expect(asked.filter((key) => !Object.hasOwn(en, key))).toEqual([])
})

test('the words keep to the house style', () => {
  const english = Object.values(en).filter((text) => /!|\bplease\b|'|"/i.test(text))
  expect(english).toEqual([])
  const chinese = Object.values(zh).filter((text) =>
    /您|亲|！|[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/.test(text),
  )
  expect(chinese).toEqual([])
})
