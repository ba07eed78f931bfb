import { compileMessage } from '@lingui/message-utils/compileMessage'
import { expect, test } from 'vitest'
import { type Compiled, say } from '../message.ts'
import { pseudo } from './pseudo.ts'

const said = (text: string, values = {}) => {
  const { it } = pseudo({ it: compileMessage(text) as Compiled })
  return say(it ?? [], values, 'en')
}

test('longer by half, accented, with its values as they were', () => {
  const text = said('You get back {amount}', { amount: '£25.25' })
  expect(text).toMatch(/^\[Ýóú ğéť báçk £25\.25 .+\]$/)
  expect(text.length).toBeGreaterThan('You get back £25.25'.length * 1.4)
})

test('plurals still choose their form', () => {
  const text = '{count, plural, one {# line} other {# lines}}'
  expect(said(text, { count: 1 })).toMatch(/^\[1 łíñé ./)
  expect(said(text, { count: 3 })).toMatch(/^\[3 łíñéš ./)
})
