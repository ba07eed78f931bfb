import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasEnded } from './closure.ts'
import { diagram, mayBecome, transitions } from './transitions.ts'
import { caseStates } from './wire.ts'

test('the diagram in the documents is the one the code makes: npm run diagram writes it', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/architecture.md'), 'utf8')
  expect(text).toContain(diagram())
})

test('every state is reached, and every state that is no end is left', () => {
  const reached = new Set(transitions.map(({ to }) => to))
  const left = new Set(transitions.map(({ from }) => from))
  expect(caseStates.filter((state) => !reached.has(state))).toEqual(['draft'])
  expect(caseStates.filter((state) => !left.has(state))).toEqual(['closed', 'withdrawn'])
  // A rejection is left by an appeal alone.
  expect(transitions.filter(({ from }) => from === 'rejected').map(({ to }) => to)).toEqual([
    'in_review',
  ])
})

test('past the point of no return a case only goes forward, and what has ended stays ended', () => {
  for (const to of caseStates) {
    if (to === 'executing') continue
    expect(mayBecome('executing', to), to).toBe(to === 'settling' || to === 'needs_attention')
  }
  for (const to of caseStates.filter((state) => state !== 'closed'))
    expect(mayBecome('closed', to), to).toBe(false)
  expect(caseStates.filter((state) => hasEnded(state) && mayBecome(state, 'executing'))).toEqual([])
})
