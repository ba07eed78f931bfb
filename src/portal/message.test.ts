import { compileMessage } from '@lingui/message-utils/compileMessage'
import { expect, test } from 'vitest'
import { type Compiled, say } from './message.ts'

const compile = (text: string) => compileMessage(text) as Compiled

test('values land where their names stand', () => {
  expect(say(compile('Sent to {to}, once'), { to: 'a@b.c' }, 'en')).toBe('Sent to a@b.c, once')
})

test('a plural takes the form of the language, and # is the number', () => {
  const message = compile('{count, plural, one {# day} other {# days}} left')
  expect(say(message, { count: 1 }, 'en')).toBe('1 day left')
  expect(say(message, { count: 1200 }, 'en')).toBe('1,200 days left')
  expect(say(message, { count: 1 }, 'zh-CN')).toBe('1 days left')
})

test('an exact number wins over a form, and other values show inside', () => {
  const message = compile('{left, plural, =0 {none for {name}} other {# for {name}}}')
  expect(say(message, { left: 0, name: 'Lin' }, 'en')).toBe('none for Lin')
  expect(say(message, { left: 2, name: 'Lin' }, 'en')).toBe('2 for Lin')
})

test('a missing value leaves nothing rather than a name', () => {
  expect(say(compile('Hello {name}'), {}, 'en')).toBe('Hello ')
})
