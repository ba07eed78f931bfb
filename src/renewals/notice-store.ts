/** What owners are told of their plan: before it renews or ends, when it has, and when it could not. */
import type { TemplateName } from '../notices/notice.ts'
import { notify } from '../notices/store.ts'
import { hasMandate } from '../payments/charge-store.ts'
import type { Trx } from '../platform/database.ts'
import { addresseeOf } from '../subscribers/store.ts'
import { inLanguage } from '../values/locale.ts'
import { decimal, type Money } from '../values/money.ts'
import type { Plan } from '../plans/plan.ts'
import type { ChangeQuote } from './change.ts'
import type { Tools } from './period-store.ts'
import { type Standing, waitDays } from './renewal.ts'

type Told = Extract<
  TemplateName,
  'plan-changed' | 'plan-reminder' | 'plan-renewed' | 'plan-waits' | 'plan-ended' | 'plan-version'
>

const text = (amount: Money) => `${decimal(amount)} ${amount.currency}`

async function tell(
  trx: Trx,
  app: Tools,
  { subscriberId, lineId, nickname, plan }: Standing,
  { template, about, params }: { template: Told; about: string; params: Record<string, string> },
) {
  const { recipients, locale } = await addresseeOf(trx, subscriberId)
  await notify(trx, app, {
    subscriberId,
    noticeId: `${template}:${lineId}:${about}`,
    recipients,
    template,
    locale,
    params: {
      lineName: nickname,
      plan: inLanguage(plan.name, locale),
      url: `${app.config.publicUrl}/lines/${lineId}/plan`,
      ...params,
    } as never,
  })
}

export async function tellChanged(
  trx: Trx,
  app: Tools,
  standing: Standing,
  quote: ChangeQuote,
): Promise<void> {
  const { due, kind, from, priceAfter, hash } = quote
  const back = due.minor < 0n
  await tell(trx, app, standing, {
    template: 'plan-changed',
    about: hash,
    params: {
      what: kind,
      fromAt: from.toString(),
      price: text(priceAfter),
      ...(due.minor > 0n && { amount: text(due) }),
      ...(back && { credited: text({ ...due, minor: -due.minor }) }),
    },
  })
}

export async function tellReminder(
  trx: Trx,
  app: Tools,
  standing: Standing,
  { price, missing }: { price: Money; missing: Money | undefined },
): Promise<void> {
  const at = standing.periodEnd!.toString()
  const renews = standing.autoRenew
  const short = (await hasMandate(trx, standing)) ? 'card' : 'short'
  await tell(trx, app, standing, {
    template: 'plan-reminder',
    about: at,
    params: {
      how: renews ? (missing ? short : 'renews') : 'ends',
      periodEndsAt: at,
      ...(renews && { price: text(price) }),
      ...(renews && missing && { missing: text(missing) }),
    },
  })
}

export async function tellRenewed(
  trx: Trx,
  app: Tools,
  standing: Standing,
  { price, end }: { price: Money; end: Temporal.Instant },
): Promise<void> {
  await tell(trx, app, standing, {
    template: 'plan-renewed',
    about: standing.periodEnd!.toString(),
    params: { amount: text(price), periodEndsAt: end.toString() },
  })
}

export async function tellWaiting(
  trx: Trx,
  app: Tools,
  standing: Standing,
  { price, missing }: { price: Money; missing: Money },
): Promise<void> {
  const end = standing.periodEnd!
  await tell(trx, app, standing, {
    template: 'plan-waits',
    about: end.toString(),
    params: {
      price: text(price),
      missing: text(missing),
      waitsUntil: end.add({ hours: 24 * waitDays }).toString(),
      url: `${app.config.publicUrl}/lines/${standing.lineId}/top-up`,
    },
  })
}

export async function tellEnded(trx: Trx, app: Tools, standing: Standing): Promise<void> {
  const at = standing.periodEnd!.toString()
  await tell(trx, app, standing, { template: 'plan-ended', about: at, params: { at } })
}

export async function tellVersion(
  trx: Trx,
  app: Tools,
  standing: Standing,
  newer: Plan,
): Promise<void> {
  await tell(trx, app, standing, {
    template: 'plan-version',
    about: String(newer.version),
    params: { price: text(newer.price) },
  })
}
