/** The facts of a closing line, for decisions that are tested without a database. */
import type { Surroundings } from '../src/closure/closure.ts'
import type { Facts, LineFacts } from '../src/closure/facts.ts'
import { packOf } from '../src/policy/packs.ts'
import type { Policy } from '../src/policy/policy.ts'
import { money } from '../src/values/money.ts'

/** A Friday afternoon in Europe; the Monday after is a business day everywhere. */
export const friday = Temporal.Instant.from('2026-11-27T13:00:00Z')
export const pounds = (minor: bigint) => money(minor, 'GBP')

export const line: LineFacts = {
  lineId: 'line_1',
  nickname: '',
  msisdn: '+447700900461',
  imsi: '234990000000461',
  iccid: '8944000000000000461',
  state: 'active',
  profileState: 'installed',
  removal: 'unconfirmed',
  paid: pounds(2000n),
  promotional: pounds(800n),
  prepaid: pounds(0n),
  periodDays: 30,
  unusedRefund: 'days',
  periodStart: friday,
  dataGranted: 0n,
  dataRemaining: 0n,
  addons: [],
  shares: [],
  openSessions: 0,
  port: null,
  arriving: null,
  profileAt: null,
  orderedAt: friday.subtract({ hours: 24 * 90 }),
  activatedAt: null,
  term: null,
}

export function factsIn(country: string, owedMinor = 0n): Facts {
  return {
    subscriber: {
      subscriberId: 'sub_1',
      name: 'Lin Yue',
      country: country.slice(0, 2),
      locale: 'en',
      createdAt: friday,
      exportedAt: null,
    },
    contacts: [
      {
        contactId: 'contact_1',
        kind: 'email',
        value: 'lin@example.com',
        addedAt: friday,
        verifiedAt: friday,
      },
    ],
    removedAt: [],
    firstLine: { orderedAt: null, activatedAt: null },
    devicesAt: [],
    lines: [line],
    staying: [],
    settling: [],
    accountCredit: [],
    endsAccount: false,
    peers: [],
    leaving: new Set(),
    refundable: [
      { orderId: 'order_1', lineId: 'line_1', instrument: 'visa 4242', left: pounds(2000n) },
    ],
    owed: owedMinor === 0n ? [] : [{ lineId: '', amount: pounds(-owedMinor) }],
    disputes: [],
    takenBack: [],
    former: [],
    acting: null,
    died: false,
    policy: packOf(country),
    segment: 'consumer',
  }
}

/** Of a case that nothing and nobody stands in the way of. */
export const nothingElse = (policy: Policy, now: Temporal.Instant): Surroundings => ({
  policy,
  risk: 'low',
  now,
  ending: [],
  settling: [],
  done: new Set(),
  untold: false,
  thawedUntil: null,
  ifLate: 'approved',
  markedLate: false,
  remindedAt: null,
  port: { kind: 'none' },
  consent: 'given',
  refunds: { late: [], next: null },
  endsLast: false,
  bulk: 'goes-on',
})
