/** Waits for the network to end a line's charging sessions, so that what was used last is charged before settling. */
import type { Db } from '../../platform/database.ts'
import { openSessions } from '../../usage/nchf/closing-store.ts'
import type { StoredCase } from '../case.ts'
import { stepName } from '../workflow.ts'
import type { OutsideStep, StepContext } from './step.ts'

// A network that was told to drop the phone reports within seconds; one that never does must not hold a closure up.
const waitMs = 30_000
const againMs = 1000

export const endSessionsStep: OutsideStep = {
  kind: 'outside',

  async isDone(context) {
    return (await openSessions(context.app.db, lineOf(context))) === 0
      ? { sessions: 'ended by the network' }
      : undefined
  },

  async perform({ app, c, subject, now }) {
    const detached = await doneAt(app.db, c, stepName('detach', subject))
    const waitedMs = detached ? now.epochMilliseconds - detached.epochMilliseconds : waitMs
    // Those that are left end with the line, in the same commit.
    return waitedMs < waitMs ? { pendingMs: againMs } : { sessions: 'left open by the network' }
  },

  async record(_trx, all) {
    return all.map(() => ({}))
  },
}

async function doneAt(db: Db, { subscriberId, caseId }: StoredCase, step: string) {
  const row = await db
    .selectFrom('closure_step')
    .select('done_at')
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .where('step', '=', step)
    .executeTakeFirst()
  return row?.done_at
}

const lineOf = ({ c, subject }: StepContext) => ({
  subscriberId: c.subscriberId,
  lineId: subject,
})
