/** What a line becomes once a batch of requests was decided on it. */
import { type Charge, type ChargedLine, isStopped, type LineChange } from '../intake.ts'
import { capNews, noticing, type Purse } from '../purse.ts'
import { isCapped } from '../rating.ts'
import { type Sessions, sessionsText, trimmed } from './session-text.ts'

export type Changed = {
  readonly line: ChargedLine
  readonly purse: Purse
  readonly sessions: Sessions
  readonly charges: readonly Charge[]
  /** Whether a request for data had to be told that nothing is left. */
  readonly outOfData: boolean
}

export type OnlineChange = LineChange & { readonly sessions: Sessions }

export function changeOf({ line, purse, sessions, charges, outOfData }: Changed): OnlineChange {
  const usedUntil = { ...line.usedUntil }
  let absorbed = outOfData
  for (const { record, rated } of charges) {
    if (record.endedUs > usedUntil[record.kind]) usedUntil[record.kind] = record.endedUs
    if (record.kind === 'data' && rated.absorbed > 0n) absorbed = true
  }
  const open = line.state === 'active' || line.state === 'suspended'
  const after = open ? noticing(purse) : { purse, told: [] }
  const refused = outOfData && !line.exhausted && isCapped(purse)
  const capTold = open
    ? capNews(line.purse, purse, refused || isStopped(line, purse, charges))
    : null
  const exhausted = line.exhausted || (line.state !== 'closed' && absorbed)
  return { line, ...after, capTold, usedUntil, exhausted, charges, sessions: trimmed(sessions) }
}

/** The line as it stands after the change was committed. */
export function lineAfter(change: OnlineChange): ChargedLine {
  const { line, purse, usedUntil, exhausted, charges, sessions } = change
  // The ledger raises the version once more where credit moved.
  const moved = charges.some(({ rated }) => rated.promotional + rated.paid > 0n)
  const version = line.version + (moved ? 2n : 1n)
  return { ...line, version, purse, usedUntil, exhausted, sessions: sessionsText(sessions) }
}
