/** The lines that money is to move to, held until it has, so that none of them closes in between. */
import { lockLines } from '../../lines/store.ts'
import type { Trx } from '../../platform/database.ts'
import type { Facts } from '../facts.ts'
import type { InsideContext } from './step.ts'

/** The same contexts, as of now: what a case knew of lines that stay was read before its lock. */
export async function holdTargets(
  trx: Trx,
  all: readonly InsideContext[],
): Promise<InsideContext[]> {
  const held: InsideContext[] = []
  for (const context of all) {
    const facts = await holdTargetsOf(trx, context)
    held.push(facts === context.facts ? context : { ...context, facts })
  }
  return held
}

async function holdTargetsOf(trx: Trx, { c, facts }: InsideContext): Promise<Facts> {
  const targets = [c.choices.paid, c.choices.promotional].flatMap((choice) =>
    choice?.disposition === 'move' && choice.toLineId ? [choice.toLineId] : [],
  )
  if (targets.length === 0) return facts
  const states = await lockLines(trx, c.subscriberId, targets)
  const gone = new Set(
    targets.filter((lineId) => ['closing', 'closed'].includes(states.get(lineId) ?? 'closed')),
  )
  if (gone.size === 0) return facts
  return { ...facts, staying: facts.staying.filter(({ lineId }) => !gone.has(lineId)) }
}
