import { expect, test } from 'vitest'
import { labNowMs, labPki, labSmdp } from '../../test/sgp22-lab.ts'
import { base64 } from './sgp22/es9.ts'
import { begunWith, freshAt, nonceBytes } from './transaction.ts'

const smdp = labSmdp([labPki('prime256v1'), labPki('brainpoolP256r1')])
const [euiccCi = '', serverCi = ''] = smdp.identities.map(({ ci }) =>
  base64(ci.subjectKeyIdentifier),
)
const key = Buffer.alloc(32, 1)
const fresh = freshAt(key, labNowMs, Buffer.alloc(nonceBytes, 7), { euiccCi, serverCi })
const hex = (id: Buffer) => id.toString('hex').toUpperCase()
const transactionId = hex(fresh.transactionId)

test('the id of a session says when it began, by which CIs, and with which challenge', () => {
  expect(fresh.transactionId).toHaveLength(16)
  expect(fresh.serverChallenge).toHaveLength(16)
  expect(begunWith(key, smdp, transactionId)).toEqual({
    transactionId,
    phase: 'initiated',
    startedMs: labNowMs,
    euiccCi,
    serverCi,
    serverChallenge: base64(fresh.serverChallenge),
  })
})

test('an id that was not given here names no session: one bit of it, another key, a CI that is gone', () => {
  for (let bit = 0; bit < 128; bit++) {
    const changed = Buffer.from(fresh.transactionId)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    expect(begunWith(key, smdp, hex(changed)), `bit ${bit}`).toBeUndefined()
  }
  expect(begunWith(Buffer.alloc(32, 2), smdp, transactionId)).toBeUndefined()
  const fewer = { ...smdp, identities: smdp.identities.slice(0, 1) }
  expect(begunWith(key, fewer, transactionId)).toBeUndefined()
  expect(begunWith(key, smdp, transactionId.slice(2))).toBeUndefined()
  expect(begunWith(key, smdp, '')).toBeUndefined()
})

test('another nonce, another challenge', () => {
  const cis = { euiccCi, serverCi }
  const other = freshAt(key, labNowMs, Buffer.alloc(nonceBytes, 8), cis)
  expect(other.serverChallenge.equals(fresh.serverChallenge)).toBe(false)
})
