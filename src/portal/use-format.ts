/** The formatters bound to the language, the operator's zone and the device's zone. */
import { useQuery } from '@tanstack/react-query'
import { inLanguage } from '../values/locale.ts'
import * as writing from '../values/writing.ts'
import * as format from './format.ts'
import { operatorQuery } from './queries.ts'
import { useWords } from './words.tsx'

type Style = Omit<writing.MomentStyle, 'zone'>

export function useFormat() {
  const { locale } = useWords()
  const operator = useQuery(operatorQuery)
  const device = Intl.DateTimeFormat().resolvedOptions().timeZone
  const zone = operator.data?.timeZone ?? device
  const seen = (at: string, style: writing.MomentStyle) =>
    format.formatSeen(Date.parse(at), Date.now(), style, locale)
  const moment = (instant: string, style: Style = {}) => seen(instant, { zone, ...style })
  return {
    zone,
    moment,
    day: (instant: string, style: Style = {}) => moment(instant, { ...style, precision: 'day' }),
    /** A day of the calendar, whatever its zone. */
    date: (day: string, style: Style = {}) =>
      seen(day, { ...style, precision: 'day', zone: 'UTC' }),
    /** Day, date, time, place. */
    full: (instant: string) => moment(instant, { weekday: true, year: true, place: true }),
    /** The same instant on this device's clock, where that differs. */
    here: (instant: string) =>
      format.zonesDiffer(instant, zone, device)
        ? seen(instant, { zone: device, place: true })
        : undefined,
    money: (money: format.Money) => writing.formatMoney(money, locale),
    /** "+£3.50", "−£3.50". */
    change: (money: format.Money) => writing.formatChange(money, locale),
    amount: (money: format.Money) => writing.formatAmount(money.amount, locale),
    data: (bytes: string | number) => format.formatData(Number(bytes), locale),
    dataParts: (bytes: string | number) => format.dataParts(Number(bytes), locale),
    number: (value: number, digitsMax?: number) => writing.formatNumber(value, locale, digitsMax),
    country: (code: string) => writing.formatCountry(code, locale),
    list: (names: readonly string[]) => names.join(writing.writingOf(locale).list),
    words: (texts: Record<string, string>) => writing.inSentence(inLanguage(texts, locale), locale),
  }
}
