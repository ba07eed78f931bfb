import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import type { Facts } from './facts.ts'
import { riskOf, riskSignals } from './risk.ts'

const now = Temporal.Instant.from('2026-11-23T10:00:00Z')
const daysAgo = (days: number) => now.subtract({ minutes: Math.round(24 * 60 * days) })
const contact = (days: number) => ({
  contactId: `contact_${days}`,
  kind: 'email' as const,
  value: 'a@example.com',
  addedAt: daysAgo(days),
  verifiedAt: daysAgo(days),
})
type Line = { ordered: number; downloaded: number; active?: number }
type Given = {
  created?: number
  added?: number[]
  removed?: number[]
  /** Of what was removed, what had been verified. */
  former?: number[]
  devices?: number[]
  lines?: Line[]
  window?: string
}
function facts({ created = 400, added = [400], window, ...more }: Given = {}): Facts {
  const policy = structuredClone(packOf('EU'))
  if (window) policy.rules.riskWindow.value = window
  return {
    subscriber: { createdAt: daysAgo(created) },
    contacts: added.map(contact),
    removedAt: (more.removed ?? []).map(daysAgo),
    former: (more.former ?? []).map((days) => ({ removedAt: daysAgo(days) })),
    firstLine: {
      orderedAt: more.lines?.[0] ? daysAgo(more.lines[0].ordered) : null,
      activatedAt: more.lines?.[0]?.active === undefined ? null : daysAgo(more.lines[0].active),
    },
    devicesAt: (more.devices ?? [created]).map(daysAgo),
    lines: (more.lines ?? []).map(({ ordered, downloaded, active }) => ({
      orderedAt: daysAgo(ordered),
      profileAt: daysAgo(downloaded),
      activatedAt: active === undefined ? null : daysAgo(active),
    })),
    policy,
  } as unknown as Facts
}
const keys = (given: Given) => riskSignals(facts(given), now).map(({ key }) => key)

test('a new account’s first contacts, devices and downloads are no change', () => {
  // Signs up, adds a telephone and drops a mistyped one, buys at home, signs in on the phone to install, and comes home.
  const lines = [
    { ordered: 5, downloaded: 4, active: 4 },
    { ordered: 1, downloaded: 0 },
  ]
  const traveller = { created: 6, added: [6, 5.5], removed: [5.6], devices: [6, 4.1], lines }
  expect(keys(traveller)).toEqual([])
  expect(keys({ created: 1, added: [1, 0], devices: [1, 0] })).toEqual([])
})

test('on a new account what was verified and went is a change, and what comes once it has a line', () => {
  const lines = [{ ordered: 3, downloaded: 2, active: 2 }]
  const young = { created: 3, added: [3], devices: [3], lines }
  expect(keys(young)).toEqual([])
  expect(keys({ ...young, removed: [1], former: [1] })).toEqual(['contact-removed'])
  expect(keys({ created: 3, added: [3], former: [1] })).toEqual(['contact-removed'])
  expect(keys({ ...young, added: [3, 1] })).toEqual(['contact-added'])
  expect(keys({ ...young, devices: [3, 2.5, 1] })).toEqual(['device-added'])
  const again = [{ ordered: 3, downloaded: 1, active: 2 }]
  expect(keys({ ...young, lines: again })).toEqual(['sim-changed'])
})

test('an old account with what it always had is low', () => {
  expect(riskOf(facts({ lines: [{ ordered: 300, downloaded: 299 }] }), now)).toBe('low')
})

test('one change of a contact, a device or a SIM is high', () => {
  expect(keys({ added: [400, 3] })).toEqual(['contact-added'])
  expect(keys({ removed: [2] })).toEqual(['contact-removed'])
  expect(keys({ devices: [400, 1] })).toEqual(['device-added'])
  expect(keys({ lines: [{ ordered: 300, downloaded: 5 }] })).toEqual(['sim-changed'])
  expect(riskOf(facts({ devices: [400, 1] }), now)).toBe('high')
})

test('the first download of a line bought within the window is none', () => {
  expect(keys({ lines: [{ ordered: 6, downloaded: 1 }] })).toEqual([])
})

test('the window is the policy’s', () => {
  const before = { added: [8], removed: [8], devices: [8], lines: [{ ordered: 90, downloaded: 8 }] }
  expect(keys(before)).toEqual([])
  expect(keys({ ...before, window: 'P9D' })).toHaveLength(4)
  expect(keys({ added: [400, 3], window: 'P2D' })).toEqual([])
})
