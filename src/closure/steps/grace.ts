/** Ends calls and data in the network, and leaves texts arriving until the day that was agreed. */
import { Fault } from '../../values/fault.ts'
import { graceOf, receivingLines } from '../grace.ts'
import type { Outcome, OutsideStep, Pending, StepContext } from './step.ts'

export const grace: OutsideStep = {
  kind: 'outside',

  async isDone(context) {
    const waiting = untilOver(context)
    if (!('pendingMs' in waiting)) return waiting
    const open = await openLines(context)
    return open.length === 0 ? waiting : undefined
  },

  async perform(context) {
    const { c, partners } = context
    for (const { imsi, lineId } of await openLines(context))
      await partners.network.receiveOnly?.(imsi, `${c.caseId}:grace:${lineId}`)
    if ((await openLines(context)).length > 0)
      throw new Fault('network', 'unknown', 'still gives full service to a line in its grace')
    return untilOver(context)
  },

  async record(_trx, all) {
    return all.map(() => ({ events: [{ kind: 'texts-ended' }] }))
  },
}

/** A network that can't bar what goes out serves on as before: what arrives, arrives, and what is used is charged. */
async function openLines({ facts, partners: { network } }: StepContext) {
  if (!network.receiveOnly) return []
  const lines = receivingLines(facts)
  const held = await Promise.all(lines.map(({ imsi }) => network.find(imsi)))
  return lines.filter((_, index) => held[index]?.state === 'active')
}

function untilOver({ c, facts, now }: StepContext): Outcome | Pending {
  const until = graceOf(c, facts) ?? now
  const leftMs = until.epochMilliseconds - now.epochMilliseconds
  return leftMs > 0 ? { pendingMs: leftMs } : { textsUntil: until.toString() }
}
