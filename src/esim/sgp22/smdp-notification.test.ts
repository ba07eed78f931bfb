import { expect, test } from 'vitest'
import {
  bound,
  bytes,
  keep,
  type Lab,
  labEuicc,
  labIccid,
  labNowMs,
  labPki,
  offered,
  openLab,
  restart,
} from '../../../test/sgp22-lab.ts'
import type { Curve } from './curves.ts'
import type { CancelSessionReason } from './download.ts'
import type { Answer } from './es9.ts'
import {
  deleteProfile,
  disableProfile,
  enableProfile,
  getEuiccChallenge,
  removeNotificationFromList,
  setNickname,
} from './euicc.ts'
import { cancelSession as cancelOnEuicc } from './euicc-download.ts'
import { loadBoundProfilePackage } from './euicc-install.ts'
import { eidOf } from './identifiers.ts'
import {
  cancelSession,
  handleNotification,
  notificationTransactionId,
  readNotification,
  verifyNotification,
} from './smdp-notification.ts'

const curves: Curve[] = ['prime256v1', 'brainpoolP256r1']

function install(lab: Lab): void {
  const bpp = bound(lab)
  const loaded = loadBoundProfilePackage(lab.euicc, lab.state, bpp)
  if (loaded.kind !== 'installed') throw new Error(loaded.kind)
  lab.state = loaded.state
  restart(lab)
}

/** What the server makes of every notification the eUICC holds for it, in this order. */
function heard({ smdp, session }: Pick<Lab, 'smdp' | 'session'>, pendingNotification: string) {
  const notification = readNotification({ pendingNotification })
  return notification && verifyNotification(smdp, notification, session, labNowMs)
}

test.each(curves)(
  '%s: install, enable, disable, delete are told, verified and counted',
  (curve) => {
    const lab = openLab(curve)
    install(lab)
    lab.state = enableProfile(lab.euicc, lab.state, labIccid).state
    expect(deleteProfile(lab.euicc, lab.state, labIccid).result).toBe('profileNotInThatState')
    lab.state = disableProfile(lab.euicc, lab.state, labIccid).state
    lab.state = deleteProfile(lab.euicc, lab.state, labIccid).state
    restart(lab)
    expect(lab.state.profiles).toEqual([])
    const all = lab.state.notifications.map(({ signed }) => heard(lab, signed))
    const { eid } = lab.euicc
    expect(all).toMatchObject([
      { eid, iccid: labIccid, event: 'install', seqNumber: 1, finalResult: { kind: 'success' } },
      { eid, iccid: labIccid, event: 'enable', seqNumber: 2 },
      { eid, iccid: labIccid, event: 'disable', seqNumber: 3 },
      { eid, iccid: labIccid, event: 'delete', seqNumber: 4 },
      { eid, iccid: labIccid, event: 'delete', seqNumber: 5 },
    ])
    expect(lab.state.notifications.at(-1)?.address).toBe('second.example.com')
    expect(removeNotificationFromList(lab.state, 3).notifications).toHaveLength(4)
  },
)

test('the install result moves the order once; late, repeated and foreign ones change nothing', () => {
  const lab = openLab('prime256v1')
  install(lab)
  const [first] = lab.state.notifications
  const verified = heard(lab, first?.signed ?? '')
  if (!verified) throw new Error('our own notification is believed')
  const installed = handleNotification(lab.order, verified)
  expect(installed).toMatchObject({ state: 'installed', binding: null })
  expect(handleNotification(installed, verified)).toBeUndefined()
  expect(handleNotification(undefined, verified)).toBeUndefined()
  if (!lab.order) throw new Error('there is an order')
  const closed = { ...lab.order, state: 'unavailable' as const }
  expect(handleNotification(closed, verified)).toBeUndefined()
  const other = eidOf('890490320012345123456789012399')
  expect(handleNotification({ ...lab.order, eid: other }, verified)).toBeUndefined()
  const elsewhere = { ...lab.order, iccid: '8944990000000000029' }
  expect(handleNotification(elsewhere, verified)).toBeUndefined()
})

test('a lost install result is made up for by what the phone says later', () => {
  const lab = openLab('prime256v1')
  install(lab)
  const enabled = enableProfile(lab.euicc, lab.state, labIccid).state
  const verified = heard({ ...lab, session: undefined }, enabled.notifications.at(-1)?.signed ?? '')
  expect(verified?.event).toBe('enable')
  expect(verified && handleNotification(lab.order, verified)).toMatchObject({ state: 'installed' })
})

test('a failed installation is told with its reason and ends the order', () => {
  const lab = openLab('prime256v1')
  const bpp = bound(lab)
  const bent = Buffer.from(bpp)
  bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1
  const loaded = loadBoundProfilePackage(lab.euicc, lab.state, bent)
  if (loaded.kind !== 'failed') throw new Error(loaded.kind)
  expect(loaded.fault).toEqual({ bppCommandId: 5, errorReason: 8 })
  expect(loaded.state.profiles).toEqual([])
  const verified = heard(lab, loaded.result.toString('base64'))
  expect(verified).toMatchObject({
    iccid: labIccid,
    finalResult: { kind: 'error', errorReason: 8 },
  })
  expect(verified && handleNotification(lab.order, verified)).toMatchObject({ state: 'error' })
})

test('what is not signed by this eUICC for this session is not believed', () => {
  const lab = openLab('prime256v1')
  install(lab)
  const enabled = enableProfile(lab.euicc, lab.state, labIccid).state
  const [result, other] = enabled.notifications.map(({ signed }) => signed)
  if (!result || !other) throw new Error('two notifications')
  const notification = readNotification({ pendingNotification: result })
  expect(notification && notificationTransactionId(notification)).toBe(lab.session?.transactionId)
  expect(heard({ ...lab, session: undefined }, result)).toBeUndefined()
  const strange = openLab('prime256v1')
  install(strange)
  expect(heard({ ...lab, session: strange.session }, result)).toBeUndefined()
  expect(heard({ ...lab, smdp: openLab('brainpoolP256r1').smdp }, other)).toBeUndefined()
  for (const text of ['', 'AAAA', '***', 'MAA=']) expect(heard(lab, text)).toBeUndefined()
  expect(readNotification({})).toBeUndefined()
  const whole = bytes(other)
  for (let place = 0; place < whole.length; place += 7) {
    const bent = Buffer.from(whole)
    bent[place] = (bent[place] ?? 0) ^ 0x10
    expect(heard(lab, bent.toString('base64')), `byte ${place}`).toBeUndefined()
  }
})

test.each<[CancelSessionReason, string]>([
  ['endUserRejection', 'error'],
  ['postponed', 'released'],
  ['timeout', 'released'],
  ['pprNotAllowed', 'error'],
  ['metadataMismatch', 'error'],
])('cancelled for %s: the session is over and the order is %s', (reason, state) => {
  const lab = openLab('prime256v1')
  const { transactionId } = offered(lab)
  const { response, state: after } = cancelOnEuicc(lab.euicc, lab.state, transactionId, reason)
  expect(after.session).toBeNull()
  const request = { transactionId, cancelSessionResponse: response.toString('base64') }
  const answer = keep(lab, cancelSession(lab.smdp, request, lab.session, lab.order))
  expect(answer).toEqual({ header: { functionExecutionStatus: { status: 'Executed-Success' } } })
  expect(lab.session?.phase).toBe('ended')
  expect(lab.order?.state).toBe(state)
  const again = cancelSession(lab.smdp, request, lab.session, lab.order)
  expect(again.status).toBe('transactionUnknown')
})

test('after a wrong matching id the phone cancels, and nobody’s order is touched', () => {
  const lab = openLab('prime256v1')
  const refusal = offered(lab, 'WRONG') as Answer
  expect(refusal.header.functionExecutionStatus.statusCodeData?.subjectCode).toBe('8.2.6')
  const transactionId = lab.session?.transactionId ?? ''
  const { response } = cancelOnEuicc(lab.euicc, lab.state, transactionId, 'undefinedReason')
  const request = { transactionId, cancelSessionResponse: response.toString('base64') }
  const step = cancelSession(lab.smdp, request, lab.session, lab.order)
  expect(step).toMatchObject({ status: 'ok', session: { phase: 'ended' } })
  expect(step.order).toBeUndefined()
})

test('a cancellation by somebody else, for another server or session, is refused', () => {
  const lab = openLab('prime256v1')
  const { transactionId } = offered(lab)
  const statusOf = (response: Buffer, session = lab.session) => {
    const request = { transactionId, cancelSessionResponse: response.toString('base64') }
    const step = cancelSession(lab.smdp, request, session, lab.order)
    if (step.status !== 'ok') expect(step.session ?? step.order).toBeUndefined()
    return step.status
  }
  const reason = 'endUserRejection'
  const thief = labEuicc([labPki('prime256v1')], eidOf('890490320012345123456789012399'))
  expect(statusOf(cancelOnEuicc(thief, lab.state, transactionId, reason).response)).toBe(
    'euiccSignatureInvalid',
  )
  const { session } = lab.state
  if (!session) throw new Error('the eUICC is in a session')
  const other = { ...lab.state, session: { ...session, smdpOid: '2.999.11' } }
  expect(statusOf(cancelOnEuicc(lab.euicc, other, transactionId, reason).response)).toBe(
    'smdpOidInvalid',
  )
  const wrong = 'AB'.repeat(16)
  const moved = { ...lab.state, session: { ...session, transactionId: wrong.toLowerCase() } }
  expect(statusOf(cancelOnEuicc(lab.euicc, moved, wrong, reason).response)).toBe(
    'transactionUnknown',
  )
  expect(statusOf(cancelOnEuicc(lab.euicc, lab.state, wrong, reason).response)).toBe(
    'euiccReportsError',
  )
  const right = cancelOnEuicc(lab.euicc, lab.state, transactionId, reason).response
  expect(statusOf(right)).toBe('ok')
  const nobody = cancelSession(
    lab.smdp,
    { transactionId, cancelSessionResponse: right.toString('base64') },
    undefined,
    lab.order,
  )
  expect(nobody.status).toBe('transactionUnknown')
  const { euicc: _, ...unknown } = lab.session ?? ({} as never)
  expect(statusOf(right, unknown)).toBe('euiccSignatureInvalid')
})

test('an eUICC asks again only for what it has: nicknames, challenges', () => {
  const lab = openLab('prime256v1')
  install(lab)
  expect(setNickname(lab.state, labIccid, 'Holiday').state.profiles[0]?.nickname).toBe('Holiday')
  expect(setNickname(lab.state, '89', 'x').result).toBe('iccidOrAidNotFound')
  for (const change of [enableProfile, disableProfile, deleteProfile])
    expect(change(lab.euicc, lab.state, '89').result).toBe('iccidOrAidNotFound')
  expect(disableProfile(lab.euicc, lab.state, labIccid).result).toBe('profileNotInThatState')
  const begun = getEuiccChallenge(lab.state, Buffer.alloc(16, 3))
  expect(loadBoundProfilePackage(lab.euicc, begun.state, Buffer.alloc(0)).kind).toBe('no-session')
})
