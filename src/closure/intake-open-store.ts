/** It was shown who asked: the request becomes a closure that was received when it was asked for. */
import type { App } from '../platform/app.ts'
import type { Actor } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { codeKey, codeMinutes, hashCode, judgeTry } from '../subscribers/store.ts'
import { lockSubscriber } from '../subscribers/store.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import { isInTheWay, pinnedTo, type ShownBy, type StoredCase } from './case.ts'
import { isSubmitted } from './closure.ts'
import { loadFacts } from './facts-store.ts'
import { codeContacts, type Facts } from './facts.ts'
import type { Intake } from './intake.ts'
import { changeIntake, type IntakeMatch, matchOf, takesProof, withIntake } from './intake-store.ts'
import { tellAsker } from './intake-tell-store.ts'
import { checkChoices, type Quote } from './quote.ts'
import { blocks, readiness } from './readiness.ts'
import type { Choices } from './settlement.ts'
import { casesOf, changeCase, insertDraft, lockCase } from './store.ts'
import { submitDraft } from './submit-store.ts'
import { missingFacts, quoteNow } from './way-store.ts'

export type Shown = { by: ShownBy; actor: Actor }

/** A right code to a way that we had verified shows who asks. A wrong try costs one, whoever the line belongs to. */
export async function proveByCode(
  app: App,
  token: string,
  code: string,
): Promise<{ reference: string } | Refusal> {
  const now = app.clock.now()
  return withIntake<{ reference: string }>(app, token, async (trx, { intake }) => {
    if (intake.state === 'opened') return { reference: intake.reference }
    if (!takesProof(intake)) return refuse('intake-over')
    const { codeAt, codeHash, codeTries, caseId } = intake
    const stored =
      codeAt === null
        ? undefined
        : {
            hash: codeHash ?? '',
            expiresAt: codeAt.add({ minutes: codeMinutes }),
            triesLeft: codeTries,
            usedAt: null,
          }
    const verdict = judgeTry(stored, hashCode(codeKey(app.config.masterKey), caseId, code), now)
    if (verdict.kind === 'not-asked') return refuse('code-not-asked')
    if (verdict.kind === 'expired' || verdict.kind === 'used') return refuse('code-expired')
    if (verdict.kind !== 'ok') {
      const triesLeft = verdict.kind === 'wrong' ? verdict.triesLeft : 0
      const commit = { now, actor: nobody, reason: 'a wrong code' }
      await changeIntake(trx, app, intake, { codeTries: triesLeft }, commit)
      return verdict.kind === 'wrong'
        ? refuse('code-wrong', { triesLeft: String(triesLeft) }, { triesLeft })
        : refuse('code-too-many', { minutes: '60' }, { minutes: 60, triesLeft })
    }
    // Only who reads the owner's mail gets here, so this tells nothing to anybody else.
    if (intake.state === 'stopped') return refuse('intake-stopped')
    const owner = await matchOf(trx, caseId)
    if (!owner) return refuse('code-expired')
    const shown = { by: 'code', actor: { kind: 'subscriber', id: owner.subscriberId } } as const
    const opened = await openClosure(trx, app, intake, owner, shown)
    return isRefusal(opened) ? opened : { reference: intake.reference }
  })
}

const nobody: Actor = { kind: 'system', id: 'who asked without signing in' }

/** What is left goes back to where it came from; where that may not be, to the next that the policy offers. */
function choicesFor(facts: Facts): Choices | undefined {
  const all: Choices[] = (['refund', 'keep', 'donate'] as const).map((disposition) => ({
    paid: { disposition },
    promotional: { disposition: 'give-up' },
    shared: { disposition: 'return' },
  }))
  return all.find((choices) => !checkChoices(facts, choices))
}

/** One transaction with whatever showed who asks. Refused, nothing is written of it. */
export async function openClosure(
  trx: Trx,
  app: App,
  intake: Intake,
  owner: IntakeMatch,
  shown: Shown,
): Promise<{ caseId: string } | Refusal> {
  const { subscriberId, lineId } = owner
  const { scope, caseId } = intake
  // The subscriber's row is the lock that makes two ways to close one case.
  await lockSubscriber(trx, subscriberId)
  const cases = await casesOf(trx, subscriberId)
  const covering = cases.find(
    (c) => isSubmitted(c.state) && (c.scope === 'account' || c.lineId === lineId),
  )
  if (covering) return join(trx, app, intake, owner, shown, covering.caseId)
  const other = cases.find((c) => scope === 'account' && isInTheWay(c, { scope, lineId }))
  if (other) return refuse('closure-open', { reference: other.reference })
  const wanted = { scope, lineId, closingLines: null, shownBy: shown.by }
  const facts = await loadFacts(trx, subscriberId, wanted, { at: app.clock.now() })
  if (!facts) return missingFacts(trx, subscriberId)
  const choices = choicesFor(facts)
  const no = mayNotOpen(facts, intake, owner, shown)
  if (no) return no
  if (!choices) return refuse('choice-missing')
  const drafts = cases.filter(
    (c) => c.state === 'draft' && c.scope === scope && c.lineId === lineId,
  )
  await dropDrafts(trx, app, drafts, shown)
  await open(trx, app, intake, { subscriberId, caseId, facts, scope, lineId, choices }, shown)
  await end(trx, app, intake, owner, shown)
  return { caseId }
}

function mayNotOpen(
  facts: Facts,
  { scope, given }: Intake,
  { contactId }: IntakeMatch,
  { by }: Shown,
): Refusal | undefined {
  if (facts.died) return refuse('representative-acts')
  if (scope === 'line' && facts.lines[0]?.state === 'closed') return refuse('line-closed')
  const verified = codeContacts(facts).find((one) => one.contactId === contactId)
  // It may have been removed, or have begun to close, since the code left.
  if (by === 'code' && verified?.value !== given.contact.value) return refuse('code-expired')
  const rows = readiness(facts, false).filter(({ key }) => by === 'code' || key !== 'identity')
  // Which, and nothing of what is on the account.
  const keys = rows.filter(({ state }) => state === 'blocks').map(({ key }) => key)
  return blocks(rows) ? refuse('blocked', {}, { blocks: keys }) : undefined
}

async function dropDrafts(
  trx: Trx,
  app: App,
  drafts: readonly StoredCase[],
  { actor }: Shown,
): Promise<void> {
  for (const draft of drafts) {
    const change = { state: 'withdrawn', dueAt: null, wakeAt: null } as const
    await changeCase(trx, app, draft, change, {
      now: app.clock.now(),
      actor,
      reason: 'asked for without signing in',
      events: [{ kind: 'withdrawn' }],
    })
  }
}

type Opening = {
  subscriberId: string
  caseId: string
  facts: Facts
  scope: 'line' | 'account'
  lineId: string | null
  choices: Choices
}

async function open(
  trx: Trx,
  app: App,
  { reference, reason, receivedAt }: Intake,
  { facts, choices, ...opening }: Opening,
  { by, actor }: Shown,
): Promise<void> {
  const now = app.clock.now()
  await insertDraft(trx, app, { ...opening, ...pinnedTo(facts), reference }, now, actor)
  const draft = await lockCase(trx, opening.subscriberId, opening.caseId)
  if (!draft) throw new Error('the draft just written is gone')
  const given = { choices, reason: reason ?? reasonFor(facts) }
  await changeCase(trx, app, draft, given, {
    now,
    actor,
    reason: 'asked for without signing in',
    events: [{ kind: 'shown-who-asks', detail: { by } }],
  })
  const c = { ...draft, ...given, version: draft.version + 1 }
  const quote: Quote = quoteNow(c, facts, receivedAt)
  await submitDraft(trx, app, { c, facts, quote, actor, now }, { at: receivedAt, shownBy: by })
}

/** Who can't sign in is not asked again only because the country of the account asks for a reason. */
function reasonFor({ policy }: Facts): string | null {
  return policy.rules.reasonMode.value === 'required' ? 'other' : null
}

/** The same was being closed already: who asked follows that. */
async function join(
  trx: Trx,
  app: App,
  intake: Intake,
  owner: IntakeMatch,
  shown: Shown,
  joinedCaseId: string,
): Promise<{ caseId: string }> {
  await trx
    .updateTable('closure_intake_match')
    .set({ joined_case_id: joinedCaseId })
    .where('subscriber_id', '=', owner.subscriberId)
    .where('case_id', '=', intake.caseId)
    .execute()
  await end(trx, app, intake, owner, shown)
  return { caseId: joinedCaseId }
}

async function end(
  trx: Trx,
  app: App,
  intake: Intake,
  { subscriberId }: IntakeMatch,
  { by, actor }: Shown,
): Promise<void> {
  const now = app.clock.now()
  const reason = by === 'code' ? 'a code showed who asks' : 'a reviewer judged who asks'
  const change = { state: 'opened', endedAt: now, wakeAt: null } as const
  await changeIntake(trx, app, intake, change, { now, actor, reason, subscriberId })
  await tellAsker(trx, app, intake, 'opened')
}
