/** The payment simulator's sentences and amounts in both languages. */
import { decimal } from '../../src/values/money.ts'
import { type Locale, type Say as SayOf, speak } from '../page.ts'
import { moneyOf } from './store.ts'
import en from './words/en.json' with { type: 'json' }
import zhCN from './words/zh-CN.json' with { type: 'json' }

export type Say = SayOf<typeof en>

export const sayPayments = (locale: Locale): Say => speak({ en, 'zh-CN': zhCN }, locale)

export function amountIn(locale: Locale, row: { minor: number; currency: string }): string {
  const style = { style: 'currency', currency: row.currency } as const
  // A decimal text is formatted exactly, a number would not always be.
  return new Intl.NumberFormat(locale, style).format(decimal(moneyOf(row)) as unknown as number)
}
