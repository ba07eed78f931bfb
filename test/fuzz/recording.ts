/** Valid messages of one download on each curve, with all that is needed to judge a damaged copy of them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCertificate } from '../../src/esim/sgp22/certificate.ts'
import { type Curve, keyPairFrom, signingKey } from '../../src/esim/sgp22/curves.ts'
import type { Answer } from '../../src/esim/sgp22/es9.ts'
import {
  enableProfile,
  type Euicc,
  type EuiccState,
  newEuiccState,
} from '../../src/esim/sgp22/euicc.ts'
import { cancelSession as cancelOnEuicc } from '../../src/esim/sgp22/euicc-download.ts'
import { loadBoundProfilePackage } from '../../src/esim/sgp22/euicc-install.ts'
import type { DownloadOrder, RspSession, Smdp } from '../../src/esim/sgp22/smdp.ts'
import { type Credential, type TestPki, testEuicc } from '../../src/esim/sgp22/test-pki.ts'
import {
  authenticateRequest,
  bytes,
  callAuthenticate,
  callDownload,
  callInitiate,
  downloadRequest,
  initiateRequest,
  keep,
  type Lab,
  labEid,
  labIccid,
  labNowMs,
  labOrder,
  labPki,
  labSmdp,
  throughJson,
} from '../sgp22-lab.ts'

type Body = Answer & Readonly<Record<string, unknown>>
type Kept = { certificate: string; scalar: string }
type Moment = { session: RspSession; order: DownloadOrder; state: EuiccState }
export type Recorded = { request: Record<string, unknown>; moment: Moment }

export type Recording = {
  curve: Curve
  smdp: Record<'ci' | 'eum' | 'dpAuth' | 'dpPb' | 'dpTls', Kept>
  euicc: Kept
  messages: Record<string, Recorded>
}

export const recordingFile = join(import.meta.dirname, 'recorded.json')

export function readRecordings(): Recording[] {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as Recording[]
}

const roles = ['ci', 'eum', 'dpAuth', 'dpPb', 'dpTls'] as const
const kept = ({ certificate, pair }: Credential): Kept => ({
  certificate: certificate.toString('base64'),
  scalar: pair.scalar.toString('base64'),
})

/** The parties of a recording, as they were. */
export function partiesOf({ curve, smdp, euicc }: Recording): { smdp: Smdp; euicc: Euicc } {
  const credential = ({ certificate, scalar }: Kept): Credential => ({
    certificate: bytes(certificate),
    pair: keyPairFrom(curve, bytes(scalar)),
    subject: {},
  })
  const pki: TestPki = {
    curve,
    ci: credential(smdp.ci),
    eum: credential(smdp.eum),
    dpAuth: credential(smdp.dpAuth),
    dpPb: credential(smdp.dpPb),
    dpTls: credential(smdp.dpTls),
  }
  const own = credential(euicc)
  return {
    smdp: labSmdp([pki]),
    euicc: {
      eid: labEid,
      credentials: [
        {
          ci: parseCertificate(pki.ci.certificate),
          eum: parseCertificate(pki.eum.certificate),
          euicc: parseCertificate(own.certificate),
          key: signingKey(own.pair),
        },
      ],
    },
  }
}

/** One download, enabling and a cancellation, each request kept with what both sides knew before it. */
export function record(curve: Curve): Recording {
  const pki = labPki(curve)
  const own = testEuicc(pki, labEid, { seed: Buffer.alloc(32, 7), nowMs: labNowMs })
  const recording: Recording = {
    curve,
    smdp: Object.fromEntries(roles.map((role) => [role, kept(pki[role])])) as Recording['smdp'],
    euicc: kept(own),
    messages: {},
  }
  const lab: Lab = {
    ...partiesOf(recording),
    state: newEuiccState,
    session: undefined,
    order: labOrder(),
  }
  const note = (name: string, request: Record<string, unknown>) => {
    const { session, order, state } = lab
    recording.messages[name] = throughJson({
      request,
      moment: { session, order, state },
    }) as Recorded
  }
  recordDownload(lab, note)
  return recording
}

function recordDownload(
  lab: Lab,
  note: (name: string, request: Record<string, unknown>) => void,
): void {
  const initiate = initiateRequest(lab)
  note('initiateAuthentication', initiate)
  const initiated = keep(lab, callInitiate(lab, initiate)) as Answer as Body
  const matchingId = lab.order?.matchingId ?? ''
  note('authenticateServer', { ...withoutHeader(initiated), matchingId })
  const authenticate = authenticateRequest(lab, initiated as never)
  note('authenticateClient', authenticate)
  const offer = keep(lab, callAuthenticate(lab, authenticate)) as Answer as Body
  const { response } = cancelOnEuicc(
    lab.euicc,
    lab.state,
    String(offer['transactionId']),
    'timeout',
  )
  note('cancelSession', {
    transactionId: offer['transactionId'],
    cancelSessionResponse: response.toString('base64'),
  })
  note('prepareDownload', withoutHeader(offer))
  const download = downloadRequest(lab, offer as never)
  note('getBoundProfilePackage', download)
  const served = keep(lab, callDownload(lab, download)) as Answer as Body
  note('loadBoundProfilePackage', withoutHeader(served))
  const loaded = loadBoundProfilePackage(
    lab.euicc,
    lab.state,
    bytes(String(served['boundProfilePackage'])),
  )
  if (loaded.kind !== 'installed') throw new Error(`the recorded download ended as ${loaded.kind}`)
  lab.state = enableProfile(lab.euicc, loaded.state, labIccid).state
  const [result, other] = lab.state.notifications
  note('handleNotification', { pendingNotification: result?.signed })
  note('handleNotification (enable)', { pendingNotification: other?.signed })
}

function withoutHeader({ header: _, ...body }: Body): Record<string, string> {
  return body as Record<string, string>
}
