import { expect, test } from 'vitest'
import {
  decodeAuthenticateServerResponse,
  decodeEuiccInfo1,
  decodeServerSigned1,
  encodeAuthenticateResponseError,
  encodeAuthenticateResponseOk,
  encodeCtxParams1,
  encodeEuiccInfo1,
  encodeEuiccInfo2,
  encodeEuiccSigned1,
  encodeServerSigned1,
} from './authentication.ts'
import { DerError } from './der.ts'
import { sequence } from './der-write.ts'
import {
  confirmationCodeHash,
  decodeCancelSessionResponse,
  decodePrepareDownloadResponse,
  decodeSmdpSigned2,
  encodeCancelSessionResponseError,
  encodeCancelSessionResponseOk,
  encodeEuiccCancelSessionSigned,
  encodeEuiccSigned2,
  encodePrepareDownloadResponseError,
  encodePrepareDownloadResponseOk,
  encodeSmdpSigned2,
  hashCc,
} from './download.ts'
import {
  decodePendingNotification,
  decodeStoreMetadataRequest,
  encodeNotificationMetadata,
  encodeOtherSignedNotification,
  encodeProfileInstallationResult,
  encodeProfileInstallationResultData,
  encodeStoreMetadataRequest,
} from './notification.ts'
import { failedHeader, statusCode } from './status.ts'

// The bytes were laid out by hand from the ASN.1 of SGP.22 annex H (automatic tags).
const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const plain = (digits: string) => digits.replaceAll(' ', '')
const id = hex('00112233445566778899aabbccddeeff')
const tid = '00112233445566778899aabbccddeeff'
const challenge = Buffer.alloc(16, 0xc1)
const c16 = 'c1'.repeat(16)
const signature = Buffer.alloc(64, 0x51)
const s64 = `5f3740${'51'.repeat(64)}`

test('EUICCInfo1 of a card of version 2.2.0 with one CI', () => {
  const skid = '665a1433d67c1a2c5db8b52c967f10a057ba5cb2'
  const bytes = plain(`bf20 35 8203 020200 a916 0414 ${skid} aa16 0414 ${skid}`)
  const info = {
    svn: hex('020200'),
    euiccCiPKIdListForVerification: [hex(skid)],
    euiccCiPKIdListForSigning: [hex(skid)],
  }
  expect(encodeEuiccInfo1(info).toString('hex')).toBe(bytes)
  expect(decodeEuiccInfo1(hex(bytes))).toEqual(info)
})

test('ServerSigned1', () => {
  const bytes = plain(`30 40 8010 ${tid} 8110 ${c16} 8308 736d64702e746c64 8410 ${c16}`)
  const signed = {
    transactionId: id,
    euiccChallenge: challenge,
    serverAddress: 'smdp.tld',
    serverChallenge: challenge,
  }
  expect(encodeServerSigned1(signed).toString('hex')).toBe(bytes)
  expect(decodeServerSigned1(hex(bytes))).toEqual(signed)
})

test('AuthenticateServerResponse, both choices', () => {
  const ctxParams1 = encodeCtxParams1({
    matchingId: 'AB-1',
    deviceInfo: { tac: hex('35290611'), imei: hex('3529061100000010') },
  })
  expect(ctxParams1.toString('hex')).toBe(
    plain('a01a 8004 41422d31 a112 8004 35290611 a100 8208 3529061100000010'),
  )
  const euiccInfo2 = encodeEuiccInfo2({
    svn: hex('020500'),
    profileVersion: hex('020301'),
    freeNonVolatileBytes: 4096,
    euiccCiPKIdListForVerification: [],
    euiccCiPKIdListForSigning: [],
  })
  const signed = encodeEuiccSigned1({
    transactionId: id,
    serverAddress: 's',
    serverChallenge: challenge,
    euiccInfo2,
    ctxParams1,
  })
  const [euicc, eum] = [sequence(hex('020101')), sequence(hex('020102'))]
  const response = encodeAuthenticateResponseOk(signed, signature, euicc, eum)
  expect(response.toString('hex')).toMatch(/^bf3881..a081..3081../)
  const read = decodeAuthenticateServerResponse(response)
  if (read.kind !== 'ok') throw new Error('ok')
  expect(read.euiccSigned1.raw.equals(signed)).toBe(true)
  expect(read.euiccSigned1).toMatchObject({
    serverAddress: 's',
    ctxParams1: { matchingId: 'AB-1', deviceInfo: { tac: hex('35290611') } },
    euiccInfo2: { svn: hex('020500'), freeNonVolatileBytes: 4096 },
  })
  expect(read.euiccSignature1Tlv.toString('hex')).toBe(s64)
  expect(read.eumCertificate.raw.equals(eum)).toBe(true)

  const error = plain(`bf38 17 a115 8010 ${tid} 0201 06`)
  expect(encodeAuthenticateResponseError(id, 6).toString('hex')).toBe(error)
  expect(decodeAuthenticateServerResponse(hex(error))).toEqual({
    kind: 'error',
    transactionId: id,
    authenticateErrorCode: 6,
  })
  expect(
    encodeCtxParams1({ matchingId: '', deviceInfo: { tac: hex('35290611') } }).toString('hex'),
  ).toBe(plain('a00a a108 8004 35290611 a100'))
})

test('SmdpSigned2, with and without the key of an earlier download', () => {
  const first = { transactionId: id, ccRequiredFlag: true }
  const bytes = plain(`30 15 8010 ${tid} 0101 ff`)
  expect(encodeSmdpSigned2(first).toString('hex')).toBe(bytes)
  expect(decodeSmdpSigned2(hex(bytes))).toEqual(first)
  const point = Buffer.alloc(65, 4)
  const again = { transactionId: id, ccRequiredFlag: false, bppEuiccOtpk: point }
  const longer = plain(`30 59 8010 ${tid} 0101 00 5f4941 ${'04'.repeat(65)}`)
  expect(encodeSmdpSigned2(again).toString('hex')).toBe(longer)
  expect(decodeSmdpSigned2(hex(longer))).toEqual(again)
})

test('PrepareDownloadResponse, both choices', () => {
  const signed = encodeEuiccSigned2({ transactionId: id, euiccOtpk: Buffer.alloc(65, 4) })
  expect(signed.toString('hex')).toBe(plain(`3056 8010 ${tid} 5f4941 ${'04'.repeat(65)}`))
  const bytes = plain(`bf21 819e a0819b ${signed.toString('hex')} ${s64}`)
  expect(encodePrepareDownloadResponseOk(signed, signature).toString('hex')).toBe(bytes)
  const read = decodePrepareDownloadResponse(hex(bytes))
  expect(read.kind === 'ok' && read.euiccSigned2.raw.equals(signed)).toBe(true)
  expect(read.kind === 'ok' && 'hashCc' in read.euiccSigned2).toBe(false)
  const error = plain(`bf21 17 a115 8010 ${tid} 0201 7f`)
  expect(encodePrepareDownloadResponseError(id, 127).toString('hex')).toBe(error)
  expect(decodePrepareDownloadResponse(hex(error)).kind).toBe('error')
})

test('hashCc is SHA-256 over SHA-256 of the code and the transaction id', () => {
  // printf 1234 | sha256sum
  const once = '03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4'
  expect(confirmationCodeHash('1234').toString('hex')).toBe(once)
  // printf '<once><tid>' | xxd -r -p | sha256sum
  expect(hashCc(hex(once), id).toString('hex')).toBe(
    '06b387355633c795aa7ec0bba73682c268c2e9326b649540d7fdb3f866a8761c',
  )
})

test('CancelSessionResponse, both choices', () => {
  const signed = encodeEuiccCancelSessionSigned(id, '2.999.10', 'postponed')
  expect(signed.toString('hex')).toBe(plain(`301a 8010 ${tid} 8103 88370a 820101`))
  const response = encodeCancelSessionResponseOk(signed, signature)
  expect(response.toString('hex')).toBe(plain(`bf41 61 a05f ${signed.toString('hex')} ${s64}`))
  expect(decodeCancelSessionResponse(response)).toMatchObject({
    kind: 'ok',
    smdpOid: '2.999.10',
    reason: 'postponed',
  })
  expect(encodeCancelSessionResponseError(5).toString('hex')).toBe('bf4103810105')
  expect(decodeCancelSessionResponse(hex('bf4103810105')).kind).toBe('error')
})

test('StoreMetadataRequest', () => {
  const metadata = {
    iccid: '89000123456789012341',
    serviceProviderName: 'SP',
    profileName: 'N',
    profileClass: 'operational' as const,
    notifications: [{ events: ['install' as const, 'delete' as const], address: 'a.b' }],
  }
  const bytes = plain(
    'bf25 23 5a0a 98001032547698103214 9102 5350 9201 4e 9501 02 b60b 3009 8002 0490 8103 612e62',
  )
  expect(encodeStoreMetadataRequest(metadata).toString('hex')).toBe(bytes)
  expect(decodeStoreMetadataRequest(hex(bytes))).toEqual(metadata)
  // As a certified SM-DP+ sent it (see bsp.test.ts): no notifications, class test or operational.
  const recorded = hex(
    'bf252d5a0a98001032547698103214910947534d415f54455354921147534d415f544553545f50524f46494c45950100',
  )
  expect(decodeStoreMetadataRequest(recorded)).toEqual({
    iccid: '89000123456789012341',
    serviceProviderName: 'GSMA_TEST',
    profileName: 'GSMA_TEST_PROFILE',
    profileClass: 'test',
    notifications: [],
  })
})

test('notifications: an installation, a failed one, and another', () => {
  const metadata = {
    seqNumber: 130,
    event: 'install' as const,
    notificationAddress: 'a.b',
    iccid: '89000123456789012341',
  }
  const named = plain('bf2f 19 8002 0082 8102 0780 0c03 612e62 5a0a 98001032547698103214')
  expect(encodeNotificationMetadata(metadata).toString('hex')).toBe(named)
  const aid = hex('a0000005591010ffffffff8900001000')
  const simaResponse = hex('3007a0053003800100')
  const result = { kind: 'success' as const, aid, simaResponse }
  const data = encodeProfileInstallationResultData(id, metadata, '2.999.10', result)
  expect(data.toString('hex')).toBe(
    plain(
      `bf27 54 8010 ${tid} ${named} 0603 88370a a21f a01d 4f10 ${aid.toString('hex')} 0409 3007a0053003800100`,
    ),
  )
  const whole = encodeProfileInstallationResult(data, signature)
  const read = decodePendingNotification(whole)
  expect(read).toMatchObject({ kind: 'profileInstallationResult', metadata, finalResult: result })
  expect(read.raw.equals(data)).toBe(true)

  const error = { kind: 'error' as const, bppCommandId: 2, errorReason: 9 }
  const nameless = { ...metadata, iccid: undefined }
  const failed = encodeProfileInstallationResultData(id, nameless, '2.999.10', error)
  expect(failed.toString('hex')).toContain(plain('a208 a106 800102 810109'))
  expect(
    decodePendingNotification(encodeProfileInstallationResult(failed, signature)),
  ).toMatchObject({
    metadata: nameless,
    finalResult: error,
  })

  const certificate = sequence(hex('020101'))
  const other = encodeOtherSignedNotification(hex(named), signature, certificate, certificate)
  expect(other.toString('hex')).toBe(plain(`30 69 ${named} ${s64} 3003020101 3003020101`))
  const heard = decodePendingNotification(other)
  expect(heard).toMatchObject({ kind: 'otherSignedNotification', metadata })
  expect(heard.raw.toString('hex')).toBe(named)
  const twoEvents = named.replace('81020780', '810206c0')
  expect(() =>
    decodePendingNotification(
      encodeOtherSignedNotification(hex(twoEvents), signature, certificate, certificate),
    ),
  ).toThrow(DerError)
})

test('a failure names subject and reason as clients read them', () => {
  expect(failedHeader('matchingIdRefused')).toEqual({
    functionExecutionStatus: {
      status: 'Failed',
      statusCodeData: {
        subjectCode: '8.2.6',
        reasonCode: '3.8',
        message: 'No download is pending for this matching id',
      },
    },
  })
  for (const { subjectCode, reasonCode } of Object.values(statusCode)) {
    expect(subjectCode).toMatch(/^(1|8)(\.\d+){1,2}$/)
    expect(reasonCode).toMatch(/^[1-6]\.\d+$/)
  }
})
