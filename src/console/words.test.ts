import { expect, test } from 'vitest'
import english from './words/en.json' with { type: 'json' }
import chinese from './words/zh-CN.json' with { type: 'json' }

const en: Record<string, string> = english
const zh: Record<string, string> = chinese

const placeholders = (text: string) =>
  [...new Set([...text.matchAll(/\{(\w+)[,}]/g)].map(([, name]) => name))].sort()

test('both languages have every word', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort())
  expect(Object.entries(zh).filter(([, text]) => text.trim() === '')).toEqual([])
})

test('a sentence names the same facts in both languages', () => {
  const differing = Object.keys(en).filter(
    (key) => `${placeholders(en[key] ?? '')}` !== `${placeholders(zh[key] ?? '')}`,
  )
  expect(differing).toEqual([])
})

test('no Chinese text is left in English, and the other way round', () => {
  const han = /\p{Script=Han}/u
  expect(Object.entries(en).filter(([, text]) => han.test(text))).toEqual([])
  const said = (text: string) => text.replaceAll(/\{\w+\}/g, '')
  const untranslated = Object.entries(zh).filter(
    ([, text]) => !han.test(text) && /[a-z]{3}/.test(said(text)),
  )
  expect(untranslated).toEqual([])
})
