/** Whoever closes a line, and then wants to leave altogether. */
import type { Dice } from './dice.ts'
import type { Intent, Of } from './story.ts'

const hourMs = 3_600_000
/** From at once, while the first steps are under way, to after the waiting time. */
export const spans = [1, 40, 1000, 60_000, 5 * hourMs, 30 * hourMs]

/** A line is on its way out, and its owner wants to leave altogether before its money is settled. */
export function leaveAltogether(
  chance: Dice,
  name: string,
  intents: Intent[],
  last: () => Of<'close'>,
) {
  if (!chance.happens(0.6, name, 'leaves altogether')) return
  const looks = chance.pick([0, 1, 3, 6], name, 'looks')
  const before = intents.flatMap((one) => (one.kind === 'close' ? one : []))
  for (const one of before) one.looks = looks
  const withdraws = chance.happens(0.2, name, 'stays after all')
  const withdrawAfterMs = withdraws ? chance.pick(spans, name, 'stays after') : null
  intents.push({ ...last(), scope: 'account', withdrawAfterMs, freezeAfterMs: null })
}
