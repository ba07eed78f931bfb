import { expect, test } from 'vitest'
import { lineOf, lineOfSyntaxError, placesIn } from './places.ts'

const text = `{
  "country": "DE",

  "rules": {
    "etfRule": { "value": {"kind": "none"}, "variants": [
      { "plan": ["postpaid"] },
      { "a \\"b\\"": 1 }
    ] },
    "a.b": {},
    "country": 1, "country": 2
  }
}`

test('each value is on the line it is written on; one that is missing, on that of what it should stand in', () => {
  const places = placesIn(text)
  const lines = ['country', 'rules', 'rules.etfRule.value.kind', 'rules.etfRule.variants[1]']
  expect(lines.map((path) => lineOf(places, path))).toEqual([2, 4, 5, 7])
  expect(lineOf(places, 'rules.etfRule.variants[0].plan[0]')).toBe(6)
  expect(lineOf(places, 'rules["a.b"].value')).toBe(9)
  expect(lineOf(places, 'rules.coolingOff.value')).toBe(4)
  expect(lineOf(places, 'format')).toBe(1)
  expect(lineOf(places, 'the document')).toBe(1)
})

test('a name that is written twice is found where it is written again', () => {
  expect(placesIn(text).twice).toEqual([{ path: 'rules.country', line: 10 }])
})

test.each([
  ['{\n  "a": 1,\n  "b" 2\n}', 3],
  ['{\n  "a": 1,\n}', 3],
  ['{\n  "a": [\n', 3],
])('what is no JSON is so from a line on: %j', (wrong, line) => {
  let message = ''
  try {
    JSON.parse(wrong)
  } catch (error) {
    message = (error as Error).message
  }
  expect(lineOfSyntaxError(wrong, message)).toBe(line)
})

test('however deep a text is, looking at it ends', () => {
  const deep = '['.repeat(40_000) + ']'.repeat(40_000)
  expect(placesIn(deep).lines.size).toBeLessThan(20)
})
