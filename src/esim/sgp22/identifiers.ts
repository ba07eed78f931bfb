/** EID and ICCID: their check digits, and how cards and messages carry them. */
import assert from 'node:assert/strict'

/** The digit that makes the whole pass the Luhn check (ISO/IEC 7812-1 annex B). */
export function luhnDigit(digits: string): string {
  assert(/^\d+$/.test(digits), 'only digits have a check digit')
  const total = [...digits].reverse().reduce((so, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1)
    return so + (value > 9 ? value - 9 : value)
  }, 0)
  return String((10 - (total % 10)) % 10)
}

/** ITU-T E.118: 19 or 20 digits, the last one the Luhn digit. */
export function isIccid(text: string): boolean {
  return /^89\d{16,18}$/.test(text) && luhnDigit(text.slice(0, -1)) === text.at(-1)
}

/** Completes 30 digits with their two check digits. */
export function eidOf(digits: string): string {
  assert(/^\d{30}$/.test(digits), 'an EID has 30 digits before its check digits')
  return digits + String(98n - ((BigInt(digits) * 100n) % 97n)).padStart(2, '0')
}

/** An ICCID as metadata and EF.ICCID carry it: ten bytes, nibbles swapped, F after 19 digits (SGP.22 §5.5.3). */
export function iccidToBytes(iccid: string): Buffer {
  const swapped = iccid.padEnd(20, 'F').replace(/(.)(.)/g, '$2$1')
  assert(/^[0-9F]{20}$/.test(swapped), 'an ICCID has at most 20 digits')
  return Buffer.from(swapped, 'hex')
}

/** Undefined when the ten bytes are not swapped digits. Check digits are another question: see isIccid. */
export function iccidFromBytes(bytes: Uint8Array): string | undefined {
  const digits = Buffer.from(bytes)
    .toString('hex')
    .replace(/(.)(.)/g, '$2$1')
  return /^\d{18,20}f{0,2}$/.test(digits) && digits.length === 20
    ? digits.replace(/f+$/, '')
    : undefined
}

/** The ICCID of a profile package's header, whose nibbles are not swapped (TCA SAIP, PE-Header). */
export const iccidToHeader = (iccid: string): Buffer => Buffer.from(iccid.padEnd(20, 'F'), 'hex')

export function iccidFromHeader(bytes: Uint8Array): string | undefined {
  const digits = Buffer.from(bytes).toString('hex')
  return /^\d{18,20}f{0,2}$/.test(digits) && digits.length === 20
    ? digits.replace(/f+$/, '')
    : undefined
}
