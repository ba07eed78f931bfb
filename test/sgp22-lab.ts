/** A laboratory for remote provisioning: a test PKI, an SM-DP+, eUICCs, and a phone's assistant between them. */
import { randomBytes } from 'node:crypto'
import { parseCertificate } from '../src/esim/sgp22/certificate.ts'
import { type Curve, signingKey } from '../src/esim/sgp22/curves.ts'
import { integer, octets, oid, text, tlv } from '../src/esim/sgp22/der-write.ts'
import type { Answer } from '../src/esim/sgp22/es9.ts'
import {
  type Euicc,
  type EuiccState,
  getEuiccChallenge,
  getEuiccInfo1,
  newEuiccState,
} from '../src/esim/sgp22/euicc.ts'
import { authenticateServer, prepareDownload } from '../src/esim/sgp22/euicc-download.ts'
import { eidOf, iccidToHeader } from '../src/esim/sgp22/identifiers.ts'
import {
  type DownloadOrder,
  initiateAuthentication,
  type RspSession,
  type Smdp,
  type Step,
} from '../src/esim/sgp22/smdp.ts'
import {
  authenticateClient,
  readAuthenticateClient,
  verifyAuthenticateClient,
} from '../src/esim/sgp22/smdp-authenticate.ts'
import { getBoundProfilePackage } from '../src/esim/sgp22/smdp-download.ts'
import { type TestPki, testEuicc, testPki } from '../src/esim/sgp22/test-pki.ts'

export const labNowMs = Date.UTC(2030, 0, 1)
export const labAddress = 'smdp.example.com'
export const labOid = '2.999.10'
export const labEid = eidOf('890490320012345123456789012345')
export const labIccid = '8944990000000000011'
export const labMatchingId = '04386-AGYFT-A74Y8-3F815'

export const labPki = (curve: Curve, seed = 1): TestPki =>
  testPki({
    seed: Buffer.alloc(32, seed),
    curve,
    nowMs: labNowMs,
    smdpHost: labAddress,
    smdpOid: labOid,
    eidPrefix: '89049032',
  })

export function labSmdp(pkis: readonly TestPki[]): Smdp {
  const credential = ({ certificate, pair }: TestPki['ci']) => ({
    certificate: parseCertificate(certificate),
    key: signingKey(pair),
  })
  return {
    address: labAddress,
    identities: pkis.map(({ ci, dpAuth, dpPb }) => ({
      ci: parseCertificate(ci.certificate),
      dpAuth: credential(dpAuth),
      dpPb: credential(dpPb),
    })),
    confirmationAttemptsMax: 3,
    downloadAttemptsMax: 3,
    sessionMsMax: 3_600_000,
  }
}

export function labEuicc(pkis: readonly TestPki[], eid = labEid): Euicc {
  const credentials = pkis.map((pki) => {
    const own = testEuicc(pki, eid, { seed: Buffer.alloc(32, 7), nowMs: labNowMs })
    return {
      ci: parseCertificate(pki.ci.certificate),
      eum: parseCertificate(pki.eum.certificate),
      euicc: parseCertificate(own.certificate),
      key: signingKey(own.pair),
    }
  })
  return { eid, credentials }
}

/** The least a profile package can be: a header, something to carry, an end. */
export const labPackage = (iccid = labIccid, carriedBytes = 3000): Buffer =>
  Buffer.concat([
    tlv(
      0xa0,
      integer(2, 0x80),
      integer(3, 0x81),
      text('Laboratory', 0x82),
      octets(iccidToHeader(iccid), 0x83),
      tlv(0xa5),
      tlv(0xa6, oid('2.23.143.1.2.1')),
    ),
    tlv(
      0xa1,
      tlv(0xa0, tlv(0x80), integer(1, 0x81)),
      octets(Buffer.alloc(carriedBytes, 0x5a), 0x04),
    ),
    tlv(0xaa, tlv(0xa0, tlv(0x80), integer(2, 0x81))),
  ])

export const labOrder = (change: Partial<DownloadOrder> = {}): DownloadOrder => ({
  iccid: labIccid,
  matchingId: labMatchingId,
  state: 'released',
  eid: null,
  confirmationCodeHash: null,
  confirmationFailures: 0,
  downloadAttempts: 0,
  expiresMs: null,
  binding: null,
  metadata: {
    iccid: labIccid,
    serviceProviderName: 'Violet',
    profileName: 'Travel 紫',
    profileClass: 'operational',
    notifications: [
      { events: ['install', 'enable', 'disable', 'delete'], address: labAddress },
      { events: ['delete'], address: 'second.example.com' },
    ],
  },
  ...change,
})

/** Everything both sides remember, as a store would: through JSON between the calls. */
export type Lab = {
  readonly smdp: Smdp
  readonly euicc: Euicc
  state: EuiccState
  session: RspSession | undefined
  order: DownloadOrder | undefined
}

export function openLab(curve: Curve, change: Partial<DownloadOrder> = {}): Lab {
  const pki = labPki(curve)
  return {
    smdp: labSmdp([pki]),
    euicc: labEuicc([pki]),
    state: newEuiccState,
    session: undefined,
    order: labOrder(change),
  }
}

export const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** Both sides are killed and started again: only what is JSON survives. */
export function restart(lab: Lab): void {
  lab.state = throughJson(lab.state)
  if (lab.session) lab.session = throughJson(lab.session)
  if (lab.order) lab.order = throughJson(lab.order)
}

export function keep<Body extends object>(lab: Lab, step: Step<Body>): Answer<Body> {
  if (step.session) lab.session = step.session
  if (step.order) lab.order = step.order
  restart(lab)
  return step.answer as Answer<Body>
}

export const bytes = (text: string): Buffer => Buffer.from(text, 'base64')
const b64 = (value: Uint8Array): string => Buffer.from(value).toString('base64')

export function initiateRequest(lab: Lab): Record<string, unknown> {
  const { state, challenge } = getEuiccChallenge(lab.state, randomBytes(16))
  lab.state = state
  return {
    smdpAddress: lab.smdp.address,
    euiccChallenge: b64(challenge),
    euiccInfo1: b64(getEuiccInfo1(lab.euicc)),
  }
}

export function callInitiate(
  lab: Lab,
  request: unknown,
): ReturnType<typeof initiateAuthentication> {
  const fresh = { transactionId: randomBytes(16), serverChallenge: randomBytes(16) }
  return initiateAuthentication(lab.smdp, request, () => fresh, labNowMs)
}

type Initiated = Extract<ReturnType<typeof callInitiate>['answer'], { serverSigned1: string }>

export function authenticateRequest(
  lab: Lab,
  answer: Initiated,
  matchingId = labMatchingId,
): Record<string, unknown> {
  const { state, response } = authenticateServer(lab.euicc, lab.state, {
    serverSigned1: bytes(answer.serverSigned1),
    serverSignature1: bytes(answer.serverSignature1),
    euiccCiPKIdToBeUsed: bytes(answer.euiccCiPKIdToBeUsed),
    serverCertificate: bytes(answer.serverCertificate),
    ctxParams1: { matchingId, deviceInfo: { tac: Buffer.from('35290611', 'hex') } },
  })
  lab.state = state
  return { transactionId: answer.transactionId, authenticateServerResponse: b64(response) }
}

export function callAuthenticate(
  lab: Lab,
  request: unknown,
  nowMs = labNowMs,
): ReturnType<typeof authenticateClient> {
  const verified = verifyAuthenticateClient(
    lab.smdp,
    readAuthenticateClient(request),
    lab.session,
    nowMs,
  )
  return 'step' in verified
    ? verified.step
    : authenticateClient(lab.smdp, verified.client, lab.order, nowMs)
}

type Offered = Extract<ReturnType<typeof callAuthenticate>['answer'], { smdpSigned2: string }>

export function downloadRequest(
  lab: Lab,
  answer: Offered,
  confirmationCode?: string,
): Record<string, unknown> {
  const { state, response } = prepareDownload(
    lab.euicc,
    lab.state,
    {
      smdpSigned2: bytes(answer.smdpSigned2),
      smdpSignature2: bytes(answer.smdpSignature2),
      smdpCertificate: bytes(answer.smdpCertificate),
      ...(confirmationCode !== undefined && { confirmationCode }),
    },
    randomBytes(48),
  )
  lab.state = state
  return { transactionId: answer.transactionId, prepareDownloadResponse: b64(response) }
}

export function callDownload(
  lab: Lab,
  request: unknown,
  nowMs = labNowMs,
): ReturnType<typeof getBoundProfilePackage> {
  const { session, order } = lab
  const facts = { session, order, profilePackage: labPackage(), random: randomBytes(96) }
  return getBoundProfilePackage(lab.smdp, request, facts, nowMs)
}

/** As far as the offer: the answer of authenticateClient. */
export function offered(lab: Lab, matchingId?: string): Offered {
  const initiated = keep(lab, callInitiate(lab, initiateRequest(lab))) as Initiated
  return keep(
    lab,
    callAuthenticate(lab, authenticateRequest(lab, initiated, matchingId)),
  ) as Offered
}

/** As far as the package: BF36. */
export function bound(lab: Lab, confirmationCode?: string): Buffer {
  const answer = keep(lab, callDownload(lab, downloadRequest(lab, offered(lab), confirmationCode)))
  return bytes((answer as { boundProfilePackage: string }).boundProfilePackage)
}
