/** Says a message that the build compiled from ICU (by Lingui's compiler): text, values, plurals,
 * selects. */
import type { Locale } from '../values/locale.ts'
import { inSentence, writingOf } from '../values/writing.ts'

export type Values = Record<string, string | number>
type Token = string | [name: string, type?: string, forms?: Record<string, Compiled>]
export type Compiled = readonly Token[]

export function say(message: Compiled, values: Values, locale: Locale): string {
  return message.map((token) => sayToken(token, values, locale, undefined)).join('')
}

/** `count` is the number that `#` stands for inside a plural. */
function sayToken(token: Token, values: Values, locale: Locale, count: number | undefined): string {
  const { tag } = writingOf(locale)
  if (typeof token === 'string') {
    return token === '#' && count !== undefined ? count.toLocaleString(tag) : token
  }
  const [name, type, forms] = token
  const value = values[name] ?? ''
  if (!forms) {
    return typeof value === 'number' ? value.toLocaleString(tag) : inSentence(value, locale)
  }
  const plural = type === 'plural'
  const chosen = plural
    ? pluralForm(forms, Number(value), locale)
    : (forms[value] ?? forms['other'])
  const inner = plural ? Number(value) : count
  return (chosen ?? []).map((part) => sayToken(part, values, locale, inner)).join('')
}

function pluralForm(forms: Record<string, Compiled>, count: number, locale: string) {
  return forms[count] ?? forms[new Intl.PluralRules(locale).select(count)] ?? forms['other']
}
