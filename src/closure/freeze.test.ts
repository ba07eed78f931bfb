import { expect, test } from 'vitest'
import { freezeToken, readFreezeToken } from './freeze.ts'

const key = Buffer.alloc(32, 9)
const caseId = `case_${'0a'.repeat(16)}`

test('a link names its case, and only its own', () => {
  const token = freezeToken(key, caseId)
  expect(readFreezeToken(key, token)).toBe(caseId)
  expect(readFreezeToken(Buffer.alloc(32, 8), token)).toBeUndefined()
  expect(readFreezeToken(key, token.replace('0a', '0b'))).toBeUndefined()
  for (const forged of ['', 'x', caseId, `${caseId}.`, `${token}A`, `${caseId}.${'A'.repeat(43)}`])
    expect(readFreezeToken(key, forged), forged).toBeUndefined()
})
