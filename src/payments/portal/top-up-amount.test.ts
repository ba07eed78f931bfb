import { expect, test } from 'vitest'
import { readAmount } from './top-up-amount.ts'

test('an amount is read with a comma, a point or neither', () => {
  expect(['12,5', '12.50', ' 20 ', '007'].map(readAmount)).toEqual([
    '12.50',
    '12.50',
    '20.00',
    '7.00',
  ])
})

test('what is no amount, too little or too much is not read', () => {
  const wrong = ['', '4.99', '200.01', '1e2', '-5', '12.345', 'ten'].map(readAmount)
  expect(wrong.every((amount) => amount === undefined)).toBe(true)
})
