/** Closing, as a person goes through it: choose, confirm, look in, agree again, name an account, stop it, appeal. */
import {
  type Answer,
  type Ask,
  type Body,
  get,
  hours,
  minutes,
  ok,
  post,
  type Program,
  say,
  seconds,
  wait,
} from './ask.ts'
import { askBank, type Mind, type Of } from './mind.ts'
import { signIn } from './sign-in.ts'

export function* close(intent: Of<'close'>, mind: Mind): Program {
  const { scope, clicks, withdrawAfterMs, freezeAfterMs = null } = intent
  const lineId = mind.lineIds[intent.line]
  if (scope === 'line' && !lineId) return
  yield say(`opens the closing way of the ${scope}`)
  const wanted = { scope, ...(scope === 'line' && { lineId }) }
  const opened = yield* open(wanted, clicks, mind)
  if (!ok(opened)) {
    yield say(`may not close: ${opened.body?.code ?? opened.status}`)
    return
  }
  const { caseId } = opened.body
  const sent = yield* confirm(intent, caseId, mind.email, clicks)
  if (!sent) return
  mind.isLeaving ||= scope === 'account'
  yield say(`submits ${opened.body.reference}`)
  if (mind.unpaid) {
    yield say('pays what was ordered before')
    yield { do: 'pay', url: mind.unpaid, card: 'good', attempt: 1 }
    mind.unpaid = null
  }
  if (mind.claim) {
    yield* askBank(mind.claim, mind)
    mind.claim = null
  }
  if (withdrawAfterMs !== null) {
    yield wait(withdrawAfterMs)
    const withdrawn = yield post(`/v1/closures/${caseId}/withdraw`, {}, clicks)
    yield say(ok(withdrawn) ? 'withdraws' : `is too late to withdraw: ${withdrawn.body?.code}`)
    if (ok(withdrawn)) {
      mind.isLeaving = false
      return
    }
  }
  if (freezeAfterMs !== null) yield* freeze(freezeAfterMs, clicks, mind)
  yield* follow(intent, caseId, mind)
}

/** A closure of one of the lines stands in the way of the account's for as long as that has service: asked for again. */
function* open(wanted: Body, clicks: number, mind: Mind): Generator<Ask, Answer, Answer> {
  for (let round = 0; round < 8; round += 1) {
    const opened = yield post('/v1/closures', wanted, clicks)
    if (opened.body?.code !== 'closure-open' || mind.left.length === 0) return opened
    yield say('has to wait for the end of a line')
    yield wait(16 * hours)
  }
  return yield post('/v1/closures', wanted, clicks)
}

/** Somebody who reads the mail says that it was not them: service is back, everybody is signed out, a person looks. */
function* freeze(afterMs: number, clicks: number, mind: Mind): Program {
  yield wait(afterMs)
  const { body: token } = yield { do: 'read-link', to: mind.email, sinceMs: 10 * minutes }
  if (!token) return
  const frozen = yield post('/v1/closures/freeze', { token }, clicks)
  yield say(`says that it was not them: ${frozen.body?.state ?? frozen.body?.code}`)
  if (frozen.body?.frozen) yield* signIn('/v1/sign-in', mind.email, mind.locale)
}

/** Chooses, asks for the code, submits; a changed quote or a lost code is gone through again. */
function* confirm(
  intent: Of<'close'>,
  caseId: string,
  email: string,
  clicks: number,
): Generator<Ask, boolean, Answer> {
  for (let round = 0; round < 6; round += 1) {
    const seen = yield get(`/v1/closures/${caseId}`)
    if (!ok(seen)) {
      yield wait(minutes)
      continue
    }
    if (seen.body.state !== 'draft' && seen.body.state !== 'needs_customer') return true
    const choices = choicesOf(intent, seen.body)
    const chosen = yield {
      do: 'request',
      method: 'PATCH',
      path: `/v1/closures/${caseId}`,
      body: { choices },
    }
    if (!ok(chosen)) continue
    yield post(`/v1/closures/${caseId}/code`)
    const { body: code } = yield { do: 'read-code', to: email, sinceMs: 10 * minutes }
    if (!code) continue
    const given = { quoteHash: chosen.body.quote.hash, code, understood: true }
    const submitted = yield post(`/v1/closures/${caseId}/submit`, given, clicks)
    if (submitted.status === 202) return true
    yield say(`is not through yet: ${submitted.body?.code ?? submitted.status}`)
    yield wait(2 * minutes)
  }
  return false
}

function choicesOf({ paid, endsInDays = null }: Of<'close'>, { quote, choices }: Body) {
  const { choicesNeeded, allowed } = quote
  const target = allowed.moveTo[0]?.lineId
  const wish = allowed.paid.includes(paid) && (paid !== 'move' || target) ? paid : allowed.paid[0]
  const needs = (what: string) => choicesNeeded.includes(what)
  return {
    paid: needs('paid')
      ? { disposition: wish, ...(wish === 'move' && { toLineId: target }) }
      : null,
    promotional: needs('promotional') ? { disposition: 'give-up' } : null,
    ...(needs('shared') && { shared: { disposition: 'return' } }),
    endsOn: allowed.endsOn ? dayIn(endsInDays, allowed.endsOn.from) : choices.endsOn,
  }
}

const dayIn = (days: number | null, from: string) =>
  days === null ? null : Temporal.PlainDate.from(from).add({ days }).toString()

/** Looks in from time to time; agrees again, names an account, or appeals when the platform asks or has said no. */
function* follow(intent: Of<'close'>, caseId: string, mind: Mind): Program {
  let appealed = false
  const { looks = 16 } = intent
  for (let look = 0; look < looks; look += 1) {
    yield* lookBack(mind)
    yield wait(look < 3 ? 60 * seconds : 16 * hours)
    const seen = yield get(`/v1/closures/${caseId}`)
    if (seen.status === 401 || seen.status === 404) return
    if (!ok(seen)) continue
    if (seen.body.state === 'rejected' && intent.appeals && !appealed) {
      const asked = yield post(
        `/v1/closures/${caseId}/appeal`,
        { text: 'It is me.' },
        intent.clicks,
      )
      appealed = ok(asked)
      yield say(`appeals: ${asked.body?.state ?? asked.body?.code}`)
      continue
    }
    if (['withdrawn', 'rejected'].includes(seen.body.state)) mind.isLeaving = false
    if (['closed', 'withdrawn', 'rejected'].includes(seen.body.state)) return
    yield* nameAccount(intent, caseId, seen.body.refunds, mind.email)
    if (seen.body.state === 'needs_customer' && intent.heeds !== false) {
      if (isAsked(seen.body)) yield* answer(caseId, intent.clicks)
      else {
        yield say('agrees to the new quote')
        yield* confirm(intent, caseId, mind.email, 1)
      }
    }
  }
  mind.left.push({ intent, caseId })
}

/** At what was left to itself: a refund of a line may wait for an account while the whole account is on its way out. */
function* lookBack(mind: Mind): Program {
  for (const { intent, caseId } of mind.left) {
    const seen = yield get(`/v1/closures/${caseId}`)
    if (ok(seen)) yield* nameAccount(intent, caseId, seen.body.refunds, mind.email)
  }
}

const isAsked = ({ questions }: Body) => questions.some(({ endedAt }: Body) => endedAt === null)

/** Says what a reviewer wants to know. */
function* answer(caseId: string, clicks: number): Program {
  const said = yield post(`/v1/closures/${caseId}/answer`, { text: 'At the airport.' }, clicks)
  yield say(`answers the reviewer: ${said.body?.state ?? said.body?.code}`)
}

/** For the first refund that its card refused, and the right one where the bank refused that account. */
function* nameAccount(
  { account = null, clicks }: Of<'close'>,
  caseId: string,
  refunds: Body[],
  email: string,
): Program {
  const [first] = refunds.filter(({ failure }) => failure !== null)
  if (account === null || first?.state !== 'needs-account') return
  yield post(`/v1/closures/${caseId}/code`)
  const { body: code } = yield { do: 'read-code', to: email, sinceMs: 10 * minutes }
  if (!code) return
  const accountNumber = `5550${first.accountFailure ? '1234' : account}`
  const named = { kind: 'account', country: 'GB', bankCode: '040004', accountNumber }
  const at = `/v1/closures/${caseId}/refunds/${first.refundId}/account`
  const answer = yield post(at, { account: named, code }, clicks)
  yield say(
    `names an account that ends in ${accountNumber.slice(-4)}: ${answer.body?.code ?? 'done'}`,
  )
}
