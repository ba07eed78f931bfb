import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeReference, parseReference } from './reference.ts'

test('what is made is read back, however a person types it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (random) => {
      const reference = makeReference(random)
      expect(reference).toMatch(/^VC-[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$/)
      expect(parseReference(reference)).toBe(reference)
      expect(parseReference(` ${reference.toLowerCase().replaceAll('-', ' ')} `)).toBe(reference)
    }),
  )
})

test('what cannot be a reference is not one', () => {
  for (const typed of ['', 'VC-', 'VC-7K3M-92Q', 'VC-7K3M-92QFX', 'VC-0OIL-92QF', '../../etc'])
    expect(parseReference(typed)).toBeUndefined()
})
