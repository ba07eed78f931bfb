/** What a plan binds its owner to, in words: its minimum term, and the notice it asks for. */
import type { Locale } from '../../values/locale.ts'
import { writingOf } from '../../values/writing.ts'
import type { Plan } from '../../portal/wire.ts'
import type { Translate } from '../../portal/words.tsx'

/** Undefined where the plan ends on any day. */
export function termText({ term }: Plan, t: Translate, locale: Locale): string | undefined {
  if (!term) return undefined
  const { months, notice } = term
  return [
    months > 0 && t('plan.binds', { count: months }),
    notice && t('plan.notice', { length: lengthText(notice.value, locale), days: notice.days }),
  ]
    .filter(Boolean)
    .join(writingOf(locale).sentence)
}

const dateUnits = { Y: 'year', M: 'month', W: 'week', D: 'day' } as const
const timeUnits = { H: 'hour', M: 'minute', S: 'second' } as const

/** Room between figure and word, where a language's catalog has it otherwise than browsers do. */
const room: Partial<Record<Locale, string>> = { 'zh-CN': ' ', ja: '' }

/** "1 month", "2 weeks 3 days" for an ISO 8601 length of whole units. */
export function lengthText(length: string, locale: Locale): string {
  const [date = '', time = ''] = length.slice(1).split('T')
  const units = [...unitsIn(date, dateUnits, locale), ...unitsIn(time, timeUnits, locale)]
  return units.map((unit) => unit.replace(/(?<=\d)\s*(?=\D)/, room[locale] ?? '$&')).join(' ')
}

function unitsIn(part: string, units: Readonly<Record<string, string>>, locale: Locale): string[] {
  const { tag } = writingOf(locale)
  return [...part.matchAll(/(\d+)([A-Z])/g)].flatMap(([, count = '', letter = '']) => {
    const style = { style: 'unit', unit: units[letter], unitDisplay: 'long' } as const
    return Number(count) > 0 ? [new Intl.NumberFormat(tag, style).format(Number(count))] : []
  })
}
