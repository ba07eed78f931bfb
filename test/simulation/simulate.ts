/** `npm run simulate`: plays worlds by their seeds, and tells the shortest story of the first one that fails. */
import { openStage } from './stage.ts'
import { storyOf } from './story.ts'
const stage = await openStage()
for (const seed of process.argv.slice(2).map(Number)) {
  const began = performance.now()
  const ending = await stage.tell(storyOf(seed))
  console.log(
    seed,
    ((performance.now() - began) / 1000).toFixed(2),
    's',
    ending.days.toFixed(0),
    'days',
    ending.cases,
    'cases',
    ending.met.length,
    'faults',
    ending.calls,
    'calls',
    ending.visits.length,
    'visits',
    ending.broken ?? 'fine',
  )
  if (process.env.SAY)
    for (const { at, who, what } of ending.said) console.log(at.toString().slice(0, 19), who, what)
}
await stage.close()
