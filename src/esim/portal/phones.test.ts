import { expect, test } from 'vitest'
import { findPhones, makers } from './phones.ts'

test('nothing typed shows every maker, a maker all of its models, a model only itself', () => {
  expect(findPhones('  ')).toEqual(makers)
  expect(findPhones('samsung').map(({ maker }) => maker)).toEqual(['Samsung'])
  expect(findPhones('iphone xs')).toEqual([{ maker: 'Apple', from: ['iPhone XS'], only: [] }])
  expect(findPhones('PIXEL3A')).toEqual([{ maker: 'Google', from: [], only: ['Pixel 3a'] }])
})

test('what is in no list finds nothing', () => {
  expect(findPhones('Nokia 3310')).toEqual([])
  expect(findPhones('%%')).toEqual([])
})
