/** Ends what a line holds on our side: its download, its service, its number. */
import { endProfiles } from '../../esim/closing-store.ts'
import { mayCancel, type ProfileState } from '../../esim/esim.ts'
import { closeLines, quarantineNumbers } from '../../lines/closing-store.ts'
import { auditAll, system } from '../../platform/audit.ts'
import { numberKeptUntil } from '../../policy/policy.ts'
import { endMandates, forgetMethods } from '../../payments/method-store.ts'
import { endRenewals } from '../../renewals/setting-store.ts'
import { endSessions } from '../../usage/nchf/closing-store.ts'
import type { LineFacts } from '../facts.ts'
import { isPorted } from '../ported.ts'
import type { InsideContext, InsideStep, OutsideStep, Performed } from './step.ts'

export const stopDownload: OutsideStep = {
  kind: 'outside',

  async isDone(context) {
    const { profileState } = closingLine(context)
    return mayCancel(profileState as ProfileState) ? undefined : { order: 'none' }
  },

  async perform(context) {
    const { c, partners } = context
    const { iccid, lineId } = closingLine(context)
    return { order: await partners.orders.cancel(iccid, `${c.caseId}:cancel:${lineId}`) }
  },

  async record(trx, all) {
    const [{ app, now }] = all as [Performed]
    const ending = all.map((context) => ({
      ...closingLine(context),
      // The SM-DP+ knows of a download that we have not heard of.
      tooLate: context.performed['order'] === 'too-late',
    }))
    const removals = await endProfiles(trx, ending)
    await auditAll(
      trx,
      app.ids,
      now,
      ending.map((line, index) =>
        entry(line, 'profile.ended', {
          removal: removalOf(line),
          order: all[index]!.performed['order'] ?? 'none',
        }),
      ),
    )
    return all.map(({ performed }, index) => ({
      outcome: { ...performed, removal: removalOf(ending[index]!) },
    }))

    function removalOf({ iccid }: ClosingLine): string {
      const removal = removals.get(iccid)
      if (!removal) throw new Error(`no profile has the ICCID ${iccid}`)
      return removal
    }
  },
}

export const closeLineStep: InsideStep = {
  kind: 'inside',

  async record(trx, all) {
    const [{ app, now }] = all as [InsideContext]
    const closing = all.map((context) => closingLine(context))
    const ended = await endSessions(trx, closing)
    const renewed = await endRenewals(trx, closing)
    const mandates = await endMandates(trx, closing)
    const leaving = all.flatMap(({ c }) => (c.scope === 'account' ? [c.subscriberId] : []))
    await forgetMethods(trx, app, leaving, system)
    await closeLines(
      trx,
      now,
      closing.map((line) => ({ ...keyOf(line), cause: causeOf(line) })),
    )
    await auditAll(
      trx,
      app.ids,
      now,
      closing.map((line) =>
        entry(line, 'line.closed', {
          sessionsEnded: String(ended.get(line.lineId) ?? 0),
          renewalEnded: String(renewed.has(line.lineId)),
          mandateEnded: String(mandates.has(line.lineId)),
          cause: causeOf(line),
        }),
      ),
    )
    const kept = closing.map((line) =>
      line.msisdn && !isPorted(line) ? { ...line, until: keptUntil(line) } : null,
    )
    await quarantineNumbers(
      trx,
      kept.flatMap((line) => line ?? []),
    )
    return kept.map((line, index) => {
      const one = closing[index]!
      if (isPorted(one)) return { outcome: { numberPortedAt: String(one.port?.endedAt) } }
      if (!line) return {}
      const until = line.until.toString()
      return {
        outcome: { numberUntil: until },
        events: [{ kind: 'number-kept', detail: { until } }],
      }
    })
  },
}

type ClosingLine = LineFacts &
  Pick<InsideContext['c'], 'subscriberId' | 'reference'> &
  Pick<InsideContext, 'policy' | 'now'>

function closingLine({ c, facts, subject, policy, now }: InsideContext): ClosingLine {
  const line = facts.lines.find(({ lineId }) => lineId === subject)
  if (!line) throw new Error(`step names a line that is not closing: ${subject}`)
  const { subscriberId, reference } = c
  return { ...line, subscriberId, reference, policy, now }
}

const keyOf = ({ subscriberId, lineId }: ClosingLine) => ({ subscriberId, lineId })
const causeOf = (line: ClosingLine) => (isPorted(line) ? 'ported' : 'closure')

function keptUntil({ policy, now }: ClosingLine): Temporal.Instant {
  return numberKeptUntil(policy, now)
}

function entry(
  { subscriberId, lineId, reference }: ClosingLine,
  action: string,
  detail: Record<string, string>,
) {
  const subject = { kind: 'line', id: lineId }
  return { subscriberId, actor: system, action, subject, reason: `closure ${reference}`, detail }
}
