/** What past closures would have come to under a draft, as the API and the CLI show it. */
import type { z } from 'zod'
import { decimal, money, toWire } from '../values/money.ts'
import type { Outcome, Replay } from './replay.ts'
import type { replayWire } from './replay-wire.ts'

export function replayToWire(
  { refunds, hours, examples, ...counts }: Replay,
  country: string,
  most = Infinity,
): z.output<typeof replayWire> {
  const mean = (sum: number) =>
    counts.cases === 0 ? 0 : Math.round((sum / counts.cases) * 10) / 10
  return {
    country,
    ...counts,
    isPart: counts.cases >= most,
    hoursMean: { before: mean(hours.before), draft: mean(hours.draft) },
    refunds: Object.fromEntries(
      Object.entries(refunds).map(([code, { before, draft }]) => [
        code,
        { before: decimal(money(before, code)), draft: decimal(money(draft, code)) },
      ]),
    ),
    examples: examples.map(({ caseId, reference, before, draft }) => ({
      caseId,
      reference,
      before: sideOf(before),
      draft: sideOf(draft),
    })),
  }
}

const sideOf = ({ reviewed, endsAt, refunds, refundBy }: Outcome) => ({
  reviewed,
  endsAt: endsAt.toString(),
  refunds: Object.entries(refunds).map(([code, minor]) => toWire(money(minor, code))),
  refundBy: refundBy?.toString() ?? null,
})
