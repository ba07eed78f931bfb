import { expect, test } from 'vitest'
import { lengthText } from './term-text.ts'

test('a length of time in words, as each language writes it', () => {
  expect(lengthText('P1M', 'en')).toBe('1 month')
  expect(lengthText('P2W3D', 'en')).toBe('2 weeks 3 days')
  expect(lengthText('P0Y1DT12H0M', 'de')).toBe('1 Tag 12 Stunden')
  expect(lengthText('P14D', 'zh-CN')).toBe('14 天')
  expect(lengthText('P2M', 'zh-TW')).toBe('2 個月')
  expect(lengthText('P2M', 'ja')).toBe('2か月')
  expect(lengthText('P2M', 'ar')).toBe('شهران')
})
