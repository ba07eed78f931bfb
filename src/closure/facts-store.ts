/** Reads what closing needs to know of any number of cases in a handful of set-based queries, inside the caller's transaction. */
import { sql } from 'kysely'
import { runningOf } from '../addons/store.ts'
import { newestRates } from '../ledger/exchange-store.ts'
import type { TermDocument } from '../plans/plan.ts'
import type { Trx } from '../platform/database.ts'
import { dayIn, onDayOf, type Policy, residenceOf } from '../policy/policy.ts'
import { newestPolicy, publishedPolicy } from '../policy/store.ts'
import { type PortState, silenceMax } from '../porting/porting.ts'
import { leavingOf, peersOf } from '../renewals/peer-store.ts'
import { sharesOf } from '../payments/share-store.ts'
import { devicesSeen } from '../subscribers/reach-store.ts'
import { representativesOf } from '../subscribers/representative-store.ts'
import { knownLocale } from '../values/locale.ts'
import { fromWire, money, type MoneyWire, zero } from '../values/money.ts'
import type { Segment } from '../values/wire.ts'
import { type ContactFacts, type Facts, type LineFacts, lineName, type Term } from './facts.ts'
import { groupBy, moneyFactsOf } from './money-facts-store.ts'
import { mayGoOn } from './own-day.ts'
import type { Choices, UnusedRefund } from './settlement.ts'
import type { Pin, ShownBy } from './case.ts'

export type Scope = {
  scope: 'line' | 'account'
  lineId: string | null
  closingLines: readonly string[] | null
  shownBy?: ShownBy | null
  bulkId?: string | null
  choices?: Pick<Choices, 'endsOn'>
}

type LineRow = {
  subscriber_id: string
  line_id: string
  nickname: string
  msisdn: string | null
  imsi: string
  iccid: string
  state: LineFacts['state']
  currency: string
  period_start: Temporal.Instant | null
  period_days: number
  unused_refund: UnusedRefund
  profile_state: string
  removal: LineFacts['removal']
  granted: bigint
  remaining: bigint
  paid: bigint
  promotional: bigint
  prepaid: bigint
  open_sessions: number
  port_id: string | null
  port_state: PortState | null
  port_recipient: string | null
  port_due_at: Temporal.Instant | null
  port_ended_at: Temporal.Instant | null
  arriving_at: Temporal.Instant | null
  ordered_at: Temporal.Instant
  profile_at: Temporal.Instant | null
  activated_at: Temporal.Instant | null
  price: { amount: string; currency: string }
  term: TermDocument | null
}

export type Asked = Scope & { subscriberId: string; pin: Pin }

/** Undefined when there is no such subscriber, line of theirs, or policy for their country. */
export async function loadFacts(
  trx: Trx,
  subscriberId: string,
  scope: Scope,
  pin: Pin,
  evenClosed = false,
): Promise<Facts | undefined> {
  const [facts] = await loadFactsOf(trx, [{ ...scope, subscriberId, pin }], evenClosed)
  return facts
}

/** The same for a set: the facts of each, in the order they were asked for. */
export async function loadFactsOf(
  trx: Trx,
  all: readonly Asked[],
  evenClosed = false,
): Promise<(Facts | undefined)[]> {
  const ids = [...new Set(all.map(({ subscriberId }) => subscriberId))]
  const subscribers = await peopleOf(trx, ids, evenClosed)
  const policyFor = rememberPolicies(trx)
  const linesOf = await loadLines(trx, ids)
  const contactsOf = await loadContacts(trx, ids)
  const devicesOf = await devicesSeen(trx, ids)
  const moneyOf = await moneyFactsOf(trx, ids)
  const peersFor = await peersOf(trx, ids, mayGoOn(all, linesOf))
  // Few have lines that others depend on, and only for them it is read.
  const leavingFor = await leavingOf(
    trx,
    ids.filter((id) => peersFor(id).length > 0),
  )
  const actingFor = await representativesOf(trx, ids)
  const ratesFor = await ratesOf(trx, linesOf)
  const settlingOf = await settlingLines(trx, all)

  const found: (Facts | undefined)[] = []
  for (const { subscriberId, pin, ...scope } of all) {
    const subscriber = subscribers.get(subscriberId)
    const held = subscriber && (await policyFor(subscriber, pin))
    const lines = linesOf.get(subscriberId) ?? []
    const closing = lines.filter((line) => closes(line, scope))
    if (!subscriber?.country || !held || (scope.scope === 'line' && closing.length === 0)) {
      found.push(undefined)
      continue
    }
    const staying = lines.filter(
      (line) => !closing.includes(line) && line.state !== 'closed' && line.state !== 'closing',
    )
    const acting = actingFor.get(subscriberId) ?? null
    found.push({
      subscriber: {
        subscriberId,
        name: subscriber.name,
        country: subscriber.country,
        locale: knownLocale(subscriber.locale),
        createdAt: subscriber.created_at,
        exportedAt: subscriber.exported_at,
      },
      ...contactsOf(subscriberId),
      devicesAt: devicesOf(subscriberId),
      firstLine: firstOf(lines),
      lines: closing,
      staying: staying.map((line) => ({
        lineId: line.lineId,
        name: lineName(line),
        currency: line.prepaid.currency,
      })),
      peers: peersFor(subscriberId),
      leaving: leavingFor(subscriberId),
      settling: scope.scope === 'account' ? namedIn(lines, settlingOf(subscriberId)) : [],
      ...held,
      acting,
      died: acting?.kind === 'estate',
      isJudged: scope.shownBy === 'reviewer',
      byOperator: (scope.bulkId ?? null) !== null,
      ...moneyOf(subscriberId, scope.scope === 'account'),
      rates: ratesFor(subscriberId),
    })
  }
  return found
}

function firstOf(lines: readonly LineFacts[]): Facts['firstLine'] {
  const first = (all: readonly (Temporal.Instant | null)[]) =>
    all.filter((at) => at !== null).toSorted(Temporal.Instant.compare)[0] ?? null
  return {
    orderedAt: first(lines.map(({ orderedAt }) => orderedAt)),
    activatedAt: first(lines.map(({ activatedAt }) => activatedAt)),
  }
}

async function peopleOf(trx: Trx, ids: readonly string[], evenClosed: boolean) {
  const query = trx
    .selectFrom('subscriber')
    .select(['subscriber_id', 'name', 'country', 'region', 'segment', 'locale'])
    .select(['created_at', 'exported_at'])
    .where('subscriber_id', '=', sql<string>`any(${ids})`)
  const rows = await (evenClosed ? query : query.where('state', '=', 'active')).execute()
  return new Map(rows.map((row) => [row.subscriber_id, row]))
}

type Settling = { subscriber_id: string; reference: string; line_id: string | null }

/** Nothing of these accounts can begin to close any more once theirs is submitted: there are ever fewer. */
async function settlingLines(trx: Trx, all: readonly Asked[]) {
  const ids = all.flatMap(({ scope, subscriberId }) => (scope === 'account' ? [subscriberId] : []))
  const rows: Settling[] =
    ids.length === 0
      ? []
      : await trx
          .selectFrom('closure_case')
          .select(['subscriber_id', 'reference', 'line_id'])
          .where('subscriber_id', '=', sql<string>`any(${ids})`)
          .where('scope', '=', 'line')
          .where('state', 'not in', ['draft', 'closed', 'withdrawn', 'rejected'])
          .orderBy('created_at')
          .execute()
  const found = Map.groupBy(rows, ({ subscriber_id }) => subscriber_id)
  return (subscriberId: string) => found.get(subscriberId) ?? []
}

function namedIn(lines: readonly LineFacts[], cases: readonly Settling[]): Facts['settling'] {
  return cases.map(({ reference, line_id }) => {
    const line = lines.find(({ lineId }) => lineId === line_id)
    return { reference, name: line ? lineName(line) : reference }
  })
}

/** Few have lines in two currencies, and only for them the rates are read. */
async function ratesOf(trx: Trx, linesOf: ReadonlyMap<string, readonly LineFacts[]>) {
  const several = (lines: readonly LineFacts[] = []) =>
    new Set(lines.map(({ prepaid }) => prepaid.currency)).size > 1
  const any = [...linesOf.values()].some(several)
  const rates = any ? await newestRates(trx) : []
  return (subscriberId: string) => (several(linesOf.get(subscriberId)) ? rates : [])
}

function closes(line: LineFacts, { scope, lineId, closingLines }: Scope): boolean {
  if (closingLines) return closingLines.includes(line.lineId)
  return scope === 'account' ? line.state !== 'closed' : line.lineId === lineId
}

type Home = { country: string | null; region: string | null; segment: string }

/** A set has few policies, and few days: each policy is read once, and looked at once for each day and segment. */
function rememberPolicies(trx: Trx) {
  const read = new Map<string, Policy | undefined>()
  const held = new Map<string, Pick<Facts, 'policy' | 'segment'>>()
  return async ({ country, region, ...home }: Home, { at, of }: Pin) => {
    const residence = country && residenceOf(country, region)
    if (!residence) return undefined
    const key = of ? `${of.country} ${of.version}` : residence
    if (!read.has(key))
      read.set(
        key,
        of
          ? await publishedPolicy(trx, of.country, of.version)
          : await newestPolicy(trx, residence),
      )
    const policy = read.get(key)
    if (!policy) return undefined
    const segment = of?.segment ?? (home.segment as Segment)
    const onDay = `${key} ${dayIn(policy.timeZone, at)} ${segment}`
    if (!held.has(onDay)) held.set(onDay, { policy: onDayOf(policy, at, segment), segment })
    return held.get(onDay)
  }
}

async function loadLines(trx: Trx, ids: readonly string[]): Promise<Map<string, LineFacts[]>> {
  const addonsOf = await runningOf(trx, ids)
  const sharesFor = await sharesOf(trx, ids)
  const { rows } = await sql<LineRow>`
    select l.subscriber_id, l.line_id, l.nickname, l.msisdn, l.imsi, l.iccid, l.state, l.currency,
      coalesce(r.prepaid_from, l.period_start) as period_start,
      coalesce(r.prepaid_days, (v.document ->> 'periodDays')::int) as period_days,
      coalesce(v.document ->> 'unusedRefund', 'days') as unused_refund, l.ordered_at, l.activated_at,
      v.document -> 'price' as price, v.document -> 'term' as term,
      p.state as profile_state, p.removal, greatest(p.downloaded_at, p.installed_at) as profile_at,
      coalesce(b.granted, 0)::int8 as granted, coalesce(b.remaining, 0)::int8 as remaining,
      coalesce(m.paid, 0)::int8 as paid, coalesce(m.promotional, 0)::int8 as promotional,
      coalesce(m.prepaid, 0)::int8 as prepaid, coalesce(s.open_sessions, 0)::int as open_sessions,
      o.port_id, o.state as port_state, o.recipient as port_recipient, o.due_at as port_due_at,
      o.ended_at as port_ended_at,
      (select coalesce(i.due_at, i.created_at) from port_in i where i.subscriber_id = l.subscriber_id
        and i.line_id = l.line_id and i.state in ('asked', 'pending')) as arriving_at
    from line l
    join plan_version v on v.plan_id = l.plan_id and v.version = l.plan_version
    join profile p on p.subscriber_id = l.subscriber_id and p.iccid = l.iccid
    left join line_renewal r on r.subscriber_id = l.subscriber_id and r.line_id = l.line_id
    left join lateral (
      select sum(granted) as granted, sum(remaining) as remaining from bucket
      where subscriber_id = l.subscriber_id and line_id = l.line_id and kind = 'data' and priority = 0
        and (expires_at is null or l.period_end is null or expires_at >= l.period_end)) b on true
    left join lateral (
      select sum(minor) filter (where account = 'paid-credit') as paid,
        sum(minor) filter (where account = 'promotional-credit') as promotional,
        sum(minor) filter (where account = 'plan-prepaid') as prepaid
      from ledger_balance
      where subscriber_id = l.subscriber_id and line_id = l.line_id and currency = l.currency) m on true
    left join purse s on s.subscriber_id = l.subscriber_id and s.line_id = l.line_id and s.currency = l.currency
    left join lateral (
      select port_id, state, recipient, due_at, ended_at from port_out
      where subscriber_id = l.subscriber_id and line_id = l.line_id
      order by created_at desc, port_id desc limit 1) o on true
    where l.subscriber_id = any(${ids})
    order by l.ordered_at, l.line_id`.execute(trx)
  return groupBy(rows, (row) => ({
    lineId: row.line_id,
    nickname: row.nickname,
    msisdn: row.msisdn,
    imsi: row.imsi,
    iccid: row.iccid,
    state: row.state,
    profileState: row.profile_state,
    removal: row.removal,
    paid: money(row.paid, row.currency),
    promotional: money(row.promotional, row.currency),
    prepaid: money(row.prepaid, row.currency),
    periodDays: row.period_days,
    unusedRefund: row.unused_refund,
    periodStart: row.period_start,
    dataGranted: row.granted,
    dataRemaining: row.remaining,
    addons: addonsOf(row.line_id),
    shares: sharesFor(row.line_id),
    openSessions: row.open_sessions,
    port: portOf(row),
    arriving: row.arriving_at && { until: row.arriving_at.add(silenceMax) },
    profileAt: row.profile_at,
    orderedAt: row.ordered_at,
    activatedAt: row.activated_at,
    term: row.term && termOf(row.term, row.price),
  }))
}

function portOf(row: LineRow): LineFacts['port'] {
  if (row.port_id === null) return null
  return {
    portId: row.port_id,
    state: row.port_state!,
    recipient: row.port_recipient,
    dueAt: row.port_due_at,
    endedAt: row.port_ended_at,
  }
}

function termOf(term: TermDocument, price: MoneyWire): Term {
  const amount = (wire: MoneyWire | undefined) => (wire ? (fromWire(wire) ?? null) : null)
  return {
    months: term.months ?? 0,
    monthlyFee: fromWire(price) ?? zero(price.currency),
    fee: amount(term.fee),
    equipment: amount(term.equipment),
    benefit: amount(term.benefit),
    savedPercent: term.savedPercent ?? 0,
    taxPercent: 0,
    notice: term.notice,
  }
}

async function loadContacts(
  trx: Trx,
  ids: readonly string[],
): Promise<(subscriberId: string) => Pick<Facts, 'contacts' | 'former' | 'removedAt'>> {
  const rows = await trx
    .selectFrom('subscriber_contact')
    .select([
      'subscriber_id',
      'contact_id',
      'kind',
      'value',
      'added_at',
      'verified_at',
      'removed_at',
    ])
    .where('subscriber_id', '=', sql<string>`any(${ids})`)
    .orderBy('added_at')
    .execute()
  const groups = groupBy(rows, (row) => row)
  return (subscriberId) => {
    const own = groups.get(subscriberId) ?? []
    const contacts = own
      .filter(({ removed_at }) => removed_at === null)
      .map((row): ContactFacts => ({
        contactId: row.contact_id,
        kind: row.kind as 'email' | 'phone',
        value: row.value,
        addedAt: row.added_at,
        verifiedAt: row.verified_at,
      }))
    const former = own.flatMap(({ kind, value, verified_at, removed_at: removedAt }) =>
      removedAt && verified_at && value !== ''
        ? [{ kind: kind as 'email' | 'phone', value, removedAt }]
        : [],
    )
    return {
      contacts,
      former,
      removedAt: own.flatMap(({ removed_at }) => (removed_at ? [removed_at] : [])),
    }
  }
}
