/** What must hold once a world has come to rest: nothing is missing, everything adds up. */
import { compactVerify, createLocalJWKSet } from 'jose'
import { sql } from 'kysely'
import type pg from 'pg'
import type { ClosureCertificate } from '../../src/closure/certificate.ts'
import { isIntact } from '../../src/closure/chain.ts'
import { eventsOf } from '../../src/closure/timeline-store.ts'
import type { Db } from '../../src/platform/database.ts'
import type { Broken } from './invariants.ts'
import { release } from './platform.ts'
import type { World } from './world.ts'

const broken = (rule: string, what: string): Broken => ({ rule, what })

/** Checked when every case has ended and before the months of quarantine and retention pass. */
export async function brokenAtRest(world: World): Promise<Broken[]> {
  const { eyes, db } = world
  return [
    ...(await unended(eyes)),
    ...(await lostUsage(world, eyes)),
    ...(await moneyAstray(world, eyes)),
    ...(await unkeptPromises(eyes)),
    ...(await brokenChains(eyes, db)),
    ...(await badCertificates(db)),
    ...(await unsaidRemovals(eyes, db)),
    ...(await unsent(eyes)),
  ]
}

async function unended(pool: pg.Pool): Promise<Broken[]> {
  const { rows } = await pool.query<{ reference: string; state: string }>(
    `select reference, state from closure_case
     where state not in ('draft', 'closed', 'withdrawn', 'rejected')
       and not (state = 'needs_customer' and due_at is not null)`,
  )
  const { rows: bulks } = await pool.query<{ what: string }>(
    `select b.bulk_id || ' ' || b.state as what from closure_bulk b
     where b.state not in ('done', 'cancelled')
     union all
     select b.bulk_id || ' ' || b.line_id from closure_bulk_line b
     where b.case_id is null and b.refusal is null`,
  )
  return [
    ...rows.map(({ reference, state }) => broken('a case never ended', `${reference} ${state}`)),
    ...bulks.map(({ what }) => broken('a bulk closure never ended', what)),
  ]
}

/** What the platform told the network it has taken must be there, as it was; and it has an answer to everything. */
async function lostUsage({ partners }: World, pool: pg.Pool): Promise<Broken[]> {
  const used = partners.databases.network.all<{ id: string; state: string; quantity: number }>(
    `select id, state, quantity from usage where state <> 'rejected'`,
  )
  const { rows } = await pool.query<{ usage_id: string; quantity: bigint }>(
    'select usage_id, quantity from usage_record',
  )
  const kept = new Map(rows.map(({ usage_id, quantity }) => [usage_id, quantity]))
  return used.flatMap(({ id, state, quantity }) => {
    if (state !== 'accepted') return [broken('a usage record was never answered', id)]
    return kept.get(id) === BigInt(quantity)
      ? []
      : [broken('a usage record was taken and lost', id)]
  })
}

/** What the provider holds of us is what our books say of the provider. */
async function moneyAstray({ partners }: World, pool: pg.Pool): Promise<Broken[]> {
  const { payments } = partners.databases
  const [{ minor: held } = { minor: 0 }] = payments.all<{ minor: number }>(
    `select (select coalesce(sum(minor), 0) from payment)
       - (select coalesce(sum(minor), 0) from refund where status <> 'failed')
       - (select coalesce(sum(minor), 0) from payout where status <> 'failed') as minor`,
  )
  // What a bank has taken counts once we have heard of it.
  const { rows } = await pool.query<{ minor: bigint }>(
    `select (coalesce(-sum(minor), 0) + (select coalesce(sum(minor), 0) from payment_dispute
       where state = 'lost'))::int8 as minor
     from ledger_posting where account = 'payments-clearing'`,
  )
  const booked = rows[0]?.minor ?? 0n
  if (BigInt(held) === booked) return []
  return [broken('the provider holds other money than the ledger says', `${held} and ${booked}`)]
}

/** A question that nobody has answered for months is in the hands of somebody who can ask otherwise. */
export async function unanswered(pool: pg.Pool): Promise<Broken[]> {
  const { rows } = await pool.query<{ reference: string }>(
    `select reference from closure_case where state = 'needs_customer' and attention is null`,
  )
  return rows.map(({ reference }) => broken('an answer is waited for, and nobody knows', reference))
}

/** What the provider said of every dispute is what we know of it, once all its messages have come. */
export async function unheardBanks({ partners, eyes }: World): Promise<Broken[]> {
  const told = partners.databases.payments.all<{ what: string }>(
    `select id || ' ' || status as what from dispute`,
  )
  const { rows } = await eyes.query<{ what: string }>(
    `select dispute_id || ' ' || state as what from payment_dispute`,
  )
  const known = new Set(rows.map(({ what }) => what))
  return told
    .filter(({ what }) => !known.has(what))
    .map(({ what }) => broken('the word of a bank was not heard', what))
}

/** Less than the agreed quote, beyond what policy tolerates, never came back; nor did more. Until a day of one's own it is used. */
async function unkeptPromises(pool: pg.Pool): Promise<Broken[]> {
  const { rows } = await pool.query<{ reference: string }>(
    `select c.reference from closure_case c
     left join lateral (select coalesce(sum(minor), 0) as minor from refund r
       where r.subscriber_id = c.subscriber_id and r.case_id = c.case_id) r on true
     cross join lateral (select r.minor - 100 * coalesce(sum((q -> 'refund' ->> 'amount')::numeric), 0) as more
       from jsonb_array_elements(c.quote -> 'currencies') q group by r.minor) m
     cross join lateral (select coalesce(sum(d.minor), 0) as minor from payment_dispute d
       where d.subscriber_id = c.subscriber_id and d.state = 'lost') lost
     cross join lateral (select 100 * coalesce(sum((d -> 'amount' ->> 'amount')::numeric), 0) as minor
       from jsonb_array_elements(c.quote -> 'currencies') q
       cross join lateral jsonb_array_elements(q -> 'destinations') d
       where d ->> 'kind' in ('late-usage-reserve', 'disputed')) kept
     where c.state = 'closed' and c.bulk_id is null and c.quote -> 'ownDay' is null
       and m.more not between -100 - lost.minor and 100 + kept.minor`,
  )
  return rows.map(({ reference }) => broken('another sum was refunded than agreed', reference))
}

async function brokenChains(pool: pg.Pool, db: Db): Promise<Broken[]> {
  const { rows } = await pool.query<{ subscriber_id: string; case_id: string }>(
    'select subscriber_id, case_id from closure_case',
  )
  const found: Broken[] = []
  for (const { subscriber_id, case_id } of rows) {
    const events = await eventsOf(db, subscriber_id, case_id)
    if (!isIntact(case_id, events)) found.push(broken('a timeline is not intact', case_id))
  }
  return found
}

async function badCertificates(db: Db): Promise<Broken[]> {
  const { rows } = await sql<{ reference: string; jws: string | null }>`
    select c.reference, k.jws from closure_case c
    left join closure_certificate k using (subscriber_id, case_id) where c.state = 'closed'`.execute(
    db,
  )
  const keys = createLocalJWKSet(release.signer.jwks())
  const found: Broken[] = []
  for (const { reference, jws } of rows) {
    const verified = jws && (await compactVerify(jws, keys).catch(() => undefined))
    if (!verified) found.push(broken('a closed case has no valid certificate', reference))
  }
  return found
}

/** A profile that its phone says is gone, of which neither the certificate nor an addendum to it says so. */
async function unsaidRemovals(pool: pg.Pool, db: Db): Promise<Broken[]> {
  const { rows } = await pool.query<{ what: string; case_id: string; iccid: string }>(
    `select c.reference || ' ' || l.iccid as what, c.case_id, l.iccid
     from closure_case c join closure_certificate k using (subscriber_id, case_id)
     cross join lateral jsonb_array_elements_text(c.closing_lines) as n (line_id)
     join line l on l.subscriber_id = c.subscriber_id and l.line_id = n.line_id
     join profile p on p.subscriber_id = l.subscriber_id and p.iccid = l.iccid
     where c.state = 'closed' and p.removal = 'confirmed' and not exists (
       select from closure_addendum a where a.subscriber_id = c.subscriber_id
         and a.case_id = c.case_id and a.iccid = l.iccid)`,
  )
  const signed = await db
    .selectFrom('closure_certificate')
    .select(['case_id', 'document'])
    .execute()
  const documents = new Map(signed.map((row) => [row.case_id, row.document as ClosureCertificate]))
  const isSaid = ({ case_id, iccid }: { case_id: string; iccid: string }) =>
    documents
      .get(case_id)
      ?.lines.some(
        ({ profileRemoval, iccidMasked }) =>
          profileRemoval === 'confirmed' && iccidMasked.slice(-4) === iccid.slice(-4),
      )
  return rows
    .filter((row) => !isSaid(row))
    .map(({ what }) => broken('a proven removal is in no document', what))
}

async function unsent(pool: pg.Pool): Promise<Broken[]> {
  const { rows } = await pool.query<{ what: string }>(
    `select concat_ws(' ', notice_id, state, failure) as what from notice
     where state <> 'sent' and template like 'closure-%' and failure is distinct from 'code expired'`,
  )
  return rows.map(({ what }) => broken('a message of a closure never left', what))
}
