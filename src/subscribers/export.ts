/** The files of a data export: what each holds, how a row becomes JSON, CSV and HTML, and the schema beside it. */
import { csvRow } from '../values/csv.ts'
import { directionOf, type Locale } from '../values/locale.ts'
import { filled, writingOf } from '../values/writing.ts'
import { style } from './export-style.ts'
import { catalogs, type Words } from './words/catalogs.ts'

export type ColumnKind = 'text' | 'moment' | 'whole' | 'amount'
export type Column = { readonly name: ColumnName; readonly kind: ColumnKind }
export type Cell = string | null
/** Cells in the order of the columns. */
export type Row = readonly Cell[]

type ColumnName = keyof Words extends infer Key
  ? Key extends `column.${infer Name}`
    ? Name
    : never
  : never
export type DatasetName = keyof Words extends infer Key
  ? Key extends `dataset.${infer Name}`
    ? Name
    : never
  : never

const columnsByKind =
  (kind: ColumnKind) =>
  (name: ColumnName): Column => ({ name, kind })
const text = columnsByKind('text')
const moment = columnsByKind('moment')
const whole = columnsByKind('whole')
const amount = columnsByKind('amount')

/** Every part of an export, in the order in which it is shown. */
export const datasets: Readonly<Record<DatasetName, readonly Column[]>> = {
  profile: [
    text('subscriberId'),
    text('name'),
    text('country'),
    text('region'),
    text('segment'),
    text('locale'),
    text('state'),
    moment('createdAt'),
    moment('closedAt'),
    moment('exportedAt'),
  ],
  contacts: [
    text('contactId'),
    text('kind'),
    text('value'),
    moment('addedAt'),
    moment('verifiedAt'),
    moment('removedAt'),
  ],
  representatives: [text('kind'), text('name'), moment('addedAt'), moment('endedAt')],
  devices: [
    text('deviceId'),
    text('name'),
    text('userAgent'),
    text('ipAddress'),
    moment('signedInAt'),
    moment('lastSeenAt'),
  ],
  passkeys: [
    text('passkeyId'),
    text('name'),
    text('backedUp'),
    moment('addedAt'),
    moment('lastUsedAt'),
  ],
  cards: [
    text('methodId'),
    text('card'),
    text('expires'),
    text('state'),
    text('renews'),
    moment('savedAt'),
    moment('removedAt'),
  ],
  choices: [text('topic'), text('channel'), text('wanted'), moment('chosenAt')],
  consents: [
    text('kind'),
    text('lineId'),
    text('caseId'),
    text('author'),
    text('detail'),
    moment('at'),
  ],
  lines: [
    text('lineId'),
    text('nickname'),
    text('state'),
    text('msisdn'),
    text('planId'),
    whole('planVersion'),
    text('imsi'),
    text('iccid'),
    text('eid'),
    moment('orderedAt'),
    moment('activatedAt'),
    moment('periodStart'),
    moment('periodEnd'),
    moment('closedAt'),
    text('closeCause'),
  ],
  ports: [
    text('kind'),
    text('lineId'),
    text('msisdn'),
    text('recipient'),
    text('state'),
    text('reason'),
    moment('requestedAt'),
    moment('endedAt'),
  ],
  plans: [
    text('lineId'),
    whole('term'),
    text('cause'),
    text('planId'),
    whole('planVersion'),
    text('steps'),
    moment('periodStart'),
    moment('periodEnd'),
    amount('amount'),
    text('currency'),
    whole('dataBytes'),
    whole('voiceSeconds'),
    whole('smsMessages'),
    moment('at'),
  ],
  addons: [
    text('lineId'),
    text('kind'),
    whole('quantity'),
    amount('amount'),
    text('currency'),
    moment('startedAt'),
    moment('endedAt'),
  ],
  usage: [
    text('usageId'),
    text('lineId'),
    text('kind'),
    whole('quantity'),
    moment('startedAt'),
    moment('endedAt'),
    text('country'),
    whole('fromBucket'),
    amount('amount'),
    text('currency'),
    text('outcome'),
  ],
  statement: [
    text('transferId'),
    moment('at'),
    text('kind'),
    text('account'),
    text('lineId'),
    amount('amount'),
    text('currency'),
    text('detail'),
  ],
  orders: [
    text('orderId'),
    text('kind'),
    text('state'),
    text('lineId'),
    text('planId'),
    amount('amount'),
    amount('refunded'),
    text('currency'),
    text('card'),
    text('failure'),
    moment('createdAt'),
    moment('paidAt'),
  ],
  refunds: [
    text('refundId'),
    text('orderId'),
    text('state'),
    amount('amount'),
    text('currency'),
    text('failure'),
    moment('requestedAt'),
    moment('endedAt'),
  ],
  unclaimed: [
    text('reference'),
    text('why'),
    text('state'),
    amount('amount'),
    amount('takenBack'),
    text('currency'),
    text('goesTo'),
    moment('dueAt'),
    moment('startedAt'),
    moment('endedAt'),
  ],
  disputes: [
    text('orderId'),
    text('lineId'),
    text('state'),
    amount('amount'),
    text('currency'),
    moment('startedAt'),
    moment('endedAt'),
  ],
  tickets: [
    text('ticketId'),
    text('messageId'),
    text('subject'),
    text('state'),
    text('author'),
    text('body'),
    moment('at'),
  ],
  attachments: [
    text('attachmentId'),
    text('ticketId'),
    text('messageId'),
    text('file'),
    text('name'),
    text('kind'),
    whole('bytes'),
    moment('at'),
  ],
  closures: [
    text('caseId'),
    text('reference'),
    text('scope'),
    text('lineId'),
    text('state'),
    text('reason'),
    text('reasonText'),
    moment('createdAt'),
    moment('submittedAt'),
    moment('serviceEndedAt'),
    moment('closedAt'),
  ],
  questions: [
    text('questionId'),
    text('caseId'),
    text('question'),
    text('answer'),
    moment('askedAt'),
    moment('endedAt'),
  ],
  requests: [
    text('caseId'),
    text('reference'),
    text('scope'),
    text('lineId'),
    text('state'),
    text('reason'),
    moment('requestedAt'),
    moment('endedAt'),
  ],
  notices: [
    text('noticeId'),
    text('channel'),
    text('recipient'),
    text('template'),
    text('locale'),
    text('state'),
    moment('createdAt'),
    moment('sentAt'),
  ],
}

export const datasetNames = Object.keys(datasets) as DatasetName[]
const endings: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'application/pdf': 'pdf',
}

/** Where a file that was sent with a message stands in the export. */
export function filePath({ attachmentId, type }: { attachmentId: string; type: string }): string {
  return `files/${attachmentId}.${endings[type] ?? 'bin'}`
}

/** Rows shown on the page itself. */
export const shownRowsMax = 200

/** One object of the JSON file; whole numbers stay strings, since bytes may pass what a program's number holds. */
export function jsonRow(columns: readonly Column[], row: Row): string {
  return JSON.stringify(Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])))
}

export function csvHead(columns: readonly Column[]): string {
  return csvRow(columns.map(({ name }) => name))
}

/** JSON Schema (2020-12) of the JSON file. */
export function schemaOf(name: DatasetName, locale: Locale): string {
  const columns = datasets[name]
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:violet:export:1:${name}`,
    title: say(locale, `dataset.${name}`),
    description: say(locale, `about.${name}`),
    type: 'array',
    items: {
      type: 'object',
      properties: Object.fromEntries(
        columns.map((column) => [
          column.name,
          { ...shapes[column.kind], title: say(locale, `column.${column.name}`) },
        ]),
      ),
      required: columns.map((column) => column.name),
      additionalProperties: false,
    },
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

const shapes: Record<ColumnKind, object> = {
  text: { type: ['string', 'null'] },
  moment: { type: ['string', 'null'], format: 'date-time' },
  whole: { type: ['string', 'null'], pattern: '^-?[0-9]+$' },
  amount: { type: ['string', 'null'], pattern: '^-?[0-9]+(\\.[0-9]+)?$' },
}

export function pageHead(locale: Locale, operator: string, at: string): string {
  const title = say(locale, 'export.title', { operator })
  return `<!doctype html>
<html lang="${locale}" dir="${directionOf(locale)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>${safe(title)}</title><style>${style}</style></head>
<body><main><h1>${safe(title)}</h1>
<p>${safe(say(locale, 'export.intro', { operator, at: shownMoment(at, locale) }))}</p>
<nav>${datasetNames.map((name) => `<a href="#${name}">${safe(say(locale, `dataset.${name}`))}</a>`).join(' ')}</nav>
`
}

export function sectionHead(name: DatasetName, locale: Locale): string {
  const files = ['csv', 'json', 'schema.json'].map(
    (kind) => `<a href="data/${name}.${kind}">${name}.${kind}</a>`,
  )
  const heads = datasets[name].map(
    (column) => `<th>${safe(say(locale, `column.${column.name}`))}</th>`,
  )
  return `<section id="${name}"><h2>${safe(say(locale, `dataset.${name}`))}</h2><p>${safe(say(locale, `about.${name}`))}</p>
<p class="files">${safe(say(locale, 'export.files') + writingOf(locale).label)}${files.join(' · ')}</p>
<div class="wide" tabindex="0" role="region" aria-label="${safe(say(locale, `dataset.${name}`))}"><table><thead><tr>${heads.join('')}</tr></thead><tbody>
`
}

export function sectionRow(name: DatasetName, row: Row, locale: Locale): string {
  const cells = datasets[name].map(({ kind }, at) => {
    const cell = row[at] ?? ''
    const shown = kind === 'moment' && cell !== '' ? shownMoment(cell, locale) : cell
    return kind === 'text' || kind === 'moment'
      ? `<td>${safe(shown)}</td>`
      : `<td class="n">${safe(shown)}</td>`
  })
  return `<tr>${cells.join('')}</tr>\n`
}

export function sectionFoot(locale: Locale, shown: number, hasMore: boolean): string {
  const none = shown === 0 ? `<p>${safe(say(locale, 'export.none'))}</p>` : ''
  const more = hasMore
    ? `<p>${safe(say(locale, 'export.first', { count: String(shown) }))}</p>`
    : ''
  return `</tbody></table></div>${none}${more}</section>\n`
}

export const pageFoot = '</main></body></html>\n'

export function manifestOf(
  files: readonly { path: string; sha256: string; bytes: number; rows?: number }[],
  about: { subscriberId: string; createdAt: string; operator: string },
): string {
  return `${JSON.stringify({ format: 'urn:violet:export:1', ...about, files }, null, 2)}\n`
}

/** In UTC, so that the page says the same wherever it is opened. */
function shownMoment(instant: string, locale: Locale): string {
  const parts = new Intl.DateTimeFormat(writingOf(locale).tag, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: 'UTC',
  })
  return `${parts.format(Temporal.Instant.from(instant).epochMilliseconds)} UTC`
}

function say(locale: Locale, key: keyof Words, facts: Record<string, string> = {}): string {
  return filled(catalogs[locale][key], facts, locale)
}

function safe(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
