/** What happens in a world, before any fault: who lives in it, what they do and when. Made from a seed, or cut down. */
import { leaveAltogether, spans } from './altogether.ts'
import type { Claim } from './bank.ts'
import { dice, type Dice } from './dice.ts'

/** Malta’s rules are a world’s own: they keep some money back until the last record has come. */
export const countries = ['GB', 'DE', 'CN', 'MT'] as const
export type Country = (typeof countries)[number]
export type Card = 'good' | 'declined-first' | 'times-out' | 'dies-later'

type At = { afterMs: number }
export type Intent = At &
  (
    | { kind: 'buy'; plan: string; card: Card; clicks: 1 | 2 }
    | { kind: 'install'; line: number }
    | { kind: 'use'; line: number; what: 'data' | 'voice' | 'sms'; amount: number; mccmnc: string }
    | { kind: 'top-up'; line: number; pounds: number; card: Card }
    | { kind: 'order-only'; line: number; pounds: number }
    | {
        kind: 'change-plan'
        line: number
        steps: { data: number; voice: number; sms: number }
        when: 'now' | 'renewal'
        clicks: 1 | 2
      }
    | { kind: 'renewal'; line: number; on: boolean }
    | { kind: 'suspend' | 'resume'; line: number }
    | { kind: 'move-credit'; from: number; to: number; pounds: number }
    | { kind: 'cap'; line: number; pounds: number | null }
    | {
        kind: 'port-out'
        line: number
        ends: 'completed' | 'failed' | 'cancelled' | 'stopped' | 'silent'
        /** What the other operator says after that, as if it had not. */
        again: 'completed' | 'failed' | 'cancelled' | null
        movesInMs: number
        endsInMs: number
      }
    /** A number that comes from another operator, which refuses a code that is wrong. */
    | { kind: 'port-in'; line: number; msisdn: string; code: string; stopAfterMs: number | null }
    | { kind: 'add-on'; line: number; clicks: 1 | 2 }
    /** Asks the bank for the latest payment, while staying or once the closing is on its way. */
    | ({ kind: 'dispute'; when: 'now' | 'closing' } & Dispute)
    | { kind: 'coupon'; line: number; clicks: 1 | 2 }
    | { kind: 'add-phone'; number: string }
    | { kind: 'export' }
    /** Charged online while the phone is in use: reports, then an end, or none. */
    | {
        kind: 'session'
        line: number
        mccmnc: string
        rounds: number
        everyMs: number
        ends: boolean
      }
    | { kind: 'ask' }
    | { kind: 'remove-profile'; line: number }
    | {
        kind: 'close'
        scope: 'line' | 'account'
        line: number
        paid: 'refund' | 'donate' | 'move'
        clicks: 1 | 2
        withdrawAfterMs: number | null
        /** Stopped by the link of a notice, and gone on with by staff. */
        freezeAfterMs?: number | null
        /** How the account ends that is named for a refund that its card refused; some endings are no good. */
        account?: '1234' | '0000' | '9999' | null
        /** Asks another reviewer after a no. */
        appeals?: boolean
        /** Answers what the closure asks. */
        heeds?: boolean
        /** How often they look in before they go on with other things; absent: until it is over. */
        looks?: number
        /** Chooses the day on which it ends. */
        endsInDays?: number | null
      }
    | { kind: 'late-usage'; line: number; amount: number; mccmnc: string; minutesAgo: number }
    | { kind: 'peek' }
  )

export type Dispute = Omit<Claim, 'orderId'>

export type Person = { name: string; country: Country; locale: 'en' | 'zh-CN'; intents: Intent[] }

export type Partner = 'payments' | 'network' | 'porting' | 'smdp' | 'mail'
/** What no single call decides: a partner away for hours, a database that restarts, a clock that leaps. */
export type Weather = At &
  (
    | { kind: 'outage'; partner: Partner; forMs: number }
    | { kind: 'restart' }
    | { kind: 'leap'; byMs: number }
  )

/** `nth` counts the visits of a place; the same place and visit meet the same fault in every replay. */
export type Fault = { place: string; nth: number; kind: string; ms: number }
export type Faults = { rate: number } | { given: readonly Fault[] }

/** The operator closes every line of a plan, told so long before. */
export type Bulk = At & { plan: string; noticeMs: number }

/** Somebody of the operator's keeps a record of the first closed case, and lets it go later. */
export type LegalHold = At & { forMs: number }

export const couponCode = 'WELCOME-TO-THE-WORLD'
/** A plan that is paid in euro. */
export const euroPlan = 'europe-euro'

export type Story = {
  seed: number
  people: Person[]
  weather: Weather[]
  faults: Faults
  bulk?: Bulk
  hold?: LegalHold
}

export const start = Temporal.Instant.from('2027-01-04T09:00:00Z')
export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

const plans = ['home-uk', 'home-uk', 'flex-europe', 'europe-5gb-15d']
const abroad = ['23410', '20801', '26201', '22210', '310260']

export function storyOf(seed: number): Story {
  const chance = dice(seed)
  const many = chance.between(2, 4, 'people')
  const people = Array.from({ length: many }, (_, index) => personOf(chance, `p${index + 1}`))
  const rate = chance.pick([0.004, 0.015, 0.015, 0.05], 'fault rate')
  return {
    seed,
    people,
    weather: weatherOf(chance),
    faults: { rate },
    ...(chance.happens(0.25, 'bulk') && { bulk: bulkOf(chance) }),
    ...(chance.happens(0.2, 'hold') && { hold: holdOf(chance) }),
  }
}

function holdOf(chance: Dice): LegalHold {
  return {
    afterMs: chance.between(9 * dayMs, 25 * dayMs, 'hold', 'when'),
    forMs: chance.between(dayMs, 90 * dayMs, 'hold', 'how long'),
  }
}

function bulkOf(chance: Dice): Bulk {
  return {
    afterMs: chance.between(dayMs, 9 * dayMs, 'bulk', 'when'),
    plan: chance.pick(plans, 'bulk', 'plan'),
    noticeMs: chance.pick([0, 0, hourMs, 3 * dayMs, 20 * dayMs], 'bulk', 'notice'),
  }
}

function personOf(chance: Dice, name: string): Person {
  const country = chance.pick(countries, name, 'country')
  const intents: Intent[] = []
  let at = chance.between(0, 5 * hourMs, name, 'arrives')
  const later = (low: number, high: number) =>
    (at += chance.between(low, high, name, 'pause', intents.length))
  const lines = chance.pick([1, 1, 1, 2], name, 'lines')
  for (let line = 0; line < lines; line += 1) {
    intents.push({ kind: 'buy', afterMs: at, ...buyOf(chance, name, line) })
    later(60_000, 6 * hourMs)
    if (chance.happens(0.85, name, 'installs', line))
      intents.push({ kind: 'install', afterMs: at, line })
    later(60_000, dayMs)
    for (let turn = 0; turn < chance.between(0, 3, name, 'turns', line); turn += 1) {
      intents.push({ afterMs: at, ...lifeOf(chance, name, line, intents.length) })
      later(60_000, 4 * dayMs)
    }
    if (chance.happens(0.35, name, 'is online', line))
      intents.push({ afterMs: at, ...sessionOf(chance, name, line) })
    if (chance.happens(0.3, name, 'suspends', line)) pause(chance, name, line, intents, later)
  }
  if (chance.happens(0.15, name, 'brings a number'))
    intents.push({ afterMs: later(60_000, dayMs), ...arrivalOf(chance, name) })
  if (chance.happens(0.35, name, 'ports')) {
    const line = chance.between(0, lines - 1, name, 'number')
    intents.push({ afterMs: later(60_000, dayMs), ...portOf(chance, name, line) })
  }
  if (chance.happens(0.2, name, 'disputes')) {
    const when = chance.pick(['now', 'closing'] as const, name, 'disputes when')
    intents.push({
      kind: 'dispute',
      afterMs: later(60_000, dayMs),
      when,
      ...disputeOf(chance, name),
    })
  }
  if (chance.happens(0.9, name, 'leaves')) leave(chance, name, country, lines, intents, later)
  return { name, country, locale: country === 'CN' ? 'zh-CN' : 'en', intents }
}

/** Suspends a line, and may resume it while the network has not heard of the first yet. */
function pause(
  chance: Dice,
  name: string,
  line: number,
  intents: Intent[],
  later: (low: number, high: number) => number,
) {
  intents.push({ kind: 'suspend', afterMs: later(1000, 60_000), line })
  if (!chance.happens(0.7, name, 'resumes', line)) return
  const soon = chance.happens(0.5, name, 'resumes soon', line)
  intents.push({ kind: 'resume', afterMs: later(1, soon ? 1000 : dayMs), line })
}

const cards: readonly Card[] = ['good', 'good', 'good', 'declined-first', 'times-out', 'dies-later']

function buyOf(chance: Dice, name: string, line: number) {
  return {
    plan: chance.happens(0.1, name, 'euro', line)
      ? euroPlan
      : chance.pick(plans, name, 'plan', line),
    card: chance.pick(cards, name, 'card', line),
    clicks: chance.pick([1, 1, 2] as const, name, 'clicks', line),
  }
}

export type Of<Kind extends Intent['kind']> = Extract<Intent, { kind: Kind }>
type Undated<One> = One extends Intent ? Omit<One, 'afterMs'> : never

const doings = [
  'use',
  'use',
  'use',
  'top-up',
  'top-up',
  'change-plan',
  'renewal',
  'move-credit',
  'cap',
  'add-on',
  'coupon',
  'coupon',
  'add-phone',
  'export',
  'ask',
  'peek',
] as const

function changeOf(chance: Dice, name: string, line: number, turn: number): Undated<Intent> {
  const steps = {
    data: chance.between(1, 20, name, 'data steps', turn),
    voice: chance.between(0, 6, name, 'voice steps', turn),
    sms: chance.between(0, 4, name, 'sms steps', turn),
  }
  const when = chance.pick(['now', 'now', 'renewal'] as const, name, 'starts', turn)
  const clicks = chance.pick([1, 2] as const, name, 'change clicks', turn)
  return { kind: 'change-plan', line, steps, when, clicks }
}

function lifeOf(chance: Dice, name: string, line: number, turn: number): Undated<Intent> {
  const what = chance.pick(doings, name, 'w', turn)
  if (what === 'ask' || what === 'peek' || what === 'export') return { kind: what }
  if (what === 'add-phone') {
    const digits = chance.between(0, 999, name, 'telephone', turn)
    return { kind: what, number: `+447700900${String(digits).padStart(3, '0')}` }
  }
  if (what === 'coupon')
    return { kind: what, line, clicks: chance.pick([1, 2] as const, name, 'coupon clicks', turn) }
  if (what === 'renewal') return { kind: what, line, on: chance.happens(0.8, name, 'on', turn) }
  if (what === 'cap')
    return { kind: what, line, pounds: chance.pick([null, 0, 2], name, 'cap', turn) }
  if (what === 'add-on')
    return { kind: what, line, clicks: chance.pick([1, 2] as const, name, 'add-on clicks', turn) }
  if (what === 'move-credit') {
    const pounds = chance.between(1, 12, name, 'moves', turn)
    return { kind: what, from: line, to: line === 0 ? 1 : 0, pounds }
  }
  if (what === 'change-plan') return changeOf(chance, name, line, turn)
  if (what === 'top-up') {
    const pounds = chance.pick([5, 10, 20], name, 'pounds', turn)
    return { kind: 'top-up', line, pounds, card: chance.pick(cards, name, 'pays', turn) }
  }
  const kind = chance.pick(['data', 'data', 'voice', 'sms'] as const, name, 'used', turn)
  const most = { data: 9_000_000_000, voice: 5000, sms: 3 }[kind]
  const amount = chance.between(1, most, name, 'amount', turn)
  return { kind: 'use', line, what: kind, amount, mccmnc: chance.pick(abroad, name, 'in', turn) }
}

function sessionOf(chance: Dice, name: string, line: number): Undated<Intent> {
  return {
    kind: 'session',
    line,
    mccmnc: chance.pick(abroad, name, 'online in', line),
    rounds: chance.between(0, 4, name, 'reports', line),
    everyMs: chance.pick([60_000, hourMs, 9 * hourMs], name, 'reports every', line),
    ends: chance.happens(0.6, name, 'ends the session', line),
  }
}

function portOf(chance: Dice, name: string, line: number): Undated<Intent> {
  const ends = ['completed', 'completed', 'failed', 'cancelled', 'stopped', 'silent'] as const
  const again = [null, null, 'completed', 'failed', 'cancelled'] as const
  return {
    kind: 'port-out',
    line,
    ends: chance.pick(ends, name, 'port ends'),
    again: chance.pick(again, name, 'port again'),
    movesInMs: chance.between(60_000, 3 * dayMs, name, 'moves in'),
    endsInMs: chance.between(1000, 4 * dayMs, name, 'ends in'),
  }
}

function arrivalOf(chance: Dice, name: string): Undated<Intent> {
  return {
    kind: 'port-in',
    line: 0,
    msisdn: `+44740090${chance.between(1000, 9999, name, 'brings')}`,
    code: chance.pick(['MOVE-1234', 'MOVE-1234', 'WRONG-1234'], name, 'brings with'),
    stopAfterMs: chance.pick([null, null, 1000, 4 * hourMs], name, 'thinks of staying'),
  }
}

function disputeOf(chance: Dice, name: string): Dispute {
  return {
    part: chance.pick(['all', 'all', 'half'] as const, name, 'disputed'),
    verdict: chance.pick(['won', 'lost'] as const, name, 'verdict'),
    decidesInMs: chance.between(hourMs, 50 * dayMs, name, 'bank decides in'),
  }
}

function leave(
  chance: Dice,
  name: string,
  country: Country,
  lines: number,
  intents: Intent[],
  later: (low: number, high: number) => number,
) {
  const scope = chance.pick(['account', 'account', 'line'] as const, name, 'scope')
  const line = chance.between(0, lines - 1, name, 'closes')
  const wants = ['refund', 'refund', 'refund', 'donate', 'move'] as const
  const paid = chance.pick(wants, name, 'wants')
  const withdraws = chance.happens(country === 'GB' ? 0.25 : 0.4, name, 'withdraws')
  // An order that is still open when the line closes, and is paid all the same.
  const paysLate = chance.happens(0.25, name, 'pays late')
  if (paysLate) intents.push({ kind: 'order-only', afterMs: later(1000, 60_000), line, pounds: 5 })
  const close = (round: string, withdrawAfterMs: number | null): Of<'close'> => ({
    kind: 'close',
    afterMs: paysLate ? later(1000, 60_000) : later(60_000, 3 * dayMs),
    scope,
    line,
    paid,
    clicks: chance.pick([1, 2] as const, name, 'closing clicks', round),
    withdrawAfterMs,
    freezeAfterMs: round === 'second' || withdraws ? null : freezes,
    account: chance.pick([null, '1234', '1234', '0000', '9999'] as const, name, 'account'),
    appeals: chance.happens(0.6, name, 'appeals'),
    heeds: chance.happens(0.7, name, 'heeds'),
    endsInDays: chance.pick([null, null, null, null, 0, 2, 9], name, 'own day'),
  })
  const span = chance.pick(spans, name, 'thinks again')
  const freezes = chance.happens(0.15, name, 'was not them') ? span : null
  intents.push(close('first', withdraws ? span : null))
  if (withdraws) intents.push(close('second', null))
  if (scope === 'line') leaveAltogether(chance, name, intents, () => close('last', null))
  if (chance.happens(0.3, name, 'removes profile'))
    intents.push({ kind: 'remove-profile', afterMs: later(1000, dayMs), line })
  if (chance.happens(0.5, name, 'late record')) {
    const amount = chance.between(1, 40_000_000, name, 'late amount')
    const mccmnc = chance.pick(abroad, name, 'late in')
    const minutesAgo = chance.between(1, 4000, name, 'late by')
    const afterMs = later(1000, 6 * dayMs)
    intents.push({ kind: 'late-usage', afterMs, line, amount, mccmnc, minutesAgo })
  }
  intents.push({ kind: 'peek', afterMs: later(1000, 2 * dayMs) })
  if (chance.happens(0.1, name, 'disputes afterwards')) {
    const afterMs = later(1000, 6 * dayMs)
    intents.push({ kind: 'dispute', afterMs, when: 'now', ...disputeOf(chance, `${name} after`) })
  }
}

const away = ['payments', 'payments', 'network', 'network', 'porting', 'smdp', 'mail'] as const

function weatherOf(chance: Dice): Weather[] {
  const weather: Weather[] = []
  for (let turn = 0; turn < chance.between(0, 3, 'weather'); turn += 1) {
    const afterMs = chance.between(0, 14 * dayMs, 'weather', turn)
    const kind = chance.pick(['outage', 'outage', 'restart', 'leap'] as const, 'kind', turn)
    if (kind === 'outage') {
      const partner = chance.pick(away, 'partner', turn)
      const longest = (partner === 'smdp' ? 3 : 30) * hourMs
      const forMs = chance.between(60_000, longest, 'away', turn)
      weather.push({ kind, afterMs, partner, forMs })
    } else if (kind === 'leap') {
      const isBack = chance.happens(0.3, 'leap back', turn)
      const byMs = isBack
        ? -chance.between(1000, 600_000, 'leap', turn)
        : chance.between(hourMs, 40 * dayMs, 'leap', turn)
      weather.push({ kind, afterMs, byMs })
    } else weather.push({ kind, afterMs })
  }
  return weather
}
