/** Keys of subscribers in the database, wrapped: read and made on the connection that needs them. */
import { randomBytes } from 'node:crypto'
import { CompiledQuery, type DatabaseConnection } from 'kysely'
import { CannotStart } from './process.ts'
import {
  dataKeyBytes,
  ivBytes,
  type KeyCategory,
  keyCategories,
  type MasterKeys,
  masterId,
  openField,
  parseSealed,
  type Place,
  unwrapKey,
  visitorKey,
  wrapKey,
} from './vault.ts'

export type Run = DatabaseConnection['executeQuery']
/** By name; null for a key that was destroyed. */
export type Keys = Map<string, Buffer | null>

/** People who are nobody's subscriber yet; what is theirs is deleted within minutes, so no key is kept for them. */
export const visitor = 'visitor'

export const keyNameOf = ({ subscriberId, category }: Pick<Place, 'subscriberId' | 'category'>) =>
  `${subscriberId} ${category}`

type KeyRow = {
  subscriber_id: string
  category: KeyCategory
  wrapped: string | null
  master_id: string | null
}

export async function keysFor(
  run: Run,
  masters: MasterKeys,
  places: readonly Place[],
): Promise<Keys> {
  const wanted = new Set(places.map(keyNameOf))
  const keys: Keys = new Map()
  for (const place of places) {
    if (place.subscriberId === visitor) keys.set(keyNameOf(place), visitorKey(masters.masterKey))
  }
  const ids = [...new Set(places.map(({ subscriberId }) => subscriberId))]
  const owned = ids.filter((id) => id !== visitor)
  if (owned.length === 0) return keys
  const { rows } = await run<KeyRow>(
    CompiledQuery.raw(
      'select subscriber_id, category, wrapped, master_id from subscriber_key where subscriber_id = any($1)',
      [owned],
    ),
  )
  for (const { subscriber_id, category, wrapped, master_id } of rows) {
    const name = keyNameOf({ subscriberId: subscriber_id, category })
    if (wanted.has(name))
      keys.set(name, wrapped === null ? null : unwrap(masters, name, wrapped, master_id))
  }
  return keys
}

/** A subscriber's keys are made when something is first sealed for them; whoever comes second takes the first's. */
export async function makeKeys(
  run: Run,
  masters: MasterKeys,
  places: readonly Place[],
  keys: Keys,
): Promise<void> {
  const missing = places.filter((place) => !keys.has(keyNameOf(place)))
  const whose = [...new Set(missing.map(({ subscriberId }) => subscriberId))].sort()
  // All of a subscriber's at once, so that later transactions never wait for one another over a key.
  const made = whose.flatMap((subscriberId) =>
    keyCategories.map((category) => ({ subscriberId, category })),
  )
  const wrapped = made.map((one) => {
    const key = randomBytes(dataKeyBytes)
    return wrapKey(masters.masterKey, randomBytes(ivBytes), keyNameOf(one), key)
  })
  const by = masterId(masters.masterKey)
  await run(
    CompiledQuery.raw(
      `insert into subscriber_key (subscriber_id, category, wrapped, master_id)
       select *, $4 from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing`,
      [made.map((one) => one.subscriberId), made.map((one) => one.category), wrapped, by],
    ),
  )
  for (const [name, key] of await keysFor(run, masters, places)) keys.set(name, key)
}

/** Opens a wrapped key with the master key it names; one that nobody has is a mistake of configuration. */
export function unwrap(
  masters: MasterKeys,
  name: string,
  wrapped: string,
  by: string | null,
): Buffer {
  const { masterKey, formerMasterKeys = [] } = masters
  const master = [masterKey, ...formerMasterKeys].find((one) => masterId(one) === by)
  if (!master)
    throw new CannotStart(
      `Personal data is sealed by the master key ${by}: set it as VIOLET_MASTER_KEY, or as VIOLET_MASTER_KEYS_FORMER to rotate.`,
    )
  return unwrapKey(master, name, wrapped)
}

/** Opens a field whose key was read beside it, for where another statement costs too much; a key that is gone opens nothing. */
export function openBeside(
  masters: MasterKeys | undefined,
  place: Place,
  text: string,
  { wrapped, master_id: by }: { wrapped?: string | null; master_id?: string | null },
): string {
  const sealed = parseSealed(text)
  if (!sealed || !masters) return text
  const name = keyNameOf(place)
  const belongs =
    keyNameOf(sealed) === name && sealed.field === place.field && sealed.record === place.record
  if (!belongs)
    throw new Error(`${place.field} of ${place.record} holds what was sealed for another`)
  if (!wrapped) return ''
  return openField(unwrap(masters, name, wrapped, by ?? null), sealed).toString('utf8')
}

export const indexKeyName = 'blind-index'
// It never changes, and is only remembered once it is committed.
const indexKeys = new WeakMap<MasterKeys, Buffer>()

export async function readIndexKey(run: Run, masters: MasterKeys): Promise<Buffer> {
  const known = indexKeys.get(masters)
  if (known) return known
  const { rows } = await run<{ wrapped: string; master_id: string }>(
    CompiledQuery.raw('select wrapped, master_id from platform_key where name = $1', [
      indexKeyName,
    ]),
  )
  const [row] = rows
  if (!row) throw new Error('the key of the blind index is missing: "violet migrate" makes it')
  const key = unwrap(masters, indexKeyName, row.wrapped, row.master_id)
  indexKeys.set(masters, key)
  return key
}
