/** The value of a rule in words: durations, yes or no, lists, amounts by currency, retention by
 * category. */
import { useConsoleWords } from '../../console/words.tsx'
import { useFormat } from '../../portal/use-format.ts'

type Units = Partial<Record<'years' | 'months' | 'days' | 'hours' | 'minutes', number>>

/** ISO 8601, the whole units policies use. */
export function parseDuration(text: string): Units | undefined {
  const found = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:0S)?)?$/.exec(text)
  if (!found || text === 'P') return undefined
  const [, years, months, days, hours, minutes] = found
  const given = Object.entries({ years, months, days, hours, minutes }).filter(
    ([, unit]) => unit !== undefined,
  )
  return Object.fromEntries(given.map(([name, unit]) => [name, Number(unit)]))
}

export function useValueText() {
  const { t, code } = useConsoleWords()
  const format = useFormat()
  const duration = (units: Units): string => {
    const parts = Object.entries(units).filter(([, count]) => count > 0)
    if (parts.length === 0) return t('duration.none')
    return parts.map(([unit, count]) => code('duration', unit, { count })).join(' ')
  }
  const plain = (name: string, value: unknown): string => {
    if (value === null) return t('value.nothing-found')
    if (typeof value === 'boolean') return t(value ? 'value.yes' : 'value.no')
    if (typeof value !== 'string') return String(value)
    const units = parseDuration(value)
    return units ? duration(units) : code(`value-${name}`, value)
  }
  const entry = (name: string, key: string, value: unknown): string => {
    if (/^[A-Z]{3}$/.test(key)) return format.money({ amount: amountOf(value, key), currency: key })
    if (isKeep(value)) return `${code('kept', key)}: ${plain(name, value.for)} (${value.basis})`
    if (typeof value === 'object' && value !== null) {
      const labels = Object.entries(value).map(([locale, text]) => `${locale} “${String(text)}”`)
      return `${key}: ${labels.length > 0 ? format.list(labels) : t('value.none-prescribed')}`
    }
    return `${code(`key-${name}`, key)}: ${plain(name, value)}`
  }
  const kindOf = (name: string, { kind, amount = {}, ...facts }: Record<string, unknown>) => [
    code(`value-${name}`, String(kind), facts as Record<string, number>),
    ...Object.entries(amount as object).map(([key, each]) => entry(name, key, each)),
  ]
  return (name: string, value: unknown): string[] => {
    if (Array.isArray(value)) return [format.list(value.map((each) => plain(name, each)))]
    if (typeof value !== 'object' || value === null) return [plain(name, value)]
    if ('kind' in value) return kindOf(name, value as Record<string, unknown>)
    if (Object.keys(value).length === 0) return [t('value.nothing')]
    return Object.entries(value).map(([key, each]) => entry(name, key, each))
  }
}

/** Amounts are minor units where they are numbers, decimal where they are text. */
function amountOf(value: unknown, currency: string): string {
  if (typeof value !== 'number') return String(value)
  const style = { style: 'currency', currency } as const
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat('en', style).resolvedOptions()
  return (value / 10 ** digits).toFixed(digits)
}

function isKeep(value: unknown): value is { for: string; basis: string } {
  return typeof value === 'object' && value !== null && 'for' in value && 'basis' in value
}
