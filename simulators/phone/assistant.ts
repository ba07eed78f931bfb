/** A local profile assistant (SGP.22 §3.1.3): carries messages between an SM-DP+ and the eUICC of a phone. */
import { randomBytes } from 'node:crypto'
import type { CancelSessionReason } from '../../src/esim/sgp22/download.ts'
import {
  type Euicc,
  type EuiccState,
  getEuiccChallenge,
  getEuiccInfo1,
  removeNotificationFromList,
} from '../../src/esim/sgp22/euicc.ts'
import {
  authenticateServer,
  cancelSession,
  prepareDownload,
} from '../../src/esim/sgp22/euicc-download.ts'
import { loadBoundProfilePackage } from '../../src/esim/sgp22/euicc-install.ts'
import { errorReason } from '../../src/esim/sgp22/notification.ts'

export type Reply = { readonly status: number; readonly body: unknown }
/** Calls one ES9+ function of a server by its address. Throws when there is no answer. */
export type Es9 = (address: string, name: string, body: object) => Promise<Reply>

/** A phone's chip and what it remembers; whoever keeps it is told of every change, before the next call. */
export type Chip = {
  readonly euicc: Euicc
  readonly state: () => EuiccState
  readonly keep: (state: EuiccState) => void
}

export type Download =
  | { readonly kind: 'installed'; readonly iccid: string }
  | { readonly kind: 'refused'; readonly subjectCode: string; readonly reasonCode: string }
  /** Status 0 where nobody answered at all. */
  | { readonly kind: 'unanswered'; readonly status: number }
  | { readonly kind: 'distrusted' }
  | { readonly kind: 'failed'; readonly bppCommandId: number; readonly errorReason: number }

export type Wish = {
  readonly smdpAddress: string
  readonly matchingId: string
  readonly confirmationCode?: string
}

const tac = Buffer.from('35290611', 'hex')

/** Downloads and installs. A call that throws may be followed by another download, which is resumed. */
export async function downloadProfile(es9: Es9, chip: Chip, wish: Wish): Promise<Download> {
  const { smdpAddress, matchingId, confirmationCode } = wish
  const begun = getEuiccChallenge(chip.state(), randomBytes(16))
  chip.keep(begun.state)
  const initiated = await ask(es9, smdpAddress, 'initiateAuthentication', {
    smdpAddress,
    euiccChallenge: begun.challenge.toString('base64'),
    euiccInfo1: getEuiccInfo1(chip.euicc).toString('base64'),
  })
  if ('stop' in initiated) return initiated.stop
  const { transactionId = '' } = initiated.body
  const before = chip.state()
  const server = authenticateServer(chip.euicc, before, {
    serverSigned1: bytes(initiated.body['serverSigned1']),
    serverSignature1: bytes(initiated.body['serverSignature1']),
    euiccCiPKIdToBeUsed: bytes(initiated.body['euiccCiPKIdToBeUsed']),
    serverCertificate: bytes(initiated.body['serverCertificate']),
    ctxParams1: { matchingId, deviceInfo: { tac } },
  })
  if (server.state === before) return { kind: 'distrusted' }
  chip.keep(server.state)
  const offer = await ask(es9, smdpAddress, 'authenticateClient', {
    transactionId,
    authenticateServerResponse: server.response.toString('base64'),
  })
  if ('stop' in offer) {
    await cancelDownload(es9, chip, smdpAddress, transactionId, 'undefinedReason')
    return offer.stop
  }
  const known = chip.state()
  const prepared = prepareDownload(
    chip.euicc,
    known,
    {
      smdpSigned2: bytes(offer.body['smdpSigned2']),
      smdpSignature2: bytes(offer.body['smdpSignature2']),
      smdpCertificate: bytes(offer.body['smdpCertificate']),
      ...(confirmationCode !== undefined && { confirmationCode }),
    },
    randomBytes(48),
  )
  if (prepared.state === known) return { kind: 'distrusted' }
  chip.keep(prepared.state)
  const bound = await ask(es9, smdpAddress, 'getBoundProfilePackage', {
    transactionId,
    prepareDownloadResponse: prepared.response.toString('base64'),
  })
  if ('stop' in bound) return bound.stop
  return install(chip, bytes(bound.body['boundProfilePackage']))
}

function install(chip: Chip, boundProfilePackage: Buffer): Download {
  const loaded = loadBoundProfilePackage(chip.euicc, chip.state(), boundProfilePackage)
  if (loaded.kind === 'no-session')
    return {
      kind: 'failed',
      bppCommandId: 0,
      errorReason: errorReason.installFailedDueToUnknownError,
    }
  chip.keep(loaded.state)
  if (loaded.kind === 'installed') {
    const profile = loaded.state.profiles.at(-1)
    return { kind: 'installed', iccid: profile?.iccid ?? '' }
  }
  const unknown = { bppCommandId: 0, errorReason: errorReason.installFailedDueToUnknownError }
  return { kind: 'failed', ...(loaded.fault ?? unknown) }
}

/** §3.0.2: tells the server, signed, that nothing comes of this session. */
export async function cancelDownload(
  es9: Es9,
  chip: Chip,
  smdpAddress: string,
  transactionId: string,
  reason: CancelSessionReason,
): Promise<void> {
  const { state, response } = cancelSession(chip.euicc, chip.state(), transactionId, reason)
  chip.keep(state)
  await es9(smdpAddress, 'cancelSession', {
    transactionId,
    cancelSessionResponse: response.toString('base64'),
  })
}

/** Sends what the eUICC holds, oldest first; what a server took is removed. Gives the number sent. */
export async function sendNotifications(es9: Es9, chip: Chip): Promise<number> {
  let sent = 0
  for (const { seqNumber, address, signed } of chip.state().notifications) {
    const { status } = await es9(address, 'handleNotification', { pendingNotification: signed })
    if (status !== 204) continue
    sent += 1
    chip.keep(removeNotificationFromList(chip.state(), seqNumber))
  }
  return sent
}

/** The members of an answer, or what the download ends with. */
type Asked = { readonly body: Record<string, string> } | { readonly stop: Download }

async function ask(es9: Es9, address: string, name: string, request: object): Promise<Asked> {
  const { status, body } = await es9(address, name, request)
  const header = (body as { header?: { functionExecutionStatus?: Status } } | null)?.header
  const execution = header?.functionExecutionStatus
  if (status !== 200 || !execution) return { stop: { kind: 'unanswered', status } }
  if (execution.status === 'Executed-Success') return { body: body as Record<string, string> }
  const { subjectCode = '', reasonCode = '' } = execution.statusCodeData ?? {}
  return { stop: { kind: 'refused', subjectCode, reasonCode } }
}

type Status = {
  status: string
  statusCodeData?: { subjectCode: string; reasonCode: string }
}

const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64')
