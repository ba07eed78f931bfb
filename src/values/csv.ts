/** CSV as RFC 4180 says: commas, CRLF, quotes only where they are needed. */

/** Null is written as nothing at all. */
export function csvRow(cells: readonly (string | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: string | null): string {
  if (cell === null) return ''
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** RFC 4180, one record a line: quotes may hold the delimiter and doubled quotes. Undefined: a quote is left open. */
export function splitLine(line: string, delimiter: string): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter)
  const cells: string[] = []
  let at = 0
  while (at <= line.length) {
    if (line[at] !== '"') {
      const next = line.indexOf(delimiter, at)
      const end = next < 0 ? line.length : next
      cells.push(line.slice(at, end))
      at = end + 1
      continue
    }
    let text = ''
    let end = at + 1
    for (;;) {
      const quote = line.indexOf('"', end)
      if (quote < 0) return undefined
      text += line.slice(end, quote)
      if (line[quote + 1] !== '"') {
        at = quote + 1
        break
      }
      text += '"'
      end = quote + 2
    }
    if (at < line.length && line[at] !== delimiter) return undefined
    cells.push(text)
    at += 1
  }
  return cells
}
