/** Profile packages (TCA interoperable profile, SAIP): a sequence of profile elements, from header to end. */
import { DerError, fieldsOf, octetsOf, readElements, textOf, type Tlv } from './der.ts'
import { packageLimits } from './bound-profile-package.ts'
import { iccidFromHeader } from './identifiers.ts'

/** Tags of the profile elements this library looks into (PEDefinitions, ProfileElement). */
export const profileElement = {
  header: 0xa0,
  genericFileManagement: 0xa1,
  pinCodes: 0xa2,
  pukCodes: 0xa3,
  akaParameter: 0xa4,
  securityDomain: 0xa6,
  end: 0xaa,
  mf: 0xb0,
  usim: 0xb3,
  optUsim: 0xb4,
} as const

export type ProfilePackage = {
  readonly iccid: string
  readonly profileType: string
  readonly elements: readonly Tlv[]
}

/** @throws DerError when it does not begin with a header, does not end with an end, or names no ICCID. */
export function decodeProfilePackage(bytes: Uint8Array): ProfilePackage {
  const elements = readElements(bytes, packageLimits)
  const [header] = elements
  if (!header || elements.at(-1)?.tag !== profileElement.end)
    throw new DerError('a profile package goes from header to end')
  const fields = fieldsOf(header, profileElement.header)
  fields.need(0x80)
  fields.need(0x81)
  const profileType = fields.may(0x82)
  const iccid = iccidFromHeader(octetsOf(fields.need(0x83), 10))
  if (iccid === undefined) throw new DerError('the header names no ICCID')
  return { iccid, profileType: profileType ? textOf(profileType) : '', elements }
}

/** The bytes again, each element as it was read. */
export const encodeProfilePackage = ({ elements }: Pick<ProfilePackage, 'elements'>): Buffer =>
  Buffer.concat(elements.map(({ raw }) => raw))
