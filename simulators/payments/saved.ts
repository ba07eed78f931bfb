/** Saved cards: a page on which one is saved, and cards that are charged later without their owner, until forgotten. */
import { notFound } from '../host.ts'
import type { Card, Instrument, Outcome } from './cards.ts'
import type { Means } from './means.ts'

export const savedSchema = `
create table if not exists setup (
  id text primary key,
  reference text not null,
  return_url text not null,
  locale text not null,
  status text not null,
  card_id text references card,
  created_ms integer not null,
  expires_ms integer not null
) strict;
create index if not exists setup_reference on setup (reference);
create table if not exists card (
  id text primary key,
  outcome text not null,
  instrument text not null,
  forgotten_ms integer
) strict;`

export type NewSetup = { reference: string; returnUrl: string; locale: string }
export type SetupRow = {
  id: string
  reference: string
  return_url: string
  locale: string
  status: 'open' | 'succeeded' | 'failed' | 'expired'
  card_id: string | null
  instrument: string | null
}

const nowMs = ({ clock }: Pick<Means, 'clock'>) => clock.now().epochMilliseconds

export function createSetup(means: Means, wanted: NewSetup): SetupRow {
  const id = means.ids.make('set')
  const now = nowMs(means)
  means.db.run(
    `insert into setup (id, reference, return_url, locale, status, created_ms, expires_ms)
     values (:id, :reference, :returnUrl, :locale, 'open', :now, :expires)`,
    { id, ...wanted, now, expires: now + means.pace.expiresMs },
  )
  return setupsBy(means, 'id', id)[0]!
}

// Nobody comes back to an abandoned page, so it expires when somebody looks.
export function setupsBy(means: Means, by: 'id' | 'reference', value: string): SetupRow[] {
  means.db.run(`update setup set status = 'expired' where status = 'open' and expires_ms <= :now`, {
    now: nowMs(means),
  })
  return means.db.all<SetupRow>(
    `select setup.*, card.instrument from setup left join card on card.id = card_id
     where setup.${by} = :value order by created_ms desc, setup.id desc`,
    { value },
  )
}

/** A page that is no longer open saves nothing more, so a double click saves once. */
export function saveCard(means: Means, id: string, { outcome, instrument }: Card): SetupRow {
  const { db, ids, outbox } = means
  const row = db.transaction(() => {
    const before = setupsBy(means, 'id', id)[0]
    if (!before) throw notFound('setup')
    if (before.status !== 'open') return before
    const cardId = outcome === 'declined' ? null : ids.make('card')
    if (cardId)
      db.run('insert into card (id, outcome, instrument) values (:cardId, :outcome, :instrument)', {
        cardId,
        outcome,
        instrument: JSON.stringify(instrument),
      })
    const status = cardId ? 'succeeded' : 'failed'
    db.run('update setup set status = :status, card_id = :cardId where id = :id', {
      id,
      status,
      cardId,
    })
    const after = setupsBy(means, 'id', id)[0]!
    const type = `setup.${status}`
    const occurredAt = means.clock.now().toString()
    const data = { ...setupWire(after, means.baseUrl()), occurredAt }
    outbox.post({
      messageId: ids.make('msg'),
      type,
      body: JSON.stringify({ type, timestamp: occurredAt, data }),
    })
    return after
  })
  outbox.wake()
  return row
}

/** The card as it can be charged; undefined once it is forgotten. */
export function savedCard({ db }: Means, cardId: string): Card | undefined {
  const row = db.get<{ outcome: Outcome; instrument: string }>(
    'select outcome, instrument from card where id = :cardId and forgotten_ms is null',
    { cardId },
  )
  return row && { outcome: row.outcome, instrument: JSON.parse(row.instrument) as Instrument }
}

export function forgetCard(means: Means, cardId: string): void {
  means.db.run('update card set forgotten_ms = :now where id = :cardId and forgotten_ms is null', {
    cardId,
    now: nowMs(means),
  })
}

export function setupWire(row: SetupRow, baseUrl: string) {
  return {
    id: row.id,
    reference: row.reference,
    status: row.status,
    url: `${baseUrl}/save/${row.id}`,
    ...(row.card_id && row.instrument
      ? { methodId: row.card_id, instrument: JSON.parse(row.instrument) as Instrument }
      : {}),
  }
}
