/** The sentences of the simulated clearing house in both languages. */
import { type Locale, type Say as SayOf, speak } from '../page.ts'
import en from './words/en.json' with { type: 'json' }
import zhCN from './words/zh-CN.json' with { type: 'json' }

export type Say = SayOf<typeof en>

export const sayPorting = (locale: Locale): Say => speak({ en, 'zh-CN': zhCN }, locale)
