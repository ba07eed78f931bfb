import fc from 'fast-check'
import { expect, test } from 'vitest'
import { activationCode, parseActivationCode, qrText } from './activation-code.ts'

const smdpAddress = 'smdp.example.com'
const matchingId = '04386-AGYFT-A74Y8-3F815'

// SGP.22 §4.1: its own examples, with a host of example.com.
test.each([
  [`1$${smdpAddress}$${matchingId}`, { confirmationCodeRequired: false }],
  [`1$${smdpAddress}$${matchingId}$$1`, { confirmationCodeRequired: true }],
  [
    `1$${smdpAddress}$${matchingId}$1.3.6.1.4.1.31746$1`,
    { confirmationCodeRequired: true, smdpOid: '1.3.6.1.4.1.31746' },
  ],
  [
    `1$${smdpAddress}$${matchingId}$1.3.6.1.4.1.31746`,
    { confirmationCodeRequired: false, smdpOid: '1.3.6.1.4.1.31746' },
  ],
  [`1$${smdpAddress}$`, { confirmationCodeRequired: false, matchingId: '' }],
])('%s', (text, parts) => {
  const code = { smdpAddress, matchingId, ...parts }
  expect(parseActivationCode(text)).toEqual(code)
  expect(parseActivationCode(` LPA:${text}\n`)).toEqual(code)
  expect(activationCode(code)).toBe(text)
  expect(qrText(code)).toBe(`LPA:${text}`)
})

test.each([
  '',
  'LPA:',
  '1',
  `1$${smdpAddress}`,
  `2$${smdpAddress}$A`,
  `1$$A`,
  `1$${smdpAddress}$A$$2`,
  `1$${smdpAddress}$A$$1$`,
  `1$${smdpAddress}$A B`,
  `1$http://${smdpAddress}$A`,
  `1$${smdpAddress}:0$A`,
  `1$${smdpAddress}:99999$A`,
  `1$${smdpAddress}:1:2$A`,
  `1$-bad.example$A`,
  `1$${smdpAddress}$A$one.two`,
  `1$${smdpAddress}$${'A'.repeat(256)}`,
])('%s is no activation code', (text) => {
  expect(parseActivationCode(text)).toBeUndefined()
})

test('a laboratory’s port is understood, and any text is answered', () => {
  expect(parseActivationCode('LPA:1$localhost:4403$AB-1')?.smdpAddress).toBe('localhost:4403')
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      const code = parseActivationCode(`1$${text}`)
      if (code) expect(parseActivationCode(activationCode(code))).toEqual(code)
    }),
  )
})
