/** An account is named for a refund that its card refused, by its owner or who acts for an estate: with a code that only they get. */
import { type Account, readIban } from '../payments/payments.ts'
import { nameAccount, refundsOf } from '../payments/payout-store.ts'
import type { App } from '../platform/app.ts'
import { type Actor, audit } from '../platform/audit.ts'
import type { Trx } from '../platform/database.ts'
import { codePurposeOf } from './acting.ts'
import { useCode } from '../subscribers/code-store.ts'
import { isRefusal, refuse, type Refusal } from '../values/refusal.ts'
import type { StoredCase } from './case.ts'
import { changeCase, lockCase } from './store.ts'

type RefundKey = { subscriberId: string; caseId: string; refundId: string }

/** Whether a case waits for an account, so that a code may be asked for. */
export async function awaitsAccount(trx: Trx, c: StoredCase): Promise<boolean> {
  if (c.state !== 'settling') return false
  const refunds = await refundsOf(trx, c.subscriberId, c.caseId)
  return refunds.some(({ state, hasAccount }) => state === 'failed' && !hasAccount)
}

export async function nameRefundAccount(
  app: App,
  { subscriberId, caseId, refundId }: RefundKey,
  given: { account: Account; code: string },
  actor: Actor = { kind: 'subscriber', id: subscriberId },
): Promise<true | Refusal> {
  const account = accountIn(given.account)
  if (!account) return refuse('account-not-valid')
  const now = app.clock.now()
  return app.db.transaction().execute(async (trx) => {
    const c = await lockCase(trx, subscriberId, caseId)
    const refunds = c ? await refundsOf(trx, subscriberId, caseId) : []
    const refund = refunds.find((one) => one.refundId === refundId)
    if (!c || !refund) return refuse('not-found')
    const isOpen = refund.state === 'failed' && !refund.hasAccount
    if (c.state !== 'settling' || !isOpen) return refuse('account-not-asked')
    const purpose = codePurposeOf(actor)
    const { code } = given
    const used = await useCode(trx, app, { subscriberId, purpose, subjectId: caseId, code })
    if (isRefusal(used)) return used
    await nameAccount(trx, app, { subscriberId, refundId }, account)
    const isOwner = actor.kind === 'subscriber'
    const reason = isOwner ? 'its owner named an account' : 'who acts for them named an account'
    await audit(trx, app.ids, now, {
      subscriberId,
      actor,
      action: 'payout.named',
      subject: { kind: 'refund', id: refundId },
      reason,
    })
    const events = [{ kind: 'account-named', detail: { refund: refundId } }]
    await changeCase(trx, app, c, { failures: 0 }, { now, actor, reason, events, wake: true })
    return true
  })
}

function accountIn(account: Account): Account | undefined {
  if (account.kind !== 'iban') return account
  const iban = readIban(account.iban)
  return iban === undefined ? undefined : { kind: 'iban', iban }
}
