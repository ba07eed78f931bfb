/** Profile metadata and the notifications an eUICC signs (SGP.22 §5.5.3, §5.6.4, §5.7.9, §5.7.10). */
import { signatureTlv } from './authentication.ts'
import {
  bitsOf,
  DerError,
  fieldsOf,
  integerOf,
  octetsOf,
  oidOf,
  onlyChild,
  readDer,
  textOf,
  type Tlv,
} from './der.ts'
import { bits, integer, octets, oid, sequence, text, tlv } from './der-write.ts'
import { iccidFromBytes, iccidToBytes } from './identifiers.ts'

export const notificationEvents = ['install', 'enable', 'disable', 'delete'] as const
export type NotificationEvent = (typeof notificationEvents)[number]

const profileClasses = ['test', 'provisioning', 'operational'] as const
export type ProfileClass = (typeof profileClasses)[number]

/** §5.5.3 StoreMetadataRequest: what a phone shows of a profile, and whom the eUICC tells of its fate. */
export type ProfileMetadata = {
  readonly iccid: string
  readonly serviceProviderName: string // at most 32 bytes
  readonly profileName: string // at most 64 bytes
  readonly profileClass: ProfileClass
  readonly notifications: readonly {
    readonly events: readonly NotificationEvent[]
    readonly address: string
  }[]
}

export function encodeStoreMetadataRequest(metadata: ProfileMetadata): Buffer {
  const configured = metadata.notifications.map(({ events, address }) =>
    sequence(eventBits(events, 0x80), text(address, 0x81)),
  )
  return tlv(
    0xbf25,
    octets(iccidToBytes(metadata.iccid), 0x5a),
    text(metadata.serviceProviderName, 0x91),
    text(metadata.profileName, 0x92),
    integer(profileClasses.indexOf(metadata.profileClass), 0x95),
    ...(configured.length > 0 ? [tlv(0xb6, ...configured)] : []),
  )
}

/** Icons, owner and policy rules are passed over. @throws DerError */
export function decodeStoreMetadataRequest(bytes: Uint8Array): ProfileMetadata {
  const fields = fieldsOf(readDer(bytes), 0xbf25)
  const iccid = iccidOf(fields.need(0x5a))
  const serviceProviderName = textOf(fields.need(0x91))
  const profileName = textOf(fields.need(0x92))
  fields.may(0x93)
  fields.may(0x94)
  const kind = fields.may(0x95)
  const profileClass = kind ? profileClasses[integerOf(kind)] : 'operational'
  if (!profileClass) throw new DerError('unknown profile class')
  const notifications = (fields.may(0xb6)?.children ?? []).map((entry) => {
    const inner = fieldsOf(entry, 0x30)
    return { events: eventsOf(inner.need(0x80)), address: textOf(inner.need(0x81)) }
  })
  return { iccid, serviceProviderName, profileName, profileClass, notifications }
}

const eventBits = (events: readonly NotificationEvent[], tag: number): Buffer =>
  bits(
    events.map((event) => notificationEvents.indexOf(event)),
    tag,
  )

function eventsOf(element: Tlv): NotificationEvent[] {
  return bitsOf(element).flatMap((bit) => notificationEvents[bit] ?? [])
}

function iccidOf(element: Tlv): string {
  const iccid = iccidFromBytes(octetsOf(element, 10))
  if (iccid === undefined) throw new DerError('no ICCID')
  return iccid
}

/** §5.7.9 NotificationMetadata. */
export type NotificationMetadata = {
  readonly seqNumber: number
  readonly event: NotificationEvent
  readonly notificationAddress: string
  /** Missing where an installation failed before it was known. */
  readonly iccid: string | undefined
}

export function encodeNotificationMetadata(metadata: NotificationMetadata): Buffer {
  return tlv(
    0xbf2f,
    integer(metadata.seqNumber, 0x80),
    eventBits([metadata.event], 0x81),
    text(metadata.notificationAddress),
    ...(metadata.iccid === undefined ? [] : [octets(iccidToBytes(metadata.iccid), 0x5a)]),
  )
}

function notificationMetadataOf(element: Tlv): NotificationMetadata {
  const fields = fieldsOf(element, 0xbf2f)
  const seqNumber = integerOf(fields.need(0x80))
  const [event, ...more] = eventsOf(fields.need(0x81))
  if (!event || more.length > 0) throw new DerError('a notification is of one event')
  const notificationAddress = textOf(fields.need(0x0c))
  const iccid = fields.may(0x5a)
  return { seqNumber, event, notificationAddress, iccid: iccid && iccidOf(iccid) }
}

/** §2.5.6 BppCommandId and ErrorReason, by the numbers a server meets. */
export const bppCommandId = {
  initialiseSecureChannel: 0,
  configureISDP: 1,
  storeMetadata: 2,
  storeMetadata2: 3,
  replaceSessionKeys: 4,
  loadProfileElements: 5,
} as const

export const errorReason = {
  incorrectInputValues: 1,
  invalidSignature: 2,
  invalidTransactionId: 3,
  unsupportedCrtValues: 4,
  unsupportedRemoteOperationType: 5,
  unsupportedProfileClass: 6,
  scp03tStructureError: 7,
  scp03tSecurityError: 8,
  installFailedDueToIccidAlreadyExistsOnEuicc: 9,
  installFailedDueToInsufficientMemoryForProfile: 10,
  installFailedDueToInterruption: 11,
  installFailedDueToPEProcessingError: 12,
  installFailedDueToDataMismatch: 13,
  testProfileInstallFailedDueToInvalidNaaKey: 14,
  pprNotAllowed: 15,
  installFailedDueToUnknownError: 127,
} as const

export type FinalResult =
  | { readonly kind: 'success'; readonly aid: Buffer; readonly simaResponse: Buffer }
  | { readonly kind: 'error'; readonly bppCommandId: number; readonly errorReason: number }

/** §5.7.6 ProfileInstallationResultData, to be signed. */
export function encodeProfileInstallationResultData(
  transactionId: Buffer,
  metadata: NotificationMetadata,
  smdpOid: string,
  result: FinalResult,
): Buffer {
  const final =
    result.kind === 'success'
      ? tlv(0xa0, octets(result.aid, 0x4f), octets(result.simaResponse))
      : tlv(0xa1, integer(result.bppCommandId, 0x80), integer(result.errorReason, 0x81))
  return tlv(
    0xbf27,
    octets(transactionId, 0x80),
    encodeNotificationMetadata(metadata),
    oid(smdpOid),
    tlv(0xa2, final),
  )
}

export const encodeProfileInstallationResult = (data: Buffer, signature: Uint8Array): Buffer =>
  tlv(0xbf37, data, signatureTlv(signature))

export function encodeOtherSignedNotification(
  metadata: Buffer,
  signature: Uint8Array,
  euiccCertificate: Buffer,
  eumCertificate: Buffer,
): Buffer {
  return sequence(metadata, signatureTlv(signature), euiccCertificate, eumCertificate)
}

/** §5.7.10 PendingNotification. `raw` is what the signature is over. */
export type PendingNotification =
  | {
      readonly kind: 'profileInstallationResult'
      readonly raw: Buffer
      readonly signature: Buffer
      readonly transactionId: Buffer
      readonly metadata: NotificationMetadata
      readonly smdpOid: string | undefined
      readonly finalResult: FinalResult
    }
  | {
      readonly kind: 'otherSignedNotification'
      readonly raw: Buffer
      readonly signature: Buffer
      readonly metadata: NotificationMetadata
      readonly euiccCertificate: Tlv
      readonly eumCertificate: Tlv
    }

/** @throws DerError */
export function decodePendingNotification(bytes: Uint8Array): PendingNotification {
  const outer = readDer(bytes)
  if (outer.tag === 0xbf37) return installationResultOf(outer)
  const fields = fieldsOf(outer, 0x30)
  const tbs = fields.need(0xbf2f)
  const signature = octetsOf(fields.need(0x5f37), 64)
  const euiccCertificate = fields.need(0x30)
  const eumCertificate = fields.need(0x30)
  fields.end()
  return {
    kind: 'otherSignedNotification',
    raw: tbs.raw,
    signature,
    metadata: notificationMetadataOf(tbs),
    euiccCertificate,
    eumCertificate,
  }
}

function installationResultOf(outer: Tlv): PendingNotification {
  const fields = fieldsOf(outer, 0xbf37)
  const data = fields.need(0xbf27)
  const signature = octetsOf(fields.need(0x5f37), 64)
  fields.end()
  const inner = fieldsOf(data, 0xbf27)
  const transactionId = octetsOf(inner.need(0x80), 1, 16)
  const metadata = notificationMetadataOf(inner.need(0xbf2f))
  const smdpOid = inner.may(0x06)
  return {
    kind: 'profileInstallationResult',
    raw: data.raw,
    signature,
    transactionId,
    metadata,
    smdpOid: smdpOid && oidOf(smdpOid),
    finalResult: finalResultOf(onlyChild(inner.need(0xa2))),
  }
}

function finalResultOf(choice: Tlv): FinalResult {
  if (choice.tag === 0xa0) {
    const fields = fieldsOf(choice, 0xa0)
    const aid = octetsOf(fields.need(0x4f), 5, 16)
    return { kind: 'success', aid, simaResponse: fields.need(0x04).value }
  }
  const fields = fieldsOf(choice, 0xa1)
  return {
    kind: 'error',
    bppCommandId: integerOf(fields.need(0x80)),
    errorReason: integerOf(fields.need(0x81)),
  }
}
