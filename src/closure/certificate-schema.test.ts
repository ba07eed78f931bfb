/** The published JSON Schema is the one the code checks with. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { publishedSchema } from './certificate.ts'

test('docs/schemas holds the schema of the certificate', () => {
  const path = new URL('../../docs/schemas/closure-certificate.v1.json', import.meta.url)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(publishedSchema())
})
