/** Files of rows that are taken in whole or not at all: read before anything is opened, their bad rows written beside them. */
import {
  accessSync,
  constants,
  createWriteStream,
  openSync,
  readFileSync,
  writeFileSync,
  type WriteStream,
} from 'node:fs'
import { dirname } from 'node:path'
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
    throw cannotWrite(path, error)
  }
}

function cannotWrite(path: string, error: unknown): CannotStart {
  return new CannotStart(`${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`)
}

/** @throws CannotStart at once, where a stream would fail in the middle of the work. */
export function writingTo(path: string): WriteStream {
  try {
    return createWriteStream(path, { fd: openSync(path, 'w') })
  } catch (error) {
    throw cannotWrite(path, error)
  }
}

/** For what is written only if there is something to write. @throws CannotStart */
export function checkPlace(path: string): void {
  try {
    accessSync(`${dirname(path)}/.`, constants.W_OK)
  } catch (error) {
    throw cannotWrite(path, error)
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
