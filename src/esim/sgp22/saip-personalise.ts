/** Makes one subscriber's profile out of a template: the elements that are theirs are replaced, all other bytes stay. */
import { fieldsOf, integerOf, type Tlv } from './der.ts'
import { tlv } from './der-write.ts'
import { iccidFromBytes, iccidToBytes, iccidToHeader } from './identifiers.ts'
import { decodeProfilePackage, profileElement } from './saip.ts'
import {
  imsiFromFile,
  imsiToFile,
  msisdnFromRecord,
  msisdnToRecord,
  pinFromValue,
  pinToValue,
  spnFromFile,
  spnToFile,
} from './saip-files.ts'

/** What a subscriber's profile holds. Secret: `k`, `opc`, `adm1`, `pin` and `puk` never reach a log. */
export type Subscription = {
  readonly iccid: string
  readonly imsi: string
  readonly k: Buffer // 16 bytes
  readonly opc: Buffer // 16 bytes
  readonly pin: string // 4 to 8 digits
  readonly puk: string // 8 digits
  readonly adm1: Buffer // 8 bytes
  readonly serviceProviderName: string
  /** E.164 with its plus sign. */
  readonly msisdn: string | null
}

type Item = keyof Subscription
/** A place of one item: what stands there now, and what shall. */
type Place = {
  readonly item: Item
  readonly element: Tlv
  readonly write: (subscription: Subscription) => Buffer
}

export type TemplateFault = { readonly missing: readonly Item[] }

/**
 * The profile elements of the subscriber, or what the template has no place for (a number may have none).
 * @throws DerError when the template is no profile package.
 */
export function personalise(
  template: Uint8Array,
  subscription: Subscription,
): { readonly profilePackage: Buffer } | TemplateFault {
  const { elements, places, found } = readTemplate(template)
  const missing = items.filter(
    (item) => !found.has(item) && !(item === 'msisdn' && subscription.msisdn === null),
  )
  if (missing.length > 0) return { missing }
  const written = new Map<Tlv, Buffer>()
  for (const { element, write } of places) written.set(element, write(subscription))
  return { profilePackage: Buffer.concat(elements.map((element) => rewritten(element, written))) }
}

type Template = {
  readonly elements: readonly Tlv[]
  readonly places: readonly Place[]
  readonly found: ReadonlySet<Item>
}

/** A template makes thousands of profiles and is read once. */
const templates = new WeakMap<Uint8Array, Template>()

function readTemplate(bytes: Uint8Array): Template {
  const known = templates.get(bytes)
  if (known) return known
  const { elements } = decodeProfilePackage(bytes)
  const places = elements.flatMap(placesOf)
  const template = { elements, places, found: new Set(places.map(({ item }) => item)) }
  templates.set(bytes, template)
  return template
}

const items: readonly Item[] = [
  'iccid',
  'imsi',
  'k',
  'opc',
  'pin',
  'puk',
  'adm1',
  'serviceProviderName',
  'msisdn',
]

/** The element with what was written into it; its own bytes where nothing was. */
function rewritten(element: Tlv, written: ReadonlyMap<Tlv, Buffer>): Buffer {
  const own = written.get(element)
  if (own) return tlv(element.tag, own)
  if (element.children.length === 0) return element.raw
  const children = element.children.map((child) => rewritten(child, written))
  const changed = children.some((child, index) => child !== element.children[index]?.raw)
  return changed ? tlv(element.tag, ...children) : element.raw
}

/** Elementary files by their tag in a profile element (TCA SAIP, PE-MF, PE-USIM, PE-OPT-USIM). */
const fileTags: Readonly<Record<number, Readonly<Record<number, Item>>>> = {
  [profileElement.mf]: { 0xa4: 'iccid' },
  [profileElement.usim]: { 0xa3: 'imsi', 0xad: 'serviceProviderName' },
  [profileElement.optUsim]: { 0xa7: 'msisdn' },
}
/** The same files by their identifier (TS 31.102, TS 102 221), for generic file management. */
const fileIds: Readonly<Record<string, Item>> = {
  '2fe2': 'iccid',
  '6f07': 'imsi',
  '6f46': 'serviceProviderName',
  '6f40': 'msisdn',
}

function placesOf(element: Tlv): Place[] {
  const files = fileTags[element.tag]
  if (files) return element.children.flatMap((file) => templatePlaces(file, files[file.tag]))
  if (element.tag === profileElement.header) return headerPlaces(element)
  if (element.tag === profileElement.genericFileManagement) return genericPlaces(element)
  if (element.tag === profileElement.akaParameter) return akaPlaces(element)
  if (element.tag === profileElement.pinCodes) return pinPlaces(element)
  if (element.tag === profileElement.pukCodes) return pukPlaces(element)
  return []
}

const headerPlaces = ({ children }: Tlv): Place[] =>
  children
    .filter(({ tag }) => tag === 0x83)
    .map((element) => ({ item: 'iccid', element, write: ({ iccid }) => iccidToHeader(iccid) }))

/** fillFileContent of a File. */
function templatePlaces({ children }: Tlv, item: Item | undefined): Place[] {
  return children.flatMap((part) => (item && part.tag === 0x83 ? [filePlace(item, part)] : []))
}

/** FileManagement: each createFCP names a file, and the contents that follow are its. */
function genericPlaces(element: Tlv): Place[] {
  const places: Place[] = []
  for (const command of element.children.slice(1).flatMap(({ children }) => children)) {
    let item: Item | undefined
    for (const part of command.children) {
      if (part.tag === 0x62)
        item = fileIds[part.children.find(({ tag }) => tag === 0x83)?.value.toString('hex') ?? '']
      if (part.tag === 0x81 && item) places.push(filePlace(item, part))
    }
  }
  return places
}

function filePlace(item: Item, element: Tlv): Place {
  const { length } = element.value
  const write = ({ iccid, imsi, serviceProviderName, msisdn }: Subscription): Buffer => {
    if (item === 'iccid') return iccidToBytes(iccid)
    if (item === 'imsi') return imsiToFile(imsi)
    if (item === 'serviceProviderName') return spnToFile(serviceProviderName)
    return msisdnToRecord(msisdn, length)
  }
  return { item, element, write }
}

/** AlgoParameter of Milenage; another algorithm has no place for its keys here. */
function akaPlaces({ children }: Tlv): Place[] {
  const parameter = children
    .find(({ tag }) => tag === 0xa1)
    ?.children.find(({ tag }) => tag === 0xa1)
  const [algorithm, , key, opc] = parameter?.children ?? []
  if (algorithm?.tag !== 0x80 || integerOf(algorithm) !== 1) return []
  if (key?.tag !== 0x82 || opc?.tag !== 0x83) return []
  return [
    { item: 'k', element: key, write: (one) => one.k },
    { item: 'opc', element: opc, write: (one) => one.opc },
  ]
}

const globalPin = 0x01
const administrative = 0x0a

function pinPlaces({ children }: Tlv): Place[] {
  const configurations = children.find(({ tag }) => tag === 0xa1)?.children[0]?.children ?? []
  return configurations.flatMap((configuration): Place[] => {
    const fields = fieldsOf(configuration, 0x30)
    const reference = integerOf(fields.need(0x80))
    const element = fields.need(0x81)
    if (reference === globalPin)
      return [{ item: 'pin', element, write: ({ pin }) => pinToValue(pin) }]
    return reference === administrative
      ? [{ item: 'adm1', element, write: ({ adm1 }) => adm1 }]
      : []
  })
}

function pukPlaces({ children }: Tlv): Place[] {
  const configurations = children.find(({ tag }) => tag === 0xa1)?.children ?? []
  return configurations.flatMap((configuration): Place[] => {
    const fields = fieldsOf(configuration, 0x30)
    const reference = integerOf(fields.need(0x80))
    const element = fields.need(0x81)
    return reference === globalPin
      ? [{ item: 'puk', element, write: ({ puk }) => pinToValue(puk) }]
      : []
  })
}

/** What a phone learns from a profile it installed; undefined members are not there or not readable. */
export type ReadSubscription = { readonly [Name in Item]?: Subscription[Name] }

/** @throws DerError when it is no profile package. */
export function readSubscription(profilePackage: Uint8Array): ReadSubscription {
  const { elements, iccid } = decodeProfilePackage(profilePackage)
  const read: { -readonly [Name in Item]?: Subscription[Name] | undefined } = {}
  for (const { item, element } of elements.flatMap(placesOf)) {
    const { value } = element
    if (item === 'imsi') read.imsi = imsiFromFile(value)
    if (item === 'serviceProviderName') read.serviceProviderName = spnFromFile(value)
    if (item === 'msisdn') read.msisdn = msisdnFromRecord(value)
    if (item === 'iccid' && value.length === 10) read.iccid = iccidFromBytes(value) ?? iccid
    if (item === 'k' || item === 'opc' || item === 'adm1') read[item] = value
    if (item === 'pin' || item === 'puk') read[item] = pinFromValue(value)
  }
  return { ...withoutUndefined(read), iccid }
}

function withoutUndefined(read: {
  [Name in Item]?: Subscription[Name] | undefined
}): ReadSubscription {
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined))
}
