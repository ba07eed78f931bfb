import { expect, test } from 'vitest'
import { byPrice, type Country, findCountries } from './coverage-text.ts'

const price = (amount: string) => ({ amount, currency: 'GBP' })
const row = (country: string, data: string): Country => ({
  country,
  included: false,
  networks: [],
  dataPerMegabyte: price(data),
  voicePerMinute: price('0.25'),
  smsEach: price('0.15'),
})
const rows = [
  row('JP', '0.03'),
  row('NE', '0.10'),
  row('NG', '0.10'),
  row('ZA', '0.10'),
  row('TR', '0.03'),
]
const zh = (code: string) => new Intl.DisplayNames('zh-CN', { type: 'region' }).of(code) ?? code
const found = (query: string) => findCountries(rows, query, zh).map(({ country }) => country)

test.each([
  ['', []],
  ['jap', ['JP']],
  ['日本', ['JP']],
  ['本', ['JP']],
  ['niger', ['NE']],
  ['nige', ['NE', 'NG']],
  ['africa', ['ZA']],
  ['turk', ['TR']],
  ['tr', ['TR']],
  ['atlantis', []],
])('“%s” finds %j', (query, wanted) => {
  expect(found(query)).toEqual(wanted)
})

test('countries with the same prices stand together, the cheapest first', () => {
  expect(byPrice(rows).map((group) => group.map(({ country }) => country))).toEqual([
    ['JP', 'TR'],
    ['NE', 'NG', 'ZA'],
  ])
})
