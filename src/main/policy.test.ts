import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packOf } from '../policy/packs.ts'
import { draftOf, policyLintCommand } from './policy.ts'

test('a rule that is written twice is an error on the command line, too, where JSON.parse would keep the last', () => {
  const folder = mkdtempSync(join(tmpdir(), 'violet-policy-'))
  const file = join(folder, 'twice.json')
  const { adultAge, ...rules } = packOf('IT').rules
  const once = JSON.stringify({ ...packOf('IT'), rules: { adultAge, ...rules } })
  writeFileSync(file, once.replace('"rules":{', `"rules":{"adultAge":18,`))
  const said: string[] = []
  const err = (text: string) => void said.push(text)
  expect(policyLintCommand([file], { json: false }, { out: () => {}, err })).toBe(2)
  expect(said).toEqual([`${file}: error: rules.adultAge: is written twice\n`])
  expect(() => draftOf(file, undefined)).toThrow('rules.adultAge: is written twice')
  rmSync(folder, { recursive: true })
})
