import { expect, test } from 'vitest'
import { acceptedLocale, firstKnown, inLanguage, localeFrom, staffLocale } from './locale.ts'

test.each([
  ['en-GB', 'en'],
  ['EN', 'en'],
  ['zh', 'zh-CN'],
  ['zh-Hans', 'zh-CN'],
  ['zh-SG', 'zh-CN'],
  ['zh-Hans-HK', 'zh-CN'],
  ['zh-TW', 'zh-TW'],
  ['zh-HK', 'zh-TW'],
  ['zh-Hant-MO', 'zh-TW'],
  ['ja-JP', 'ja'],
  ['es-419', 'es'],
  ['fr-CA', 'fr'],
  ['de-AT', 'de'],
  ['ar-EG', 'ar'],
  ['pt-BR', undefined],
  ['est', undefined],
  ['*', undefined],
  ['', undefined],
])('%s asks for %s', (tag, locale) => {
  expect(localeFrom(tag)).toBe(locale)
})

test('the heaviest tag that is spoken here wins, and none means English', () => {
  expect(acceptedLocale('pt-BR, fr;q=0.7, de;q=0.9, *;q=0.1')).toBe('de')
  expect(acceptedLocale('zh-HK,zh;q=0.9,en;q=0.8')).toBe('zh-TW')
  expect(acceptedLocale('ja;q=0, ar;q=0.2')).toBe('ar')
  expect(acceptedLocale('ja;q=oops, es;q=0.1')).toBe('es')
  expect(acceptedLocale('tlh')).toBe('en')
  expect(acceptedLocale(undefined)).toBe('en')
  expect(firstKnown(['pt', 'ar-SA', 'en'])).toBe('ar')
})

test('staff and the demo’s partners speak English and Simplified Chinese', () => {
  expect(['zh-TW', 'zh-CN', 'ja', 'en', 'xx'].map(staffLocale)).toEqual([
    'zh-CN',
    'zh-CN',
    'en',
    'en',
    'en',
  ])
})

test('what an operator did not write in a language is said in English', () => {
  expect(inLanguage({ en: 'Japan', 'zh-CN': '日本' }, 'zh-CN')).toBe('日本')
  expect(inLanguage({ en: 'Japan', 'zh-CN': '日本' }, 'fr')).toBe('Japan')
  expect(inLanguage({}, 'fr')).toBe('')
})
