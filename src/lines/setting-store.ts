/** What a subscriber sets on a line: its name, and what use may take of its credit in a period. */
import type { App } from '../platform/app.ts'
import { audit } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { decimal, fromWire, money, type MoneyWire } from '../values/money.ts'
import { type Refusal, refuse } from '../values/refusal.ts'
import { whyFixed } from './line.ts'
import { setCap } from './purse-store.ts'
import { type LineKey, lockLines, renameLine } from './store.ts'

export type Setting = {
  nickname?: string | undefined
  spendingCap?: MoneyWire | null | undefined
}

/** All of it or nothing. */
export async function setLine(
  app: App,
  key: LineKey,
  { nickname, spendingCap }: Setting,
): Promise<Refusal | undefined> {
  return app.db.transaction().execute(async (trx) => {
    if (spendingCap !== undefined) {
      const no = await cap(trx, app, key, spendingCap)
      if (no) return no
    }
    if (nickname === undefined) return undefined
    const no = await renameLine(trx, key, nickname)
    if (no) return no
    await note(trx, app, key, 'line.renamed', {})
    return undefined
  })
}

async function cap(trx: Trx, app: App, key: LineKey, wanted: MoneyWire | null) {
  const { subscriberId, lineId } = key
  const state = (await lockLines(trx, subscriberId, [lineId])).get(lineId)
  if (state === undefined) return refuse('not-found')
  const fixed = whyFixed(state)
  if (fixed) return fixed
  const { currency } = await trx
    .selectFrom('line')
    .select('currency')
    .where('subscriber_id', '=', subscriberId)
    .where('line_id', '=', lineId)
    .executeTakeFirstOrThrow()
  if (wanted !== null && wanted.currency !== currency) return refuse('wrong-currency', { currency })
  const amount = wanted && fromWire(wanted)
  const [min, max] = [0n, capMaxMinor].map((minor) => decimal(money(minor, currency)))
  if (amount === undefined || (amount && (amount.minor < 0n || amount.minor > capMaxMinor)))
    return refuse('amount-out-of-range', { min: min!, max: `${max} ${currency}` })
  await setCap(trx, key, amount && amount.minor)
  await note(trx, app, key, 'line.cap-set', {
    cap: amount ? `${decimal(amount)} ${currency}` : 'none',
  })
  return undefined
}

const capMaxMinor = 100_000n

async function note(
  trx: Trx,
  app: App,
  { subscriberId, lineId }: LineKey,
  action: string,
  detail: Record<string, string>,
) {
  await audit(trx, app.ids, app.clock.now(), {
    subscriberId,
    actor: { kind: 'subscriber', id: subscriberId },
    action,
    subject: { kind: 'line', id: lineId },
    reason: 'asked by the subscriber',
    detail,
  })
}
