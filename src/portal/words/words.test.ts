import { expect, test } from 'vitest'
import en from './en.json' with { type: 'json' }
import zhCN from './zh-CN.json' with { type: 'json' }
import zhTW from './zh-TW.json' with { type: 'json' }

const sources = import.meta.glob<string>(
  [
    '../**/*.{ts,tsx}',
    '../../*/portal/*.{ts,tsx}',
    '../../main/pages.ts',
    '!../**/*.test.ts',
    '!../../*/portal/*.test.ts',
  ],
  { query: '?raw', import: 'default', eager: true },
)
const code = Object.values(sources).join('\n')

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
  const chinese = [...Object.values(zhCN), ...Object.values(zhTW)].filter((text) =>
    /您|亲|親愛|！|[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/.test(text),
  )
  expect(chinese).toEqual([])
})
