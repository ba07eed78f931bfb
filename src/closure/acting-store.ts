/** Who acts for a subscriber, by the link that is theirs alone: looks, chooses, confirms with a code, declines. */
import type { Account } from '../payments/payments.ts'
import type { App, StaffMember } from '../platform/app.ts'
import type { Actor } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { makeCode } from '../porting/store.ts'
import { type CodeSent, sendCode, useCode } from '../subscribers/code-store.ts'
import { maskContact, type Representative } from '../subscribers/subscriber.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import { nameRefundAccount } from './account-store.ts'
import { backFromAsking } from './acting.ts'
import { appeal } from './appeal-store.ts'
import { askActing } from './ask-acting-store.ts'
import { answer, type Answer } from './ask-question-store.ts'
import { pinOf, type StoredCase } from './case.ts'
import { closingName } from './enter-store.ts'
import { loadFacts } from './facts-store.ts'
import { type Facts, lineName } from './facts.ts'
import { caseInToken, isLink } from './freeze.ts'
import { locateCase, lockCase } from './store.ts'
import { agreeAgain } from './submit-store.ts'
import { eventsOf } from './timeline-store.ts'
import { viewOf } from './view.ts'
import { seeCase } from './view-store.ts'
import {
  type Change,
  changeClosure,
  isForGuardian,
  mayNotSubmit,
  quoteNow,
  startClosure,
  submitClosure,
  withdrawClosure,
} from './way-store.ts'

const purpose = 'authorise-closure'

type Acting = { c: StoredCase; facts: Facts; acting: Representative }

const actorOf = ({ representativeId }: Representative): Actor => ({
  kind: 'representative',
  id: representativeId,
})

/** The case of a link and who it was made for; of somebody who no longer acts a link is not valid. */
async function withLink<Result>(
  app: App,
  token: string,
  act: (trx: Trx, found: Acting) => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const caseId = caseInToken(token)
  const place = caseId === undefined ? undefined : await locateCase(app.db, { caseId })
  if (caseId === undefined || !place) return refuse('link-not-valid')
  return app.db.transaction().execute(async (trx) => {
    const c = await lockCase(trx, place.subscriber_id, caseId)
    const facts = c && (await loadFacts(trx, c.subscriberId, c, pinOf(c, app.clock.now()), true))
    if (!c || !facts?.acting) return refuse('link-not-valid')
    const { acting } = facts
    const isTheirs = isLink(app.config.masterKey, 'act', token, acting.representativeId)
    return isTheirs ? act(trx, { c, facts, acting }) : refuse('link-not-valid')
  })
}

const found = (app: App, token: string) =>
  withLink<Acting>(app, token, async (_trx, acting) => acting)

export async function seeActing(app: App, token: string) {
  const seen = await found(app, token)
  if (isRefusal(seen)) return seen
  const { c, facts, acting } = seen
  const shown = await seeCase(app, c.subscriberId, c.caseId)
  if (!shown) return refuse('link-not-valid')
  // How the subscriber is reached is nobody else's business.
  const closure = { ...viewOf(shown), codeContacts: [] }
  const waits = closure.waitsFor === 'guardian' || closure.waitsFor === 'representative'
  const numbers = facts.died && closure.canWithdraw ? facts.lines : []
  return {
    closure,
    kind: acting.kind,
    name: acting.name,
    subscriberName: facts.subscriber.name,
    maskedTo: maskContact('email', acting.email),
    decides: waits,
    numbers: numbers.flatMap((line) =>
      line.msisdn === null
        ? []
        : [{ lineId: line.lineId, name: lineName(line), msisdn: line.msisdn }],
    ),
  }
}

export async function sendActingCode(app: App, token: string): Promise<CodeSent | Refusal> {
  return withLink<CodeSent>(app, token, (trx, { c, facts, acting }) =>
    sendCode(trx, app, {
      subscriberId: c.subscriberId,
      purpose,
      subjectId: c.caseId,
      locale: acting.locale,
      lineName: closingName(c, facts),
      reference: c.reference,
    }),
  )
}

/** Where the money of an estate goes. */
export async function chooseActing(app: App, token: string, change: Change) {
  const seen = await found(app, token)
  if (isRefusal(seen)) return seen
  const { c, acting } = seen
  return changeClosure(app, c.subscriberId, c.caseId, change, actorOf(acting))
}

/** For an estate this submits the closure; a guardian lets one go on that a minor submitted. */
export async function confirmActing(
  app: App,
  token: string,
  given: { quoteHash: string; code: string },
): Promise<StoredCase | Refusal> {
  const seen = await found(app, token)
  if (isRefusal(seen)) return seen
  if (seen.acting.kind === 'estate') {
    const { subscriberId, caseId } = seen.c
    return submitClosure(app, subscriberId, caseId, given, actorOf(seen.acting))
  }
  return withLink<StoredCase>(app, token, (trx, current) => authorise(trx, app, current, given))
}

async function authorise(
  trx: Trx,
  app: App,
  { c, facts, acting }: Acting,
  { quoteHash, code }: { quoteHash: string; code: string },
): Promise<StoredCase | Refusal> {
  const now = app.clock.now()
  const { subscriberId, caseId } = c
  const events = await eventsOf(trx, subscriberId, caseId)
  if (!isForGuardian(c, facts, events, now)) return refuse('nothing-to-authorise')
  const quote = quoteNow(c, facts, now)
  const no = mayNotSubmit(facts, quote, quoteHash)
  if (no) return no
  const used = await useCode(trx, app, { subscriberId, purpose, subjectId: caseId, code })
  if (isRefusal(used)) return used
  const agreed = { c, facts, quote, actor: actorOf(acting), now }
  const to = { kind: 'authorised', state: backFromAsking(events) } as const
  return agreeAgain(trx, app, agreed, to)
}

/** Who acts for an estate answers what a reviewer asks; a minor does so alone. */
export async function answerActing(
  app: App,
  token: string,
  given: Answer,
): Promise<true | Refusal> {
  const seen = await found(app, token)
  if (isRefusal(seen)) return seen
  const { c, acting } = seen
  return answer(app, c.subscriberId, c.caseId, given, actorOf(acting))
}

/** After a death nobody but who acts for the estate names an account, or appeals; a minor does so alone. */
async function forEstate(
  app: App,
  token: string,
  act: (c: StoredCase, actor: Actor) => Promise<true | Refusal>,
): Promise<true | Refusal> {
  const seen = await found(app, token)
  if (isRefusal(seen)) return seen
  const { c, facts, acting } = seen
  return facts.died ? act(c, actorOf(acting)) : refuse('not-found')
}

export const nameAccountActing = (
  app: App,
  token: string,
  { refundId, ...given }: { refundId: string; account: Account; code: string },
) =>
  forEstate(app, token, ({ subscriberId, caseId }, actor) =>
    nameRefundAccount(app, { subscriberId, caseId, refundId }, given, actor),
  )

export const appealActing = (app: App, token: string, text: string) =>
  forEstate(app, token, ({ subscriberId, caseId }, actor) =>
    appeal(app, subscriberId, caseId, text, actor),
  )

export async function declineActing(app: App, token: string): Promise<StoredCase | Refusal> {
  const seen = await found(app, token)
  if (isRefusal(seen)) return seen
  const { c, acting } = seen
  return withdrawClosure(app, c.subscriberId, c.caseId, actorOf(acting))
}

/** The number of who died can go on with the heirs, at another operator or in an account of their own. */
export async function numberForHeirs(
  app: App,
  token: string,
  { lineId, code }: { lineId: string; code: string },
): Promise<{ portCode: string } | Refusal> {
  return withLink<{ portCode: string }>(app, token, async (trx, { c, facts, acting }) => {
    const isOfCase = facts.lines.some((line) => line.lineId === lineId)
    if (!facts.died || !isOfCase) return refuse('not-found')
    const { subscriberId, caseId } = c
    return makeCode(trx, app, { subscriberId, lineId }, actorOf(acting), () =>
      useCode(trx, app, { subscriberId, purpose, subjectId: caseId, code }),
    )
  })
}

/** Staff open the closure of somebody who died; who acts for the estate gets the link to go on with. */
export async function startForEstate(
  app: App,
  staff: StaffMember,
  subscriberId: string,
  wanted: { scope: 'line' | 'account'; lineId: string | null },
): Promise<StoredCase | Refusal> {
  const actor = { kind: 'staff', id: staff.staffId } as const
  const started = await startClosure(app, subscriberId, wanted, actor)
  if (isRefusal(started)) return started
  const { caseId } = started.c
  return app.db.transaction().execute(async (trx) => {
    const c = await lockCase(trx, subscriberId, caseId)
    const facts = c && (await loadFacts(trx, subscriberId, c, pinOf(c, app.clock.now())))
    if (!facts) return refuse('not-found')
    await askActing(trx, app, c, facts)
    return c
  })
}
