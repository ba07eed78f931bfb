/** The catalogs that subscribers hear: the same keys and facts in every language, nothing empty, nothing left in English. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileMessage } from '@lingui/message-utils/compileMessage'
import { describe, expect, test } from 'vitest'
import { codeIn } from '../simulators/inbox/code.ts'
import { textOf } from '../src/notices/mail.ts'
import { messageOf } from '../src/notices/message.ts'
import { checkout } from '../src/platform/config.ts'
import { type Locale, locales, staffLocales } from '../src/values/locale.ts'
import { offering, shaming } from './e2e/pressing-words.ts'

const features = ['portal', 'notices', 'closure', 'payments', 'subscribers', 'platform']
const folderOf = (feature: string) => join(checkout, 'src', feature, 'words')

type Words = Record<string, string>
/** A problem's title and detail stand one level deeper. */
function flat(words: object, prefix = ''): Words {
  const entries = Object.entries(words).flatMap(([key, text]: [string, string | object]) =>
    typeof text === 'string'
      ? [[prefix + key, text]]
      : Object.entries(flat(text, `${prefix}${key} `)),
  )
  return Object.fromEntries(entries)
}
const read = (feature: string, locale: Locale) =>
  flat(JSON.parse(readFileSync(join(folderOf(feature), `${locale}.json`), 'utf8')))

/** Names of the values a message takes, those inside plurals and selections included. */
function names(text: string): string {
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
  return [...found].sort().join()
}

/** What is written with letters of its own says nothing without them. */
const scripts: Partial<Record<Locale, RegExp>> = {
  'zh-CN': /\p{Script=Han}/u,
  'zh-TW': /\p{Script=Han}/u,
  ja: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u,
  ar: /\p{Script=Arabic}/u,
}
const foreign: Partial<Record<Locale, RegExp>> = {
  en: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Arabic}]/u,
  // Characters that only the simplified script has.
  'zh-TW': /[们这说时还没对话谢请问电发现错误线开关闭账户码订购费余额业务变设备网]/u,
  'zh-CN': /[們這說時還對話謝請問電發現錯誤線開關閉帳戶碼訂購費餘額業務變設備網]/u,
}
/** Two English words in a row make a sentence; a name, a statute or a file is one in every language. */
const isSentence = (text: string) => /\b[a-z]{3,} [a-z]{2,}/.test(text.replaceAll(/\{\w+\}/g, ''))

describe.each(features)('%s', (feature) => {
  const english = read(feature, 'en')

  test('has a catalog for every language and for no other', () => {
    const files = readdirSync(folderOf(feature)).filter((name) => name.endsWith('.json'))
    expect(files.sort()).toEqual(locales.map((locale) => `${locale}.json`).sort())
    expect(Object.keys(english).length).toBeGreaterThan(40)
  })

  test.each(locales)('says the same in %s', (locale) => {
    const words = read(feature, locale)
    expect(Object.keys(words)).toEqual(Object.keys(english))
    const found = Object.entries(words).flatMap(([key, text]) => {
      const source = english[key] ?? ''
      const script = scripts[locale]
      const faults = [
        text.trim() === '' && 'empty',
        names(text) !== names(source) && `facts ${names(text)} for ${names(source)}`,
        foreign[locale]?.test(text) && 'letters of another language',
        locale !== 'en' && text === source && isSentence(source) && 'left in English',
        script && !script.test(text) && isSentence(source) && 'not in its own letters',
        // A straight apostrophe would also begin what ICU does not read; nobody is shouted at.
        feature === 'portal' && /['"!！¡]/.test(text) && 'straight quotes or shouting',
      ]
      return faults.filter(Boolean).map((fault) => `${key}: ${String(fault)}: ${text}`)
    })
    expect(found).toEqual([])
  })

  test.each(locales)(
    'that tells one from many in %s tells all that the language does',
    (locale) => {
      const { pluralCategories } = new Intl.PluralRules(locale).resolvedOptions()
      // In Spanish and French "many" is for millions; none counts as many in Arabic where it is not told apart.
      const forms = pluralCategories.filter(
        (form) => form !== 'zero' && (form !== 'many' || locale === 'ar'),
      )
      const lacking = Object.entries(read(feature, locale)).filter(([, text]) =>
        pluralsOf(compileMessage(text)).some(
          (has) =>
            forms.some((form) => form in has && form !== 'other') !==
              forms.every((form) => form in has) && forms.length > 1,
        ),
      )
      expect(lacking.map(([key, text]) => `${key}: ${text}`)).toEqual([])
    },
  )
})

function pluralsOf(tokens: unknown): object[] {
  if (!Array.isArray(tokens)) return []
  return tokens.filter(Array.isArray).flatMap((token) => {
    const forms = (token[2] ?? {}) as object
    const inner = Object.values(forms).flatMap(pluralsOf)
    return token[1] === 'plural' ? [forms, ...inner] : inner
  })
}

const sender = { name: 'Violet Mobile', address: 'no-reply@violet.example', zone: 'UTC' }
const told = {
  minutes: '10',
  contact: 'l••e@example.com',
  lineName: 'Travel',
  reference: 'VC-7K3M',
}
const codes = ['sign-in-code', 'contact-code', 'closure-code', 'number-code'] as const

test.each(locales)('a code in %s is found by the inbox, in a mail and in an SMS', (locale) => {
  const found = codes.flatMap((name) => {
    const message = messageOf(name, locale, told, sender, '204518')
    return [codeIn(message.subject, textOf(message)), codeIn('', message.sms)]
  })
  expect(found).toEqual(codes.flatMap(() => ['204518', '204518']))
})

const pressing: Record<Locale, string> = {
  en: 'Are you sure you want to go?',
  'zh-CN': '确定要残忍离开吗',
  'zh-TW': '確定要殘忍離開嗎',
  ja: '本当に退会してもよろしいのですか',
  es: '¿Seguro que quieres irte?',
  fr: 'Êtes-vous sûr de vouloir partir ?',
  de: 'Möchten Sie wirklich gehen?',
  ar: 'هل أنت متأكد من رغبتك في المغادرة؟',
}
const closing = /^(close|quote|answers|confirm|ready|reason|unbind|closing|farewell)\./

test.each(locales)('the words of the closing pages press nobody in %s', (locale) => {
  expect(pressing[locale]).toMatch(shaming[locale])
  const words = Object.entries(read('portal', locale)).filter(([key]) => closing.test(key))
  expect(words.length).toBeGreaterThan(100)
  const found = words.filter(
    ([, text]) => shaming[locale].test(text) || offering[locale].test(text),
  )
  expect(found).toEqual([])
})

test('staff’s languages are among those of subscribers', () => {
  expect(staffLocales.every((locale) => locales.includes(locale))).toBe(true)
})
