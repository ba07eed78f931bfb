/** Rows as PostgreSQL's COPY writes them, turned into the export's JSON and CSV byte by byte: text costs ten times that. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { csvRow } from '../values/csv.ts'
import { minorDigits } from '../values/money.ts'
import type { Column } from './export.ts'

const tab = 0x09
const newline = 0x0a
const carriageReturn = 0x0d
const quote = 0x22
const plus = 0x2b
const comma = 0x2c
const minus = 0x2d
const point = 0x2e
const zeroDigit = 0x30
const backslash = 0x5c
const closingBrace = 0x7d
const [upperN, upperT, upperZ, lowerV] = [...Buffer.from('NTZv')] as [
  number,
  number,
  number,
  number,
]
const space = 0x20
// A moment of COPY in UTC: `2026-11-25 23:15:11.52+00`.
const zoneBytes = 3
const timeAt = 10

/** COPY's text format (PostgreSQL, COPY, "File Formats"): whole rows, each ended by a newline. */
export type CopyRows = Buffer

// What is more than copied: cell ends, COPY's escapes, quotation marks and control characters; a comma in CSV.
const inJson = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte < space || byte === quote || byte === backslash),
)
const inCsv = Uint8Array.from(inJson, (special, byte) => (byte === comma ? 1 : special))

const isMoment = 1
const isAmount = 2
function kindsOf(columns: readonly Column[]): Uint8Array {
  return Uint8Array.from(columns, ({ kind }, at) => {
    if (kind === 'amount')
      assert(columns[at + 1]?.name === 'currency', 'an amount is followed by its currency')
    return kind === 'moment' ? isMoment : kind === 'amount' ? isAmount : 0
  })
}

/** Each row as an object, followed by a comma and a newline; the same bytes `jsonRow` makes. */
export function jsonBytes(columns: readonly Column[], rows: CopyRows): Buffer {
  const keys = columns.map(({ name }, at) => Buffer.from(`${at === 0 ? '{' : ','}"${name}":`))
  const kinds = kindsOf(columns)
  const keyBytes = keys.reduce((sum, key) => sum + key.length + 2, 3)
  // A control character takes six bytes, a null four for two.
  const out = scratch(rows.length * 6 + countRows(rows) * keyBytes)
  let at = 0
  let to = 0
  while (at < rows.length) {
    for (let column = 0; column < keys.length; column += 1) {
      const key = keys[column]!
      for (let n = 0; n < key.length; n += 1) out[to++] = key[n]!
      if (rows[at] === backslash && isNull(rows, at)) {
        to += out.write('null', to, 'latin1')
        at += 2
      } else {
        out[to++] = quote
        const start = to
        for (;;) {
          let byte = rows[at]!
          while (inJson[byte] === 0) {
            out[to++] = byte
            byte = rows[++at]!
          }
          if (byte === tab || byte === newline) break
          to = jsonSpecial(out, to, byte, rows[at + 1]!)
          at += byte === backslash ? 2 : 1
        }
        if (kinds[column] === isMoment) to = asMoment(out, start, to)
        else if (kinds[column] === isAmount) to = asAmount(out, start, to, digitsAt(rows, at + 1))
        out[to++] = quote
      }
      endCell(rows, at, column === columns.length - 1)
      at += 1
    }
    out[to++] = closingBrace
    out[to++] = comma
    out[to++] = newline
  }
  return Buffer.from(out.subarray(0, to))
}

function jsonSpecial(out: Buffer, to: number, byte: number, next: number): number {
  if (byte === quote) return to + out.write('\\"', to, 'latin1')
  if (byte !== backslash) return to + out.write(controlOf(byte), to, 'latin1')
  // JSON knows COPY's short escapes, but for the vertical tab.
  if (next === lowerV) return to + out.write('\\u000b', to, 'latin1')
  out[to] = backslash
  out[to + 1] = next
  return to + 2
}

/** Each row as RFC 4180 wants it; the same bytes `csvRow` makes. */
export function csvBytes(columns: readonly Column[], rows: CopyRows): Buffer {
  const kinds = kindsOf(columns)
  // At worst each byte is a quotation mark, written twice, between two more; an amount of 0 becomes 0.000.
  const out = scratch(rows.length * 2 + countRows(rows) * (columns.length * 5 + 2))
  let at = 0
  let to = 0
  while (at < rows.length) {
    for (let column = 0; column < columns.length; column += 1) {
      if (column > 0) out[to++] = comma
      const from = at
      const start = to
      let byte = rows[at]!
      while (inCsv[byte] === 0) {
        out[to++] = byte
        byte = rows[++at]!
      }
      if (byte !== tab && byte !== newline) {
        while (byte !== tab && byte !== newline) byte = rows[++at]!
        to = writeCell(out, start, rows, from, at)
      } else if (kinds[column] === isMoment) to = asMoment(out, start, to)
      else if (kinds[column] === isAmount) to = asAmount(out, start, to, digitsAt(rows, at + 1))
      endCell(rows, at, column === columns.length - 1)
      at += 1
    }
    out[to++] = carriageReturn
    out[to++] = newline
  }
  return Buffer.from(out.subarray(0, to))
}

// Written over by the next call: fresh memory for the worst case would cost more than the copy of what was needed.
let kept = Buffer.alloc(0)
function scratch(bytes: number): Buffer {
  if (kept.length < bytes) kept = Buffer.alloc(bytes)
  return kept
}

function endCell(rows: CopyRows, at: number, isLast: boolean) {
  if (rows[at] !== (isLast ? newline : tab))
    throw new Error('a row has as many cells as there are columns')
}

function countRows(rows: CopyRows): number {
  assert(rows.length === 0 || rows.at(-1) === newline, 'only whole rows are turned')
  let count = 0
  for (let at = rows.indexOf(newline); at >= 0; at = rows.indexOf(newline, at + 1)) count += 1
  return count
}

function isNull(rows: CopyRows, at: number): boolean {
  if (rows[at + 1] !== upperN) return false
  const after = rows[at + 2]
  return after === tab || after === newline
}

function controlOf(byte: number): string {
  return `\\u${byte.toString(16).padStart(4, '0')}`
}

/** `2026-11-25 23:15:11.52+00` becomes `2026-11-25T23:15:11.52Z`, in place; gives the new end. */
function asMoment(out: Buffer, start: number, end: number): number {
  const zone = end - zoneBytes
  assert(out[start + timeAt] === space && out[zone] === plus, 'moments are copied in UTC')
  out[start + timeAt] = upperT
  out[zone] = upperZ
  return zone + 1
}

const codeKey = (a: number, b: number, c: number) => (a << 16) | (b << 8) | c
const digitsByCode = new Map(
  Object.entries(minorDigits).map(([code, digits]) => {
    const [a, b, c] = [...Buffer.from(code)] as [number, number, number]
    return [codeKey(a, b, c), digits]
  }),
)

/** Digits after the point of the currency that begins here. */
function digitsAt(rows: CopyRows, at: number): number {
  return digitsByCode.get(codeKey(rows[at]!, rows[at + 1]!, rows[at + 2]!)) ?? 2
}

/** Minor units become a decimal as `decimal` writes it, in place; gives the new end. */
function asAmount(out: Buffer, start: number, end: number, digits: number): number {
  if (digits === 0) return end
  const first = out[start] === minus ? start + 1 : start
  const missing = digits + 1 - (end - first)
  let to = end
  if (missing > 0) {
    out.copyWithin(first + missing, first, end)
    out.fill(zeroDigit, first, first + missing)
    to += missing
  }
  for (let n = to; n > to - digits; n -= 1) out[n] = out[n - 1]!
  out[to - digits] = point
  return to + 1
}

/** What a cell of COPY's text format stands for. */
export function copyValue(cell: string): string {
  return cell.replace(/\\(.)/g, (_, name: string) => escapes[name] ?? name)
}

// Rare enough to go through text.
function writeCell(out: Buffer, to: number, rows: CopyRows, from: number, end: number): number {
  if (rows[from] === backslash && isNull(rows, from)) return to
  const text = copyValue(rows.toString('utf8', from, end))
  return to + out.write(csvRow([text]).slice(0, -2), to, 'utf8')
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
