/** Ends service in the network: drop the phone, delete the subscription, and see that it is gone. */
import { Fault } from '../../values/fault.ts'
import type { OutsideStep, StepContext } from './step.ts'

export const detach: OutsideStep = {
  kind: 'outside',

  async isDone(context) {
    const found = await context.partners.network.find(imsiOf(context))
    return found === undefined ? { network: 'absent' } : undefined
  },

  async perform(context) {
    const { network } = context.partners
    const imsi = imsiOf(context)
    const key = `${context.c.caseId}:detach:${context.subject}`
    // A register that only deletes leaves an attached phone attached, so the location goes first.
    await network.cancelLocation(imsi, `${key}:location`)
    await network.delete(imsi, `${key}:delete`)
    if (await network.find(imsi))
      throw new Fault('network', 'unknown', 'still lists a deleted subscription')
    return { network: 'absent' }
  },

  async record(_trx, all) {
    return all.map(() => ({}))
  },
}

function imsiOf({ facts, subject }: StepContext): string {
  const line = facts.lines.find(({ lineId }) => lineId === subject)
  if (!line) throw new Error(`step names a line that is not closing: ${subject}`)
  return line.imsi
}
