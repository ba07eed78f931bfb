/** Seals personal fields on the way to the database and opens them on the way back, on the same connection. */
import { randomBytes } from 'node:crypto'
import { type DatabaseConnection, type RawBuilder, sql } from 'kysely'
import { keyNameOf, keysFor, makeKeys, readIndexKey, type Run } from './data-keys.ts'
import {
  blindText,
  type FieldKind,
  ivBytes,
  type MasterKeys,
  openField,
  parseSealed,
  type Place,
  type Sealed,
  sealedPrefix,
  sealField,
} from './vault.ts'

/** Parameters that only exist between a store and its connection. */
type Personal = {
  readonly place: Place & { kind: FieldKind }
  readonly value: Buffer
  /** Not kept, rather than refused, once the key has gone. */
  readonly orGone?: true
}
type Blind = { readonly kind: string; readonly value: string }
type Rows = { readonly rows: readonly object[] }

const personals = new WeakMap<object, Personal>()
const blinds = new WeakMap<object, Blind>()
const rowSets = new WeakMap<object, Rows>()

function marked<Marker, Type>(
  markers: WeakMap<object, Marker>,
  marker: Marker,
  expression: (parameter: object) => RawBuilder<Type>,
): RawBuilder<Type> {
  const parameter = { toPostgres: refuseUnsealed }
  const built = expression(parameter)
  markers.set(parameter, marker)
  // In a row of `rowsParameter` the expression itself stands for its value.
  markers.set(built, marker)
  return built
}

// What node-pg asks of an object: reached only where a connection was opened past `openDatabase`.
function refuseUnsealed(): never {
  throw new Error('this connection seals nothing: open it with openDatabase')
}

/** A text that is sealed with the subscriber's key of that category; an empty one stays empty. */
export function personal(place: Place, text: string): RawBuilder<string> {
  const marker = { place: { ...place, kind: 'text' as const }, value: Buffer.from(text) }
  return marked(personals, marker, (parameter) => sql<string>`${parameter}::text`)
}

/** What is said of somebody: once their key has gone, it is not kept. */
export function personalOrGone(place: Place, text: string): RawBuilder<string> {
  const of = { ...place, kind: 'text' as const }
  const marker = { place: of, value: Buffer.from(text), orGone: true as const }
  return marked(personals, marker, (parameter) => sql<string>`${parameter}::text`)
}

export function personalOrNull(place: Place, text: string | null): RawBuilder<string> | null {
  return text === null ? null : personal(place, text)
}

/** For a jsonb column. */
export function personalJson(place: Place, value: unknown): RawBuilder<unknown> {
  const text = JSON.stringify(value)
  const marker = { place: { ...place, kind: 'json' as const }, value: Buffer.from(text) }
  return marked(personals, marker, (parameter) => sql<unknown>`${parameter}::jsonb`)
}

/** For a bytea column. */
export function personalBytes(place: Place, bytes: Uint8Array): RawBuilder<Buffer> {
  const marker = { place: { ...place, kind: 'bytes' as const }, value: Buffer.from(bytes) }
  return marked(personals, marker, (parameter) => sql<Buffer>`${parameter}::bytea`)
}

/** What an address or a name is looked up by. */
export function blind(kind: 'email' | 'phone' | 'word', value: string): RawBuilder<string> {
  return marked(blinds, { kind, value }, (parameter) => sql<string>`${parameter}::text`)
}

/**
 * Rows as one parameter of a statement, so that a thousand cost one round trip and one plan: for `jsonb_to_recordset`
 * and the like. Bytes travel as PostgreSQL writes them, integers of 8 bytes as text.
 */
export function rowsParameter(rows: readonly object[]): RawBuilder<unknown> {
  return marked(rowSets, { rows }, (parameter) => sql`${parameter}::text::jsonb`)
}

/** Seals what goes in on this connection and opens what comes out; without master keys only rows are written. */
export function attachSealing(connection: DatabaseConnection, masters: MasterKeys | undefined) {
  const run: Run = connection.executeQuery.bind(connection)
  connection.executeQuery = async (query, options) => {
    const parameters = query.parameters.some(isMarker)
      ? await written(run, masters, query.parameters)
      : query.parameters
    const result = await run({ ...query, parameters }, options)
    if (masters) await openRows(run, masters, result.rows as Row[])
    return result as never
  }
}

function isMarker(one: unknown): one is object {
  return (
    typeof one === 'object' &&
    one !== null &&
    (personals.has(one) || blinds.has(one) || rowSets.has(one))
  )
}

type Written = Map<object, unknown>

async function written(
  run: Run,
  masters: MasterKeys | undefined,
  parameters: readonly unknown[],
): Promise<readonly unknown[]> {
  const markers = parameters.filter(isMarker)
  const known: Written = new Map()
  const all = [...markers, ...markers.flatMap((one) => markersIn(rowSets.get(one)?.rows))]
  if (all.some((one) => !rowSets.has(one))) {
    if (!masters) throw new Error('personal fields are written with the master keys only')
    await blindAll(run, masters, all, known)
    await sealAll(run, masters, all, known)
  }
  return parameters.map((one) => {
    if (!isMarker(one)) return one
    const set = rowSets.get(one)
    return set ? rowsText(set.rows, known) : known.get(one)
  })
}

/** Markers at any depth of rows. */
function markersIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(markersIn)
  if (isMarker(value)) return [value]
  return Object.getPrototypeOf(value) === Object.prototype
    ? Object.values(value).flatMap(markersIn)
    : []
}

async function blindAll(run: Run, masters: MasterKeys, all: readonly object[], known: Written) {
  const found = all.flatMap((one) => {
    const marker = blinds.get(one)
    return marker ? [{ one, marker }] : []
  })
  if (found.length === 0) return
  const key = await readIndexKey(run, masters)
  for (const { one, marker } of found) known.set(one, blindText(key, marker.kind, marker.value))
}

async function sealAll(run: Run, masters: MasterKeys, all: readonly object[], known: Written) {
  const found = all.flatMap((one) => {
    const marker = personals.get(one)
    return marker ? [{ one, marker }] : []
  })
  const full = found.filter(({ marker }) => marker.value.length > 0)
  for (const { one } of found) known.set(one, '')
  if (full.length === 0) return
  const places = full.map(({ marker }) => marker.place)
  const keys = await keysFor(run, masters, places)
  if (places.some((place) => !keys.has(keyNameOf(place)))) {
    await makeKeys(run, masters, places, keys)
  }
  for (const { one, marker } of full) {
    const { place, value, orGone } = marker
    const key = keys.get(keyNameOf(place))
    // It reads as nothing already.
    if (!key && orGone) continue
    if (!key) throw new Error(`the data of ${place.subscriberId} were erased: nothing is added`)
    const sealed = sealField(key, randomBytes(ivBytes), place, value)
    if (place.kind === 'json') known.set(one, JSON.stringify(sealed))
    else known.set(one, place.kind === 'bytes' ? Buffer.from(sealed, 'latin1') : sealed)
  }
}

function rowsText(rows: readonly object[], known: Written): string {
  return JSON.stringify(rows, function (this: Record<string, unknown>, key, value: unknown) {
    const raw = this[key]
    if (typeof raw === 'object' && raw !== null) {
      if (Buffer.isBuffer(raw)) return `\\x${raw.toString('hex')}`
      const sealed = known.get(raw)
      if (Buffer.isBuffer(sealed)) return `\\x${sealed.toString('hex')}`
      // A sealed jsonb field is a JSON text; in a row of JSON it is that text's value.
      if (sealed !== undefined) {
        return personals.get(raw)?.place.kind === 'json' ? JSON.parse(String(sealed)) : sealed
      }
    }
    return typeof value === 'bigint' ? value.toString() : value
  })
}

type Row = Record<string, unknown>
type Cell = { row: Row; name: string; sealed: Sealed }

async function openRows(run: Run, masters: MasterKeys, rows: Row[]): Promise<void> {
  const cells: Cell[] = []
  for (const row of rows) {
    for (const name in row) {
      const text = sealedText(row[name])
      const sealed = text === undefined ? undefined : parseSealed(text)
      if (sealed) cells.push({ row, name, sealed })
    }
  }
  if (cells.length === 0) return
  const places = cells.map(({ sealed }) => sealed)
  const keys = await keysFor(run, masters, places)
  for (const { row, name, sealed } of cells) {
    assertPlace(row, sealed)
    row[name] = valueOf(keys.get(keyNameOf(sealed)), sealed)
  }
}

const bytesPrefix = Buffer.from(sealedPrefix)

function sealedText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.startsWith(sealedPrefix) ? value : undefined
  if (!Buffer.isBuffer(value)) return undefined
  return value.subarray(0, bytesPrefix.length).equals(bytesPrefix)
    ? value.toString('latin1')
    : undefined
}

/** What the row shows of its identity must be what the field was sealed for. */
function assertPlace(row: Row, { subscriberId, field, record }: Sealed) {
  const shown = row['subscriber_id']
  if (typeof shown === 'string' && shown !== subscriberId)
    throw new Error(`${field} of ${shown} holds what was sealed for ${subscriberId}`)
  const [table] = field.split('.')
  for (const name of recordKeys[table!] ?? []) {
    const key = row[name]
    if (typeof key === 'string' && !`/${record}/`.includes(`/${key}/`))
      throw new Error(`${field} of ${key} holds what was sealed for ${record}`)
  }
}

/** Columns that name a record and are shown beside its sealed fields. */
const recordKeys: Readonly<Record<string, readonly string[]>> = {
  subscriber_contact: ['contact_id'],
  representative: ['representative_id'],
  passkey: ['passkey_id'],
  ticket: ['ticket_id'],
  ticket_message: ['message_id'],
  payment_order: ['order_id'],
  closure_case: ['case_id'],
  legal_hold: ['hold_id'],
  audit_entry: ['audit_id'],
  closure_certificate: ['case_id'],
  closure_question: ['question_id'],
}

/** A field whose key was destroyed reads as nothing. */
function valueOf(key: Buffer | null | undefined, sealed: Sealed): unknown {
  const { kind } = sealed
  const value = key ? openField(key, sealed) : Buffer.alloc(0)
  if (kind === 'bytes') return value
  if (kind === 'text') return value.toString('utf8')
  return key ? JSON.parse(value.toString('utf8')) : {}
}
