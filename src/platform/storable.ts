/** What PostgreSQL can't hold: found in what was sent, or told by the database itself. */

/** Where in it a text or a name has a NUL or half a character; undefined: nowhere. */
export function oddText(value: unknown): string | undefined {
  const left: { path: string; value: unknown }[] = [{ path: '', value }]
  for (let next = left.pop(); next; next = left.pop()) {
    const { path, value: seen } = next
    if (typeof seen === 'string' && isOdd(seen)) return path
    if (typeof seen !== 'object' || seen === null || ArrayBuffer.isView(seen)) continue
    for (const [name, inner] of Object.entries(seen)) {
      if (isOdd(name)) return path
      left.push({ path: path === '' ? name : `${path}.${name}`, value: inner })
    }
  }
  return undefined
}

const isOdd = (text: string): boolean => text.includes('\0') || !text.isWellFormed()

/** PostgreSQL's words for a value that is none of its type (Appendix A, class 22): numbers, moments, texts, JSON. */
const dataErrors = new Set(['22003', '22007', '22008', '22009', '22021', '22P02', '22P03', '22P05'])

export function isDataError({ code }: { code?: unknown }): boolean {
  return typeof code === 'string' && dataErrors.has(code)
}
