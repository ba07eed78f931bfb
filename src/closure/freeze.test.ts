import { expect, test } from 'vitest'
import type { App } from '../platform/app.ts'
import { freezing } from './alert-store.ts'
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

test('each notice of a closure that can still be stopped says how, and no other', () => {
  const app = {
    config: { masterKey: Buffer.alloc(32, 1), publicUrl: 'https://violet.example' },
  } as unknown as App
  const linked = (template: string) =>
    freezing(app, { caseId: 'case_1' }, template).freezeUrl?.split('case_1')[0]
  const stoppable = [
    'received',
    'approved',
    'agree-again',
    'of-age',
    'question',
    'port-stayed',
    'port-choose',
  ]
  for (const name of stoppable)
    expect([name, linked(`closure-${name}`)?.startsWith('https://violet.example/freeze/')]).toEqual(
      [name, true],
    )
  for (const name of ['withdrawn', 'rejected', 'service-ended', 'closed'])
    expect(linked(`closure-${name}`)).toBeUndefined()
})
