import { expect, test } from 'vitest'
import {
  authenticateRequest,
  bound,
  bytes,
  callAuthenticate,
  callDownload,
  callInitiate,
  downloadRequest,
  initiateRequest,
  keep,
  labEuicc,
  labIccid,
  labMatchingId,
  labNowMs,
  labOrder,
  labPackage,
  labPki,
  labSmdp,
  offered,
  openLab,
  restart,
  throughJson,
} from '../../../test/sgp22-lab.ts'
import { encodeEuiccInfo1 } from './authentication.ts'
import type { Curve } from './curves.ts'
import { confirmationCodeHash } from './download.ts'
import type { Answer } from './es9.ts'
import { enableProfile, newEuiccState } from './euicc.ts'
import { loadBoundProfilePackage } from './euicc-install.ts'
import { eidOf } from './identifiers.ts'
import { smdpFault, type OrderState } from './smdp.ts'

const curves: Curve[] = ['prime256v1', 'brainpoolP256r1']
const codeOf = ({ header }: Answer): string => {
  const { status, statusCodeData: data } = header.functionExecutionStatus
  return data ? `${status} ${data.subjectCode}/${data.reasonCode}` : status
}
const failed = (code: string) => `Failed ${code}`

test.each(curves)(
  '%s: a whole download, both sides restarted between each pair of calls',
  (curve) => {
    const lab = openLab(curve)
    const bpp = bound(lab)
    expect(lab.order).toMatchObject({
      state: 'downloaded',
      eid: lab.euicc.eid,
      downloadAttempts: 1,
    })
    const loaded = loadBoundProfilePackage(lab.euicc, lab.state, bpp)
    if (loaded.kind !== 'installed') throw new Error(`${loaded.kind}: ${JSON.stringify(loaded)}`)
    const [profile] = loaded.state.profiles
    expect(profile).toMatchObject({
      iccid: labIccid,
      state: 'disabled',
      metadata: { serviceProviderName: 'Violet', profileName: 'Travel 紫' },
    })
    expect(bytes(profile?.profilePackage ?? '').equals(labPackage())).toBe(true)
    expect(loaded.state.oneTimeKeys).toEqual([])
    expect(loaded.state.notifications.map(({ seqNumber, event }) => [seqNumber, event])).toEqual([
      [1, 'install'],
    ])
    expect(enableProfile(lab.euicc, loaded.state, labIccid).state.profiles[0]?.state).toBe(
      'enabled',
    )
  },
)

test('a session under both CIs takes the one the eUICC prefers and both sides know', () => {
  const pkis = curves.map((curve) => labPki(curve))
  const [nist, brainpool] = pkis as [(typeof pkis)[0], (typeof pkis)[0]]
  const smdp = labSmdp([nist, brainpool])
  expect(smdpFault(smdp, labNowMs)).toBeUndefined()
  const curveOf = (euicc: ReturnType<typeof labEuicc>) => {
    const lab = { smdp, euicc, state: newEuiccState, session: undefined, order: labOrder() }
    bound(lab)
    return lab.order.binding?.curve
  }
  expect(curveOf(labEuicc([brainpool, nist]))).toBe('brainpoolP256r1')
  expect(curveOf(labEuicc([nist, brainpool]))).toBe('prime256v1')
  expect(curveOf(labEuicc([brainpool]))).toBe('brainpoolP256r1')
})

test.each(curves)('%s: an interrupted download is resumed with the same one-time keys', (curve) => {
  const lab = openLab(curve)
  const first = bound(lab)
  const binding = lab.order?.binding
  // The package was lost on the way: the phone begins again from the activation code.
  const second = bound(lab)
  expect(lab.order?.binding).toEqual(binding)
  expect(lab.order?.downloadAttempts).toBe(1)
  expect(second.equals(first)).toBe(false)
  const tail = (bpp: Buffer) => bpp.subarray(-3000)
  expect(tail(second).equals(tail(first))).toBe(true)
  const loaded = loadBoundProfilePackage(lab.euicc, lab.state, second)
  expect(loaded.kind).toBe('installed')
})

test('a package of an earlier session is not opened in a later one', () => {
  const lab = openLab('prime256v1')
  const first = bound(lab)
  bound(lab)
  const loaded = loadBoundProfilePackage(lab.euicc, lab.state, first)
  expect(loaded).toMatchObject({ kind: 'failed', fault: { bppCommandId: 0, errorReason: 3 } })
})

test('an eUICC that lost its key is bound anew, until the attempts are used up', () => {
  const lab = openLab('prime256v1')
  for (let attempt = 1; attempt <= 3; attempt++) {
    bound(lab)
    expect(lab.order?.downloadAttempts).toBe(attempt)
    lab.state = newEuiccState
  }
  const step = callDownload(lab, downloadRequest(lab, offered(lab)))
  expect(codeOf(keep(lab, step))).toBe(failed('8.8.5/6.4'))
  expect(lab.order).toMatchObject({ state: 'error', binding: null })
})

test('the same request again gets the same answer, and changes nothing', () => {
  const lab = openLab('prime256v1')
  const initiated = keep(lab, callInitiate(lab, initiateRequest(lab)))
  if (!('serverSigned1' in initiated)) throw new Error(codeOf(initiated))
  const request = authenticateRequest(lab, initiated)
  const answer = keep(lab, callAuthenticate(lab, request))
  const again = callAuthenticate(lab, request)
  expect(again.answer).toEqual(answer)
  expect(again.session ?? again.order).toBeUndefined()
  if (!('smdpSigned2' in answer)) throw new Error(codeOf(answer))
  const download = downloadRequest(lab, answer)
  keep(lab, callDownload(lab, download))
  const order = lab.order
  expect(codeOf(keep(lab, callDownload(lab, download)))).toBe('Executed-Success')
  expect(lab.order).toEqual(order)
})

test('initiateAuthentication: address, version and CIs', () => {
  const lab = openLab('prime256v1')
  const codeWith = (change: Record<string, unknown>) =>
    codeOf(callInitiate(lab, { ...initiateRequest(lab), ...change }).answer)
  expect(codeWith({})).toBe('Executed-Success')
  expect(codeWith({ smdpAddress: 'SMDP.Example.COM' })).toBe('Executed-Success')
  expect(codeWith({ smdpAddress: 'other.example.com' })).toBe(failed('8.8.1/3.8'))
  const ours = [lab.smdp.identities[0]?.ci.subjectKeyIdentifier ?? Buffer.of(0)]
  const foreign = [Buffer.alloc(20, 1)]
  const info = (svn: number, verification: Buffer[], signing: Buffer[]) => ({
    euiccInfo1: encodeEuiccInfo1({
      svn: Buffer.of(svn, 2, 0),
      euiccCiPKIdListForVerification: verification,
      euiccCiPKIdListForSigning: signing,
    }).toString('base64'),
  })
  expect(codeWith(info(2, ours, foreign))).toBe(failed('8.8.2/3.1'))
  expect(codeWith(info(2, foreign, ours))).toBe(failed('8.8.4/3.7'))
  expect(codeWith(info(1, ours, ours))).toBe(failed('8.8.3/3.1'))
  expect(codeWith(info(2, ours, ours))).toBe('Executed-Success')
  expect(codeWith({ euiccChallenge: 'AAAA' })).toBe(failed('1.3.1/2.1'))
  expect(codeWith({ euiccInfo1: '***' })).toBe(failed('1.3.1/2.1'))
  expect(codeWith({ euiccInfo1: undefined })).toBe(failed('1.3.1/2.2'))
  expect(codeWith({ euiccInfo1: 'A'.repeat(1_000_000) })).toBe(failed('1.3.1/3.2'))
  for (const request of [null, undefined, 7, 'x', [], {}])
    expect(codeOf(callInitiate(lab, request).answer)).toMatch(/^Failed 1\.3\.1/)
})

test.each<[OrderState, string]>([
  ['available', '8.2.6/3.8'],
  ['allocated', '8.2/1.2'],
  ['linked', '8.2/1.2'],
  ['confirmed', '8.2/1.2'],
  ['installed', '8.2.6/3.8'],
  ['error', '8.2.6/3.8'],
  ['unavailable', '8.2.6/3.8'],
])('an order that is %s is answered %s', (state, code) => {
  const lab = openLab('prime256v1', { state })
  expect(codeOf(offered(lab) as Answer)).toBe(failed(code))
  expect(lab.order?.state).toBe(state)
})

test('authenticateClient: matching id, EID, expiry', () => {
  const codeWith = (change: Parameters<typeof openLab>[1], matchingId?: string) =>
    codeOf(offered(openLab('prime256v1', change), matchingId))
  const { eid } = labEuicc([labPki('prime256v1')])
  const other = eidOf('890490320012345123456789012399')
  expect(codeWith({}, 'WRONG')).toBe(failed('8.2.6/3.8'))
  expect(codeWith({}, '')).toBe(failed('8.2.6/3.8'))
  expect(codeWith({ eid }, '')).toBe('Executed-Success')
  expect(codeWith({ eid })).toBe('Executed-Success')
  expect(codeWith({ eid: other })).toBe(failed('8.1.1/3.8'))
  expect(codeWith({ expiresMs: labNowMs - 1 })).toBe(failed('8.8.5/4.10'))
  expect(codeWith({ expiresMs: labNowMs })).toBe('Executed-Success')
  expect(codeWith({ downloadAttempts: 3 })).toBe(failed('8.8.5/6.4'))
})

test('authenticateClient: a foreign CI, an expired chain, another session, another address', () => {
  const lab = openLab('prime256v1')
  const initiated = keep(lab, callInitiate(lab, initiateRequest(lab)))
  if (!('serverSigned1' in initiated)) throw new Error(codeOf(initiated))
  const request = authenticateRequest(lab, initiated)
  const before = throughJson(lab.session)
  const codeAt = (nowMs: number) => codeOf(callAuthenticate(lab, request, nowMs).answer)
  expect(codeAt(labNowMs + 3_600_001)).toBe(failed('8.10.1/3.9'))
  const patient = { ...lab, smdp: { ...lab.smdp, sessionMsMax: Infinity } }
  const later = callAuthenticate(patient, request, Date.UTC(2061, 0, 1))
  expect(codeOf(later.answer)).toBe(failed('8.1.2/6.3'))

  const moved = { ...lab, smdp: { ...lab.smdp, address: 'moved.example.com' } }
  expect(codeOf(callAuthenticate(moved, request).answer)).toBe(failed('8.1/6.1'))
  const sameWords = { ...before, serverChallenge: Buffer.alloc(16).toString('base64') }
  const replayed = { ...lab, session: sameWords as NonNullable<typeof lab.session> }
  expect(codeOf(callAuthenticate(replayed, request).answer)).toBe(failed('8.1/6.1'))

  const foreign = labEuicc([labPki('prime256v1', 9)])
  const [own] = lab.euicc.credentials
  const [alien] = foreign.credentials
  if (!own || !alien) throw new Error('both have a certificate')
  // It trusts our CI's name, but its own chain hangs elsewhere.
  const spy = { ...lab, euicc: { ...foreign, credentials: [{ ...alien, ci: own.ci }] } }
  const begun = keep(spy, callInitiate(spy, initiateRequest(spy)))
  if (!('serverSigned1' in begun)) throw new Error(codeOf(begun))
  const refusal = callAuthenticate(spy, authenticateRequest(spy, begun))
  expect(codeOf(refusal.answer)).toBe(failed('8.11.1/3.9'))
  expect(refusal.session ?? refusal.order).toBeUndefined()
  expect(lab.session).toEqual(before)
  expect(codeOf(callAuthenticate({ ...lab, session: undefined }, request).answer)).toBe(
    failed('8.10.1/3.9'),
  )
  expect(codeOf(keep(lab, callAuthenticate(lab, request)))).toBe('Executed-Success')
})

test('one who signs with another key than the certificate’s is refused', () => {
  const lab = openLab('prime256v1')
  const [own] = lab.euicc.credentials
  const [other] = labEuicc(
    [labPki('prime256v1')],
    eidOf('890490320012345123456789012399'),
  ).credentials
  if (!own || !other) throw new Error('both have a key')
  const thief = { ...lab, euicc: { ...lab.euicc, credentials: [{ ...own, key: other.key }] } }
  expect(codeOf(offered(thief))).toBe(failed('8.1/6.1'))
  const stolen = { ...lab, euicc: { ...lab.euicc, credentials: [{ ...own, eum: own.ci }] } }
  expect(codeOf(offered(stolen))).toMatch(/8\.11\.1|8\.1\.2/)
})

test('the confirmation code: missing, wrong, right; and wrong too often', () => {
  const withCode = { confirmationCodeHash: confirmationCodeHash('2468').toString('base64') }
  const lab = openLab('prime256v1', withCode)
  const attempt = (code?: string) =>
    codeOf(keep(lab, callDownload(lab, downloadRequest(lab, offered(lab), code))))
  expect(attempt()).toBe(failed('8.2.7/2.2'))
  expect(lab.order?.confirmationFailures).toBe(0)
  expect(attempt('1357')).toBe(failed('8.2.7/3.8'))
  expect(attempt('2468')).toBe('Executed-Success')
  expect(lab.order).toMatchObject({ state: 'downloaded', confirmationFailures: 1 })

  const guessed = openLab('prime256v1', withCode)
  const guess = () =>
    codeOf(keep(guessed, callDownload(guessed, downloadRequest(guessed, offered(guessed), '0'))))
  expect([guess(), guess(), guess()]).toEqual([
    failed('8.2.7/3.8'),
    failed('8.2.7/3.8'),
    failed('8.2.7/6.4'),
  ])
  expect(guessed.order?.state).toBe('error')
  expect(codeOf(offered(guessed))).toBe(failed('8.2.6/3.8'))
})

test('getBoundProfilePackage: cancelled meanwhile, another session’s, without authentication', () => {
  const lab = openLab('prime256v1')
  const offer = offered(lab)
  const request = downloadRequest(lab, offer)
  restart(lab)
  const codeWith = (change: Partial<typeof lab>, nowMs?: number) => {
    const step = callDownload({ ...lab, ...change }, request, nowMs)
    expect(step.session ?? step.order).toBeUndefined()
    return codeOf(step.answer)
  }
  expect(codeWith({ order: labOrder({ state: 'unavailable' }) })).toBe(failed('8.2/3.7'))
  expect(codeWith({ order: labOrder({ state: 'installed' }) })).toBe(failed('8.2/3.7'))
  expect(codeWith({ order: undefined })).toBe(failed('8.2/3.7'))
  expect(codeWith({ order: labOrder({ iccid: '8944990000000000029' }) })).toBe(failed('8.2/3.7'))
  const other = eidOf('890490320012345123456789012399')
  expect(codeWith({ order: labOrder({ eid: other }) })).toBe(failed('8.2/3.7'))
  expect(codeWith({ order: labOrder({ expiresMs: 5 }) })).toBe(failed('8.8.5/4.10'))
  expect(codeWith({ session: undefined })).toBe(failed('8.10.1/3.9'))
  expect(codeWith({}, labNowMs + 3_600_001)).toBe(failed('8.10.1/3.9'))
  for (const phase of ['initiated', 'refused', 'ended'] as const)
    expect(codeWith({ session: { ...lab.session, phase } as never })).toBe(failed('8.10.1/3.9'))
  const swapped = openLab('prime256v1')
  offered(swapped)
  const foreign = { ...swapped.session, transactionId: lab.session?.transactionId } as never
  expect(codeWith({ session: foreign })).toBe(failed('8.1/6.1'))
  expect(codeOf(callDownload(lab, { ...request, transactionId: 'zz' }).answer)).toBe(
    failed('1.3.1/2.1'),
  )
  const lower = { ...request, transactionId: offer.transactionId.toLowerCase() }
  expect(codeOf(callDownload(lab, lower).answer)).toBe('Executed-Success')
})

test('certificates that do not fit are noticed before anybody asks for them', () => {
  const [nist, brainpool] = curves.map((curve) => labPki(curve))
  if (!nist || !brainpool) throw new Error('two PKIs')
  const faultOf = (pki: typeof nist, nowMs = labNowMs) => smdpFault(labSmdp([pki]), nowMs)
  expect(faultOf(nist)).toBeUndefined()
  expect(faultOf(nist, Date.UTC(2050, 0, 1))).toMatch(/dpAuth certificate is expired/)
  expect(faultOf({ ...nist, ci: nist.eum })).toMatch(/CI/)
  expect(faultOf({ ...nist, dpPb: nist.dpAuth })).toMatch(/dpPb certificate is invalid/)
  expect(faultOf({ ...nist, dpPb: brainpool.dpPb })).toMatch(/dpPb certificate is invalid/)
  const stranger = { ...nist.dpAuth, pair: nist.dpPb.pair }
  expect(faultOf({ ...nist, dpAuth: stranger })).toMatch(/key does not fit/)
  expect(smdpFault(labSmdp([]), labNowMs)).toMatch(/no certificate/)
  expect(labMatchingId).toMatch(/^[0-9A-Z-]+$/)
})
