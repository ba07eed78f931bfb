/** What is wrong with a policy, in the languages of staff. */
import type { StaffLocale } from '../../values/locale.ts'
import { filled } from '../../values/writing.ts'
import en from './en.json' with { type: 'json' }
import zhCN from './zh-CN.json' with { type: 'json' }

export type PolicyWord = keyof typeof en
export type Say = (key: PolicyWord, facts?: Record<string, string>) => string

const catalogs: Readonly<Record<StaffLocale, typeof en>> = { en, 'zh-CN': zhCN }

export function sayIn(locale: StaffLocale): Say {
  return (key, facts = {}) => filled(catalogs[locale][key], facts, locale)
}

export function isPolicyWord(text: string): text is PolicyWord {
  return Object.hasOwn(en, text)
}
