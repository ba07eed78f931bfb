/** The inventory of telephone numbers: available, reserved for an order, assigned, kept unused after a closing, available again. */
import { sql } from 'kysely'
import type { App } from '../platform/app.ts'
import { audit, system } from '../platform/audit.ts'
import type { Db, Trx } from '../platform/database.ts'
import type { Ids } from '../platform/ids.ts'
import { retireNumbers } from '../subscribers/contact-store.ts'
import type { NewNumber, NumberKind } from './number.ts'

type Owner = { subscriberId: string; lineId: string }

/** For as long as the provider's page may be paid, and a while. */
export const reservedFor = { minutes: 60 } as const
/** Orders beyond this many wait their turn when they are paid, so that nobody empties the shelf by ordering. */
const reservationsMax = 3
const releasedAtOnce = 500

/** Adds numbers that are not in the inventory yet. */
export async function seedNumbers(
  db: Db,
  numbers: readonly { msisdn: string; country: string }[],
): Promise<void> {
  await sql`
    insert into phone_number (msisdn, country)
    select * from unnest(
      ${numbers.map(({ msisdn }) => msisdn)}::text[], ${numbers.map(({ country }) => country)}::text[])
    on conflict (msisdn) do nothing`.execute(db)
}

/**
 * Adds numbers, and names those that stand in the inventory otherwise; what stands there as given is left.
 * The caller's transaction makes it all or nothing.
 */
export async function addNumbers(
  trx: Trx,
  numbers: readonly NewNumber[],
): Promise<{ added: number; differing: string[] }> {
  const columns = [
    numbers.map(({ msisdn }) => msisdn),
    numbers.map(({ country }) => country),
    numbers.map(({ kind }) => kind),
  ] as const
  const { rows } = await sql<{ added: number; differing: string[] | null }>`
    with given as (
      select * from unnest(${columns[0]}::text[], ${columns[1]}::text[], ${columns[2]}::text[])
        as g (msisdn, country, kind)),
    added as (
      insert into phone_number (msisdn, country, kind) select msisdn, country, kind from given
      on conflict (msisdn) do nothing returning msisdn)
    select (select count(*)::int from added) as added,
      (select array_agg(g.msisdn) from given g join phone_number p using (msisdn)
        where p.country <> g.country or p.kind <> g.kind) as differing`.execute(trx)
  const [found] = rows
  return { added: found?.added ?? 0, differing: found?.differing ?? [] }
}

export async function recordImport(
  trx: Trx,
  ids: Ids,
  now: Temporal.Instant,
  file: { fingerprint: string; added: number; known: number },
): Promise<void> {
  await audit(trx, ids, now, {
    subscriberId: '',
    actor: system,
    action: 'numbers.imported',
    subject: { kind: 'numbers', id: file.fingerprint },
    reason: 'a file of numbers',
    detail: { added: String(file.added), known: String(file.known) },
  })
}

/**
 * Keeps the next free number of a country for an order. False: there is none; true also where the buyer has so many
 * reservations that this order waits its turn.
 */
export async function reserveNumber(
  trx: Trx,
  now: Temporal.Instant,
  { country, subscriberId, orderId }: { country: string; subscriberId: string; orderId: string },
): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean; free: boolean }>`
    with free as (
      select msisdn from phone_number
      where country = ${country} and kind = 'mobile' and state = 'available'
      order by msisdn limit 1 for update skip locked),
    taken as (
      update phone_number set state = 'reserved', subscriber_id = ${subscriberId},
        reserved_for = ${orderId}, reserved_until = ${now.add(reservedFor)}, version = version + 1
      where msisdn = (select msisdn from free)
        and (select count(*) from phone_number
          where subscriber_id = ${subscriberId} and state = 'reserved') < ${reservationsMax}
      returning msisdn)
    select exists (select from taken) as taken, exists (select from free) as free`.execute(trx)
  return rows[0]?.free ?? false
}

/** Takes the number kept for the order, else the next free one of the country; undefined when there is none. */
export async function assignNumber(
  trx: Trx,
  country: string,
  { subscriberId, lineId }: Owner,
  orderId = '',
): Promise<string | undefined> {
  // Others who buy at the same moment skip the row instead of waiting for it.
  const { rows } = await sql<{ msisdn: string }>`
    with kept as (
      select msisdn from phone_number
      where reserved_for = ${orderId} and state = 'reserved' and country = ${country} for update),
    next as (
      select msisdn from phone_number
      where country = ${country} and kind = 'mobile' and state = 'available'
        and not exists (select from kept)
      order by msisdn limit 1 for update skip locked)
    update phone_number set state = 'assigned', subscriber_id = ${subscriberId}, line_id = ${lineId},
      reserved_for = null, reserved_until = null, version = version + 1
    where msisdn = (select msisdn from kept union all select msisdn from next)
    returning msisdn`.execute(trx)
  return rows[0]?.msisdn
}

/** Releases the numbers whose quarantine is over (one that came from another operator goes back to it), and those whose order was not paid in time. */
export async function sweepNumbers(app: App): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ msisdn: string; was: string }>`
      with due as (
        select msisdn, state from phone_number
        where (state = 'quarantined' and quarantined_until <= ${now})
          or (state = 'reserved' and reserved_until <= ${now})
        limit ${releasedAtOnce} for update skip locked)
      update phone_number n set state = case when n.ported_in then 'ported-out' else 'available' end, quarantined_until = null, subscriber_id = null,
        last_subscriber_id = null, last_line_id = null, reserved_for = null, reserved_until = null, version = n.version + 1
      from due where n.msisdn = due.msisdn
      returning n.msisdn, due.state as was`.execute(trx)
    const gone = rows.flatMap(({ msisdn, was }) => (was === 'reserved' ? [] : [msisdn]))
    await retireNumbers(trx, app, gone)
    for (const { msisdn, was } of rows)
      await audit(trx, app.ids, now, {
        subscriberId: '',
        actor: system,
        action: 'number.released',
        subject: { kind: 'number', id: msisdn },
        reason: was === 'reserved' ? 'its order was not paid in time' : 'its quarantine is over',
      })
  })
}

export type Stock = {
  country: string
  kind: NumberKind
  available: number
  reserved: number
  assigned: number
  quarantined: number
  portedOut: number
}

/** How many numbers there are, by country and type. */
export async function numberStock(db: Db): Promise<Stock[]> {
  const { rows } = await sql<Stock>`
    select country, kind,
      count(*) filter (where state = 'available')::int as available,
      count(*) filter (where state = 'reserved')::int as reserved,
      count(*) filter (where state = 'assigned')::int as assigned,
      count(*) filter (where state = 'quarantined')::int as quarantined,
      count(*) filter (where state = 'ported-out')::int as "portedOut"
    from phone_number group by country, kind order by country, kind`.execute(db)
  return rows
}
