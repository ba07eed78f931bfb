/** The numbers of an eSIM: ICCID with its check digit, IMSI, EID, and the secret matching id. */
import assert from 'node:assert/strict'

/** ITU-T E.118: telecommunications 89, country code 44, an issuer that is nobody's. */
const issuer = '894499'
/** A test network: the MNC isn't assigned. */
const homeNetwork = '23499'
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The digit that makes the whole pass the Luhn check (ISO/IEC 7812-1 annex B). */
export function luhnDigit(digits: string): string {
  assert(/^\d+$/.test(digits), 'only digits have a check digit')
  const total = [...digits].reverse().reduce((so, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1)
    return so + (value > 9 ? value - 9 : value)
  }, 0)
  return String((10 - (total % 10)) % 10)
}

export function isIccid(text: string): boolean {
  return /^89\d{16,18}$/.test(text) && luhnDigit(text.slice(0, -1)) === text.at(-1)
}

/** 19 digits from a running number. */
export function iccidOf(serial: bigint): string {
  assert(serial > 0n && serial < 10n ** 12n, 'the issuer has twelve digits for its cards')
  const digits = issuer + serial.toString().padStart(12, '0')
  return digits + luhnDigit(digits)
}

/** 15 digits from a running number. */
export function imsiOf(serial: bigint): string {
  assert(serial > 0n && serial < 10n ** 10n, 'a subscriber identity has ten digits')
  return homeNetwork + serial.toString().padStart(10, '0')
}

/** 32 digits that leave 1 when divided by 97 (SGP.02 annex, EID check digits). */
export function isEid(text: string): boolean {
  return /^\d{32}$/.test(text) && BigInt(text) % 97n === 1n
}

/** 26 characters from 128 random bits, RFC 4648 base32 without padding. */
export function matchingIdOf(random: Uint8Array): string {
  assert.equal(random.length, 16, '128 bits, so that nobody guesses one')
  let bits = 0n
  for (const byte of random) bits = (bits << 8n) | BigInt(byte)
  bits <<= 2n
  let text = ''
  for (let shift = 125n; shift >= 0n; shift -= 5n) text += base32[Number((bits >> shift) & 31n)]
  return text
}

/** SGP.22 §4.1: the activation code of a profile at a server. */
export function activationCodeOf(host: string, matchingId: string): string {
  return `LPA:1$${host}$${matchingId}`
}

/** Links that open the phone's own installer. */
export function installLinks(activationCode: string): { ios: string; android: string } {
  const data = encodeURIComponent(activationCode)
  return {
    ios: `https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=${data}`,
    android: `https://esimsetup.android.com/esim_qrcode_provisioning?carddata=${data}`,
  }
}
