/** The usual share of the simulation: a few worlds, one of them twice, and proof that every planted bug still fits. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkout } from '../../src/platform/config.ts'
import { mutants, plant } from './mutants.ts'
import { shrink } from './shrink.ts'
import { type Ending, openStage, type Stage } from './stage.ts'
import { hourMs, type Story, storyOf } from './story.ts'
import { summaryOf, told } from './tell.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 120_000)
afterAll(() => stage.close())

const seeds = [4, 1001]
const endings = new Map<number, Ending>()

test('every rule holds in the usual worlds', async () => {
  const waiting = [...seeds]
  const broken: string[] = []
  let cases = 0
  const lane = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const ending = await stage.tell(storyOf(seed))
      endings.set(seed, ending)
      cases += ending.cases
      if (ending.broken) broken.push(summaryOf(ending))
    }
  }
  await Promise.all([lane(), lane()])
  expect(broken).toEqual([])
  expect(cases).toBeGreaterThan(4)
}, 900_000)

/** Longer than a job is patient, just when the phone says that it is there. */
const awayAtInstallation: Story = {
  seed: 9001,
  people: [
    {
      name: 'p1',
      country: 'GB',
      locale: 'en',
      intents: [
        { kind: 'buy', afterMs: 0, plan: 'home-uk', card: 'good', clicks: 1 },
        { kind: 'install', afterMs: hourMs, line: 0 },
      ],
    },
  ],
  weather: [{ kind: 'outage', afterMs: hourMs - 60_000, partner: 'network', forMs: 5 * hourMs }],
  faults: { given: [] },
}

test('a line has service although the network was away when its eSIM was installed', async () => {
  const { broken, books } = await stage.tell(awayAtInstallation)
  expect(broken).toBeUndefined()
  expect(JSON.parse(books)).toMatchObject({ lines: ['active'], served: 1 })
}, 60_000)

test('the same seed tells the same story', async () => {
  const once = endings.get(4) ?? (await stage.tell(storyOf(4)))
  const again = await stage.tell(storyOf(4))
  expect(once.met.length).toBeGreaterThan(0)
  expect(told(again)).toBe(told(once))
}, 300_000)

test('every planted bug still fits where it is planted', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(12)
  for (const { edits } of mutants) {
    for (const file of new Set(edits.map((edit) => edit.file))) {
      const source = readFileSync(join(checkout, file), 'utf8')
      const own = edits.filter((edit) => edit.file === file)
      expect(plant(source, own)).not.toBe(source)
    }
  }
})

test('a failing story is cut down to what makes it fail', async () => {
  // Only p2 matters here, and of p2 only the first intent.
  const fails = async (story: ReturnType<typeof storyOf>) => {
    const guilty = story.people.some(({ name, intents }) => name === 'p2' && intents.length > 0)
    const broken = guilty ? { rule: 'planted', what: 'p2 was here' } : undefined
    return { story, broken, said: [], met: [], visits: [], books: '', days: 0, cases: 0, calls: 0 }
  }
  const first = await fails(storyOf(2))
  const { ending } = await shrink({ tell: fails, close: async () => {} }, first, 200)
  expect(ending.story.people.map(({ name, intents }) => [name, intents.length])).toEqual([
    ['p2', 1],
  ])
  expect(ending.story.weather).toEqual([])
})
