/** SGP.22 §5.7.6 ES10b.LoadBoundProfilePackage: the profile is installed, or the result says by which command not. */
import { type BppFault, openBoundProfilePackage } from './bound-profile-package.ts'
import { parseCertificate } from './certificate.ts'
import { keyPairFrom, sign } from './curves.ts'
import { DerError } from './der.ts'
import {
  type Euicc,
  type EuiccCredential,
  type EuiccState,
  type InstalledProfile,
  notify,
  stored,
} from './euicc.ts'
import {
  bppCommandId,
  decodeStoreMetadataRequest,
  encodeProfileInstallationResult,
  encodeProfileInstallationResultData,
  errorReason,
  type FinalResult,
  type ProfileMetadata,
} from './notification.ts'
import { decodeProfilePackage } from './saip.ts'

export type Loaded =
  | { readonly kind: 'no-session' }
  | {
      readonly kind: 'installed' | 'failed'
      readonly state: EuiccState
      /** ProfileInstallationResult, also kept as a notification. */
      readonly result: Buffer
      readonly fault?: BppFault
    }

/** ISD-Ps are numbered from A0000005591010FFFFFFFF8900001000 (SGP.02 annex H). */
const aidOf = (number: number): Buffer =>
  Buffer.concat([
    Buffer.from('a0000005591010ffffffff8900', 'hex'),
    Buffer.of((0x1000 + number) >> 8, number & 0xff, 0),
  ])

export function loadBoundProfilePackage(
  euicc: Euicc,
  state: EuiccState,
  boundProfilePackage: Buffer,
): Loaded {
  const { session } = state
  const own = euicc.credentials.find(
    ({ ci }) => ci.subjectKeyIdentifier.toString('base64') === session?.euiccCi,
  )
  const { transactionId, dpPbCertificate, scalar, smdpOid, serverAddress } = session ?? {}
  if (!own || !transactionId || !dpPbCertificate || !scalar || !smdpOid || !serverAddress)
    return { kind: 'no-session' }
  const { publicKey } = parseCertificate(Buffer.from(dpPbCertificate, 'base64'))
  const opened = openBoundProfilePackage(boundProfilePackage, {
    transactionId: Buffer.from(transactionId, 'hex'),
    eid: euicc.eid,
    euiccOneTimeKey: keyPairFrom(publicKey.curve, Buffer.from(scalar, 'base64')),
    dpPb: publicKey,
  })
  const over = {
    ...state,
    session: null,
    oneTimeKeys: state.oneTimeKeys.filter((one) => one.scalar !== scalar),
  }
  const facts = { transactionId: Buffer.from(transactionId, 'hex'), smdpOid, serverAddress, own }
  if ('fault' in opened) return failed(over, facts, opened.fault, undefined)
  const checked = checkedProfile(over, opened)
  if ('fault' in checked) return failed(over, facts, checked.fault, checked.metadata)
  const { metadata } = checked
  const aid = aidOf(over.lastSeqNumber + 1)
  const profile: InstalledProfile = {
    iccid: metadata.iccid,
    aid: aid.toString('hex'),
    state: 'disabled',
    nickname: '',
    metadata,
    profilePackage: opened.profilePackage.toString('base64'),
  }
  // simaResponse: PEStatus ok for the whole package (TCA SAIP, EUICCResponse).
  const simaResponse = Buffer.from('3007a0053003800100', 'hex')
  const result: FinalResult = { kind: 'success', aid, simaResponse }
  const told = withResult(
    { ...over, profiles: [...over.profiles, profile] },
    facts,
    metadata,
    result,
  )
  const all = notify(euicc, told.state, profile, 'install', serverAddress)
  return { kind: 'installed', state: all, result: told.result }
}

type Facts = {
  readonly transactionId: Buffer
  readonly smdpOid: string
  readonly serverAddress: string
  readonly own: EuiccCredential
}

type Checked =
  | { readonly metadata: ProfileMetadata }
  | { readonly fault: BppFault; readonly metadata: ProfileMetadata | undefined }

function checkedProfile(
  { profiles }: EuiccState,
  opened: { readonly metadata: Buffer; readonly profilePackage: Buffer },
): Checked {
  const fault = (
    command: keyof typeof bppCommandId,
    reason: keyof typeof errorReason,
    metadata?: ProfileMetadata,
  ): Checked => ({
    fault: { bppCommandId: bppCommandId[command], errorReason: errorReason[reason] },
    metadata,
  })
  const metadata = read(() => decodeStoreMetadataRequest(opened.metadata))
  if (!metadata) return fault('storeMetadata', 'incorrectInputValues')
  if (profiles.some(({ iccid }) => iccid === metadata.iccid))
    return fault('storeMetadata', 'installFailedDueToIccidAlreadyExistsOnEuicc', metadata)
  const profile = read(() => decodeProfilePackage(opened.profilePackage))
  if (!profile) return fault('loadProfileElements', 'installFailedDueToPEProcessingError', metadata)
  if (profile.iccid !== metadata.iccid)
    return fault('loadProfileElements', 'installFailedDueToDataMismatch', metadata)
  return { metadata }
}

function read<T>(reading: () => T): T | undefined {
  try {
    return reading()
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

function failed(
  state: EuiccState,
  facts: Facts,
  fault: BppFault,
  metadata: ProfileMetadata | undefined,
): Loaded {
  const told = withResult(state, facts, metadata, { kind: 'error', ...fault })
  return { kind: 'failed', ...told, fault }
}

function withResult(
  state: EuiccState,
  { transactionId, smdpOid, serverAddress, own }: Facts,
  metadata: ProfileMetadata | undefined,
  final: FinalResult,
): { state: EuiccState; result: Buffer } {
  const iccid = metadata?.iccid
  const seqNumber = state.lastSeqNumber + 1
  const data = encodeProfileInstallationResultData(
    transactionId,
    { seqNumber, event: 'install', notificationAddress: serverAddress, iccid },
    smdpOid,
    final,
  )
  const result = encodeProfileInstallationResult(data, sign(own.key, data))
  const kept = {
    seqNumber,
    event: 'install' as const,
    address: serverAddress,
    iccid: iccid ?? null,
    signed: result.toString('base64'),
  }
  return { state: stored(state, kept), result }
}
