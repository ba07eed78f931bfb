import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  aesCmac,
  bspDecrypt,
  bspEncrypt,
  bspKeys,
  bspKeysFrom,
  bspMac,
  bspStart,
  bspVerify,
  replaceSessionKeysRequest,
  segmentBytesMax,
  x963Kdf,
} from './bsp.ts'

const hex = (digits: string) => Buffer.from(digits, 'hex')

test.each([
  ['', 'bb1d6929e95937287fa37d129b756746'],
  ['6bc1bee22e409f96e93d7e117393172a', '070a16b46b4d4144f79bdd9dd04a287c'],
  [
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411',
    'dfa66747de9ae63030ca32611497c827',
  ],
  [
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
      '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
    '51f0bebf7e3b9d92fc49741779363cfe',
  ],
])('RFC 4493 §4: the CMAC of %s', (message, mac) => {
  expect(aesCmac(hex('2b7e151628aed2a6abf7158809cf4f3c'), hex(message)).toString('hex')).toBe(mac)
})

test('NIST CAVP ANSI X9.63, SHA-256', () => {
  const short = x963Kdf(hex('96c05619d56c328ab95fe84b18264b08725b85e33fd34f08'), hex(''), 16)
  expect(short.toString('hex')).toBe('443024c3dae66b95e6f5670601558f71')
  const long = x963Kdf(
    hex('22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d'),
    hex('75eef81aa3041e33b80971203d2c0c52'),
    128,
  )
  expect(long.toString('hex')).toBe(
    'c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e' +
      '52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485' +
      '500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269' +
      '142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21',
  )
})

// A session of a certified SM-DP+ that was recorded and published with the tests of pySim.
const recorded = bspKeys(
  hex('c9a993dd4879a8f7161f2085410edd4f9652f1df37be097ba96ba2ca6be528fe'),
  hex('8080808080808080'),
  '89049032123451234512345678901235',
)

test('a recorded session: its keys', () => {
  expect(recorded.initialMacChainingValue.toString('hex')).toBe('406d507b448a699e7a36a38494debbde')
  expect(recorded.sEnc.toString('hex')).toBe('472f5bfadd97f21d34f3ce9b51b92751')
  expect(recorded.sMac.toString('hex')).toBe('9ec07f5b36a13e12a991d66e294e6242')
})

const metadata = hex(
  'bf252d5a0a98001032547698103214910947534d415f54455354921147534d415f544553545f50524f46494c45950100',
)
const newKeys = bspKeysFrom(
  hex(
    '000102030405060708090a0b0c0d0e0f010102030405060708090a0b0c0d0e0f020102030405060708090a0b0c0d0e0f',
  ),
)

test('a recorded session: its segments, encrypted, authenticated, encrypted', () => {
  const first = bspEncrypt(bspStart(recorded), 0x87, hex('bf2400'))
  expect(first.segments.map((segment) => segment.toString('hex'))).toEqual([
    '8718f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d89',
  ])
  const second = bspMac(first.state, 0x88, metadata)
  expect(second.segments[0]?.toString('hex')).toBe(
    `8838${metadata.toString('hex')}8a62cc9adbb5ccbc`,
  )
  const third = bspEncrypt(second.state, 0x87, replaceSessionKeysRequest(newKeys))
  expect(third.segments.map((segment) => segment.toString('hex'))).toEqual([
    '8748a14c800a001992351cd46ad2945654674369701d82b7b46567652bc8fbed' +
      '234939fc57fba748015525fd6c651e9d3d1330652d42a0cfad950e912122af4e' +
      'c5362d3c0bc535729c40',
  ])
  const opened = bspDecrypt(bspStart(recorded), first.segments)
  const verified = opened && bspVerify(opened.state, second.segments)
  expect(verified?.bytes.equals(metadata)).toBe(true)
  const replaced = verified && bspDecrypt(verified.state, third.segments)
  expect(replaced?.bytes.equals(replaceSessionKeysRequest(newKeys))).toBe(true)
})

test('whatever its length, what was protected is opened, in segments of at most 1020 bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), (plain) => {
      const { segments } = bspEncrypt(bspStart(newKeys), 0x86, plain)
      expect(segments.every(({ length }) => length <= segmentBytesMax)).toBe(true)
      expect(segments).toHaveLength(Math.ceil(plain.length / 1007))
      expect(bspDecrypt(bspStart(newKeys), segments)?.bytes.equals(plain)).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('a full segment is exactly 1020 bytes long', () => {
  const { segments } = bspEncrypt(bspStart(newKeys), 0x86, Buffer.alloc(1008))
  expect(segments.map(({ length }) => length)).toEqual([1020, 26])
  const maced = bspMac(bspStart(newKeys), 0x88, Buffer.alloc(1009))
  expect(maced.segments.map(({ length }) => length)).toEqual([1020, 11])
})

test('a segment changed, lost, doubled or swapped is not opened', () => {
  const { segments } = bspEncrypt(bspStart(newKeys), 0x86, Buffer.alloc(2500, 7))
  const [first, second, third] = segments as [Buffer, Buffer, Buffer]
  const bent = Buffer.from(second)
  bent[40] = (bent[40] ?? 0) ^ 4
  for (const wrong of [
    [first, bent, third],
    [second, third],
    [first, first, second, third],
    [second, first, third],
  ])
    expect(bspDecrypt(bspStart(newKeys), wrong)).toBeUndefined()
  expect(bspDecrypt(bspStart(recorded), segments)).toBeUndefined()
  const noPadding = bspMac(bspStart(newKeys), 0x86, Buffer.alloc(16))
  expect(bspDecrypt(bspStart(newKeys), noPadding.segments)).toBeUndefined()
})
