/** One-time events: charged whole and at once, or not at all (IEC), or after they happened (PEC; TS 32.290 §5.3.2). */
import { countryOf } from '../../plans/plans.ts'
import type { Charge } from '../intake.ts'
import { type Purse, spend } from '../purse.ts'
import { rate } from '../rating.ts'
import { requestKey, said } from './answer.ts'
import { type Cause, problem } from './problem.ts'
import { failure, unitOf } from './promise.ts'
import { quotaOf, wantedOf } from './quota.ts'
import { chargesOf } from './report.ts'
import type { GroupAsk } from './request.ts'
import type { Decision, LineFacts, Session, Step, Unrated } from './state.ts'
import type { UnitInformation } from './wire.ts'

/** The session of an event is over when it is made: it is kept to answer a repeated request. */
export function decideEvent(opened: Session, line: LineFacts, step: Step): Decision {
  const charged =
    step.asked.event === 'IEC' ? atOnce(opened, line, step) : afterwards(opened, line, step)
  if (typeof charged === 'string') return { kind: 'refused', problem: problem(charged) }
  const { charges, information, purse, unrated } = charged
  return {
    kind: 'taken',
    session: {
      ...opened,
      state: 'released',
      requests: 1,
      recent: [requestKey(step)],
      answer: { status: 201, body: said(step, information) },
    },
    charges,
    purse,
    unrated,
  }
}

type Charged = {
  charges: Charge[]
  information: UnitInformation[]
  purse: Purse
  unrated: Unrated[]
}

function atOnce(
  { sessionId, plmn }: Session,
  { plan, purse }: LineFacts,
  { asked, nowUs, terms }: Step,
): Charged | Cause {
  const country = countryOf(plmn.mcc, plmn.mnc)
  const charged: Charged = { charges: [], information: [], purse, unrated: [] }
  for (const { ratingGroup, kind, requested } of asked.groups) {
    if (requested === undefined) continue
    if (kind === undefined || country === undefined) return 'CHARGING_FAILED'
    const quantity = wantedOf(kind, requested, terms)
    const quota = quotaOf({ kind, country, quantity, before: 0n }, charged.purse, plan, nowUs)
    if (quota === undefined) return 'CHARGING_FAILED'
    // Half a message can't be sent.
    if (quota.reservation.granted < quantity) return 'QUOTA_LIMIT_REACHED'
    const usageId = `${sessionId}:0:${ratingGroup}:0`
    const at = { startedUs: nowUs, endedUs: nowUs }
    const record = { usageId, kind, quantity, country, ...at, ...plmn }
    const rated = rate(record, charged.purse, plan)
    charged.purse = spend(charged.purse, rated)
    charged.charges.push({ record, rated })
    const grantedUnit = unitOf(kind, quantity)
    charged.information.push({ ratingGroup, resultCode: 'SUCCESS', grantedUnit })
  }
  return charged
}

function afterwards(session: Session, line: LineFacts, step: Step): Charged {
  const { asked, nowUs } = step
  const all: Charged = { charges: [], information: [], purse: line.purse, unrated: [] }
  const { plmn } = session
  for (const ask of asked.groups) {
    const told = { session, request: requestKey(step), ask, own: undefined, plmn, nowUs }
    const charged = chargesOf(told, line, all.purse)
    if (typeof charged === 'string') {
      all.unrated.push({ ask, reason: charged })
      all.information.push(failure(ask).information)
      continue
    }
    all.information.push(taken(ask))
    all.charges.push(...charged.charges)
    all.purse = charged.purse
  }
  return all
}

const taken = ({ ratingGroup }: GroupAsk): UnitInformation => ({
  ratingGroup,
  resultCode: 'SUCCESS',
})
