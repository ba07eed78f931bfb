/** The linter's words, without a browser: in each language it finds who begs, shames or offers, and nothing of ours does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkout } from '../../src/platform/config.ts'
import { locales } from '../../src/values/locale.ts'
import type { Locale } from './browser.ts'
import { type Shown, darkPatterns } from './dark-patterns.ts'

/** How one would be held back: begged, doubted, shamed, frightened, and offered something. */
const said: Record<Locale, { shaming: readonly string[]; offering: string }> = {
  en: {
    shaming: [
      'Are you sure you want to go?',
      'We’re sorry to see you go',
      'No thanks, I don’t care about saving',
      'You will lose everything',
      'Please stay',
      'Don’t miss out',
    ],
    offering: 'Stay and get 50 % off',
  },
  'zh-CN': {
    shaming: ['确定要残忍离开吗', '真的要走吗', '再想想', '亲，别走', '错过就没有了', '最后机会！'],
    offering: '留下享五折优惠',
  },
  'zh-TW': {
    shaming: [
      '確定要殘忍離開嗎',
      '真的要走嗎',
      '再想想',
      '親愛的，別走',
      '錯過就沒有了',
      '最後機會！',
    ],
    offering: '留下享五折優惠',
  },
  ja: {
    shaming: [
      '本当に解約しますか',
      '解約してよろしいのですか',
      'とても残念です',
      'もう一度お考え直しください',
      'この機会を逃します',
      '寂しくなります！',
    ],
    offering: '継続すると50%オフ',
  },
  es: {
    shaming: [
      '¿Seguro que quieres irte?',
      'Te echaremos de menos',
      'Lamentamos que te vayas',
      'No, gracias, prefiero pagar más',
      'Te arrepentirás',
      'Última oportunidad',
    ],
    offering: 'Quédate y llévate un descuento',
  },
  fr: {
    shaming: [
      'Êtes-vous sûr de vouloir partir ?',
      'Vous allez nous manquer',
      'Nous sommes désolés de vous voir partir',
      'Non merci, je préfère payer plus',
      'Vous allez le regretter',
      'Dernière chance',
    ],
    offering: 'Restez et profitez d’une remise',
  },
  de: {
    shaming: [
      'Wollen Sie wirklich gehen?',
      'Wir werden Sie vermissen',
      'Schade, dass Sie gehen',
      'Nein danke, ich zahle lieber mehr',
      'Sie werden es bereuen',
      'Letzte Chance',
    ],
    offering: 'Bleiben Sie und sichern Sie sich 50 % Rabatt',
  },
  ar: {
    shaming: [
      'هل أنت متأكد أنك تريد الرحيل؟',
      'سنفتقدك',
      'يحزننا رحيلك',
      'لا شكرًا، أفضّل أن أدفع أكثر',
      'ستندم على ذلك',
      'الفرصة الأخيرة',
    ],
    offering: 'ابقَ معنا واحصل على هدية',
  },
}

const page = (...lines: string[]): Shown => ({
  lines,
  given: [],
  actions: [],
  offers: [],
  sheets: [],
  moving: [],
})
const rulesIn = (locale: Locale, ...lines: string[]) =>
  darkPatterns(page(...lines), locale).map(({ rule }) => rule)

test.each(locales)('%s: each way to press somebody is found', (locale) => {
  for (const line of said[locale].shaming)
    expect({ line, rules: rulesIn(locale, line) }).toEqual({ line, rules: ['shaming'] })
  const { offering } = said[locale]
  expect(rulesIn(locale, offering, `${offering}.`)).toEqual(['more than one offer'])
})

/** What the pages of the closing way say. */
const ofClosing =
  /^(ready|quote|reason|answers|confirm|case|unbind|closing|farewell|appeal|dispose)\./

test.each(locales)('%s: none of our own words on the way out does', (locale) => {
  const file = join(checkout, 'src/portal/words', `${locale}.json`)
  const words = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>)
  const lines = words.flatMap(([key, text]) => (ofClosing.test(key) ? [text] : []))
  expect(lines.length).toBeGreaterThan(100)
  expect(darkPatterns(page(...lines), locale).filter(({ rule }) => rule === 'shaming')).toEqual([])
})
