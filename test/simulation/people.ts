/** Subscribers and staff as programs: each asks, waits, asks again when an answer was lost, and goes on. */
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
  type Request,
  say,
  seconds,
  wait,
} from './ask.ts'
import { buyAddon, cap, changePlan, moveCredit, setRenewal } from './plans.ts'
import { portOut } from './ports.ts'
import type { Bulk, Card, Intent, Person } from './story.ts'

export const emailOf = (name: string, seed: number) => `${name}.${seed}@people.example`

export const nameOf = (name: string) => `Lin ${name.toUpperCase()} Yue`

/** What a person knows of their own: lines in the order they were bought, and the phone they hold. */
type Mind = {
  lineIds: string[]
  phones: Map<string, Phone>
  eid: string
  seq: number
  /** The page of an order that was placed and not paid. */
  unpaid: string | null
  /** The orders that were paid, and what the bank is to be asked once the closing is on its way. */
  paid: string[]
  claim: Of<'dispute'> | null
}
type Phone = { iccid: string; imsi: string }

export function* live(person: Person, seed: number, eid: string): Program {
  const email = emailOf(person.name, seed)
  const mind: Mind = {
    lineIds: [],
    phones: new Map(),
    eid,
    seq: 0,
    unpaid: null,
    paid: [],
    claim: null,
  }
  const [first] = person.intents
  if (!first) return
  yield { do: 'wait-until', afterMs: first.afterMs }
  yield* signIn('/v1/sign-in', email, person.locale)
  yield { do: 'request', method: 'PATCH', path: '/v1/me', body: profileOf(person) }
  for (const intent of person.intents) {
    yield { do: 'wait-until', afterMs: intent.afterMs }
    yield* pursue(intent, mind, email)
  }
}

function profileOf({ name, country, locale }: Person) {
  return { name: nameOf(name), country, locale }
}

export function* signIn(path: string, email: string, locale: string): Program {
  for (let round = 0; round < 8; round += 1) {
    yield post(`${path}/code`, { email, locale })
    const { body: code } = yield { do: 'read-code', to: email, sinceMs: 15 * minutes }
    if (code) {
      const answer = yield post(path, { email, code, ...(path === '/v1/sign-in' && { locale }) })
      if (ok(answer)) {
        yield say('signs in')
        return
      }
    }
    yield wait(round < 4 ? 90 * seconds : 3 * hours)
  }
}

function* pursue(intent: Intent, mind: Mind, email: string): Program {
  if (intent.kind === 'buy') return yield* buy(intent, mind)
  if (intent.kind === 'top-up') return yield* topUp(intent, mind)
  if (intent.kind === 'install') return yield* install(mind, intent.line)
  if (intent.kind === 'use') return yield* use(intent, mind)
  if (intent.kind === 'close') return yield* close(intent, mind, email)
  if (intent.kind === 'remove-profile') return yield* removeProfile(mind, intent.line)
  if (intent.kind === 'late-usage') return yield* late(intent, mind)
  if (intent.kind === 'change-plan') return yield* changePlan(intent, mind.lineIds)
  if (intent.kind === 'renewal') return yield* setRenewal(intent, mind.lineIds)
  if (intent.kind === 'move-credit') return yield* moveCredit(intent, mind.lineIds)
  if (intent.kind === 'cap') return yield* cap(intent, mind.lineIds)
  if (intent.kind === 'add-on') return yield* buyAddon(intent, mind.lineIds)
  if (intent.kind === 'dispute') return yield* dispute(intent, mind)
  if (intent.kind === 'port-out') return yield* portOut(intent, mind.lineIds, email)
  if (intent.kind === 'order-only') return yield* orderOnly(intent, mind)
  if (intent.kind === 'suspend' || intent.kind === 'resume') return yield* pause(intent, mind)
  if (intent.kind === 'ask') {
    const asked = { subject: 'Slow in the hills', body: 'Why?', context: {} }
    yield post('/v1/tickets', asked)
    yield say('asks for help')
    return
  }
  for (const path of ['/v1/me', '/v1/lines', '/v1/statement', '/v1/closures', '/v1/tickets'])
    yield get(path)
  yield { do: 'pry' }
}

type Of<Kind extends Intent['kind']> = Extract<Intent, { kind: Kind }>

function* buy({ plan, card, clicks }: Of<'buy'>, mind: Mind): Program {
  yield say(`orders ${plan} with a card that is ${card}`)
  const ordered = yield* insist(post('/v1/orders', { planId: plan }, clicks), 201)
  const paid = yield* payOrder(ordered, card)
  if (paid?.lineId) mind.lineIds.push(paid.lineId)
  if (paid) mind.paid.push(paid.orderId)
}

function* topUp({ line, pounds, card }: Of<'top-up'>, mind: Mind): Program {
  const lineId = mind.lineIds[line]
  if (!lineId) return
  yield say(`tops up ${pounds}.00 with a card that is ${card}`)
  const amount = { amount: `${pounds}.00`, currency: 'GBP' }
  const ordered = yield* insist(post(`/v1/lines/${lineId}/top-ups`, { amount }), 201)
  const paid = yield* payOrder(ordered, card)
  if (paid) mind.paid.push(paid.orderId)
}

function* dispute(intent: Of<'dispute'>, mind: Mind): Program {
  if (intent.when === 'closing') mind.claim = intent
  else yield* askBank(intent, mind)
}

function* askBank({ part, verdict, decidesInMs }: Of<'dispute'>, mind: Mind): Program {
  const orderId = mind.paid.at(-1)
  if (!orderId) return
  const asked = yield { do: 'claim', orderId, part, verdict, decidesInMs }
  if (ok(asked))
    yield say(`asks the bank to take ${part} of ${orderId} back: ${verdict} in the end`)
}

function* orderOnly({ line, pounds }: Of<'order-only'>, mind: Mind): Program {
  const lineId = mind.lineIds[line]
  if (!lineId) return
  yield say(`orders a top-up of ${pounds}.00 and does not pay`)
  const amount = { amount: `${pounds}.00`, currency: 'GBP' }
  const ordered = yield* insist(post(`/v1/lines/${lineId}/top-ups`, { amount }), 201)
  mind.unpaid = ordered.body?.checkoutUrl ?? null
}

/** Asks again for a while when the platform says that it cannot just now. */
function* insist(request: Request, wanted: number): Generator<Ask, Answer, Answer> {
  let answer: Answer = { status: 0, body: {} }
  for (let round = 0; round < 4; round += 1) {
    answer = yield request
    const isNo = answer.status >= 400 && answer.status < 500
    // The eSIM is ready a moment after the line.
    const isSoon = answer.body?.code === 'profile-in-preparation'
    if (answer.status === wanted || (isNo && !isSoon)) return answer
    yield wait(5 * minutes)
  }
  return answer
}

function* payOrder(ordered: Answer, card: Card): Generator<Ask, Body | undefined, Answer> {
  if (ordered.status !== 201) return undefined
  const { orderId } = ordered.body
  let order = ordered.body
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    if (order.checkoutUrl) yield { do: 'pay', url: order.checkoutUrl, card, attempt }
    for (let look = 0; look < 7; look += 1) {
      yield wait(look < 4 ? 15 * seconds : 15 * minutes)
      const seen = yield get(`/v1/orders/${orderId}`)
      if (!ok(seen)) continue
      order = seen.body
      if (order.state === 'paid') return order
      if (order.state === 'failed' || order.state === 'expired') break
    }
    const again = yield post(`/v1/orders/${orderId}/retry`)
    if (ok(again)) order = again.body
    else if (again.status >= 400 && again.status < 500) {
      const last = yield get(`/v1/orders/${orderId}`)
      return last.body?.state === 'paid' ? last.body : undefined
    }
  }
  return undefined
}

function* install(mind: Mind, line: number): Program {
  const lineId = mind.lineIds[line]
  if (!lineId) return
  const { status, body } = yield* insist(get(`/v1/lines/${lineId}/installation`), 200)
  if (status !== 200) return
  yield say(`installs the eSIM of line ${line + 1}`)
  const { matchingId } = body.manual
  const { eid } = mind
  const download = { do: 'phone', path: '/esim/download', body: { eid, matchingId } } as const
  const downloaded = yield download
  if (!ok(downloaded)) return
  mind.phones.set(lineId, downloaded.body)
  yield* report(mind, lineId, 'install')
  yield* report(mind, lineId, 'enable')
}

function* report(mind: Mind, lineId: string, event: 'install' | 'enable' | 'delete'): Program {
  const phone = mind.phones.get(lineId)
  if (!phone) return
  mind.seq += 1
  const body = { eid: mind.eid, iccid: phone.iccid, event, seq: mind.seq }
  yield { do: 'phone', path: '/esim/notifications', body }
}

function* removeProfile(mind: Mind, line: number): Program {
  const lineId = mind.lineIds[line]
  if (!lineId) return
  yield say(`deletes the eSIM of line ${line + 1} from the phone`)
  yield* report(mind, lineId, 'delete')
}

function* use({ line, what, amount, mccmnc }: Of<'use'>, mind: Mind): Program {
  const phone = mind.phones.get(mind.lineIds[line] ?? '')
  if (!phone) return
  yield say(`uses ${amount} of ${what} in ${mccmnc}`)
  yield { do: 'use', imsi: phone.imsi, what, amount, mccmnc }
}

function* late({ line, amount, mccmnc, minutesAgo }: Of<'late-usage'>, mind: Mind): Program {
  const phone = mind.phones.get(mind.lineIds[line] ?? '')
  if (!phone) return
  yield say(`a record of ${amount} bytes in ${mccmnc} comes late`)
  yield { do: 'late', imsi: phone.imsi, amount, mccmnc, minutesAgo }
}

function* pause({ kind, line }: Of<'suspend' | 'resume'>, mind: Mind): Program {
  const lineId = mind.lineIds[line]
  if (!lineId) return
  const answer = yield* insist(post(`/v1/lines/${lineId}/${kind}`), 200)
  yield say(`${kind}s line ${line + 1}: ${ok(answer) ? answer.body.state : answer.body?.code}`)
}

function* close(intent: Of<'close'>, mind: Mind, email: string): Program {
  const { scope, clicks, withdrawAfterMs } = intent
  const lineId = mind.lineIds[intent.line]
  if (scope === 'line' && !lineId) return
  yield say(`opens the closing way of the ${scope}`)
  const wanted = { scope, ...(scope === 'line' && { lineId }) }
  const opened = yield post('/v1/closures', wanted, clicks)
  if (!ok(opened)) {
    yield say(`may not close: ${opened.body?.code ?? opened.status}`)
    return
  }
  const { caseId } = opened.body
  const sent = yield* confirm(intent, caseId, email, clicks)
  if (!sent) return
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
    if (ok(withdrawn)) return
  }
  yield* follow(intent, caseId, email)
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
    const choices = choicesOf(intent, seen.body.quote)
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

function choicesOf({ paid }: Of<'close'>, quote: Body) {
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
  }
}

/** Looks in from time to time, and agrees again when the platform asks. */
function* follow(intent: Of<'close'>, caseId: string, email: string): Program {
  for (let look = 0; look < 16; look += 1) {
    yield wait(look < 3 ? 60 * seconds : 16 * hours)
    const seen = yield get(`/v1/closures/${caseId}`)
    if (seen.status === 401 || seen.status === 404) return
    if (!ok(seen)) continue
    if (['closed', 'withdrawn', 'rejected'].includes(seen.body.state)) return
    if (seen.body.state === 'needs_customer') {
      yield say('agrees to the new quote')
      yield* confirm(intent, caseId, email, 1)
    }
  }
}

/** A reviewer at work: every few hours, what waits is decided, what is stuck is sent on. */
export function* review(email: string, rejects: (reference: string) => boolean): Program {
  yield* signIn('/v1/staff/sign-in', email, 'en')
  for (;;) {
    yield wait(5 * hours)
    const queue = yield get('/v1/staff/closures?state=in_review')
    if (queue.status === 401) yield* signIn('/v1/staff/sign-in', email, 'en')
    for (const { caseId, reference } of queue.body?.items ?? [])
      yield* decide(caseId, reference, rejects)
    const bulks = yield get('/v1/staff/bulk-closures')
    for (const { bulkId, state } of bulks.body?.items ?? [])
      if (state === 'proposed') yield post(`/v1/staff/bulk-closures/${bulkId}/approve`)
    const stuck = yield get('/v1/staff/closures?state=needs_attention')
    for (const { caseId, reference } of stuck.body?.items ?? []) {
      yield say(`sends ${reference} on`)
      yield post(`/v1/staff/closures/${caseId}/retry`)
    }
  }
}

function* decide(
  caseId: string,
  reference: string,
  rejects: (reference: string) => boolean,
): Program {
  const at = `/v1/staff/closures/${caseId}`
  const seen = yield get(at)
  if (!ok(seen)) return
  yield post(`${at}/claim`)
  const claimed = yield get(at)
  const { version } = claimed.body ?? {}
  if (version === undefined) return
  const rejected = rejects(reference)
  const decision = rejected
    ? { decision: 'reject', version, reasonCode: 'identity-doubt', note: '' }
    : { decision: 'approve', version, note: '' }
  const decided = yield post(`${at}/decision`, decision)
  if (ok(decided)) yield say(`${rejected ? 'rejects' : 'approves'} ${reference}`)
}

/** Somebody of the operator's, who ends a plan. */
export function* endPlan(email: string, { afterMs, plan, noticeMs }: Bulk, from: number): Program {
  yield { do: 'wait-until', afterMs }
  yield* signIn('/v1/staff/sign-in', email, 'en')
  const endsAt = Temporal.Instant.fromEpochMilliseconds(from + afterMs + noticeMs).toString()
  const body = { reason: 'The plan ends.', planId: plan, endsAt, cohort: 2, lanes: 2, calls: 1 }
  const proposed = yield* insist(post('/v1/staff/bulk-closures', body, 2), 201)
  yield say(`proposes to close every line of ${plan}: ${proposed.body?.code ?? 'done'}`)
}
