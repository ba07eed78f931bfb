/** How the files of a profile carry a subscriber's identity (TS 31.102, TS 24.008, TS 102 221). */
import assert from 'node:assert/strict'

const swapped = (digits: string): Buffer => Buffer.from(digits.replace(/(.)(.)/g, '$2$1'), 'hex')
const unswapped = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.)(.)/g, '$2$1')

/** EF.IMSI (TS 31.102 §4.2.2): a length, then the digits behind a nibble that tells odd from even. */
export function imsiToFile(imsi: string): Buffer {
  assert(/^\d{6,15}$/.test(imsi), 'an IMSI has at most 15 digits')
  const odd = imsi.length % 2 === 1
  const nibbles = `${odd ? '9' : '1'}${imsi}${odd ? '' : 'f'}`
  return Buffer.concat([Buffer.of(nibbles.length / 2), swapped(nibbles)]).subarray(0, 9)
}

export function imsiFromFile(file: Uint8Array): string | undefined {
  const nibbles = unswapped(file.subarray(1, 1 + (file[0] ?? 0)))
  const digits = nibbles.slice(1).replace(/f+$/, '')
  return /^\d{6,15}$/.test(digits) ? digits : undefined
}

/** Of the GSM alphabet (TS 23.038 §6.2.1) the letters, digits and signs that ASCII writes the same. */
const gsm = /^[A-Za-z0-9 !"#%&'()*+,\-./:;<=>?]*$/
const spnBytes = 16

/** EF.SPN (TS 31.102 §4.2.12): what does not fit is cut, as the file is 16 bytes for everybody. */
export function spnToFile(name: string): Buffer {
  const file = Buffer.alloc(1 + spnBytes, 0xff)
  // Display is not required in the home network and required elsewhere: 0.
  file[0] = 0
  if (gsm.test(name)) file.write(name.slice(0, spnBytes), 1, 'latin1')
  else {
    // TS 102 221 annex A: 80 announces UCS-2.
    file[1] = 0x80
    const ucs2 = Buffer.from(name.slice(0, (spnBytes - 1) >> 1), 'utf16le').swap16()
    ucs2.copy(file, 2)
  }
  return file
}

export function spnFromFile(file: Uint8Array): string | undefined {
  const text = Buffer.from(file.subarray(1))
  if (text[0] !== 0x80) {
    const end = text.indexOf(0xff)
    return text.subarray(0, end < 0 ? text.length : end).toString('latin1')
  }
  const pairs: number[] = []
  for (let at = 1; at + 1 < text.length; at += 2) {
    const unit = text.readUInt16BE(at)
    if (unit === 0xffff) break
    pairs.push(unit)
  }
  return String.fromCharCode(...pairs)
}

/** EF.MSISDN (TS 31.102 §4.2.26): one record, of any length from 14; no number leaves it empty. */
export function msisdnToRecord(msisdn: string | null, bytes: number): Buffer {
  assert(bytes >= 14, 'a record of a number has at least 14 bytes')
  const record = Buffer.alloc(bytes, 0xff)
  if (msisdn === null) return record
  const digits = msisdn.replace(/^\+/, '')
  assert(/^\d{1,15}$/.test(digits), 'a number has at most 15 digits')
  const even = digits.length % 2 === 1 ? `${digits}f` : digits
  const at = bytes - 14
  record[at] = 1 + even.length / 2
  // International number, ISDN numbering plan.
  record[at + 1] = 0x91
  swapped(even).copy(record, at + 2)
  return record
}

export function msisdnFromRecord(record: Uint8Array): string | null | undefined {
  const at = record.length - 14
  const length = record[at] ?? 0xff
  if (at < 0 || length > 11) return at < 0 ? undefined : null
  const digits = unswapped(record.subarray(at + 2, at + 1 + length)).replace(/f$/, '')
  return /^\d{1,15}$/.test(digits) ? `+${digits}` : undefined
}

/** PIN and PUK (TS 102 221 §9.5.1): ASCII digits, FF after them. */
export function pinToValue(digits: string): Buffer {
  assert(/^\d{4,8}$/.test(digits), 'a PIN has four to eight digits')
  const value = Buffer.alloc(8, 0xff)
  value.write(digits, 'latin1')
  return value
}

export function pinFromValue(value: Uint8Array): string | undefined {
  const digits = Buffer.from(value)
    .toString('latin1')
    .replace(/\u00ff+$/, '')
  return /^\d{4,8}$/.test(digits) ? digits : undefined
}
