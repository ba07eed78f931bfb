/** A story as a person reads it: who did what, when in the world's time, and what broke. */
import type { Ending } from './stage.ts'

export function told({ story, said, broken }: Ending): string {
  const people = story.people.map(({ name, country }) => `${name} (${country})`).join(', ')
  const lines = said.map(({ at, who, what }) => `  ${dateOf(at)}  ${who.padEnd(10)} ${what}`)
  const end = broken ? `  ✗ ${broken.rule}: ${broken.what}` : '  ✓ every rule held'
  return [`Seed ${story.seed}: ${people || 'nobody'}`, ...lines, end].join('\n')
}

function dateOf(at: Temporal.Instant): string {
  return at.toString({ smallestUnit: 'second' }).replace('T', ' ').replace('Z', '')
}

/** One line, the same for the same story on every machine. */
export function summaryOf(ending: Ending): string {
  const { story, days, cases, met, calls, broken } = ending
  const counts = `${cases} cases, ${days.toFixed(1)} days, ${met.length} faults, ${calls} partner calls`
  return `seed ${story.seed}: ${counts}${broken ? ` ✗ ${broken.rule}: ${broken.what}` : ''}`
}
