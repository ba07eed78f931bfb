/** What is fuzzed: each function with its valid message, and what must hold whatever is done to that message. */
import type { Answer } from '../../src/esim/sgp22/es9.ts'
import {
  authenticateServer,
  prepareDownload,
  type PrepareDownloadRequest,
} from '../../src/esim/sgp22/euicc-download.ts'
import { loadBoundProfilePackage } from '../../src/esim/sgp22/euicc-install.ts'
import { type Step, initiateAuthentication } from '../../src/esim/sgp22/smdp.ts'
import {
  authenticateClient,
  readAuthenticateClient,
  verifyAuthenticateClient,
} from '../../src/esim/sgp22/smdp-authenticate.ts'
import { getBoundProfilePackage } from '../../src/esim/sgp22/smdp-download.ts'
import {
  cancelSession,
  handleNotification,
  readNotification,
  verifyNotification,
} from '../../src/esim/sgp22/smdp-notification.ts'
import { statusCode } from '../../src/esim/sgp22/status.ts'
import { labNowMs, labPackage } from '../sgp22-lab.ts'
import { partiesOf, type Recorded, type Recording } from './recording.ts'

export type Target = {
  readonly name: string
  readonly message: Readonly<Record<string, unknown>>
  /** Its strings are texts, not base64. */
  readonly isText?: boolean
  /** What is wrong with how the message was met, in one sentence; undefined when all is well. */
  readonly meet: (request: unknown) => string | undefined
  /** Whether the message as it was recorded is accepted: else a fuzz test would test nothing. */
  readonly accepts: (request: unknown) => boolean
}

const codes = new Set(
  Object.values(statusCode).map(({ subjectCode, reasonCode }) => `${subjectCode}/${reasonCode}`),
)
const random = Buffer.alloc(96, 0x42)
const fresh = { transactionId: Buffer.alloc(16, 1), serverChallenge: Buffer.alloc(16, 2) }
const profilePackage = labPackage()

const isSuccess = ({ header }: Answer): boolean =>
  header.functionExecutionStatus.status === 'Executed-Success'

/** A failure names a code of the specification and changes nothing. */
function judge(step: Step, untouched: boolean): string | undefined {
  const { statusCodeData: data, status } = step.answer.header.functionExecutionStatus
  if (status === 'Executed-Success') return untouched ? undefined : 'a damaged message was accepted'
  if (!data || !codes.has(`${data.subjectCode}/${data.reasonCode}`)) return 'no code of §5.2.6'
  return step.session || step.order ? 'a damaged message changed what is stored' : undefined
}

/** The signed bytes are the recorded ones, whatever else was changed around them. */
const same = (request: unknown, recorded: Recorded['request']): boolean =>
  typeof request === 'object' &&
  request !== null &&
  Object.entries(recorded).every(([name, value]) => {
    const other = (request as Record<string, unknown>)[name]
    if (typeof other !== 'string' || typeof value !== 'string') return other === value
    return name === 'transactionId'
      ? other.toUpperCase() === value.toUpperCase()
      : Buffer.from(other, 'base64').equals(Buffer.from(value, 'base64'))
  })

const bytesOf = (request: unknown, name: string): Buffer => {
  const value =
    typeof request === 'object' && request !== null
      ? (request as Record<string, unknown>)[name]
      : undefined
  return typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.alloc(0)
}

export function targetsOf(recording: Recording): Target[] {
  const parties = partiesOf(recording)
  const server = (name: string, call: (request: unknown, of: Recorded) => Step): Target => {
    const recorded = messageOf(recording, name)
    const { request } = recorded
    return {
      name,
      message: request,
      meet: (mutated) => judge(call(mutated, recorded), same(mutated, request)),
      accepts: (one) => isSuccess(call(one, recorded).answer),
    }
  }
  const { smdp } = parties
  return [
    initiateTarget(recording, parties),
    server('authenticateClient', (request, { moment }) => {
      const verified = verifyAuthenticateClient(
        smdp,
        readAuthenticateClient(request),
        moment.session,
        labNowMs,
      )
      return 'step' in verified
        ? verified.step
        : authenticateClient(smdp, verified.client, moment.order, labNowMs)
    }),
    server('getBoundProfilePackage', (request, { moment: { session, order } }) =>
      getBoundProfilePackage(smdp, request, { session, order, profilePackage, random }, labNowMs),
    ),
    server('cancelSession', (request, { moment }) =>
      cancelSession(smdp, request, moment.session, moment.order),
    ),
    notificationTarget(recording, parties, 'handleNotification'),
    notificationTarget(recording, parties, 'handleNotification (enable)'),
    ...euiccTargets(recording, parties),
  ]
}

type Parties = ReturnType<typeof partiesOf>

function messageOf({ messages }: Recording, name: string): Recorded {
  const recorded = messages[name]
  if (!recorded) throw new Error(`${name} was not recorded`)
  return recorded
}

/** Nothing in it is signed, so a damaged one may be understood; it must not do more than begin a session. */
function initiateTarget(recording: Recording, { smdp }: Parties): Target {
  const name = 'initiateAuthentication'
  const call = (request: unknown) => initiateAuthentication(smdp, request, () => fresh, labNowMs)
  return {
    name,
    message: messageOf(recording, name).request,
    meet: (mutated) => {
      const step = call(mutated)
      if (!isSuccess(step.answer)) return judge(step, false)
      return step.order || step.session?.phase !== 'initiated' ? 'more than a beginning' : undefined
    },
    accepts: (one) => isSuccess(call(one).answer),
  }
}

function notificationTarget(recording: Recording, { smdp }: Parties, name: string): Target {
  const { request, moment } = messageOf(recording, name)
  // Another genuine notification of this eUICC is no damage.
  const genuine = Object.values(recording.messages).map((one) => one.request)
  const call = (one: unknown) => {
    const notification = readNotification(one)
    const verified =
      notification && verifyNotification(smdp, notification, moment.session, labNowMs)
    return verified && handleNotification(moment.order, verified)
  }
  return {
    name,
    message: request,
    meet: (mutated) =>
      call(mutated) && !genuine.some((one) => same(mutated, one))
        ? 'a damaged notification was believed'
        : undefined,
    accepts: (one) => call(one) !== undefined,
  }
}

/** The eUICC's half: errors are answers, and a damaged message installs nothing. */
function euiccTargets(recording: Recording, { euicc }: Parties): Target[] {
  const target = (
    name: string,
    call: (request: unknown, of: Recorded) => { readonly done: boolean; readonly answer: Buffer },
    /** Members the call does not look at. */
    unread: readonly string[] = [],
  ): Target => {
    const recorded = messageOf(recording, name)
    const read = Object.fromEntries(
      Object.entries(recorded.request).filter(([member]) => !unread.includes(member)),
    )
    return {
      name,
      message: read,
      meet: (mutated) =>
        call(mutated, recorded).done && !same(mutated, read)
          ? 'a damaged message was accepted'
          : undefined,
      accepts: (one) => call(one, recorded).done,
    }
  }
  return [
    target(
      'authenticateServer',
      (request, { moment }) => {
        const { state, response } = authenticateServer(euicc, moment.state, {
          serverSigned1: bytesOf(request, 'serverSigned1'),
          serverSignature1: bytesOf(request, 'serverSignature1'),
          euiccCiPKIdToBeUsed: bytesOf(request, 'euiccCiPKIdToBeUsed'),
          serverCertificate: bytesOf(request, 'serverCertificate'),
          ctxParams1: { matchingId: '', deviceInfo: { tac: Buffer.alloc(4) } },
        })
        return { done: state !== moment.state, answer: response }
      },
      ['transactionId', 'matchingId'],
    ),
    target(
      'prepareDownload',
      (request, { moment }) => {
        const wish: PrepareDownloadRequest = {
          smdpSigned2: bytesOf(request, 'smdpSigned2'),
          smdpSignature2: bytesOf(request, 'smdpSignature2'),
          smdpCertificate: bytesOf(request, 'smdpCertificate'),
        }
        const { state, response } = prepareDownload(euicc, moment.state, wish, random.subarray(48))
        return { done: state !== moment.state, answer: response }
      },
      ['transactionId', 'profileMetadata'],
    ),
    target(
      'loadBoundProfilePackage',
      (request, { moment }) => {
        const bpp = bytesOf(request, 'boundProfilePackage')
        const loaded = loadBoundProfilePackage(euicc, moment.state, bpp)
        if (loaded.kind === 'no-session') throw new Error('the recorded eUICC is in a session')
        return { done: loaded.state.profiles.length > 0, answer: loaded.result }
      },
      ['transactionId'],
    ),
  ]
}
