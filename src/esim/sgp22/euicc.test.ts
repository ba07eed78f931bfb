import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  bound,
  bytes,
  callDownload,
  callInitiate,
  downloadRequest,
  initiateRequest,
  keep,
  type Lab,
  labEuicc,
  labNowMs,
  labOrder,
  labPackage,
  labPki,
  labSmdp,
  offered,
  openLab,
} from '../../../test/sgp22-lab.ts'
import { authenticateErrorCode, decodeAuthenticateServerResponse } from './authentication.ts'
import { bspKeysFrom } from './bsp.ts'
import { buildBoundProfilePackage } from './bound-profile-package.ts'
import { keyPairOf, sign } from './curves.ts'
import { decodePrepareDownloadResponse, downloadErrorCode } from './download.ts'
import { type Euicc, getEuiccChallenge, newEuiccState } from './euicc.ts'
import { authenticateServer, prepareDownload } from './euicc-download.ts'
import { loadBoundProfilePackage } from './euicc-install.ts'
import {
  encodeProfileInstallationResult,
  encodeProfileInstallationResultData,
  encodeStoreMetadataRequest,
  errorReason,
} from './notification.ts'
import { readNotification, verifyNotification } from './smdp-notification.ts'
import { testPki } from './test-pki.ts'

type Fields = Record<string, string>

function begun(lab: Lab) {
  const answer = keep(lab, callInitiate(lab, initiateRequest(lab))) as unknown as Fields
  const request = {
    serverSigned1: bytes(answer['serverSigned1'] ?? ''),
    serverSignature1: bytes(answer['serverSignature1'] ?? ''),
    euiccCiPKIdToBeUsed: bytes(answer['euiccCiPKIdToBeUsed'] ?? ''),
    serverCertificate: bytes(answer['serverCertificate'] ?? ''),
    ctxParams1: { matchingId: 'A', deviceInfo: { tac: Buffer.alloc(4) } },
  }
  return { answer, request }
}

test('authenticateServer: another challenge, certificate, signature or CI is refused with its code', () => {
  const lab = openLab('prime256v1')
  const { request } = begun(lab)
  const codeOf = (change: Partial<typeof request>, state = lab.state, euicc = lab.euicc) => {
    const { state: after, response } = authenticateServer(euicc, state, { ...request, ...change })
    const read = decodeAuthenticateServerResponse(response)
    if (read.kind === 'error') expect(after).toBe(state)
    return read.kind === 'error' ? read.authenticateErrorCode : 'ok'
  }
  const code = authenticateErrorCode
  expect(codeOf({})).toBe('ok')
  // A recorded answer of the same server, played to an eUICC that asked anew.
  const later = getEuiccChallenge(lab.state, randomBytes(16)).state
  expect(codeOf({}, later)).toBe(code.euiccChallengeMismatch)
  expect(codeOf({}, newEuiccState)).toBe(code.noSessionContext)
  const [identity] = lab.smdp.identities
  if (!identity) throw new Error('the lab has a server')
  const { dpPb, ci } = identity
  expect(codeOf({ serverCertificate: dpPb.certificate.raw })).toBe(code.invalidCertificate)
  expect(codeOf({ serverCertificate: ci.raw })).toBe(code.invalidCertificate)
  expect(codeOf({ serverCertificate: Buffer.of(0x30, 0) })).toBe(code.invalidCertificate)
  expect(codeOf({ euiccCiPKIdToBeUsed: Buffer.of(4, 1, 1) })).toBe(code.ciPKUnknown)
  const foreign = labEuicc([labPki('prime256v1', 9)])
  expect(codeOf({}, lab.state, foreign)).toBe(code.ciPKUnknown)
  const signature = Buffer.from(request.serverSignature1)
  signature[20] = (signature[20] ?? 0) ^ 1
  expect(codeOf({ serverSignature1: signature })).toBe(code.invalidSignature)
})

/** Another SM-DP+ under the same CI: a genuine one, but not the one that was authenticated. */
const otherServer = () => {
  const pki = testPki({
    seed: Buffer.alloc(32, 1),
    curve: 'prime256v1',
    nowMs: labNowMs,
    smdpHost: 'other.example.com',
    smdpOid: '2.999.11',
    eidPrefix: '89049032',
  })
  return labSmdp([{ ...pki, ci: labPki('prime256v1').ci }]).identities[0]
}

test('prepareDownload: only the server that was authenticated may bind, and only this session', () => {
  const lab = openLab('prime256v1')
  const offer = offered(lab)
  const request = {
    smdpSigned2: bytes(offer.smdpSigned2),
    smdpSignature2: bytes(offer.smdpSignature2),
    smdpCertificate: bytes(offer.smdpCertificate),
  }
  const codeOf = (change: Partial<typeof request>, state = lab.state) => {
    const { state: after, response } = prepareDownload(
      lab.euicc,
      state,
      { ...request, ...change },
      randomBytes(48),
    )
    const read = decodePrepareDownloadResponse(response)
    if (read.kind === 'error') expect(after).toBe(state)
    return read.kind === 'error' ? read.downloadErrorCode : 'ok'
  }
  const code = downloadErrorCode
  expect(codeOf({})).toBe('ok')
  expect(codeOf({}, newEuiccState)).toBe(code.noSessionContext)
  const [identity] = lab.smdp.identities
  const other = otherServer()
  if (!other || !identity || !lab.state.session) throw new Error('two servers, one session')
  expect(codeOf({ smdpCertificate: identity.dpAuth.certificate.raw })).toBe(code.invalidCertificate)
  // Everything it says is signed well; only its name differs.
  const covered = bytes(lab.state.session.euiccSignature1Tlv ?? '')
  const signature = Buffer.concat([
    Buffer.of(0x5f, 0x37, 0x40),
    sign(other.dpPb.key, request.smdpSigned2, covered),
  ])
  const swapped = { smdpCertificate: other.dpPb.certificate.raw, smdpSignature2: signature }
  expect(codeOf(swapped)).toBe(code.invalidCertificate)
  const renamed = { ...lab.state, session: { ...lab.state.session, smdpOid: '2.999.11' } }
  expect(codeOf(swapped, renamed)).toBe('ok')
  const elsewhere = { ...lab.state.session, transactionId: 'ab'.repeat(16) }
  expect(codeOf({}, { ...lab.state, session: elsewhere })).toBe(code.invalidTransactionId)
  const unsigned = { ...lab.state.session, euiccSignature1Tlv: Buffer.alloc(67).toString('base64') }
  expect(codeOf({}, { ...lab.state, session: unsigned })).toBe(code.invalidSignature)
})

test('loadBoundProfilePackage: twice the same, metadata of another profile, no profile at all', () => {
  const lab = openLab('prime256v1')
  const load = (euicc: Euicc, bpp: Buffer) => {
    const loaded = loadBoundProfilePackage(euicc, lab.state, bpp)
    if (loaded.kind === 'no-session') throw new Error(loaded.kind)
    return loaded
  }
  const first = bound(lab)
  lab.state = load(lab.euicc, first).state
  lab.order = labOrder()
  const again = bound(lab)
  expect(load(lab.euicc, again)).toMatchObject({
    kind: 'failed',
    fault: { errorReason: errorReason.installFailedDueToIccidAlreadyExistsOnEuicc },
  })
  const reasonOf = (
    profilePackage: Buffer,
    metadata = encodeStoreMetadataRequest(labOrder().metadata),
  ) => {
    const fresh = openLab('prime256v1')
    keep(fresh, callDownload(fresh, downloadRequest(fresh, offered(fresh))))
    const [kept] = fresh.state.oneTimeKeys
    const bpp = buildBoundProfilePackage({
      transactionId: Buffer.from(fresh.session?.transactionId ?? '', 'hex'),
      eid: fresh.euicc.eid,
      euiccOtpk: bytes(kept?.point ?? ''),
      smdpOneTimeKey: keyPairOf('prime256v1', randomBytes(48)),
      hostId: Buffer.of(1),
      dpPbKey: fresh.smdp.identities[0]!.dpPb.key,
      metadata,
      profilePackage,
      ppk: bspKeysFrom(randomBytes(48)),
    })
    const loaded = loadBoundProfilePackage(fresh.euicc, fresh.state, bpp ?? Buffer.alloc(0))
    return loaded.kind === 'no-session' ? loaded.kind : (loaded.fault?.errorReason ?? 'installed')
  }
  expect(reasonOf(labPackage())).toBe('installed')
  const other = labPackage('8944990000000000029')
  expect(reasonOf(other)).toBe(errorReason.installFailedDueToDataMismatch)
  const noEnd = labPackage().subarray(0, 60)
  expect(reasonOf(noEnd)).toBe(errorReason.installFailedDueToPEProcessingError)
  expect(reasonOf(labPackage(), Buffer.of(0xbf, 0x25, 0))).toBe(errorReason.incorrectInputValues)
})

test('a genuine result that names another profile than the session’s is not believed', () => {
  const lab = openLab('prime256v1')
  bound(lab)
  const [own] = lab.euicc.credentials
  if (!own || !lab.session) throw new Error('a bound session')
  const heard = (iccid: string | undefined, kind: 'success' | 'error', smdpOid = '2.999.10') => {
    const data = encodeProfileInstallationResultData(
      Buffer.from(lab.session?.transactionId ?? '', 'hex'),
      { seqNumber: 1, event: 'install', notificationAddress: lab.smdp.address, iccid },
      smdpOid,
      kind === 'success'
        ? { kind, aid: Buffer.alloc(16), simaResponse: Buffer.alloc(0) }
        : { kind, bppCommandId: 0, errorReason: 8 },
    )
    const result = encodeProfileInstallationResult(data, sign(own.key, data))
    const notification = readNotification({ pendingNotification: result.toString('base64') })
    return notification && verifyNotification(lab.smdp, notification, lab.session, labNowMs)
  }
  const { iccid } = labOrder()
  expect(heard(iccid, 'success')).toMatchObject({ iccid })
  expect(heard('8944990000000000029', 'success')).toBeUndefined()
  expect(heard('8944990000000000029', 'error')).toBeUndefined()
  expect(heard(undefined, 'success')).toBeUndefined()
  expect(heard(undefined, 'error')).toMatchObject({ iccid })
  expect(heard(iccid, 'success', '2.999.11')).toBeUndefined()
})
