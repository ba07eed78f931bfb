import { expect, test } from 'vitest'
import type { Plan } from '../../portal/wire.ts'
import { cheapest, findPlans } from './plan-search.ts'

const plan = (planId: string, english: string, countries: string[], amount: string) =>
  ({
    planId,
    name: { en: english },
    countries,
    price: { amount, currency: 'GBP' },
  }) as unknown as Plan

const japan = plan('jp', 'Japan 5 GB', ['JP'], '8.50')
const asia = plan('asia', 'Asia 3 GB', ['JP', 'KR', 'CI'], '17.00')
const europe = plan('eu', 'Europe 5 GB', ['DE', 'FR'], '9.00')
const all = [asia, japan, europe]

const inEnglish = (code: string) => new Intl.DisplayNames('en', { type: 'region' }).of(code) ?? code
const inChinese = (code: string) =>
  new Intl.DisplayNames('zh-CN', { type: 'region' }).of(code) ?? code
const words = (texts: Record<string, string>) => texts['en'] ?? ''

test('a country finds every plan that works there, in either language', () => {
  expect(findPlans(all, 'japan', inEnglish, words)).toEqual({ plans: [asia, japan], country: 'JP' })
  const chinese = findPlans(all, '日本', inChinese, words)
  expect(chinese).toEqual({ plans: [asia, japan], country: 'JP' })
  expect(findPlans(all, 'Germany', inChinese, words).country).toBe('DE')
})

test('accents do not matter, and a plan is found by its name', () => {
  expect(findPlans(all, 'cote d', inEnglish, words).country).toBe('CI')
  expect(findPlans(all, 'europe', inEnglish, words).plans).toEqual([europe])
  expect(findPlans(all, 'atlantis', inEnglish, words).plans).toEqual([])
  expect(findPlans(all, ' ', inEnglish, words).plans).toEqual(all)
})

test('the cheapest is by amount, not by spelling', () => {
  expect(cheapest(all)).toBe(japan)
  expect(cheapest([])).toBeUndefined()
})
