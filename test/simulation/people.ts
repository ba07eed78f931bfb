/** Subscribers as programs: each asks, waits, asks again when an answer was lost, and goes on. */
import {
  type Answer,
  type Ask,
  type Body,
  get,
  insist,
  minutes,
  ok,
  post,
  type Program,
  say,
  seconds,
  wait,
} from './ask.ts'
import { close } from './leaving.ts'
import { askBank, type Mind, nameOf, type Of } from './mind.ts'
import { buyAddon, cap, changePlan, moveCredit, setRenewal, useCoupon } from './plans.ts'
import { portIn, portOut } from './ports.ts'
import { signIn } from './sign-in.ts'
import type { Card, Intent, Person } from './story.ts'

export function* live(person: Person, mind: Mind): Program {
  const [first] = person.intents
  if (!first) return
  yield { do: 'wait-until', afterMs: first.afterMs }
  yield* signIn('/v1/sign-in', mind.email, person.locale)
  yield { do: 'request', method: 'PATCH', path: '/v1/me', body: profileOf(person) }
  for (const intent of person.intents) {
    yield { do: 'wait-until', afterMs: intent.afterMs }
    if (mind.isOut && !mind.isLeaving) {
      yield* signIn('/v1/sign-in', mind.email, person.locale)
      mind.isOut = false
    }
    yield* noticing(pursue(intent, mind), mind)
  }
}

/** Notices when the platform does not know them any more. */
function* noticing(program: Program, mind: Mind): Program {
  let answer: Answer = { status: 0, body: {} }
  for (;;) {
    const { value, done } = program.next(answer)
    if (done) return
    answer = yield value
    if (value.do === 'request' && answer.status === 401) mind.isOut = true
  }
}

function profileOf({ name, country, locale }: Person) {
  return { name: nameOf(name), country, locale }
}

function* pursue(intent: Intent, mind: Mind): Program {
  // The network’s, not theirs.
  if (intent.kind === 'session') return
  if (intent.kind === 'buy') return yield* buy(intent, mind)
  if (intent.kind === 'top-up') return yield* topUp(intent, mind)
  if (intent.kind === 'install') return yield* install(mind, intent.line)
  if (intent.kind === 'use') return yield* use(intent, mind)
  if (intent.kind === 'close') return yield* close(intent, mind)
  if (intent.kind === 'remove-profile') return yield* removeProfile(mind, intent.line)
  if (intent.kind === 'late-usage') return yield* late(intent, mind)
  if (intent.kind === 'change-plan') return yield* changePlan(intent, mind.lineIds)
  if (intent.kind === 'renewal') return yield* setRenewal(intent, mind.lineIds)
  if (intent.kind === 'move-credit') return yield* moveCredit(intent, mind.lineIds)
  if (intent.kind === 'cap') return yield* cap(intent, mind.lineIds)
  if (intent.kind === 'add-on') return yield* buyAddon(intent, mind.lineIds)
  if (intent.kind === 'dispute') return yield* dispute(intent, mind)
  if (intent.kind === 'port-out') return yield* portOut(intent, mind.lineIds, mind.email)
  if (intent.kind === 'port-in') return yield* portIn(intent, mind.lineIds)
  if (intent.kind === 'coupon') return yield* useCoupon(intent, mind.lineIds)
  if (intent.kind === 'add-phone') return yield* addPhone(intent)
  if (intent.kind === 'export') return yield* takeAlong()
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
  const ordered = yield* orderTopUp(lineId, pounds)
  const paid = yield* payOrder(ordered, card)
  if (paid) mind.paid.push(paid.orderId)
}

function* orderTopUp(lineId: string, pounds: number): Generator<Ask, Answer, Answer> {
  const amount = (currency: string) => ({ amount: { amount: `${pounds}.00`, currency } })
  const at = `/v1/lines/${lineId}/top-ups`
  const ordered = yield* insist(post(at, amount('GBP')), 201)
  // Some lines are paid in another currency.
  return ordered.body?.code === 'wrong-currency'
    ? yield* insist(post(at, amount('EUR')), 201)
    : ordered
}

function* dispute(intent: Of<'dispute'>, mind: Mind): Program {
  if (intent.when === 'closing') mind.claim = intent
  else yield* askBank(intent, mind)
}

function* orderOnly({ line, pounds }: Of<'order-only'>, mind: Mind): Program {
  const lineId = mind.lineIds[line]
  if (!lineId) return
  yield say(`orders a top-up of ${pounds}.00 and does not pay`)
  const ordered = yield* orderTopUp(lineId, pounds)
  mind.unpaid = ordered.body?.checkoutUrl ?? null
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

/** A second way to reach them, which is told of a closing as well. */
function* addPhone({ number }: Of<'add-phone'>): Program {
  const added = yield* insist(post('/v1/me/contacts', { kind: 'phone', value: number }), 201)
  if (!ok(added)) {
    yield say(`adds no telephone: ${added.body?.code}`)
    return
  }
  const at = `/v1/me/contacts/${added.body.contact.contactId}`
  for (let round = 0; round < 3; round += 1) {
    const { body: code } = yield { do: 'read-code', to: number, sinceMs: 10 * minutes }
    const verified = code ? yield post(`${at}/verify`, { code }) : { status: 0, body: {} }
    if (ok(verified)) {
      yield say('adds a telephone')
      return
    }
    yield post(`${at}/code`)
  }
}

function* takeAlong(): Program {
  const { status } = yield get('/v1/me/export')
  yield say(`takes a copy of everything along: ${status}`)
}
