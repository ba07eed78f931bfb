/** The usual way: each request in a transaction of its own, with a row for each session; 16 connections, prepared. */
import pg from 'pg'
import { type Db, openDatabase } from '../../src/platform/database.ts'
import { loadLinesOfImsis } from '../../src/usage/charging-store.ts'
import type { Charge, ChargedLine } from '../../src/usage/intake.ts'
import type { Charger, Taken } from '../../src/usage/nchf/batch-store.ts'
import { changeOf } from '../../src/usage/nchf/line-change.ts'
import { type NchfProblem, problem } from '../../src/usage/nchf/problem.ts'
import { quotaTerms } from '../../src/usage/nchf/quota.ts'
import { type Ref, sessionIdOf } from '../../src/usage/nchf/ref.ts'
import type { Asked } from '../../src/usage/nchf/request.ts'
import { readSessions, sessionsText } from '../../src/usage/nchf/session-text.ts'
import { decide } from '../../src/usage/nchf/session.ts'
import type { Operation, Session } from '../../src/usage/nchf/state.ts'
import type { World } from '../charging/world.ts'

const connections = 16
// As well planned as ours.
const settings =
  '-c timezone=UTC -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off'

export async function prepareNaive({ query }: World): Promise<void> {
  await query(`create table if not exists naive_session (
    subscriber_id text not null, session_id text not null, line_id text not null, record text not null,
    due_at timestamptz not null, primary key (subscriber_id, session_id))`)
}

const statements = {
  session:
    'select record from naive_session where subscriber_id = $1 and session_id = $2 for update',
  insertSession: `insert into naive_session (subscriber_id, session_id, line_id, record, due_at)
    values ($1, $2, $3, $4, now() + interval '65 minutes')`,
  updateSession: `update naive_session set record = $3, due_at = now() + interval '65 minutes'
    where subscriber_id = $1 and session_id = $2`,
  purse: `update purse set version = version + 1, remaining = $4, reserved = $5, held_minor = $6, spent_minor = $7,
    started = $8, used_until_us = $9 where subscriber_id = $1 and line_id = $2 and currency = $3`,
  record: `insert into usage_record (subscriber_id, usage_id, line_id, kind, quantity, started_at, ended_at, mcc, mnc,
      country, outcome, from_bucket, charged_minor, absorbed_minor, currency, received_at, transfer_id)
    values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000000), to_timestamp($7::float8 / 1000000), $8, $9, $10, $11, $12,
      $13, $14, $15, now(), $16)`,
  transfer: `insert into ledger_transfer (subscriber_id, transfer_id, key, kind, posted_at)
    values ($1, $2, $3, 'usage', now())`,
  postings: `insert into ledger_posting (subscriber_id, transfer_id, seq, account, line_id, currency, minor)
    select $1, $2, n - 1, a, case when a = 'usage-revenue' then '' else $3 end, $4, m
    from unnest($5::text[], $6::int8[]) with ordinality as u (a, m, n)`,
} as const

export async function openNaive({ url, app }: World) {
  const pool = new pg.Pool({ connectionString: url, max: connections, options: settings })
  const serve = async (operation: Operation, imsi: string, ref: Ref | undefined, asked: Asked) => {
    const client = await pool.connect()
    const run = (name: keyof typeof statements, values: unknown[]) =>
      client.query({ name, text: statements[name], values })
    try {
      await client.query('begin')
      const answer = await inside(client, run, operation, imsi, ref, asked)
      await client.query('commit')
      return answer
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
  }
  type Run = (name: keyof typeof statements, values: unknown[]) => Promise<pg.QueryResult>

  async function inside(
    client: pg.PoolClient,
    run: Run,
    operation: Operation,
    imsi: string,
    known: Ref | undefined,
    asked: Asked,
  ): Promise<Taken | NchfProblem> {
    const line = (await lockLine(client, imsi))!
    const { subscriberId, lineId } = line
    const sessionId = known?.sessionId ?? sessionIdOf(lineId, asked.contentHash)
    const ref = { subscriberId, lineId, sessionId }
    const { rows } = await run('session', [subscriberId, sessionId])
    const session = rows[0] && readSessions(rows[0].record as string).get(sessionId)
    const nowUs = Date.now() * 1000
    const step = { operation, sessionId, asked, nowUs, terms: quotaTerms }
    const decision = decide(session, line, step)
    if (decision.kind !== 'taken') return problem('CHARGING_FAILED')
    await write(run, line, session, decision)
    return { ref, answer: decision.session.answer }
  }

  async function write(
    run: Run,
    line: ChargedLine,
    before: Session | undefined,
    decision: Extract<ReturnType<typeof decide>, { kind: 'taken' }>,
  ) {
    const { subscriberId, lineId, currency } = line
    const { session, purse, charges } = decision
    const { usedUntil } = changeOf({ line, purse, charges, sessions: new Map(), outOfData: false })
    const until = [usedUntil.data, usedUntil.voice, usedUntil.sms]
    await run('purse', [
      ...[subscriberId, lineId, currency],
      ...[purse.buckets.map((one) => one.remaining), purse.buckets.map((one) => one.reserved)],
      ...[
        purse.held,
        purse.spent,
        Object.fromEntries([...purse.started].map(([k, v]) => [k, String(v)])),
        until,
      ],
    ])
    for (const charge of charges) await writeCharge(run, line, charge)
    const text = sessionsText(new Map([[session.sessionId, session]]))
    if (before) await run('updateSession', [subscriberId, session.sessionId, text])
    else await run('insertSession', [subscriberId, session.sessionId, lineId, text])
  }

  async function writeCharge(
    run: Run,
    { subscriberId, lineId, currency }: ChargedLine,
    { record, rated }: Charge,
  ) {
    const charged = rated.promotional + rated.paid
    const transferId = charged > 0n ? app.ids.make('transfer') : null
    if (transferId) {
      await run('transfer', [subscriberId, transferId, `usage:${record.usageId}`])
      const moved = Object.entries({
        'promotional-credit': -rated.promotional,
        'paid-credit': -rated.paid,
        'usage-revenue': charged,
      }).filter(([, minor]) => minor !== 0n)
      await run('postings', [
        ...[subscriberId, transferId, lineId, currency],
        ...[moved.map(([account]) => account), moved.map(([, minor]) => minor)],
      ])
    }
    await run('record', [
      ...[
        subscriberId,
        record.usageId,
        lineId,
        record.kind,
        record.quantity,
        record.startedUs,
        record.endedUs,
      ],
      ...[
        record.mcc,
        record.mnc,
        record.country,
        rated.outcome,
        rated.fromBucket,
        charged,
        rated.absorbed,
      ],
      ...[currency, transferId],
    ])
  }

  const imsiOfRef = new Map<string, string>()
  const charger: Charger = {
    async create(asked) {
      const imsi = asked.identity!.value
      const taken = await serve('create', imsi, undefined, asked)
      if ('ref' in taken) imsiOfRef.set(taken.ref.sessionId, imsi)
      return taken
    },
    update: (ref, asked) => serve('update', imsiOfRef.get(ref.sessionId)!, ref, asked),
    async release(ref, asked) {
      const imsi = imsiOfRef.get(ref.sessionId)!
      imsiOfRef.delete(ref.sessionId)
      return serve('release', imsi, ref, asked)
    },
  }
  return { charger, close: () => pool.end() }
}

const loaders = new WeakMap<pg.PoolClient, Db>()

// The platform's own read of a line, on the connection of the transaction, holding the purse until it ends.
async function lockLine(client: pg.PoolClient, imsi: string): Promise<ChargedLine | undefined> {
  let db = loaders.get(client)
  if (!db) {
    // What would begin and end a transaction of its own is left out.
    const query = (asked: string | pg.QueryConfig, values?: unknown[]) => {
      if (typeof asked === 'string')
        return /^(begin|commit)/.test(asked) ? { rows: [] } : client.query(asked, values)
      const isLine = asked.name === 'usage-lines-of-imsis'
      return client.query(
        isLine ? { ...asked, name: 'lock-line', text: `${asked.text} for update of p` } : asked,
      )
    }
    const connect = async () => ({ query, release: () => undefined })
    db = openDatabase({ query, connect } as unknown as pg.Pool)
    loaders.set(client, db)
  }
  return (await loadLinesOfImsis(db, [imsi])).get(imsi)
}
