/** The end of a case: the signed certificate, what is kept, the last mail, and for an account the last sign-out. */
import { lockRemovals } from '../../esim/store.ts'
import { findRefundRow } from '../../payments/store.ts'
import { system } from '../../platform/audit.ts'
import type { Trx } from '../../platform/database.ts'
import { operator } from '../../platform/operator.ts'
import { after, type RetentionCategory } from '../../policy/policy.ts'
import { closeSubscriber } from '../../subscribers/store.ts'
import { type CertificateInput } from '../certificate.ts'
import { closingName, progressUrl, tell } from '../enter-store.ts'
import { type Facts, lineName } from '../facts.ts'
import type { QuoteWire } from '../quote.ts'
import { doneSteps, refundIdsOf } from '../store.ts'
import { stepName } from '../workflow.ts'
import type { InsideStep, Recorded, StepContext } from './step.ts'

type Table = QuoteWire['currencies'][number]

export const certificateStep: InsideStep = {
  kind: 'inside',

  async record(trx, context) {
    const { c, facts, now, partners } = context
    const input = await certificateInput(trx, context)
    const { certificate, jws, pdf } = await partners.documents.certify(
      input,
      facts.subscriber.locale,
    )
    await trx
      .insertInto('closure_certificate')
      .values({
        subscriber_id: c.subscriberId,
        case_id: c.caseId,
        document: certificate,
        jws,
        pdf: Buffer.from(pdf),
        signed_at: now,
      })
      .execute()
    return { events: [{ kind: 'certificate-signed' }] }
  },
}

export const closeStep: InsideStep = {
  kind: 'inside',

  async record(trx, context): Promise<Recorded> {
    const { app, c, facts, now } = context
    const { subscriberId, caseId } = c
    const kept = keptOf(context)
    await trx
      .insertInto('retention')
      .values([
        ...kept.map(({ category, basis, until }) => ({
          subscriber_id: subscriberId,
          case_id: caseId,
          category,
          basis,
          keep_until: until,
        })),
        ...erasedOf(context).map((category) => ({
          subscriber_id: subscriberId,
          case_id: caseId,
          category,
          basis: 'no reason to keep',
          erased_at: now,
        })),
      ])
      .execute()
    await trx
      .deleteFrom('one_time_code')
      .where('subscriber_id', '=', subscriberId)
      .where('subject_id', '=', caseId)
      .execute()
    await tell(trx, app, c, facts, 'closure-closed', {
      reference: c.reference,
      lineName: closingName(c, facts),
      closedAt: now.toString(),
      statement: JSON.stringify(await endedTables(trx, context)),
      kept: JSON.stringify(
        kept.map(({ until, ...row }) => ({ ...row, until: until.toString(), erasedAt: null })),
      ),
      progressUrl: progressUrl(app, c),
      keysUrl: `${app.config.publicUrl}/.well-known/closure-keys.json`,
    })
    if (c.scope === 'account') {
      await refuseStragglers(trx, context)
      await closeSubscriber(trx, app, {
        subscriberId,
        actor: system,
        reason: `closure ${c.reference}`,
      })
    }
    return { events: [{ kind: 'closed' }], change: { state: 'closed', closedAt: now, dueAt: null } }
  },
}

async function certificateInput(trx: Trx, context: StepContext): Promise<CertificateInput> {
  const { app, c, facts, now } = context
  const done = await doneSteps(trx, c)
  // A deletion that is reported from now on comes after the certificate, and is added to it.
  const removals = await lockRemovals(
    trx,
    c.subscriberId,
    facts.lines.map(({ iccid }) => iccid),
  )
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
    })),
    money: (await endedTables(trx, context)).map((table) => ({
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
    kept: keptOf(context).map(({ category, basis, until }) => ({
      category,
      basis,
      until: until.toString(),
    })),
    erased: erasedOf(context).map((category) => ({ category, at: now.toString() })),
  }
}

/** The name of the line that money went to. */
function movedTo({ staying }: Facts, lineId: string | null): Record<string, string> {
  const line = staying.find((one) => one.lineId === lineId)
  return line ? { toLineName: line.name } : {}
}

/** The settled tables, with a refund that could not be delivered shown as what became of it. */
async function endedTables(trx: Trx, { c }: StepContext): Promise<Table[]> {
  const done = await doneSteps(trx, c)
  const tables = JSON.parse(done.get('settle')?.['tables'] ?? '[]') as Table[]
  const unclaimed = new Set<string>()
  for (const refundId of await refundIdsOf(trx, c)) {
    const row = await findRefundRow(trx, c.subscriberId, refundId)
    if (row.state === 'unclaimed') unclaimed.add(row.orderId)
  }
  return tables.map((table) => ({
    ...table,
    destinations: table.destinations.map((row) =>
      row.kind === 'refund' && unclaimed.has(row.detail['orderId'] ?? '')
        ? { ...row, kind: 'unclaimed' as const }
        : row,
    ),
  }))
}

function keptOf({ c, policy, now }: StepContext) {
  const rules = policy.rules.retention.value
  const categories: RetentionCategory[] = ['invoices', 'usage', 'certificate']
  if (c.scope === 'account') categories.push('contacts')
  return categories.map((category) => ({
    category,
    basis: rules[category].basis,
    until: after(now, rules[category].for, policy.timeZone),
  }))
}

function erasedOf({ c }: StepContext): string[] {
  return c.scope === 'account' ? ['codes', 'sign-in'] : ['codes']
}

/** A line that came while the account was closing would be stranded; a person looks before the account ends. */
async function refuseStragglers(trx: Trx, { c }: StepContext): Promise<void> {
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
