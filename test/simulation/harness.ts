/** Every durable step of every workflow, made to fail at each of its places in turn: found by playing, not by a list. */
import type { Ending, Stage } from './stage.ts'
import { dayMs, type Fault, hourMs, type Story } from './story.ts'

const minute = 60_000
const line = 0

/**
 * One who joins, uses, pays too late, leaves, and is refunded to two cards of which one has died; one whose closing is
 * reviewed while a bank thinks about a payment, and who deletes the eSIM afterwards; one who stays until a period ends,
 * suspends the line in between, and whose plan the operator ends; one who takes the number to another operator, whose
 * money waits for late records.
 */
export const wholeWay: Story = {
  seed: 7001,
  people: [
    {
      name: 'p1',
      country: 'GB',
      locale: 'en',
      intents: [
        { kind: 'buy', afterMs: 0, plan: 'home-uk', card: 'good', clicks: 1 },
        { kind: 'install', afterMs: 20 * minute, line },
        { kind: 'top-up', afterMs: hourMs, line, pounds: 10, card: 'dies-later' },
        { kind: 'add-on', afterMs: 90 * minute, line, clicks: 2 },
        { kind: 'use', afterMs: 2 * hourMs, line, what: 'sms', amount: 2, mccmnc: '23410' },
        { kind: 'order-only', afterMs: dayMs - 5 * minute, line, pounds: 5 },
        {
          kind: 'close',
          afterMs: dayMs,
          scope: 'account',
          line,
          paid: 'refund',
          clicks: 1,
          withdrawAfterMs: null,
        },
      ],
    },
    {
      name: 'p2',
      country: 'CN',
      locale: 'zh-CN',
      intents: [
        { kind: 'buy', afterMs: 3 * hourMs, plan: 'home-uk', card: 'declined-first', clicks: 1 },
        { kind: 'install', afterMs: 4 * hourMs, line },
        { kind: 'top-up', afterMs: 5 * hourMs, line, pounds: 5, card: 'good' },
        {
          kind: 'dispute',
          afterMs: 6 * hourMs,
          when: 'now',
          part: 'all',
          verdict: 'won',
          decidesInMs: 3 * dayMs,
        },
        {
          kind: 'close',
          afterMs: dayMs,
          scope: 'line',
          line,
          paid: 'refund',
          clicks: 1,
          withdrawAfterMs: null,
        },
        { kind: 'remove-profile', afterMs: 20 * dayMs, line },
      ],
    },
    {
      name: 'p3',
      country: 'GB',
      locale: 'en',
      intents: [
        { kind: 'buy', afterMs: 6 * hourMs, plan: 'europe-5gb-15d', card: 'good', clicks: 1 },
        { kind: 'install', afterMs: 7 * hourMs, line },
        { kind: 'suspend', afterMs: 2 * dayMs, line },
        { kind: 'resume', afterMs: 3 * dayMs, line },
      ],
    },
    {
      name: 'p4',
      country: 'MT',
      locale: 'en',
      intents: [
        { kind: 'buy', afterMs: 9 * hourMs, plan: 'home-uk', card: 'good', clicks: 1 },
        { kind: 'install', afterMs: 10 * hourMs, line },
        { kind: 'top-up', afterMs: 11 * hourMs, line, pounds: 5, card: 'good' },
        {
          kind: 'port-out',
          afterMs: 12 * hourMs,
          line,
          ends: 'completed',
          movesInMs: dayMs,
          endsInMs: dayMs,
          again: null,
        },
      ],
    },
  ],
  weather: [],
  faults: { given: [] },
  // The line of the third, with notice.
  bulk: { afterMs: 4 * dayMs, plan: 'europe-5gb-15d', noticeMs: dayMs },
}

export type Place = { place: string; nth: number; kinds: readonly string[] }

/** The first visit of each place that a worker comes by: calls, commits, and the report of a job that is done. */
export function placesOf({ visits }: Ending): Place[] {
  const seen = new Set<string>()
  return visits.filter(({ place }) => {
    const isNew = isDurable(place) && !seen.has(place)
    seen.add(place)
    return isNew
  })
}

// Requests are made again by whoever made them; sweeps come every second.
function isDurable(place: string): boolean {
  return !/^(GET|POST|PATCH|phone|sweep|message|starts)/.test(place)
}

/** A fault of each kind that the place knows; a freeze long enough for another worker to take over. */
export function faultsOf({ place, nth, kinds }: Place): Fault[] {
  return kinds.map((kind) => ({ place, nth, kind, ms: 10 * minute }))
}

export type Outcome = Pick<Ending, 'broken' | 'books'>

export async function tellWith(stage: Stage, fault: Fault): Promise<Outcome> {
  const ending = await stage.tell({ ...wholeWay, faults: { given: [fault] } })
  const met = ending.met.length > 0
  return { broken: met ? ending.broken : missed(fault), books: ending.books }
}

const missed = ({ place, kind }: Fault) => ({
  rule: 'the fault was never met',
  what: `${kind} at ${place}`,
})
