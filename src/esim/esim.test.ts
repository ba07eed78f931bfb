import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DeviceEvent, download, end, type ProfileStatus, report } from './esim.ts'

const released: ProfileStatus = {
  state: 'released',
  deviceState: null,
  removal: 'unconfirmed',
  eid: null,
  lastSeq: 0,
}
const downloaded = download(released, 'eid-1') as ProfileStatus
const installed = report(downloaded, 'install', 1) as ProfileStatus

test('the first phone gets the profile, may ask again, and no other gets it', () => {
  expect(downloaded).toMatchObject({ state: 'downloaded', eid: 'eid-1' })
  expect(download(downloaded, 'eid-1')).toBe(downloaded)
  expect(download(downloaded, 'eid-2')).toMatchObject({ refused: 'activation-code-used' })
  expect(download(installed, 'eid-2')).toMatchObject({ refused: 'activation-code-used' })
  expect(download(installed, 'eid-1')).toMatchObject({ refused: 'profile-not-available' })
})

test('a report is heard once, in the order the phone made them', () => {
  expect(installed).toMatchObject({ state: 'installed', deviceState: 'disabled', lastSeq: 1 })
  const enabled = report(installed, 'enable', 2) as ProfileStatus
  expect(enabled.deviceState).toBe('enabled')
  expect(report(enabled, 'disable', 2)).toBeUndefined()
  expect(report(enabled, 'install', 1)).toBeUndefined()
})

test('an install report that was overtaken by an enable is not needed', () => {
  expect(report(downloaded, 'enable', 2)).toMatchObject({
    state: 'installed',
    deviceState: 'enabled',
  })
})

test('ending: never downloaded, downloaded, installed', () => {
  expect(end(released)).toMatchObject({ state: 'unavailable', removal: 'never-downloaded' })
  expect(end(downloaded)).toMatchObject({ state: 'unavailable', removal: 'unconfirmed' })
  expect(end(installed)).toMatchObject({ state: 'installed', removal: 'unconfirmed' })
})

test('a deletion reported after the end confirms the removal and nothing else', () => {
  const ended = end(installed)
  expect(report(ended, 'delete', 9)).toEqual({
    ...ended,
    deviceState: 'deleted',
    removal: 'confirmed',
    lastSeq: 9,
  })
})

test('after the end, or after its deletion, no report brings a profile back', () => {
  const events = fc.array(
    fc.record({
      event: fc.constantFrom<DeviceEvent>('install', 'enable', 'disable', 'delete'),
      seq: fc.nat(50),
    }),
  )
  fc.assert(
    fc.property(events, (heard) => {
      let status = end(downloaded)
      for (const { event, seq } of heard) status = report(status, event, seq) ?? status
      expect(status.state).toBe('unavailable')
      expect(status.deviceState === null || status.deviceState === 'deleted').toBe(true)
      expect(download(status, 'eid-1')).toMatchObject({ refused: 'profile-not-available' })

      let deleted = report(installed, 'delete', 60) as ProfileStatus
      for (const { event, seq } of heard) deleted = report(deleted, event, seq + 61) ?? deleted
      expect(deleted.deviceState).toBe('deleted')
      expect(deleted.removal).toBe('confirmed')
    }),
  )
})
