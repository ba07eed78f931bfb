/** The phones' sentences in both languages. */
import { type Locale, type Say as SayOf, speak } from '../page.ts'
import en from './words/en.json' with { type: 'json' }
import zhCN from './words/zh-CN.json' with { type: 'json' }

export type Say = SayOf<typeof en>

export const sayPhone = (locale: Locale): Say => speak({ en, 'zh-CN': zhCN }, locale)

/** What a person reads when the phone could not do something. */
export function sentenceOf(locale: Locale, code: string): string | undefined {
  const key = `why-${code}`
  return Object.hasOwn(en, key) ? sayPhone(locale)(key as keyof typeof en) : undefined
}
