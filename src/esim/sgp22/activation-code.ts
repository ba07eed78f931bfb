/** Activation codes (SGP.22 §4.1): what a QR code says, and how a person types it. */

export type ActivationCode = {
  /** FQDN of the SM-DP+; a port is understood too, for laboratories. */
  readonly smdpAddress: string
  readonly matchingId: string
  /** The SM-DP+ this code insists on, by its object identifier. */
  readonly smdpOid?: string
  readonly confirmationCodeRequired: boolean
}

const host =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i
const port = /^[1-9]\d{0,4}$/
/** §4.1.1: upper-case letters, digits and hyphens; older servers hand out lower case too. */
const token = /^[0-9A-Za-z-]{0,255}$/
const oidText = /^[0-2](?:\.(?:0|[1-9]\d*))+$/

/** The code without the prefix that only QR codes and links carry. */
export function activationCode(code: ActivationCode): string {
  const { smdpAddress, matchingId, smdpOid = '', confirmationCodeRequired } = code
  const parts = ['1', smdpAddress, matchingId]
  if (smdpOid || confirmationCodeRequired) parts.push(smdpOid)
  if (confirmationCodeRequired) parts.push('1')
  return parts.join('$')
}

/** What a QR code holds. */
export const qrText = (code: ActivationCode): string => `LPA:${activationCode(code)}`

/** Undefined when the text is no activation code of format 1. Spaces around it are forgiven. */
export function parseActivationCode(typed: string): ActivationCode | undefined {
  const plain = typed.trim().replace(/^LPA:/i, '')
  if (plain.length > 255) return undefined
  const [format, smdpAddress = '', matchingId, smdpOid = '', flag = '', ...more] = plain.split('$')
  if (format !== '1' || matchingId === undefined || more.length > 0) return undefined
  if (!isAddress(smdpAddress) || !token.test(matchingId)) return undefined
  if (smdpOid !== '' && !oidText.test(smdpOid)) return undefined
  if (flag !== '' && flag !== '1') return undefined
  return {
    smdpAddress,
    matchingId,
    confirmationCodeRequired: flag === '1',
    ...(smdpOid && { smdpOid }),
  }
}

function isAddress(text: string): boolean {
  const [name = '', number, ...more] = text.split(':')
  if (more.length > 0 || !host.test(name)) return false
  return number === undefined || (port.test(number) && Number(number) < 65_536)
}
