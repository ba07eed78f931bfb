/** The numbers Violet gives an eSIM: ICCID, IMSI, the secret matching id, and the links that install it. */
import assert from 'node:assert/strict'
import { luhnDigit } from './sgp22/identifiers.ts'

/** ITU-T E.118: telecommunications 89, country code 44, an issuer that is nobody's. */
const issuer = '894499'
/** A test network: the MNC isn't assigned. */
const homeNetwork = '23499'
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

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

/** Six digits for a person to type, from 128 random bits. */
export function codeFrom(random: Uint8Array): string {
  assert.equal(random.length, 16, '128 bits, so that every code is as likely')
  const number = BigInt(`0x${Buffer.from(random).toString('hex')}`) % 1_000_000n
  return number.toString().padStart(6, '0')
}

/** Links that open the phone's own installer. */
export function installLinks(activationCode: string): { ios: string; android: string } {
  const data = encodeURIComponent(activationCode)
  return {
    ios: `https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=${data}`,
    android: `https://esimsetup.android.com/esim_qrcode_provisioning?carddata=${data}`,
  }
}
