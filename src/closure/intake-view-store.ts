/** Requests as they are read: by who asked, and by anybody who has the reference. */
import type { z } from 'zod'
import type { App } from '../platform/app.ts'
import { operator } from '../platform/operator.ts'
import { currentPolicy } from '../policy/store.ts'
import { maskContact } from '../subscribers/subscriber.ts'
import { isRefusal, type Refusal } from '../values/refusal.ts'
import { answerable, intakeTimeline, shownState } from './intake.ts'
import { type intakeWire } from './intake-wire.ts'
import { intakeFrom, matchOf, takesProof, withIntake, type WithIntake } from './intake-store.ts'
import { seeByReference } from './evidence-store.ts'
import { type PublicView, publicViewOf } from './view.ts'
import { seeCase } from './view-store.ts'

type IntakeView = z.infer<typeof intakeWire>

export async function seeIntake(app: App, token: string): Promise<IntakeView | Refusal> {
  const now = app.clock.now()
  const found = await withIntake<WithIntake>(app, token, async (_trx, seen) => seen)
  if (isRefusal(found)) return found
  const { intake, policy } = found
  const { contact } = intake.given
  return {
    reference: intake.reference,
    scope: intake.scope,
    ...shownState(intake, now),
    receivedAt: intake.receivedAt.toString(),
    dueAt: intake.dueAt.toString(),
    maskedTo: maskContact(contact.kind, contact.value),
    evidence: answerable(policy, intake.asked),
    answered: intake.answeredAt !== null,
    asked: intake.asked === null ? null : { what: askedOf(intake), note: intake.given.note },
    canWithdraw: takesProof(intake) && shownState(intake, now).state !== 'rejected',
  }
}

export function askedOf({ asked }: { asked: string | null }) {
  return (asked?.split(',').filter(Boolean) ?? []) as NonNullable<IntakeView['asked']>['what']
}

/** Progress by reference: a closure, or the request that is none yet. */
export async function publicProgress(app: App, reference: string): Promise<PublicView | undefined> {
  const seen = await seeByReference(app, reference)
  if (seen) return publicViewOf(seen, operator.name)
  const row = await app.db
    .selectFrom('closure_intake')
    .selectAll()
    .where('reference', '=', reference)
    .executeTakeFirst()
  if (!row) return undefined
  const intake = intakeFrom(app, row)
  const owner = intake.state === 'opened' ? await matchOf(app.db, intake.caseId) : undefined
  const joined = owner?.joinedCaseId && (await seeCase(app, owner.subscriberId, owner.joinedCaseId))
  if (joined) return { ...publicViewOf(joined, operator.name), reference }
  const now = app.clock.now()
  const policy = await currentPolicy(app.db, intake.residence, now)
  const { state, proof } = shownState(intake, now)
  return {
    reference,
    scope: intake.scope,
    state,
    proof,
    timeline: intakeTimeline(intake, now).map(({ detail: _, ...row }) => row),
    dueAt: proof === 'needed' ? intake.dueAt.toString() : null,
    ifLate: policy?.rules.ifLate.value ?? 'escalated',
    operator: operator.name,
  }
}
