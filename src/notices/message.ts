/** A notice put into words: what every channel shows, before it becomes HTML, text or an SMS. */
import { z } from 'zod'
import type { Locale } from '../values/locale.ts'
import { formatAmount } from '../values/writing.ts'
import { formatBytes, formatDay, formatMoment, formatMoney } from './format.ts'
import type { TemplateName } from './notice.ts'
import { paramKind, type Template, templates } from './template.ts'
import { openWords, type Say, type WordKey } from './words.ts'

export type Sender = { readonly name: string; readonly address: string; readonly zone: string }

export type Row = { readonly label: string; readonly value: string; readonly strong?: boolean }
export type Table = {
  readonly title: string
  readonly unit?: string
  readonly rows: readonly Row[]
  /** The sum of the rows; under the last table of an agreeing pair it gets the double rule. */
  readonly total?: Row
  readonly agrees?: boolean
}
export type Message = {
  readonly locale: Locale
  readonly sender: string
  readonly subject: string
  readonly lead: string
  readonly code?: string
  readonly paragraphs: readonly string[]
  readonly facts: readonly Row[]
  readonly tables: readonly Table[]
  readonly actions: readonly { label: string; url: string }[]
  readonly footer: readonly string[]
  readonly sms: string
}

type Params = Readonly<Record<string, string>>

/** `code` is the opened one-time code of a template that carries one. */
export function messageOf(
  name: TemplateName,
  locale: Locale,
  params: Params,
  sender: Sender,
  code?: string,
): Message {
  const say = openWords(locale)
  const template: Template = templates[name]
  const told = written(say, locale, params, sender, code)
  const word = (part: string) => say.maybe(`${name}.${part}`, told)
  const facts = template.facts
    .filter((fact) => params[fact])
    .map((fact) => ({ label: say(`fact.${fact}` as WordKey), value: told[fact] ?? '' }))
  const actions = (template.actions ?? []).flatMap(({ label, url }) =>
    params[url] ? [{ label: say(label, told), url: params[url] }] : [],
  )
  const footer = [say('footer.why', told)]
  if (template.warns) footer.unshift(say('footer.not-you', told))
  return {
    locale,
    sender: sender.name,
    subject: word('subject') ?? name,
    lead: word('lead') ?? name,
    ...(template.hasCode && code !== undefined && { code }),
    paragraphs: paragraphsOf(name, template, say, params, told),
    facts,
    tables: tablesOf(template, locale, say, params, sender.zone),
    actions,
    footer,
    // An old phone shows the marks that keep a value's order as boxes.
    sms: shortText(name, word, params).replaceAll(/[\u2066\u2068\u2069]/g, ''),
  }
}

/** Whoever has no e-mail reads what must not be missed here. */
function shortText(
  name: TemplateName,
  word: (part: string) => string | undefined,
  params: Params,
): string {
  const text = word('sms') ?? word('lead') ?? name
  const take = params['takeUrl'] ? word('sms-take') : undefined
  return take ? `${text} ${take}` : text
}

function paragraphsOf(
  name: TemplateName,
  template: Template,
  say: Say,
  params: Params,
  told: Params,
) {
  const variants = (template.variants ?? []).map(({ key, by }) =>
    say.maybe(`${key}.${params[by]}`, told),
  )
  const note = params['note'] ? say.maybe(`${name}.note`, told) : undefined
  const valid = template.hasCode ? say('code.valid', told) : undefined
  const verify = params['keysUrl'] ? say.maybe(`${name}.verify`, told) : undefined
  const all = [say.maybe(`${name}.body`, told), ...variants, note, valid, verify]
  return all.filter((paragraph) => paragraph !== undefined)
}

/** Every parameter as it is written in the language, with the names that are put together from several. */
function written(say: Say, locale: Locale, params: Params, sender: Sender, code?: string): Params {
  const values = Object.entries(params).map(([key, value]) => {
    const kind = value === '' ? 'text' : paramKind(key)
    if (kind === 'moment') return [key, formatMoment(value, locale, sender.zone)]
    return [key, kind === 'money' ? formatMoney(value, locale) : value]
  })
  const told: Record<string, string> = { ...Object.fromEntries(values), sender: sender.name }
  const what = params['lineName'] ? say('what.line', told) : say('what.account')
  const { kind, remaining } = params
  return {
    ...told,
    what,
    whatCapital: what.charAt(0).toUpperCase() + what.slice(1),
    ...(code !== undefined && { code }),
    ...(kind && { kindName: say.maybe(`usage-low.kind.${kind}`) ?? kind }),
    ...(kind && remaining && { remaining: quantity(say, locale, kind, remaining) }),
  }
}

function quantity(say: Say, locale: Locale, kind: string, remaining: string): string {
  const count = Number(remaining)
  if (kind === 'data') return formatBytes(count, locale)
  if (kind === 'voice') return say('usage-low.minutes', { count: String(Math.floor(count / 60)) })
  return say('usage-low.messages', { count: remaining })
}

const amountShape = z.object({ amount: z.string(), currency: z.string() })
const entryShape = z.object({
  kind: z.string(),
  detail: z.record(z.string(), z.string()).default({}),
  amount: amountShape,
})
const statementShape = z.array(
  z.object({
    currency: z.string(),
    sources: z.array(entryShape),
    destinations: z.array(entryShape),
    sourcesTotal: amountShape,
    destinationsTotal: amountShape.nullable(),
  }),
)
const keptShape = z.array(
  z.object({
    category: z.string(),
    until: z.string().nullable(),
    erasedAt: z.string().nullable().optional(),
  }),
)

function tablesOf(
  template: Template,
  locale: Locale,
  say: Say,
  params: Params,
  zone: string,
): Table[] {
  if (template.tables === 'erased') {
    const categories = z.array(z.string()).parse(JSON.parse(params['categories'] ?? '[]'))
    const rows = categories.map((category) => ({ label: nameOf(say, category), value: '' }))
    return [{ title: '', rows }]
  }
  if (template.tables !== 'statement') return []
  const statement = statementShape.parse(JSON.parse(params['statement'] || '[]'))
  const kept = keptShape.parse(JSON.parse(params['kept'] || '[]'))
  const money = statement.flatMap((currency) => moneyTables(locale, say, currency))
  const title = say('closure-closed.statement')
  const none = { title, rows: [{ label: say('closure-closed.statement.none'), value: '' }] }
  return [...(money.length > 0 ? money : [none]), keptTable(locale, say, kept, zone)]
}

/** What left, or what it became, with the rate. */
function exchanged(locale: Locale, detail: Readonly<Record<string, string>>): string | undefined {
  const { from, was, into, becomes, rate = '' } = detail
  const amount = into && becomes ? `${becomes} ${into}` : from && was ? `${was} ${from}` : null
  return amount ? `${formatMoney(amount, locale)} (${rate})` : undefined
}

function moneyTables(
  locale: Locale,
  say: Say,
  part: z.output<typeof statementShape>[number],
): Table[] {
  const { currency, sources, destinations, sourcesTotal, destinationsTotal } = part
  const rows = (entries: typeof sources) =>
    entries.map(({ kind, detail, amount }) => ({
      label: [
        say.maybe(`entry.${kind}`) ?? kind,
        detail['card'] ?? detail['toLineName'] ?? exchanged(locale, detail),
      ]
        .filter(Boolean)
        .join(' · '),
      value: formatAmount(amount.amount, locale),
    }))
  const total = (amount: string) => ({
    label: say('statement.total'),
    value: formatAmount(amount, locale),
    strong: true,
  })
  const from: Table = {
    title: `${say('closure-closed.statement')} · ${say('statement.from')}`,
    unit: currency,
    rows: rows(sources),
    total: total(sourcesTotal.amount),
  }
  if (!destinationsTotal) return [from]
  const agrees = destinationsTotal.amount === sourcesTotal.amount
  const title = say('statement.to')
  return [
    from,
    {
      title,
      unit: currency,
      rows: rows(destinations),
      total: total(destinationsTotal.amount),
      agrees,
    },
  ]
}

function keptTable(
  locale: Locale,
  say: Say,
  kept: z.output<typeof keptShape>,
  zone: string,
): Table {
  const rows = kept.map(({ category, until, erasedAt }) => {
    const label = nameOf(say, category)
    if (erasedAt) {
      return {
        label,
        value: say('closure-closed.erased', { until: formatDay(erasedAt, locale, zone) }),
      }
    }
    if (!until) return { label, value: say('closure-closed.kept.open') }
    return {
      label,
      value: say('closure-closed.kept.until', { until: formatDay(until, locale, zone) }),
    }
  })
  const none = [{ label: say('closure-closed.kept.none'), value: '' }]
  return { title: say('closure-closed.kept'), rows: rows.length > 0 ? rows : none }
}

function nameOf(say: Say, category: string): string {
  return say.maybe(`category.${category}`) ?? category
}
