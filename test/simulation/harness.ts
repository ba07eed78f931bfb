/** Every durable step of every workflow, made to fail at each of its places: found by playing, not by a list. */
import { verbs } from '../../src/closure/workflow.ts'
import { release } from './platform.ts'
import type { Ending, Stage } from './stage.ts'
import { dayMs, type Fault, hourMs, type Story } from './story.ts'

const minute = 60_000
const line = 0

/**
 * One who joins, uses a coupon, is online when leaving, and is refunded to two cards that have both died: for one of the
 * refunds a bad account is named and then a good one, the other is never claimed; one who brings a number along, and whose closing is reviewed while a
 * bank thinks about a payment, and who deletes the eSIM afterwards; one who stays until a period ends, suspends the line
 * in between, and whose plan the operator ends; one who takes the number to another operator, whose money waits for
 * late records, and who leaves altogether meanwhile.
 */
export const wholeWay: Story = {
  seed: 7001,
  people: [
    {
      name: 'p1',
      country: 'GB',
      locale: 'en',
      intents: [
        { kind: 'buy', afterMs: 0, plan: 'home-uk', card: 'dies-later', clicks: 1 },
        { kind: 'install', afterMs: 20 * minute, line },
        { kind: 'coupon', afterMs: 40 * minute, line, clicks: 1 },
        { kind: 'top-up', afterMs: hourMs, line, pounds: 10, card: 'dies-later' },
        { kind: 'add-on', afterMs: 90 * minute, line, clicks: 2 },
        { kind: 'use', afterMs: 2 * hourMs, line, what: 'sms', amount: 2, mccmnc: '23410' },
        {
          kind: 'session',
          afterMs: dayMs - hourMs,
          line,
          mccmnc: '23410',
          rounds: 1,
          everyMs: 20 * minute,
          ends: false,
        },
        { kind: 'order-only', afterMs: dayMs - 5 * minute, line, pounds: 5 },
        {
          kind: 'close',
          afterMs: dayMs,
          scope: 'account',
          line,
          paid: 'refund',
          clicks: 1,
          withdrawAfterMs: null,
          account: '0000',
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
        {
          kind: 'port-in',
          afterMs: 4.5 * hourMs,
          line,
          msisdn: '+447400901234',
          code: 'MOVE-1234',
          stopAfterMs: null,
        },
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
        {
          kind: 'close',
          afterMs: 5 * dayMs,
          scope: 'account',
          line,
          paid: 'refund',
          clicks: 1,
          withdrawAfterMs: null,
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

/** The first visit of each place where something is done: calls, commits, and the report of a job that is done. */
export function placesOf({ visits }: Ending): Place[] {
  const seen = new Set<string>()
  return visits.filter(({ place }) => {
    const isNew = isDurable(place) && !seen.has(place)
    seen.add(place)
    return isNew
  })
}

// What only reads, or says who somebody is, changes nothing that is counted.
function isDurable(place: string): boolean {
  return !/^(GET|PATCH|starts|POST \/v1\/(staff\/)?sign-in)/.test(place)
}

/** A fault of each kind that the place knows; a freeze long enough for another worker to take over. */
export function faultsOf({ place, nth, kinds }: Place): Fault[] {
  return kinds.map((kind) => ({ place, nth, kind, ms: 10 * minute }))
}

/** What has to meet a fault: each verb of closing where its step is committed, and each queue. */
export function partsOf(places: readonly Place[]): ReadonlyMap<string, Place[]> {
  const at = (isThere: (place: string) => boolean) => places.filter(({ place }) => isThere(place))
  return new Map([
    ...verbs.map((verb) => [verb, at((place) => place.includes(`closure_step(${verb})`))] as const),
    ...release.queues.map(
      (queue) => [queue, at((place) => place.startsWith(`${queue}: `))] as const,
    ),
  ])
}

/** One fault at each of the parts, another one in each round. */
export function roundOf(places: readonly Place[], round: number): Fault[] {
  const chosen = [...partsOf(places).values()].flatMap((own, index) => {
    const faults = own.flatMap(faultsOf).filter(({ kind }) => kind !== 'freeze')
    return faults[(round * 5 + index) % faults.length] ?? []
  })
  return [...new Map(chosen.map((fault) => [fault.place, fault])).values()]
}

export type Outcome = Pick<Ending, 'broken' | 'books' | 'met'>

/** Must lead to the same end as no fault. One of several may keep another from being met; one alone must be. */
export async function tellWith(stage: Stage, faults: readonly Fault[]): Promise<Outcome> {
  const { broken, books, met } = await stage.tell({ ...wholeWay, faults: { given: faults } })
  const [only, ...more] = faults
  const isMissed = more.length === 0 && met.length === 0
  return { broken: broken ?? (isMissed ? missed(only) : undefined), books, met }
}

const missed = (fault: Fault | undefined) =>
  fault && { rule: 'the fault was never met', what: `${fault.kind} at ${fault.place}` }
