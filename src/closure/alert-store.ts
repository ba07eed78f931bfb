/** Tells everybody who was reached for a subscriber that a closure was asked for, and how to stop it. */
import { casesUntold, notify } from '../notices/store.ts'
import type { App } from '../platform/app.ts'
import type { Trx } from '../platform/database.ts'
import type { StoredCase } from './case.ts'
import { codeContacts, type Facts } from './facts.ts'
import { freezeToken } from './freeze.ts'

const stoppable: ReadonlySet<string> = new Set([
  'closure-received',
  'closure-approved',
  'closure-agree-again',
  'closure-of-age',
  'closure-late',
  'closure-question',
  'closure-port-stayed',
  'closure-port-choose',
])

/** Those of the cases that somebody who can stop them has not been told of yet. */
export function untoldOf(trx: Trx, cases: readonly Pick<StoredCase, 'subscriberId' | 'caseId'>[]) {
  return casesUntold(trx, cases, ['closure-received', 'closure-alert', 'closure-thawed'])
}

/** While a closure can be stopped, each notice of it says how, for whoever did not ask for it. */
export function freezing(app: App, { caseId }: Pick<StoredCase, 'caseId'>, template: string) {
  return stoppable.has(template) ? { freezeUrl: freezeUrl(app, caseId) } : {}
}

export function freezeUrl(app: App, caseId: string): string {
  return `${app.config.publicUrl}/freeze/${freezeToken(app.config.masterKey, caseId)}`
}

/** Contacts that went longer ago are somebody's who left long ago. */
const formerHours = 30 * 24

/** Who was reached before, and the closing numbers; whoever is told of everything anyway is left out. */
export function alertedOf(facts: Facts, now: Temporal.Instant) {
  const from = now.subtract({ hours: formerHours })
  const former = facts.former.filter(
    ({ removedAt }) => Temporal.Instant.compare(removedAt, from) >= 0,
  )
  const current = new Set(codeContacts(facts).map(({ value }) => value))
  const numbers = facts.lines.flatMap(({ msisdn, state }) =>
    msisdn !== null && state !== 'ordered' ? [{ kind: 'phone' as const, value: msisdn }] : [],
  )
  return [...former, ...numbers].filter(({ value }) => !current.has(value))
}

/**
 * To those who were reached before, and to the closing number itself; without amounts or names, since they may not be
 * the subscriber.
 */
export async function alert(
  trx: Trx,
  app: App,
  c: Pick<StoredCase, 'subscriberId' | 'caseId' | 'reference'>,
  facts: Facts,
  now: Temporal.Instant,
): Promise<void> {
  await notify(trx, app, {
    subscriberId: c.subscriberId,
    noticeId: `${c.caseId}:closure-alert`,
    recipients: alertedOf(facts, now).map(recipientOf),
    template: 'closure-alert',
    locale: facts.subscriber.locale,
    caseId: c.caseId,
    params: { reference: c.reference, at: now.toString(), freezeUrl: freezeUrl(app, c.caseId) },
  })
}

/** What was stopped goes on: told to all of those at once, since each of them can stop it again until then. */
export async function tellThawed(
  trx: Trx,
  app: App,
  c: Pick<StoredCase, 'subscriberId' | 'caseId' | 'reference' | 'version'>,
  facts: Facts,
  { now, until }: { now: Temporal.Instant; until: Temporal.Instant },
): Promise<void> {
  await notify(trx, app, {
    subscriberId: c.subscriberId,
    noticeId: `${c.caseId}:closure-thawed:${c.version}`,
    recipients: [...codeContacts(facts), ...alertedOf(facts, now)].map(recipientOf),
    template: 'closure-thawed',
    locale: facts.died ? facts.acting!.locale : facts.subscriber.locale,
    caseId: c.caseId,
    params: {
      reference: c.reference,
      waitsUntil: until.toString(),
      freezeUrl: freezeUrl(app, c.caseId),
    },
  })
}

function recipientOf({ kind, value }: { kind: 'email' | 'phone'; value: string }) {
  return { channel: kind === 'email' ? ('email' as const) : ('sms' as const), address: value }
}
