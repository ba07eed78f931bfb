/** A message as an e-mail: plain tables with inline styles that survive every client, light and dark, and a text. */
import { directionOf, type Locale } from '../values/locale.ts'
import { writingOf } from '../values/writing.ts'
import type { Message, Row, Table } from './message.ts'

const ink = '#1b1922'
const ink2 = '#575463'
const rule = '#e3e1e8'
const accent = '#5b3cc4'
const latin = "Inter, -apple-system, 'Segoe UI', Roboto"
const hans = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC'"
const fonts = `${latin}, ${hans}, sans-serif`
// The quotes, dashes and stops that scripts share must come from the font of the language.
const fontsFirst: Partial<Record<Locale, string>> = {
  'zh-CN': hans,
  'zh-TW': "'PingFang TC', 'Microsoft JhengHei', 'Noto Sans TC'",
  ja: "'Hiragino Sans', 'Yu Gothic', 'Noto Sans JP'",
  ar: "'SF Arabic', 'Segoe UI', 'Noto Sans Arabic', Tahoma",
}
const digits = 'font-variant-numeric: tabular-nums;'

/** What inline styles can't say: clients that know dark mode turn the ink around, and keep the one violet readable. */
const darkStyle = `
:root { color-scheme: light dark; supported-color-schemes: light dark }
@media (prefers-color-scheme: dark) {
  .page { background: #16141b !important }
  .ink { color: #efedf4 !important }
  .ink2 { color: #b3afbf !important }
  .rule { border-color: #3a3744 !important }
  .act { background: #a48cf5 !important; color: #16141b !important }
  .link { color: #b9a6fa !important }
}`

export function htmlOf(message: Message): string {
  const { locale, sender, subject, lead, code, paragraphs, facts, tables, actions, footer } =
    message
  const [main, ...others] = actions
  const direction = directionOf(locale)
  const sides = sidesOf(direction)
  const body = [
    `<p class="ink2" style="${text(14, ink2)}margin:0 0 28px;font-weight:600">${safe(sender)}</p>`,
    `<h1 class="ink" style="${text(24, ink, 1.25)}margin:0 0 12px;font-weight:600">${headline(lead, code)}</h1>`,
    ...paragraphs.map(
      (line) => `<p class="ink" style="${text(16, ink)}margin:0 0 12px">${safe(line)}</p>`,
    ),
    facts.length > 0 ? htmlTable({ title: '', rows: facts }, sides) : '',
    ...tables.map((table) => htmlTable(table, sides)),
    main ? button(main) : '',
    ...others.map(
      ({ label, url }) =>
        `<p style="margin:12px 0 0"><a class="link" href="${safe(url)}" style="${text(16, accent)}">${safe(label)}</a></p>`,
    ),
    `<div class="rule" style="border-top:1px solid ${rule};margin:36px 0 0;padding:16px 0 0">`,
    ...footer.map(
      (line) => `<p class="ink2" style="${text(13, ink2)}margin:0 0 8px">${safe(line)}</p>`,
    ),
    '</div>',
  ]
  const page = `<!doctype html>
<html lang="${locale}" dir="${direction}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${safe(subject)}</title><style>${darkStyle}</style></head>
<body class="page" dir="${direction}" style="margin:0;background:#ffffff">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#ffffff"><tr>
<td align="center" style="padding:32px 20px"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px"><tr>
<td align="${sides.start}">
${body.filter((part) => part !== '').join('\n')}
</td></tr></table></td></tr></table></body></html>
`
  const first = fontsFirst[locale]
  return first ? page.replaceAll(fonts, `${first}, ${latin}, sans-serif`) : page
}

export function textOf(message: Message): string {
  const { locale, sender, lead, paragraphs, facts, tables, actions, footer } = message
  const after = writingOf(locale).label
  const blocks = [
    sender,
    lead,
    ...paragraphs,
    facts.map(({ label, value }) => `${label}${after}${value}`).join('\n'),
    ...tables.map(textTable),
    ...actions.map(({ label, url }) => `${label}${after.trimEnd()}\n${url}`),
    `-- \n${footer.join('\n')}`,
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

type Side = 'left' | 'right'
type Sides = { start: Side; end: Side }

/** Mail programs know no logical sides. */
const sidesOf = (direction: 'ltr' | 'rtl'): Sides =>
  direction === 'rtl' ? { start: 'right', end: 'left' } : { start: 'left', end: 'right' }

function htmlTable({ title, unit, rows, total, agrees }: Table, sides: Sides): string {
  const head =
    title || unit
      ? `<tr>${cell(title, 13, ink2, sides.start)}${cell(unit ?? '', 13, ink2, sides.end)}</tr>`
      : ''
  const lines = rows.map((row) => htmlRow(row, `border-top:1px solid ${rule};`, sides))
  const sum = total ? htmlRow(total, totalRule(agrees === true), sides) : ''
  return `<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;margin:20px 0 0">${head}${lines.join('')}${sum}</table>`
}

// The ledger's mark: a single rule above a sum, a double one under a total that agrees.
function totalRule(agrees: boolean): string {
  return `border-top:1px solid ${ink2};${agrees ? `border-bottom:3px double ${ink2};` : ''}`
}

function htmlRow({ label, value, strong }: Row, border: string, sides: Sides): string {
  const weight = strong ? 'font-weight:600;' : ''
  const style = `${border}${weight}padding:10px 0;vertical-align:top;`
  if (value === '') {
    return `<tr><td class="ink rule" colspan="2" style="${text(15, ink)}${style}">${safe(label)}</td></tr>`
  }
  const gap = `padding-${sides.start}:16px;`
  return `<tr><td class="${strong ? 'ink' : 'ink2'} rule" style="${text(15, strong ? ink : ink2)}${style}">${safe(label)}</td>
<td class="ink rule" align="${sides.end}" dir="auto" style="${text(15, ink)}${style}${gap}${digits}">${safe(value)}</td></tr>`
}

function cell(words: string, size: number, color: string, align: Side): string {
  return `<td class="ink2" align="${align}" style="${text(size, color)}padding:0 0 8px">${safe(words)}</td>`
}

function button({ label, url }: { label: string; url: string }): string {
  return `<p style="margin:28px 0 0"><a class="act" href="${safe(url)}" style="${text(16, '#ffffff')}background:${accent};border-radius:12px;display:inline-block;font-weight:600;padding:14px 22px;text-decoration:none">${safe(label)}</a></p>`
}

function headline(lead: string, code: string | undefined): string {
  if (code === undefined || !lead.includes(code)) return safe(lead)
  const shown = `<span style="${digits}letter-spacing:0.08em;white-space:nowrap">${safe(code)}</span>`
  return safe(lead).replace(safe(code), shown)
}

function text(size: number, color: string, leading = 1.5): string {
  return `color:${color};font-family:${fonts};font-size:${size}px;line-height:${leading};`
}

function safe(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function textTable({ title, unit, rows, total, agrees }: Table): string {
  const all = total ? [...rows, total] : rows
  const width = Math.max(0, ...all.map(({ label }) => columns(label)))
  const line = ({ label, value }: Row) =>
    value === '' ? label : `${label}${' '.repeat(width - columns(label) + 2)}${value}`
  const head = unit ? `${title} (${unit})` : title
  const sum = total
    ? ['-'.repeat(width + 10), line(total), ...(agrees ? ['='.repeat(width + 10)] : [])]
    : []
  return [head, ...rows.map(line), ...sum].filter((part) => part !== '').join('\n')
}

/** Chinese characters take two columns of a fixed-width font. */
function columns(words: string): number {
  return [...words].reduce((so, char) => so + (char > '\u2e7f' ? 2 : 1), 0)
}
