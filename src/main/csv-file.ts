/** Files of rows that are taken in whole or not at all: read before anything is opened, their bad rows written beside them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { CannotStart } from '../platform/process.ts'
import { csvRow } from '../values/csv.ts'

export type BadLine = { line: number; reason: string; text: string }

const shownMax = 10

/** @throws CannotStart for what can't be read or isn't UTF-8. */
export function textOf(path: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
    return text.replace(/^\uFEFF/, '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : code
    throw new CannotStart(`${path} cannot be read (${why}).`)
  }
}

export function writeRejects(path: string, bad: readonly BadLine[]): void {
  const rows = bad.map(({ line, reason, text }) => csvRow([String(line), reason, text]))
  try {
    writeFileSync(path, csvRow(['line', 'reason', 'row']) + rows.join(''))
  } catch (error) {
    throw new CannotStart(`${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`)
  }
}

/** The first of them, how many more, and where all are. */
export function badReport(bad: readonly BadLine[], rejectsFile: string | null): string {
  const figure = new Intl.NumberFormat('en')
  const shown = bad
    .slice(0, shownMax)
    .map(({ line, reason, text }) => `line ${line}: ${reason}: ${text}`)
  const more = bad.length - shown.length
  const rest = more > 0 ? [`… and ${figure.format(more)} more`] : []
  const end = `Nothing was taken in. Bad rows: ${figure.format(bad.length)}, all in ${rejectsFile}.`
  return [...shown, ...rest, end, ''].join('\n')
}
