/** HTML by tagged template: what is put in is escaped unless it is HTML already. */
export type Html = { readonly html: string }
type Part = Html | string | number | false | null | undefined | readonly Part[]

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const shown = (part: Part): string => {
  if (part === false || part === null || part === undefined) return ''
  if (typeof part === 'string') return part.replaceAll(/[&<>"']/g, (mark) => escapes[mark] ?? '')
  if (typeof part === 'number') return String(part)
  return 'html' in part ? part.html : part.map(shown).join('')
}

export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: texts.map((text, index) => text + shown(parts[index])).join(''),
})
