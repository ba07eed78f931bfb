/** Cuts a failing story down to the shortest that still fails in the same way: fewer people, intents, faults, weather. */
import type { Ending, Stage } from './stage.ts'
import type { Fault, Story } from './story.ts'

export type Shrunk = { ending: Ending; replays: number }

/** `replays` bounds the work; what is left when they are used up is what is told. */
export async function shrink(stage: Stage, first: Ending, replaysMax: number): Promise<Shrunk> {
  let best = first
  let replays = 0
  const rule = first.broken?.rule
  const attempt = async (story: Story): Promise<boolean> => {
    if (replays >= replaysMax) return false
    replays += 1
    const ending = await stage.tell(story)
    if (ending.broken?.rule !== rule) return false
    best = ending
    return true
  }
  // From here on faults are named one by one, so that each can be left out.
  if (!(await attempt({ ...first.story, faults: { given: first.met } })))
    return { ending: first, replays }
  for (let before = Infinity; sizeOf(best.story) < before && replays < replaysMax;) {
    before = sizeOf(best.story)
    await cut(
      () => best.story.people,
      (people) => attempt({ ...best.story, people }),
    )
    await cut(
      () => given(best.story),
      (faults) => attempt({ ...best.story, faults: { given: faults } }),
    )
    const { bulk, ...without } = best.story
    if (bulk) await attempt(without)
    await cut(
      () => best.story.weather,
      (weather) => attempt({ ...best.story, weather }),
    )
    for (const { name } of best.story.people) {
      await cut(
        () => best.story.people.find((one) => one.name === name)?.intents ?? [],
        (intents) => {
          const people = best.story.people.map((one) =>
            one.name === name ? { ...one, intents } : one,
          )
          return attempt({ ...best.story, people })
        },
      )
    }
  }
  return { ending: best, replays }
}

/** Leaves out ever smaller runs of a list, from its end, as long as the story still fails. */
async function cut<Item>(
  list: () => readonly Item[],
  without: (rest: Item[]) => Promise<boolean>,
): Promise<void> {
  for (
    let size = Math.ceil(list().length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let end = list().length; end > 0; end -= size) {
      const from = Math.max(0, end - size)
      await without([...list().slice(0, from), ...list().slice(end)])
    }
  }
}

function given({ faults }: Story): readonly Fault[] {
  return 'given' in faults ? faults.given : []
}

function sizeOf(story: Story): number {
  const intents = story.people.flatMap((person) => person.intents)
  const bulk = story.bulk ? 1 : 0
  return story.people.length + intents.length + story.weather.length + given(story).length + bulk
}
