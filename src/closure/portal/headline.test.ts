import { expect, test } from 'vitest'
import { headline } from './headline.ts'

type Given = Parameters<typeof headline>
const t = ((key: string) => key) as unknown as Given[1]
const format = { moment: String, day: String } as unknown as Given[2]
const inReview = (state: string) =>
  ({
    state: 'in_review',
    dueAt: '2026-11-30T12:00:00Z',
    ifLate: 'escalated',
    timeline: [{ key: 'review', state }],
  }) as unknown as Given[0]

test('a review that is late says so, and no more by when it is decided', () => {
  expect(headline(inReview('now'), t, format)).toMatchObject({
    head: 'case.head-decide',
    sub: 'case.late-escalated',
  })
  expect(headline(inReview('late'), t, format)).toMatchObject({
    head: 'case.head-late',
    sub: 'case.sub-late',
  })
})

test('an account whose service has ended says that another closure goes first, until its money is settled', () => {
  const settling = (state: string) =>
    ({ state: 'settling', timeline: [{ key: 'other-closures', state }] }) as unknown as Given[0]
  expect(headline(settling('now'), t, format)).toMatchObject({
    head: 'case.head-others',
    sub: 'case.sub-others',
  })
  expect(headline(settling('done'), t, format)).toMatchObject({ head: 'case.head-settling' })
})
