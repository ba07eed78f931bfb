/** Says a message that the build compiled from ICU (by Lingui's compiler): text, values, plurals,
 * selects. */

export type Values = Record<string, string | number>
type Token = string | [name: string, type?: string, forms?: Record<string, Compiled>]
export type Compiled = readonly Token[]

export function say(message: Compiled, values: Values, locale: string): string {
  return message.map((token) => sayToken(token, values, locale, undefined)).join('')
}

/** `count` is the number that `#` stands for inside a plural. */
function sayToken(token: Token, values: Values, locale: string, count: number | undefined): string {
  if (typeof token === 'string') {
    return token === '#' && count !== undefined ? count.toLocaleString(locale) : token
  }
  const [name, type, forms] = token
  const value = values[name] ?? ''
  if (!forms) return typeof value === 'number' ? value.toLocaleString(locale) : value
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
