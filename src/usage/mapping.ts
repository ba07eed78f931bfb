/** How a file of usage is read: which column is which, in which units and times; one line is one record. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { splitLine } from '../values/csv.ts'
import { lineKind } from '../values/wire.ts'
import { checked, microseconds, type Read, type Reason, type UsageRecord } from './record.ts'

const column = z.string().min(1)
const factor = z.string().regex(/^[1-9]\d{0,9}$/)

/** `docs/usage-import.md` explains each field. */
export const mappingSchema = z.strictObject({
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'latin1', 'gbk']).default('utf-8'),
  delimiter: z.enum([',', ';', '\t', '|']).default(','),
  columns: z
    .strictObject({
      id: column.nullable().default('id'),
      imsi: column.default('imsi'),
      kind: column.default('kind'),
      quantity: column.default('quantity'),
      startedAt: column.default('started_at'),
      endedAt: column.nullable().default('ended_at'),
      durationSeconds: column.optional(),
      mcc: column.optional(),
      mnc: column.optional(),
      network: column.optional().describe('MCC and MNC in one column: 44010, 440-10'),
    })
    .prefault({}),
  kinds: z.record(z.string(), lineKind).default({ data: 'data', voice: 'voice', sms: 'sms' }),
  units: z
    .strictObject({
      data: factor.default('1'),
      voice: factor.default('1'),
      sms: factor.default('1'),
    })
    .prefault({})
    .describe('What one of the file’s units is in bytes, seconds, messages'),
  time: z.enum(['iso', 'epoch-seconds', 'epoch-milliseconds', 'compact-utc']).default('iso'),
})
export type Mapping = z.output<typeof mappingSchema>
export const defaultMapping: Mapping = mappingSchema.parse({})

type Fields = 'id' | 'imsi' | 'kind' | 'quantity' | 'startedAt' | 'endedAt' | 'durationSeconds'
export type Layout = Record<Fields | 'mcc' | 'mnc' | 'network', number> & { cells: number }

/** Where each column stands, or the names the header lacks. */
export function layoutOf(mapping: Mapping, header: string): Layout | { missing: string[] } {
  const names = splitLine(header, mapping.delimiter)?.map((name) => name.trim()) ?? []
  const missing: string[] = []
  const at = (name: string | null | undefined) => {
    if (name == null) return -1
    const index = names.indexOf(name)
    if (index < 0) missing.push(name)
    return index
  }
  const { columns } = mapping
  const whole = columns.network !== undefined
  const layout: Layout = {
    id: at(columns.id),
    imsi: at(columns.imsi),
    kind: at(columns.kind),
    quantity: at(columns.quantity),
    startedAt: at(columns.startedAt),
    endedAt: columns.durationSeconds === undefined ? at(columns.endedAt) : -1,
    durationSeconds: at(columns.durationSeconds),
    network: at(columns.network),
    mcc: whole ? -1 : at(columns.mcc ?? 'mcc'),
    mnc: whole ? -1 : at(columns.mnc ?? 'mnc'),
    cells: names.length,
  }
  return missing.length > 0 ? { missing } : layout
}

/** The SIM of a line as a number to sort by, without reading the rest; −1 where it is not digits. */
export function simOf(line: string, delimiter: string, column: number): number {
  if (line.includes('"')) {
    const cell = splitLine(line, delimiter)?.[column]?.trim() ?? ''
    return /^\d{1,15}$/.test(cell) ? Number(cell) : -1
  }
  let at = 0
  for (let skipped = 0; skipped < column; skipped += 1) {
    at = line.indexOf(delimiter, at) + 1
    if (at === 0) return -1
  }
  let [sim, digits] = [0, 0]
  for (; at < line.length && digits < 16; at += 1) {
    const digit = line.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) break
    sim = sim * 10 + digit
    digits += 1
  }
  return digits === 0 || digits > 15 ? -1 : sim
}

/** A record as the network would have sent it, for a replay. */
export type Shown = Record<
  'id' | 'imsi' | 'kind' | 'quantity' | 'startedAt' | 'endedAt' | 'mcc' | 'mnc',
  string
>

/** Reads one line; a fault is a reason, never an exception. */
export function readLine(line: string, mapping: Mapping, layout: Layout): Read {
  const cells = splitLine(line, mapping.delimiter)
  if (!cells) return turnedAway('invalid', '', '')
  const cell = (index: number) => (index < 0 ? '' : (cells[index] ?? '').trim())
  const imsi = cell(layout.imsi)
  const kind = mapping.kinds[cell(layout.kind)]
  const startedUs = timeOf(cell(layout.startedAt), mapping.time)
  const endedUs = endOf(cell, startedUs, mapping, layout)
  const usageId = layout.id < 0 ? idOf(line, startedUs) : cell(layout.id)
  if (cells.length < layout.cells) return turnedAway('missing-column', usageId, imsi)
  const [mcc, mnc] = networkOf(cell, layout)
  const quantity = cell(layout.quantity)
  const isRead =
    kind !== undefined &&
    usageId.length > 0 &&
    usageId.length <= 100 &&
    /^\d{14,15}$/.test(imsi) &&
    /^[1-9]\d{0,17}$/.test(quantity) &&
    !Number.isNaN(startedUs) &&
    !Number.isNaN(endedUs) &&
    /^\d{3}$/.test(mcc) &&
    /^\d{2,3}$/.test(mnc)
  if (!isRead) return turnedAway('invalid', usageId, imsi)
  const unit = mapping.units[kind]
  const size = unit === '1' ? BigInt(quantity) : BigInt(quantity) * BigInt(unit)
  return checked({ usageId, imsi, kind, quantity: size, startedUs, endedUs, mcc, mnc })
}

/** The record of a line that was read but turned away, as `takeIn` would be given it. */
export function shownOf(read: object | undefined): Shown | null {
  if (!read || !isRecord(read)) return null
  const at = (us: number) => Temporal.Instant.fromEpochNanoseconds(BigInt(us) * 1000n).toString()
  const { usageId, imsi, kind, quantity, startedUs, endedUs, mcc, mnc } = read
  return {
    id: usageId,
    imsi,
    kind,
    quantity: quantity.toString(),
    startedAt: at(startedUs),
    endedAt: at(endedUs),
    mcc,
    mnc,
  }
}

const isRecord = (read: object): read is UsageRecord => 'country' in read || 'mcc' in read

function turnedAway(reason: Reason, usageId: string, imsi: string): Read {
  return { usageId, imsi: imsi.slice(0, 15), reason }
}

function timeOf(text: string, form: Mapping['time']): number {
  if (form === 'iso') return microseconds(text)
  if (form === 'epoch-milliseconds') return /^\d{1,14}$/.test(text) ? Number(text) * 1000 : NaN
  if (form === 'epoch-seconds') {
    return /^\d{1,11}(\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * 1_000_000) : NaN
  }
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text) ?? []
  return year ? microseconds(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) : NaN
}

type Cell = (index: number) => string

function endOf(cell: Cell, startedUs: number, { time }: Mapping, layout: Layout): number {
  if (layout.durationSeconds >= 0) {
    const seconds = cell(layout.durationSeconds)
    return /^\d{1,9}$/.test(seconds) ? startedUs + Number(seconds) * 1_000_000 : NaN
  }
  return layout.endedAt < 0 ? startedUs : timeOf(cell(layout.endedAt), time)
}

function networkOf(cell: Cell, layout: Layout): [mcc: string, mnc: string] {
  if (layout.network < 0) return [cell(layout.mcc), cell(layout.mnc)]
  const [, mcc = '', mnc = ''] = /^(\d{3})-?(\d{2,3})$/.exec(cell(layout.network)) ?? []
  return [mcc, mnc]
}

/** An id of ours for files without one: the same line is the same record; ordered by time, as keys like it. */
function idOf(line: string, startedUs: number): string {
  const digest = createHash('sha256').update(line).digest('hex').slice(0, 20)
  const ms = Number.isNaN(startedUs) || startedUs < 0 ? 0 : Math.floor(startedUs / 1000)
  return `rec_${ms.toString(16).padStart(12, '0')}${digest}`
}
