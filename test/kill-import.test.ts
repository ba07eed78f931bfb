import { expect, test } from 'vitest'
import { killImport } from './kill-import.ts'

test('an import and its PostgreSQL killed in the middle: each record is charged once', async () => {
  const events: string[] = []
  const { records } = await killImport({
    kills: 2,
    records: 20_000,
    lines: 400,
    onEvent: (text) => events.push(text),
  })
  expect(records).toBe(20_000)
  expect(events.filter((text) => /^kill \d/.test(text))).toHaveLength(2)
}, 240_000)
