/** Cards at the provider: its page to save one, what came of it, and that it forgets one that was removed. */
import type { App } from '../platform/app.ts'
import { Fault } from '../values/fault.ts'
import { isRefusal, type Refusal, refuse } from '../values/refusal.ts'
import type { Payments } from './gateway.ts'
import {
  askMethod,
  type AskedMethod,
  changeMethod,
  findMethod,
  type MethodKey,
  saveMethod,
} from './method-store.ts'
import { nextLook, payWithinMinutes } from './order.ts'

/** Opens the provider's page. A page that nobody got the address of is never filled in, and runs out. */
export async function openSetup(
  app: App,
  payments: Payments,
  subscriberId: string,
): Promise<AskedMethod | Refusal> {
  const asked = await askMethod(app, subscriberId)
  if (isRefusal(asked)) return asked
  const { methodId, locale } = asked
  const key = { subscriberId, methodId }
  try {
    const returnUrl = `${app.config.publicUrl}/account/cards?added=${methodId}`
    const { url } = await payments.createSetup({
      key: methodId,
      reference: methodId,
      returnUrl,
      locale,
    })
    await app.db.transaction().execute((trx) => changeMethod(trx, key, { setup_url: url }))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    app.log.warn({ err: error, methodId }, 'no page to save a card')
    await app.db
      .transaction()
      .execute((trx) => changeMethod(trx, key, { state: 'failed', due_at: null }))
    return refuse('payment-unavailable')
  }
  return (await findMethod(app.db, key)) ?? refuse('not-found')
}

/** Asks the provider about a card that is asked for; has it forget one that was removed. */
export async function checkMethod(app: App, payments: Payments, key: MethodKey): Promise<void> {
  const method = await findMethod(app.db, key)
  if (method?.state === 'asked') return settleAsked(app, payments, method)
  if (method?.state !== 'removed' || method.providerMethodId === null) return
  await payments.forgetMethod(method.providerMethodId)
  await app.db
    .transaction()
    .execute((trx) => changeMethod(trx, key, { provider_method_id: null, due_at: null }))
}

async function settleAsked(app: App, payments: Payments, method: AskedMethod) {
  const found = await payments.findSetup(method.methodId)
  const now = app.clock.now()
  const until = method.askedAt.add({ minutes: payWithinMinutes })
  await app.db.transaction().execute(async (trx) => {
    if (found?.saved) return saveMethod(trx, app, method, found.saved)
    const over = Temporal.Instant.compare(now, until) >= 0
    const ended = found ? found.status !== 'open' : over
    if (ended) return changeMethod(trx, method, { state: 'failed', setup_url: null, due_at: null })
    return changeMethod(trx, method, { due_at: nextLook(until, now) })
  })
}
