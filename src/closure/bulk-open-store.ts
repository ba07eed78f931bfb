/** Opens the cases of one cohort: each line's quote, its case, its notice; or why it takes no part. One transaction. */
import { sql } from 'kysely'
import { startClosingLines } from '../lines/closing-store.ts'
import type { App } from '../platform/app.ts'
import { type Actor, auditAll, system } from '../platform/audit.ts'
import { insertRows, rowsParameter, type Trx } from '../platform/database.ts'
import { numberKeptUntil } from '../policy/policy.ts'
import type { CaseId } from '../values/ids.ts'
import {
  type Bulk,
  type BulkMoney,
  endNotBefore,
  type LineRefusal,
  openLine,
  openTally,
  withoutStranding,
} from './bulk.ts'
import type { BulkTotals, OpenedLine } from './bulk.ts'
import type { ProposedLine } from './bulk-store.ts'
import { lineName, type Facts } from './facts.ts'
import { loadFactsOf } from './facts-store.ts'
import { progressUrl, refundParam, tellAll } from './enter-store.ts'
import { makeReference } from './reference.ts'
import { type CaseKey, changeCases, findCases } from './store.ts'
import { appendEvents } from './timeline-store.ts'

type Line = { subscriberId: string; lineId: string; money: BulkMoney | null }
type Looked = Line & { facts: Facts | undefined; opened: OpenedLine; drafts: readonly string[] }

type Looking = {
  endsAt: Temporal.Instant
  bulkId: string
  lock: boolean
  now: Temporal.Instant
  /** The lines of these owners that the whole bulk closure ends. */
  closing: (owners: readonly string[]) => Promise<ReadonlySet<string>>
}

/** What each line's closure would be. Nothing is written; with `lock` nobody else begins one meanwhile. */
async function look(
  trx: Trx,
  lines: readonly Line[],
  { endsAt, bulkId, lock, now, closing: closingOf }: Looking,
): Promise<Looked[]> {
  const owners = [...new Set(lines.map(({ subscriberId }) => subscriberId))].sort()
  // The subscriber's row is the lock that makes two ways to close a line one case.
  if (lock)
    await sql`select 1 from subscriber where subscriber_id = any(${owners}) order by subscriber_id
      for update`.execute(trx)
  const { rows: open } = await sql<OpenCase>`
    select subscriber_id, case_id, scope, line_id, state from closure_case
    where subscriber_id = any(${owners}) and state not in ('closed', 'withdrawn', 'rejected')`.execute(
    trx,
  )
  const casesOf = Map.groupBy(open, ({ subscriber_id }) => subscriber_id)
  const factsOf = await loadFactsOf(
    trx,
    lines.map(({ subscriberId, lineId }) => ({
      subscriberId,
      scope: 'line' as const,
      lineId,
      closingLines: null,
      pin: { at: now },
      bulkId,
    })),
  )
  const looked = lines.map((line, index) => {
    const facts = factsOf[index]
    const own = (casesOf.get(line.subscriberId) ?? []).filter(
      ({ scope, line_id }) => scope === 'account' || line_id === line.lineId,
    )
    const closing = own.some(({ state }) => state !== 'draft')
    const opened = openLine(facts, closing, endsAt, line.money, numberUntil)
    const drafts = own.filter(({ scope }) => scope === 'line').map(({ case_id }) => case_id)
    return { ...line, facts, opened, drafts }
  })
  const beside = looked.flatMap(({ subscriberId, facts }) =>
    facts && facts.peers.length > 1 ? subscriberId : [],
  )
  if (beside.length === 0) return looked
  return withoutStranding(looked, await closingOf([...new Set(beside)]))
}

/** Those that take part, wherever they are in it. */
async function closingIn(
  trx: Trx,
  bulkId: string,
  owners: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ line_id: string }>`
    select line_id from closure_bulk_line
    where bulk_id = ${bulkId} and subscriber_id = any(${owners}) and refusal is null`.execute(trx)
  return new Set(rows.map(({ line_id }) => line_id))
}

type OpenCase = {
  subscriber_id: string
  case_id: string
  scope: string
  line_id: string | null
  state: string
}

function numberUntil({ lines, policy }: Facts, endsAt: Temporal.Instant): Temporal.Instant | null {
  const [line] = lines
  if (!line?.msisdn) return null
  return numberKeptUntil(policy, endsAt)
}

const linesAtOnce = 1000

/** What a bulk closure would do, with every line's part given to `each`. */
export async function dryRun(
  { db, clock }: Pick<App, 'db' | 'clock'>,
  lines: readonly ProposedLine[],
  endsAt: Temporal.Instant,
  each: (line: ProposedLine, opened: OpenedLine) => void = () => undefined,
): Promise<BulkTotals> {
  const tally = openTally()
  const asked = new Set(lines.map(({ lineId }) => lineId))
  for (let at = 0; at < lines.length; at += linesAtOnce) {
    const part = lines.slice(at, at + linesAtOnce)
    const looked = await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((trx) =>
        look(trx, part, {
          endsAt,
          bulkId: 'on trial',
          lock: false,
          now: clock.now(),
          closing: async () => asked,
        }),
      )
    for (const [index, { opened }] of looked.entries()) {
      tally.count(opened)
      each(part[index]!, opened)
    }
  }
  return tally.totals()
}

/** Opens what of a cohort is not open yet, unless the bulk closure was paused or called off. Again it does nothing. */
export async function openCohort(trx: Trx, app: App, bulk: Bulk, cohort: number): Promise<void> {
  const now = app.clock.now()
  const { rows: running } = await sql`
    select from closure_bulk where bulk_id = ${bulk.bulkId} and state = 'running' for share`.execute(
    trx,
  )
  if (running.length === 0) return
  const { rows } = await sql<{
    subscriber_id: string
    line_id: string
    money: BulkMoney | null
  }>`
    select subscriber_id, line_id, money from closure_bulk_line
    where bulk_id = ${bulk.bulkId} and cohort = ${cohort} and case_id is null and refusal is null
    order by place`.execute(trx)
  if (rows.length === 0) return
  const lines = rows.map((row) => ({
    subscriberId: row.subscriber_id,
    lineId: row.line_id,
    money: row.money,
  }))
  const looked = await look(trx, lines, {
    endsAt: endNotBefore(bulk.endsAt, now),
    bulkId: bulk.bulkId,
    lock: true,
    now,
    closing: (owners) => closingIn(trx, bulk.bulkId, owners),
  })
  const opening = looked.flatMap((one) => openingOf(app, bulk, one))
  const refused = looked.flatMap(({ subscriberId, lineId, opened }) =>
    'refusal' in opened ? { subscriberId, lineId, refusal: opened.refusal } : [],
  )
  await dropDrafts(trx, app, opening, now)
  await insertCases(trx, app, bulk, opening, now)
  // All others work as before until the day.
  const spending = opening.filter(({ choices }) => choices.paid?.spendFirst)
  if (spending.length > 0) await startClosingLines(trx, spending)
  await tellAll(
    trx,
    app,
    'closure-announced',
    opening.map(({ caseId, reference, facts, quote, subscriberId, choices, endsAt }) => ({
      c: { subscriberId, caseId, version: 0 },
      facts,
      params: {
        reference,
        lineName: lineName(facts.lines[0]!),
        endsAt: endsAt.toString(),
        ...(!choices.paid?.spendFirst && refundParam(quote)),
        money: choices.paid?.spendFirst ? 'spend' : (choices.paid?.disposition ?? 'refund'),
        reason: bulk.reason,
        progressUrl: progressUrl(app, { reference }),
      },
    })),
  )
  await markLines(trx, bulk.bulkId, [
    ...opening.map(({ subscriberId, lineId, caseId }) => ({ subscriberId, lineId, caseId })),
    ...refused,
  ])
}

type Opening = ReturnType<typeof openingOf>[number]

function openingOf(app: App, bulk: Bulk, { facts, opened, ...line }: Looked) {
  if ('refusal' in opened || !facts) return []
  return [
    {
      ...line,
      facts,
      quote: opened.quote.wire,
      choices: opened.choices,
      endsAt: opened.endsAt,
      caseId: app.ids.make<CaseId>('case'),
      reference: makeReference(app.ids.random(8)),
      bulkId: bulk.bulkId,
    },
  ]
}

/** Somebody began to close the line and has not asked for it: that way ends, since the line closes anyway. */
async function dropDrafts(
  trx: Trx,
  app: App,
  opening: readonly Opening[],
  now: Temporal.Instant,
): Promise<void> {
  const keys = opening.flatMap(({ subscriberId, drafts }) =>
    drafts.map((caseId) => ({ subscriberId, caseId })),
  )
  if (keys.length === 0) return
  const changes = (await findCases(trx, keys)).map((c) => ({
    c,
    change: { state: 'withdrawn', dueAt: null, wakeAt: null } as const,
    reason: 'the operator closes the line',
    events: [{ kind: 'withdrawn' }],
  }))
  await changeCases(trx, app, changes, { now, actor: system, waking: 'caller' })
}

async function insertCases(
  trx: Trx,
  app: App,
  bulk: Bulk,
  opening: readonly Opening[],
  now: Temporal.Instant,
): Promise<void> {
  const actor: Actor = { kind: 'system', id: bulk.bulkId }
  await insertRows(
    trx,
    'closure_case',
    opening.map(({ subscriberId, lineId, caseId, reference, facts, quote, choices, endsAt }) => ({
      subscriber_id: subscriberId,
      case_id: caseId,
      reference,
      scope: 'line',
      line_id: lineId,
      state: 'scheduled',
      policy_country: facts.policy.country,
      policy_version: facts.policy.version,
      policy_segment: facts.segment,
      choices,
      closing_lines: [lineId],
      quote,
      quote_hash: quote.hash,
      created_at: now,
      submitted_at: now,
      ends_at: endsAt,
      failures: 0,
      version: 0,
      risk: 'low',
      bulk_id: bulk.bulkId,
    })),
  )
  await insertRows(
    trx,
    'closure_index',
    opening.map(({ caseId, reference, subscriberId }) => ({
      case_id: caseId,
      reference,
      subscriber_id: subscriberId,
    })),
  )
  await appendEvents(
    trx,
    opening.map(({ quote, ...c }) => {
      const detail = { quote: quote.hash, refunds: String(quote.refundTo.length) }
      return { c, events: [{ kind: 'announced' }, { kind: 'submitted', detail }] }
    }),
    { now, actor },
  )
  await auditAll(
    trx,
    app.ids,
    now,
    opening.map(({ subscriberId, caseId }) => ({
      subscriberId,
      actor,
      action: 'closure.scheduled',
      subject: { kind: 'closure', id: caseId },
      reason: 'the operator closes the line',
      note: bulk.reason,
      detail: { bulkId: bulk.bulkId },
    })),
  )
}

type Mark = Omit<Line, 'money'> & { caseId?: string; refusal?: LineRefusal }

async function markLines(trx: Trx, bulkId: string, marks: readonly Mark[]): Promise<void> {
  const rows = marks.map(({ subscriberId, lineId, caseId = null, refusal = null }) => ({
    subscriber_id: subscriberId,
    line_id: lineId,
    case_id: caseId,
    refusal,
  }))
  await sql`
    update closure_bulk_line b set case_id = x.case_id, refusal = x.refusal
    from jsonb_to_recordset(${rowsParameter(rows)})
      as x(subscriber_id text, line_id text, case_id text, refusal text)
    where b.bulk_id = ${bulkId} and b.subscriber_id = x.subscriber_id and b.line_id = x.line_id`.execute(
    trx,
  )
}

/** The cases of a cohort that are on their way. */
export async function underWay(
  { db }: Pick<App, 'db'>,
  bulkId: string,
  cohort: number,
): Promise<CaseKey[]> {
  const { rows } = await sql<{ subscriber_id: string; case_id: string }>`
    select b.subscriber_id, b.case_id from closure_bulk_line b
    join closure_case c on c.subscriber_id = b.subscriber_id and c.case_id = b.case_id
    where b.bulk_id = ${bulkId} and b.cohort = ${cohort} and c.state in ('scheduled', 'executing', 'settling')
    order by b.place`.execute(db)
  return rows.map((row) => ({ subscriberId: row.subscriber_id, caseId: row.case_id }))
}

/** Everything of a bulk closure has come to its end. */
export async function hasEndedAll(trx: Trx, bulkId: string): Promise<boolean> {
  const { rows } = await sql<{ open: boolean }>`
    select exists (
      select from closure_bulk_line b
      left join closure_case c on c.subscriber_id = b.subscriber_id and c.case_id = b.case_id
      where b.bulk_id = ${bulkId} and b.refusal is null
        and (c.state is null or c.state not in ('closed', 'withdrawn', 'rejected'))) as open`.execute(
    trx,
  )
  return rows[0]?.open === false
}

/** Lines of a cohort that have neither a case yet nor a reason to have none. */
export async function hasUnopened(trx: Trx, bulkId: string, cohort: number): Promise<boolean> {
  const { rows } = await sql`
    select from closure_bulk_line where bulk_id = ${bulkId} and cohort = ${cohort}
      and case_id is null and refusal is null limit 1`.execute(trx)
  return rows.length > 0
}
