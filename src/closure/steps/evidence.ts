/** The end of cases: the signed certificate, what is kept, the last mail, and for an account the last sign-out. */
import { sql } from 'kysely'
import { lockRemovals } from '../../esim/closing-store.ts'
import { refundsOfAll } from '../../payments/payout-store.ts'
import type { App } from '../../platform/app.ts'
import { system } from '../../platform/audit.ts'
import { insertRows, pairs, type Trx } from '../../platform/database.ts'
import { operator } from '../../platform/operator.ts'
import { personal, personalJson } from '../../platform/personal.ts'
import { leavingLinks } from '../../porting/leaving-store.ts'
import { after } from '../../policy/policy.ts'
import { closeSubscriber } from '../../subscribers/store.ts'
import { type Category, optional } from '../../values/closing.ts'
import { decimal, sum } from '../../values/money.ts'
import { type CertificateInput } from '../certificate.ts'
import { certificatePlace as placeOf } from '../certificate-place.ts'
import { debtsOf } from '../dues.ts'
import { closingName, progressUrl, tellAll } from '../enter-store.ts'
import { eraseWithAccounts } from '../erase-store.ts'
import { closings } from '../leftovers-store.ts'
import { keepTraces } from '../trace-store.ts'
import { type Facts, lineName } from '../facts.ts'
import { finalTables, type Table } from '../final-statement.ts'
import {
  type CaseKey,
  type DoneSteps,
  doneStepsOf,
  endingAccounts,
  refundIdsOf,
  wakeCases,
} from '../store.ts'
import { stepName } from '../workflow.ts'
import type { InsideContext, InsideStep, Recorded } from './step.ts'

export const certificateStep: InsideStep = {
  kind: 'inside',

  async record(trx, all) {
    const inputs = await certificateInputs(trx, all)
    const signed = await Promise.all(
      all.map(({ partners }, index) => partners.documents.certify(inputs[index]!)),
    )
    await insertRows(
      trx,
      'closure_certificate',
      all.map(({ c, facts, now }, index) => ({
        subscriber_id: c.subscriberId,
        case_id: c.caseId,
        document: personalJson(placeOf(c, 'document'), signed[index]!.certificate),
        jws: personal(placeOf(c, 'jws'), signed[index]!.jws),
        locale: facts.subscriber.locale,
        signed_at: now,
      })),
    )
    await insertReceipts(trx, all)
    const idsOf = await refundIdsOf(
      trx,
      all.map(({ c }) => c),
    )
    return all.map(({ c }) => ({
      events: [
        ...(idsOf(c).length > 0 ? [{ kind: 'refunds-ended' }] : []),
        { kind: 'certificate-signed' },
      ],
    }))
  },
}

/** What each case keeps, field by field, from the same words that the erasure is performed from. */
async function insertReceipts(trx: Trx, all: readonly InsideContext[]): Promise<void> {
  const signed = await Promise.all(all.map(receiptOf))
  await insertRows(
    trx,
    'retention_receipt',
    all.map(({ c, facts, now }, index) => ({
      subscriber_id: c.subscriberId,
      case_id: c.caseId,
      document: signed[index]!.receipt,
      jws: signed[index]!.jws,
      locale: facts.subscriber.locale,
      signed_at: now,
    })),
  )
}

function receiptOf(context: InsideContext) {
  const { app, c, facts, now, partners } = context
  const { country, version } = facts.policy
  return partners.documents.receipt({
    issuer: { name: operator.name, address: operator.address, url: app.config.publicUrl },
    reference: c.reference,
    scope: c.scope,
    policy: { country, version },
    issuedAt: now.round('second').toString(),
    closings: Object.values(closings),
    kept: keptOf(context).map(({ until, ...row }) => ({ ...row, until: until.toString() })),
  })
}

export const closeStep: InsideStep = {
  kind: 'inside',

  async record(trx, all) {
    const [{ app, now }] = all as [InsideContext]
    await insertRows(
      trx,
      'retention',
      all.flatMap((context) => retentionOf(context)),
    )
    await insertRows(trx, 'erasure', all.map(erasureOf))
    const those = pairs(all.map(({ c }) => [c.subscriberId, c.caseId]))
    await sql`
      delete from one_time_code o using ${those} as x(subscriber_id, case_id)
      where o.subscriber_id = x.subscriber_id and o.subject_id = x.case_id`.execute(trx)
    const tables = await endedTables(trx, all)
    const accounts = all.filter(({ c }) => c.scope === 'account').map(({ c }) => c)
    const leaving = accounts.map(({ subscriberId }) => subscriberId)
    const links = await leavingLinks(trx, app, leaving)
    await tellAll(
      trx,
      app,
      'closure-closed',
      all.map((context) => {
        const { c, facts } = context
        const link = c.scope === 'account' ? links.get(c.subscriberId) : undefined
        return { c, facts, params: { ...closedParams(context, tables(c)), ...link } }
      }),
    )
    await keepTraces(trx, app.config, leaving)
    for (const c of accounts) {
      await refuseStragglers(trx, c)
      const close = {
        subscriberId: c.subscriberId,
        actor: system,
        reason: `closure ${c.reference}`,
      }
      await closeSubscriber(trx, app, close)
    }
    await eraseWithAccounts(trx, leaving, now)
    await wakeWaiting(trx, app, all)
    return all.map((): Recorded => ({
      events: [{ kind: 'closed' }],
      change: { state: 'closed', closedAt: now, dueAt: null },
    }))
  },
}

/** Accounts that end after the lines that are closed with this go on. */
async function wakeWaiting(trx: Trx, app: App, all: readonly InsideContext[]): Promise<void> {
  const owners = new Set(all.flatMap(({ c }) => (c.scope === 'line' ? [c.subscriberId] : [])))
  await wakeCases(trx, app, await endingAccounts(trx, [...owners]))
}

function erasureOf({ c, now }: InsideContext) {
  const key = { subscriber_id: c.subscriberId, case_id: c.caseId }
  return { ...key, state: 'waiting', started_at: now, changed_at: now }
}

function retentionOf(context: InsideContext) {
  const { c, now } = context
  const row = { subscriber_id: c.subscriberId, case_id: c.caseId }
  const kept = keptOf(context).map(({ category, basis, until }) => ({
    ...row,
    category,
    basis,
    keep_until: until,
    erased_at: null,
  }))
  const basis = 'no reason to keep'
  const erased = erasedOf(context).map((category) => ({
    ...row,
    category,
    basis,
    keep_until: null,
    erased_at: now,
  }))
  return [...kept, ...erased]
}

function closedParams(context: InsideContext, tables: readonly Table[]) {
  const { app, c, facts, now } = context
  const kept = keptOf(context).map(({ until, ...row }) => ({
    ...row,
    until: until.toString(),
    erasedAt: null,
  }))
  return {
    reference: c.reference,
    lineName: closingName(c, facts),
    closedAt: now.toString(),
    statement: JSON.stringify(tables),
    kept: JSON.stringify(kept),
    progressUrl: progressUrl(app, c),
    keysUrl: `${app.config.publicUrl}/.well-known/closure-keys.json`,
    ...(facts.lines.some(({ removal }) => removal === 'unconfirmed') && {
      deleteUrl: `${app.config.publicUrl}/delete-guide`,
    }),
  }
}

async function certificateInputs(
  trx: Trx,
  all: readonly InsideContext[],
): Promise<CertificateInput[]> {
  const doneOf = await doneStepsOf(
    trx,
    all.map(({ c }) => c),
  )
  const profiles = all.flatMap(({ c, facts }) =>
    facts.lines.map(({ iccid }) => ({ subscriberId: c.subscriberId, iccid })),
  )
  // A deletion that is reported from now on comes after the certificate, and is added to it.
  const removals = await lockRemovals(trx, profiles)
  const tables = await endedTables(trx, all)
  return all.map((context) =>
    certificateInput(context, doneOf(context.c), removals, tables(context.c)),
  )
}

function certificateInput(
  context: InsideContext,
  done: DoneSteps,
  removals: Awaited<ReturnType<typeof lockRemovals>>,
  tables: readonly Table[],
): CertificateInput {
  const { app, c, facts, now } = context
  return {
    issuer: { name: operator.name, address: operator.address, url: app.config.publicUrl },
    reference: c.reference,
    scope: c.scope,
    subscriberName: facts.subscriber.name,
    policy: { country: facts.policy.country, version: facts.policy.version },
    submittedAt: moment(c.submittedAt),
    serviceEndedAt: moment(c.serviceEndedAt),
    settledAt: now.toString(),
    lines: facts.lines.map((line) => ({
      name: lineName(line),
      msisdn: line.msisdn,
      iccid: line.iccid,
      profileRemoval: removals.get(line.iccid) ?? line.removal,
      numberKeptUnusedUntil: done.get(stepName('close-line', line.lineId))?.['numberUntil'] ?? null,
      numberPortedAt: done.get(stepName('close-line', line.lineId))?.['numberPortedAt'],
    })),
    money: tables.map((table) => ({
      currency: table.currency,
      sources: table.sources.map(({ kind, detail, amount }) => ({
        kind,
        detail,
        amount: amount.amount,
      })),
      destinations: table.destinations.map(({ kind, lineId, detail, amount }) => ({
        kind,
        detail: { ...detail, ...movedTo(facts, lineId) },
        amount: amount.amount,
        at: now.toString(),
      })),
    })),
    owed: owedBy(facts),
    kept: keptOf(context).map(({ category, basis, until }) => ({
      category,
      basis,
      until: until.toString(),
    })),
    erased: erasedOf(context).map((category) => ({ category, at: now.toString() })),
  }
}

/** What is still to be paid for what has closed, as the ledger has it at the end. */
function owedBy(facts: Facts): { currency: string; amount: string }[] {
  const debts = debtsOf(facts).map(({ amount }) => amount)
  return [...Map.groupBy(debts, ({ currency }) => currency)].map(([currency, all]) => ({
    currency,
    amount: decimal(sum(all, currency)),
  }))
}

/** The name of the line that money went to. */
function movedTo({ staying }: Facts, lineId: string | null): Record<string, string> {
  const line = staying.find((one) => one.lineId === lineId)
  return line ? { toLineName: line.name } : {}
}

/** The settled tables by case, each refund where it arrived. */
async function endedTables(
  trx: Trx,
  all: readonly InsideContext[],
): Promise<(c: CaseKey) => Table[]> {
  const cases = all.map(({ c }) => c)
  const doneOf = await doneStepsOf(trx, cases)
  const refundsBy = await refundsOfAll(trx, cases)
  return (c) => {
    const accounts = new Map(refundsBy(c).map(({ refundId, payoutTo }) => [refundId, payoutTo]))
    return finalTables(doneOf(c), accounts) ?? []
  }
}

function keptOf({ c, policy, now }: InsideContext) {
  const rules = policy.rules.retention.value
  const kept: readonly Category[] = ['invoices', 'usage', 'certificate']
  const categories = c.scope === 'account' ? [...kept, 'contacts' as const, ...optional] : kept
  return categories.flatMap((category) => {
    const rule = rules[category]
    if (!rule) return []
    return { category, basis: rule.basis, until: after(now, rule.for, policy.timeZone) }
  })
}

function erasedOf({ c }: InsideContext): string[] {
  return c.scope === 'account' ? ['codes', 'sign-in'] : ['codes']
}

/** A line that came while the account was closing would be stranded; a person looks before the account ends. */
async function refuseStragglers(trx: Trx, c: CaseKey): Promise<void> {
  const open = await trx
    .selectFrom('line')
    .select('line_id')
    .where('subscriber_id', '=', c.subscriberId)
    .where('state', '<>', 'closed')
    .executeTakeFirst()
  if (open) throw new Error(`the account still has an open line: ${open.line_id}`)
}

function moment(at: Temporal.Instant | null): string {
  if (at === null) throw new Error('a certificate needs every date of its case')
  return at.toString()
}
